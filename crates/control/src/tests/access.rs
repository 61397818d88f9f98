//! Who may ask the admin address for what, through a real socket.

use std::net::SocketAddr;

use clingfish_model::{BearerToken, Role, limits::ADMIN_FAILURES_MAX};
use sha2::{Digest, Sha256};

use super::stage::{Stage, get, run, send, send_raw};
use crate::Credentials;

fn token(name: &str, text: &str, role: Role) -> BearerToken {
    BearerToken { name: name.to_owned(), sha256: Sha256::digest(text).into(), role }
}

/// A stage whose tokens are `a` for everything and `r` for reading.
fn with_tokens() -> Stage {
    let tokens = vec![token("admin", "a", Role::Admin), token("reader", "r", Role::ReadOnly)];
    let mut stage = Stage::new();
    stage.credentials = Credentials { tokens, ..Credentials::default() };
    stage
}

/// Status and text of the answer to these lines, with a Host, an end and a body added.
async fn ask(admin: SocketAddr, lines: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!(
        "{lines}\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
        admin.port()
    );
    send(admin, &request).await
}

const FORM: &str = "\r\nContent-Type: application/x-www-form-urlencoded";

/// Whether the answer is the API's own, not a refusal to ask it.
fn is_answered((status, text): &(u16, String)) -> bool {
    !matches!(status, 401 | 403 | 405 | 408 | 413 | 415 | 421 | 429) && !text.is_empty()
}

#[test]
fn without_credentials_this_machine_may_ask_the_apis() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        for (lines, body) in [
            ("GET /v1/nothing HTTP/1.1".to_owned(), ""),
            ("DELETE /v1/nothing HTTP/1.1".to_owned(), ""),
            (format!("POST / HTTP/1.1{FORM}"), "Action=Nothing&Version=2015-12-01"),
            ("GET /?Action=Nothing&Version=2015-12-01 HTTP/1.1".to_owned(), ""),
            // A signature that nobody can check is nothing to refuse.
            (
                format!("POST / HTTP/1.1{FORM}\r\nAuthorization: AWS4-HMAC-SHA256 x"),
                "Action=Nothing",
            ),
        ] {
            let answer = ask(admin, &lines, body).await;
            assert!(is_answered(&answer), "{lines}: {answer:?}");
        }
        // Somebody is in between, so that it may come from anywhere.
        let veiled = ask(admin, "GET /v1/x HTTP/1.1\r\nX-Forwarded-For: 127.0.0.1", "").await;
        assert_eq!(veiled.0, 403);
        assert!(veiled.1.contains("\"proxied\"") && veiled.1.contains("trusted_proxies"));
        let open = ask(admin, "GET /healthz HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1", "").await;
        assert_eq!(open, (200, "ok\n".to_owned()));
    });
}

#[test]
fn tokens_open_the_native_api_as_far_as_their_role_goes() {
    run(async {
        let control = with_tokens().start("").await;
        let admin = control.admin_address();
        for (method, token, refusal) in [
            ("GET", "\r\nAuthorization: Bearer a", None),
            ("DELETE", "\r\nAuthorization: Bearer a", None),
            ("GET", "\r\nAuthorization: Bearer r", None),
            ("HEAD", "\r\nAuthorization: Bearer r", None),
            ("DELETE", "\r\nAuthorization: Bearer r", Some((403, "read_only"))),
            ("POST", "\r\nAuthorization: Bearer r", Some((403, "read_only"))),
            ("GET", "\r\nAuthorization: Bearer x", Some((401, "wrong_credentials"))),
            ("GET", "\r\nAuthorization: Basic YTph", Some((401, "wrong_credentials"))),
            ("GET", "", Some((401, "no_credentials"))),
        ] {
            let answer = ask(admin, &format!("{method} /v1/x HTTP/1.1{token}"), "").await;
            match refusal {
                None => {
                    assert!(method == "HEAD" || is_answered(&answer), "{method}{token}: {answer:?}")
                }
                Some((status, code)) => {
                    assert_eq!(answer.0, status, "{method}{token}");
                    assert!(answer.1.contains(&format!("\"{code}\"")), "{answer:?}");
                }
            }
        }
        let unsigned = ask(admin, &format!("POST / HTTP/1.1{FORM}"), "Action=DescribeTags").await;
        assert_eq!(unsigned.0, 403);
        assert!(unsigned.1.contains("<Code>MissingAuthenticationToken</Code>"), "{unsigned:?}");
        for page in ["/", "/healthz", "/metrics"] {
            assert_eq!(get(admin, page).await.0, 200, "{page} is for everybody");
        }
        let (_, metrics) = get(admin, "/metrics").await;
        for (reason, count) in [("read_only", 2), ("wrong_credentials", 2), ("no_credentials", 2)] {
            let line = format!("clingfish_admin_refused_total{{reason=\"{reason}\"}} {count}");
            assert!(metrics.lines().any(|found| found == line), "{line}");
        }
    });
}

#[test]
fn a_refusal_says_what_to_show() {
    run(async {
        let control = with_tokens().start("").await;
        let request = "GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let (head, _) = send_raw(control.admin_address(), request).await;
        assert!(head.contains("\r\nwww-authenticate: Bearer\r\n"), "{head}");
        assert!(head.contains("\r\ncache-control: no-store\r\n"), "{head}");
    });
}

