//! The web console's files and sessions, through a real socket.

use std::net::SocketAddr;

use clingfish_model::{AccessKey, BearerToken, Role, Secret, limits::ADMIN_FAILURES_MAX};
use sha2::{Digest, Sha256};

use super::stage::{Stage, run, send_raw};
use crate::Credentials;

const TOKEN: &str = r#"{"token":"a"}"#;

/// A stage with the tokens `a` for everything and `r` for reading, and the access key `AKIA` with the secret `s`.
fn locked() -> Stage {
    let token = |text: &str, role| BearerToken {
        name: text.to_owned(),
        sha256: Sha256::digest(text).into(),
        role,
    };
    let key = |id: &str, session_token: Option<&str>| AccessKey {
        id: id.to_owned(),
        secret: Secret::new("s"),
        session_token: session_token.map(Secret::new),
        role: Role::Admin,
    };
    let mut stage = Stage::new();
    stage.credentials = Credentials {
        tokens: vec![token("a", Role::Admin), token("r", Role::ReadOnly)],
        access_keys: vec![key("AKIA", None), key("ASIA", Some("needed"))],
    };
    stage
}

/// Head and body of the answer to these lines.
async fn ask(admin: SocketAddr, lines: &str, body: &str) -> (String, String) {
    let length = body.len();
    let request = format!(
        "{lines}\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
        admin.port()
    );
    send_raw(admin, &request).await
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

const MARK: &str = "\r\nX-Clingfish-Console: 1";

async fn sign_in(admin: SocketAddr, body: &str) -> (String, String) {
    ask(admin, &format!("POST /console/session HTTP/1.1{MARK}"), body).await
}

/// The cookie of an answer, as a request has it.
fn cookie(head: &str) -> String {
    let line = head.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
    let pair = line.trim_start_matches("set-cookie: ").split(';').next().unwrap();
    format!("\r\nCookie: {pair}")
}

#[test]
fn everybody_gets_the_files_and_nobody_may_frame_them() {
    run(async {
        let control = locked().start("").await;
        let admin = control.admin_address();
        for (lines, expected) in [
            ("GET /console/ HTTP/1.1", 200),
            ("HEAD /console/ HTTP/1.1", 200),
            ("GET /console HTTP/1.1", 308),
            ("GET /console/nothing.js HTTP/1.1", 404),
        ] {
            let (head, _) = ask(admin, lines, "").await;
            assert_eq!(status(&head), expected, "{lines}");
            assert!(head.contains("\r\nx-frame-options: DENY"), "{lines}: {head}");
            assert!(head.contains("frame-ancestors 'none'"), "{lines}: {head}");
        }
        let (head, body) = ask(admin, "GET /console/ HTTP/1.1", "").await;
        assert_eq!(body, "<!doctype html>");
        assert_eq!(head.matches("cache-control").count(), 1, "{head}");
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        let again = format!("GET /console/ HTTP/1.1\r\nIf-None-Match: {tag}");
        let (head, body) = ask(admin, &again, "").await;
        assert_eq!((status(&head), body.as_str()), (304, ""));
    });
}

#[test]
fn a_session_is_as_good_as_what_was_shown_until_it_ends() {
    run(async {
        let control = locked().start("").await;
        let admin = control.admin_address();
        let key = r#"{"access_key_id":"AKIA","secret_access_key":"s"}"#;
        for (shown, who, change) in [
            (TOKEN, "token a", 404),
            (r#"{"token":" r "}"#, "token r", 403),
            (key, "access key AKIA", 404),
        ] {
            let (head, body) = sign_in(admin, shown).await;
            assert_eq!(status(&head), 201, "{body}");
            assert!(body.contains(&format!("\"who\":\"{who}\"")), "{body}");
            assert!(head.contains("; Path=/; HttpOnly; SameSite=Strict\r\n"), "{head}");
            let cookie = cookie(&head);
            let read = format!("GET /v1/x HTTP/1.1{MARK}{cookie}");
            assert_eq!(status(&ask(admin, &read, "").await.0), 404, "{who} may look");
            let write = format!("PUT /v1/x HTTP/1.1{MARK}{cookie}");
            assert_eq!(status(&ask(admin, &write, "{}").await.0), change, "{who}");
            let session = format!("GET /console/session HTTP/1.1{MARK}{cookie}");
            assert!(ask(admin, &session, "").await.1.contains("\"signed_in\""));
            let out = format!("DELETE /console/session HTTP/1.1{MARK}{cookie}");
            let (head, body) = ask(admin, &out, "").await;
            assert!(head.contains("; Max-Age=0\r\n") && body.contains("\"signed_out\""), "{head}");
            assert_eq!(status(&ask(admin, &read, "").await.0), 401, "{who} has left");
        }
    });
}

#[test]
fn the_cookie_alone_does_nothing() {
    run(async {
        let control = locked().start("").await;
        let admin = control.admin_address();
        let (head, _) = sign_in(admin, TOKEN).await;
        let cookie = cookie(&head);
        for (lines, expected) in [
            (format!("GET /v1/x HTTP/1.1{cookie}"), 401),
            (format!("DELETE /v1/x HTTP/1.1{cookie}"), 401),
            (format!("GET /v1/x HTTP/1.1{MARK}"), 401),
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}0"), 401),
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}\r\nOrigin: http://evil.example"), 403),
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}\r\nSec-Fetch-Site: cross-site"), 403),
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}\r\nAuthorization: Bearer x"), 401),
            (format!("DELETE /console/session HTTP/1.1{cookie}"), 403),
            ("POST /console/session HTTP/1.1".to_owned(), 403),
            (format!("POST /console/session HTTP/1.1{MARK}\r\nOrigin: null"), 403),
            // Somebody is in between: what comes in the clear may have been read.
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}\r\nX-Forwarded-For: 127.0.0.1"), 401),
            (format!("GET /v1/x HTTP/1.1{MARK}{cookie}"), 404),
        ] {
            let (head, body) = ask(admin, &lines, "").await;
            assert_eq!(status(&head), expected, "{lines}: {body}");
        }
        // It is for the console's APIs, not for AWS's.
        let call = format!("GET /?Action=DescribeTags HTTP/1.1{MARK}{cookie}");
        assert_eq!(status(&ask(admin, &call, "").await.0), 403);
    });
}

