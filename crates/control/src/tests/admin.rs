use std::time::Duration;

use clingfish_model::limits::ADMIN_FIRST_BYTE_WITHIN;
use tokio::{io::AsyncReadExt, net::TcpStream};

use super::stage::{Stage, get, run, send, send_raw};

#[test]
fn the_admin_address_answers_its_own_hosts_only() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        control.until_ready().await;
        for (request, expected) in [
            ("GET / HTTP/1.1\r\nHost: localhost", 200),
            ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1", 200),
            ("GET /readyz HTTP/1.1\r\nHost: ops.example:1", 200),
            ("GET /metrics HTTP/1.1\r\nHost: [::1]:9080", 200),
            ("GET /healthz HTTP/1.0", 200),
            ("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost", 200),
            ("GET /healthz?x=1 HTTP/1.1\r\nHost: localhost", 200),
            ("GET /healthz HTTP/1.1\r\nHost: evil.example", 421),
            ("GET /metrics HTTP/1.1\r\nHost: evil.example:9080", 421),
            ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example", 421),
            ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost", 421),
            ("POST /nothing HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0", 421),
            ("GET /nothing HTTP/1.1\r\nHost: localhost", 404),
            ("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0", 405),
            ("NONSENSE", 400),
        ] {
            let (status, text) =
                send(admin, &format!("{request}\r\nConnection: close\r\n\r\n")).await;
            assert_eq!(status, expected, "{request}");
            assert!(!text.is_empty() || expected == 400, "{request}");
        }
    });
}

#[test]
fn a_head_request_gets_the_head_only() {
    run(async {
        let control = Stage::new().start("").await;
        let request = "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let (head, body) = send_raw(control.admin_address(), request).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        assert_eq!(body, "");
    });
}

#[test]
fn heads_are_limited() {
    run(async {
        let control = Stage::new().start("").await;
        let request =
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(20_000));
        assert_eq!(send(control.admin_address(), &request).await.0, 431);
    });
}

#[test]
fn silent_connections_keep_nobody_out_and_do_not_stay() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(admin).await.unwrap());
        }
        let soon = ADMIN_FIRST_BYTE_WITHIN / 2;
        let answer = tokio::time::timeout(soon, get(admin, "/healthz")).await;
        assert_eq!(answer.expect("an answer while they are there"), (200, "ok\n".to_owned()));
        let gone = async {
            for stream in &mut silent {
                assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            }
        };
        let patience = ADMIN_FIRST_BYTE_WITHIN + Duration::from_secs(5);
        assert!(tokio::time::timeout(patience, gone).await.is_ok(), "they are still there");
    });
}