#[test]
fn whoever_guesses_too_often_has_to_wait() {
    run(async {
        let control = with_tokens().start("").await;
        let admin = control.admin_address();
        for _ in 0..ADMIN_FAILURES_MAX {
            ask(admin, "GET /v1/x HTTP/1.1", "").await;
        }
        let right = "GET /v1/x HTTP/1.1\r\nAuthorization: Bearer a";
        assert!(is_answered(&ask(admin, right, "").await), "to show nothing is no guess");
        for _ in 0..=ADMIN_FAILURES_MAX {
            ask(admin, "GET /v1/x HTTP/1.1\r\nAuthorization: Bearer wrong", "").await;
        }
        let (status, text) = ask(admin, right, "").await;
        assert_eq!(status, 429, "{text}");
        assert_eq!(get(admin, "/metrics").await.0, 200);
    });
}

#[test]
fn what_a_browser_sends_for_another_site_is_refused_before_it_is_read() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        let own = format!("Origin: http://localhost:{}", admin.port());
        let post = format!("POST / HTTP/1.1{FORM}");
        let call = "GET /?Action=DescribeTags HTTP/1.1".to_owned();
        let (read, change) = ("GET /v1/x HTTP/1.1".to_owned(), "PUT /v1/x HTTP/1.1".to_owned());
        let page = "GET /metrics HTTP/1.1".to_owned();
        for (lines, mark, is_refused) in [
            (&post, "Origin: http://evil.example", true),
            (&post, "Origin: null", true),
            (&post, "Sec-Fetch-Site: cross-site", true),
            (&post, "Sec-Fetch-Site: same-site", true),
            (&post, "User-Agent: Mozilla/5.0", true),
            (&post, &own, false),
            (&post, "Sec-Fetch-Site: same-origin", false),
            (&call, "Origin: http://evil.example", true),
            (&call, "Sec-Fetch-Site: cross-site", true),
            (&call, "User-Agent: Mozilla/5.0", true),
            (&call, "Sec-Fetch-Site: none", false),
            (&change, "Origin: http://evil.example", true),
            (&change, &own, false),
            (&read, "Origin: http://evil.example", true),
            (&read, "Sec-Fetch-Site: cross-site", true),
            (&read, "User-Agent: Mozilla/5.0", false),
            (&page, "Sec-Fetch-Site: cross-site", false),
            (&page, "Origin: http://evil.example", false),
        ] {
            let answer = ask(admin, &format!("{lines}\r\n{mark}"), "").await;
            let is_answered = is_answered(&answer);
            assert_eq!(!is_answered, is_refused, "{lines}, {mark}: {answer:?}");
            assert!(is_answered || answer.0 == 403, "{lines}, {mark}: {answer:?}");
        }
    });
}

#[test]
fn methods_types_and_sizes_have_their_limits() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        let json = "\r\nContent-Type: application/json";
        for (lines, body, expected) in [
            ("PUT / HTTP/1.1", "", 405),
            ("OPTIONS /v1/x HTTP/1.1", "", 405),
            ("TRACE /v1/x HTTP/1.1", "", 405),
            ("POST /healthz HTTP/1.1", "", 405),
            ("POST / HTTP/1.1", "Action=x", 415),
            (&format!("POST / HTTP/1.1{json}"), "{}", 415),
            ("PUT /v1/x HTTP/1.1", "{}", 415),
            (&format!("PUT /v1/x HTTP/1.1{FORM}"), "a=b", 415),
            (&format!("PUT /v1/x HTTP/1.1{json}\r\nContent-Encoding: gzip"), "{}", 415),
        ] {
            let (status, text) = ask(admin, lines, body).await;
            assert_eq!(status, expected, "{lines}: {text}");
            assert!(!text.is_empty(), "{lines}");
        }
        for (lines, length) in [
            (format!("POST / HTTP/1.1{FORM}"), 1024 * 1024 + 1),
            (format!("PUT /v1/x HTTP/1.1{json}"), usize::MAX >> 1),
        ] {
            let request = format!(
                "{lines}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            assert_eq!(send(admin, &request).await.0, 413, "{lines}");
        }
    });
}

#[test]
fn credentials_of_the_file_count_as_soon_as_it_is_in_force() {
    run(async {
        let stage = Stage::new();
        let control = stage.start("").await;
        let admin = control.admin_address();
        let (plain, shown) =
            ("GET /v1/x HTTP/1.1", "GET /v1/x HTTP/1.1\r\nAuthorization: Bearer test");
        assert!(is_answered(&ask(admin, plain, "").await));
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let token = format!("tokens = [{{ name = \"ci\", sha256 = \"{hash}\" }}]");
        stage.write(&format!("[admin]\nbind = \"127.0.0.1:0\"\n{token}\n"));
        control.reload().await.unwrap();
        assert_eq!(ask(admin, plain, "").await.0, 401);
        assert!(is_answered(&ask(admin, shown, "").await));
        let key = "access_keys = [{ id = \"AKIA\", secret = \"secret\" }]";
        stage.write(&format!("[admin]\nbind = \"127.0.0.1:0\"\n{key}\n"));
        control.reload().await.unwrap();
        assert_eq!(ask(admin, shown, "").await.0, 401, "the token is gone, the lock is not");
        stage.write("");
        control.reload().await.unwrap();
        assert!(is_answered(&ask(admin, plain, "").await));
    });
}

#[test]
fn a_trusted_proxy_says_who_asks() {
    run(async {
        let stage = Stage::new();
        let config = "[admin]\nbind = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n";
        let control = stage.start(config).await;
        for (client, is_here) in [("127.0.0.1", true), ("192.0.2.1", false)] {
            let lines = format!("GET /v1/x HTTP/1.1\r\nX-Forwarded-For: {client}");
            let answer = ask(control.admin_address(), &lines, "").await;
            assert_eq!(is_answered(&answer), is_here, "{client}: {answer:?}");
            assert!(is_here || answer.1.contains("\"not_local\""), "{answer:?}");
        }
    });
}