#[test]
fn who_guesses_has_to_wait_here_too() {
    run(async {
        let control = locked().start("").await;
        let admin = control.admin_address();
        for wrong in [
            r#"{"token":"x"}"#,
            r#"{"token":""}"#,
            r#"{"access_key_id":"AKIA","secret_access_key":"x"}"#,
            r#"{"access_key_id":"NOBODY","secret_access_key":"s"}"#,
            r#"{"access_key_id":"ASIA","secret_access_key":"s"}"#,
        ] {
            let (head, body) = sign_in(admin, wrong).await;
            assert_eq!(status(&head), 401, "{wrong}: {body}");
            assert!(!head.contains("set-cookie"), "{head}");
        }
        for vague in ["", "{}", "[]", r#"{"token":1}"#, r#"{"token":"a","access_key_id":"AKIA"}"#] {
            assert_eq!(status(&sign_in(admin, vague).await.0), 400, "{vague}");
        }
        for _ in 0..ADMIN_FAILURES_MAX {
            sign_in(admin, r#"{"token":"x"}"#).await;
        }
        assert_eq!(status(&sign_in(admin, TOKEN).await.0), 429);
    });
}

#[test]
fn without_credentials_the_console_is_open_here_and_says_so() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        for (lines, expected) in [
            ("GET /console/session HTTP/1.1", "\"open\""),
            ("GET /console/session HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1", "\"proxied\""),
        ] {
            let (head, body) = ask(admin, lines, "").await;
            assert_eq!(status(&head), 200);
            assert!(body.contains(expected), "{body}");
        }
        let (head, _) = sign_in(admin, TOKEN).await;
        assert!(!head.contains("set-cookie"), "there is nothing to sign in to: {head}");
    });
}

#[test]
fn a_proxy_that_is_trusted_says_whether_others_could_read_along() {
    run(async {
        let stage = locked();
        let config = "[admin]\nbind = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n";
        let control = stage.start(config).await;
        let admin = control.admin_address();
        let from = "\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: ";
        let session = format!("POST /console/session HTTP/1.1{MARK}{from}");
        let (head, body) = ask(admin, &format!("{session}http"), TOKEN).await;
        assert_eq!(status(&head), 403);
        assert!(body.contains("\"needs_tls\""), "{body}");
        let (head, _) = ask(admin, &format!("{session}https"), TOKEN).await;
        assert_eq!(status(&head), 201);
        assert!(head.contains("set-cookie: __Host-clingfish="), "{head}");
        assert!(head.contains("; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"), "{head}");
    });
}

#[test]
fn a_session_ends_with_the_token_that_it_stands_for() {
    run(async {
        let stage = Stage::new();
        let admin_table =
            |tokens: &str| format!("[admin]\nbind = \"127.0.0.1:0\"\ntokens = [{tokens}]\n");
        let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let other = format!("{{ name = \"other\", sha256 = \"{}\" }}", hash.replace('9', "8"));
        let mine = format!("{{ name = \"me\", sha256 = \"{hash}\" }}");
        let control = stage.start(&admin_table(&format!("{mine}, {other}"))).await;
        let admin = control.admin_address();
        let (head, _) = sign_in(admin, r#"{"token":"test"}"#).await;
        let read = format!("GET /v1/x HTTP/1.1{MARK}{}", cookie(&head));
        assert_eq!(status(&ask(admin, &read, "").await.0), 404);
        stage.write(&admin_table(&other));
        control.reload().await.unwrap();
        assert_eq!(status(&ask(admin, &read, "").await.0), 401);
    });
}
