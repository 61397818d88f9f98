//! Set-Cookie lines, byte for byte.

use clingfish_affinity::{Policy, SetCookie, Token};
use clingfish_model::{
    LbCookie, UnixMillis,
    stickiness::{CookieAttributes, SameSite, Secure},
};

use crate::support::*;

/// The lines for a token, whose text becomes `TOKEN`.
fn lines(
    cookie: &LbCookie,
    token: impl FnOnce(&Policy) -> Token,
    https: bool,
    now: UnixMillis,
) -> String {
    let policy = &policy(cookie);
    let token = &token(policy);
    let sealed = &policy.seal(token, &ring(), [5; 24], now);
    let cookie = SetCookie { policy, token, sealed, https, now };
    let mut out = Vec::new();
    cookie.write_lines(&mut out);
    let text = String::from_utf8(sealed.as_bytes().to_vec()).unwrap();
    String::from_utf8(out).unwrap().replace(&text, "TOKEN")
}

fn fresh(policy: &Policy) -> Token {
    token(policy, NOW)
}

#[test]
fn alb_style_is_written_as_captured() {
    let before = UnixMillis(NOW.0 - 7 * 86_400_000 + 999);
    assert_eq!(
        lines(&alb(), fresh, true, before),
        "Set-Cookie: AWSALB=TOKEN; Expires=Sat, 29 Nov 2025 15:21:44 GMT; Path=/\r\n\
         Set-Cookie: AWSALBCORS=TOKEN; Expires=Sat, 29 Nov 2025 15:21:44 GMT; Path=/; SameSite=None; Secure\r\n"
    );
    assert_eq!(
        lines(&alb(), fresh, false, before),
        "Set-Cookie: AWSALB=TOKEN; Expires=Sat, 29 Nov 2025 15:21:44 GMT; Path=/\r\n\
         Set-Cookie: AWSALBCORS=TOKEN; Expires=Sat, 29 Nov 2025 15:21:44 GMT; Path=/; SameSite=None\r\n"
    );
}

#[test]
fn clingfish_style_is_written_with_its_attributes_in_order() {
    let base = || CookieAttributes::named("cling");
    let start = "Set-Cookie: cling=TOKEN; Max-Age=3960; Expires=Sat, 29 Nov 2025 16:27:44 GMT; ";
    for (attributes, https, expected) in [
        (base(), false, "Path=/; HttpOnly; SameSite=Lax\r\n"),
        (base(), true, "Path=/; HttpOnly; Secure; SameSite=Lax\r\n"),
        (
            CookieAttributes { secure: Secure::Never, ..base() },
            true,
            "Path=/; HttpOnly; SameSite=Lax\r\n",
        ),
        (
            CookieAttributes { http_only: false, same_site: SameSite::Strict, ..base() },
            false,
            "Path=/; SameSite=Strict\r\n",
        ),
        (
            CookieAttributes {
                path: "/app".into(),
                domain: Some("example.com".into()),
                same_site: SameSite::None,
                secure: Secure::Always,
                partitioned: true,
                ..base()
            },
            false,
            "Path=/app; Domain=example.com; HttpOnly; Secure; SameSite=None; Partitioned\r\n",
        ),
    ] {
        let found = lines(&named(attributes.clone()), fresh, https, NOW);
        assert_eq!(found, format!("{start}{expected}"), "{attributes:?}");
    }
}

#[test]
fn a_browser_session_cookie_has_no_end() {
    let cookie =
        named(CookieAttributes { browser_session: true, ..CookieAttributes::named("cling") });
    assert_eq!(
        lines(&cookie, fresh, false, NOW),
        "Set-Cookie: cling=TOKEN; Path=/; HttpOnly; SameSite=Lax\r\n"
    );
}

#[test]
fn max_age_ends_with_the_token_and_never_before() {
    let with = |seconds: u64, absolute: Option<u64>| LbCookie {
        duration: std::time::Duration::from_secs(seconds),
        absolute: absolute.map(std::time::Duration::from_secs),
        ..clingfish()
    };
    let later = UnixMillis(NOW.0 + 500);
    for (cookie, max_age, expires) in [
        (with(1, None), 2, "15:21:47"),
        (with(15, None), 17, "15:22:02"),
        (with(20, None), 22, "15:22:07"),
        (with(20, Some(10)), 10, "15:21:55"),
    ] {
        let line = lines(&cookie, fresh, false, later);
        let expected = format!(
            "Set-Cookie: cling=TOKEN; Max-Age={max_age}; Expires=Sat, 29 Nov 2025 {expires} GMT; Path=/"
        );
        assert!(line.starts_with(&expected), "{line}\n{expected}");
    }
}
