//! Set-Cookie lines, byte for byte.

use clingfish_affinity::{Dressing, Policy, SetCookie, Token};
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
    let cookie = SetCookie { policy, token, sealed, https, now, dressing: Dressing::default() };
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
    let base = || CookieAttributes { cross_site: false, ..CookieAttributes::named("cling") };
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
fn on_https_a_twin_for_other_sites_goes_with_the_cookie() {
    let base = || CookieAttributes::named("cling");
    let ends = "Max-Age=3960; Expires=Sat, 29 Nov 2025 16:27:44 GMT";
    let partitioned = "HttpOnly; Secure; SameSite=None; Partitioned";
    let host =
        CookieAttributes { secure: Secure::Always, ..CookieAttributes::named("__Host-cling") };
    for (attributes, https, main, twin) in [
        (base(), false, "cling=TOKEN; END; Path=/; HttpOnly; SameSite=Lax", None),
        (
            base(),
            true,
            "cling=TOKEN; END; Path=/; HttpOnly; Secure; SameSite=Lax",
            Some(format!("cling_x=TOKEN; END; Path=/; {partitioned}")),
        ),
        // Whoever says that TLS ends further out is believed.
        (
            host,
            false,
            "__Host-cling=TOKEN; END; Path=/; HttpOnly; Secure; SameSite=Lax",
            Some(format!("__Host-cling_x=TOKEN; END; Path=/; {partitioned}")),
        ),
        (
            CookieAttributes {
                path: "/app".into(),
                domain: Some("example.com".into()),
                http_only: false,
                same_site: SameSite::Strict,
                secure: Secure::Never,
                browser_session: true,
                ..base()
            },
            true,
            "cling=TOKEN; Path=/app; Domain=example.com; SameSite=Strict",
            Some(
                "cling_x=TOKEN; Path=/app; Domain=example.com; Secure; SameSite=None; Partitioned"
                    .into(),
            ),
        ),
        (
            CookieAttributes { same_site: SameSite::None, secure: Secure::Always, ..base() },
            true,
            "cling=TOKEN; END; Path=/; HttpOnly; Secure; SameSite=None",
            Some(format!("cling_x=TOKEN; END; Path=/; {partitioned}")),
        ),
        // It is all that a twin could be.
        (
            CookieAttributes {
                same_site: SameSite::None,
                secure: Secure::Always,
                partitioned: true,
                ..base()
            },
            true,
            "cling=TOKEN; END; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
            None,
        ),
    ] {
        let cookie = named(attributes.clone());
        let values = [Some(main.to_owned()), twin].into_iter().flatten();
        let expected: String = values.map(|value| format!("Set-Cookie: {value}\r\n")).collect();
        let found = lines(&cookie, fresh, https, NOW);
        assert_eq!(found, expected.replace("END", ends), "{attributes:?}");
    }
}

#[test]
fn a_field_value_alone_is_what_stands_in_its_line() {
    for (cookie, https) in
        [(clingfish(), true), (clingfish(), false), (alb(), true), (alb(), false)]
    {
        let policy = &policy(&cookie);
        let token = &fresh(policy);
        let sealed = &policy.seal(token, &ring(), [5; 24], NOW);
        let cookie =
            SetCookie { policy, token, sealed, https, now: NOW, dressing: Dressing::default() };
        let (mut lines, mut expected) = (Vec::new(), Vec::new());
        cookie.write_lines(&mut lines);
        for kind in cookie.kinds() {
            expected.extend_from_slice(b"Set-Cookie: ");
            cookie.write_value(*kind, &mut expected);
            expected.extend_from_slice(b"\r\n");
        }
        assert_eq!(lines.escape_ascii().to_string(), expected.escape_ascii().to_string());
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

#[test]
fn browsers_keep_the_cookie_of_who_has_a_stream_for_a_week_unless_the_session_ends_before() {
    let week = 7 * 86_400;
    for (duration, absolute, max_age) in [
        (HOUR, None, week),
        (HOUR, Some(HOUR * 12), 12 * 3600),
        (HOUR * 24 * 7, None, week + week / 10),
    ] {
        let policy = &policy(&LbCookie { duration, absolute, ..clingfish() });
        let token = &fresh(policy);
        let sealed = &policy.seal(token, &ring(), [5; 24], NOW);
        let dressing = Dressing { has_stream: true, ..Dressing::default() };
        let mut out = Vec::new();
        SetCookie { policy, token, sealed, https: false, now: NOW, dressing }.write_lines(&mut out);
        let line = String::from_utf8(out).unwrap();
        assert!(line.contains(&format!("; Max-Age={max_age};")), "{duration:?}: {line}");
    }
}
