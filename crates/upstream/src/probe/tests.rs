use clingfish_model::health::{Announcement, DrainHeader, StatusMatcher};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

mod http2;

fn check() -> HealthCheck {
    HealthCheck {
        path: "/up?deep=1".into(),
        interval: Duration::from_secs(60),
        timeout: Duration::from_secs(30),
        ..HealthCheck::default()
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

async fn probe_anyone(address: SocketAddr, check: &HealthCheck) -> Result<CheckOutcome, DialError> {
    probe(address, check, None, &Reach::default()).await
}

/// A target that reads one head, answers these bytes, and closes if asked to. Gives what it read.
async fn answer_once(listener: &TcpListener, answer: &[u8], closes: bool) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "{head:?}");
    }
    stream.write_all(answer).await.unwrap();
    if !closes {
        let mut end = [0];
        // The prober hangs up.
        let _ = stream.read(&mut end).await;
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn outcomes_follow_the_answer() {
    let cases: [(&[u8], bool, CheckOutcome); 9] = [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, CheckOutcome::Good),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, CheckOutcome::Good),
        (b"HTTP/1.0 302 Found\r\n\r\n", true, CheckOutcome::Good),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", true, CheckOutcome::Good),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", true, CheckOutcome::Status(500)),
        (b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", true, CheckOutcome::Status(404)),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", true, CheckOutcome::Failed),
        (b"SSH-2.0-OpenSSH_9.7\r\n", true, CheckOutcome::Failed),
        (b"", true, CheckOutcome::Failed),
    ];
    for (answer, closes, expected) in cases {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let check = check();
            let (outcome, _) =
                tokio::join!(probe_anyone(address, &check), answer_once(&listener, answer, closes));
            assert_eq!(outcome.unwrap(), expected, "{}", answer.escape_ascii());
        });
    }
}

#[test]
fn an_answer_announces_a_drain_by_its_status_or_by_a_field() {
    let announcing = |header| HealthCheck {
        announcement: Announcement {
            status: StatusMatcher::parse_drain("503", ProtocolVersion::Http1).ok(),
            header: DrainHeader::parse(header).ok(),
        },
        ..check()
    };
    let cases: [(&str, &[u8], CheckOutcome); 9] = [
        ("x-drain", b"HTTP/1.1 503 Leaving\r\n\r\n", CheckOutcome::Announced),
        ("x-drain", b"HTTP/1.1 200 OK\r\n\r\n", CheckOutcome::Good),
        ("x-drain", b"HTTP/1.1 200 OK\r\nX-Drain: \r\n\r\n", CheckOutcome::Announced),
        ("x-drain: yes", b"HTTP/1.1 200 OK\r\nX-Drain:  YES \r\n\r\n", CheckOutcome::Announced),
        ("x-drain: yes", b"HTTP/1.1 200 OK\r\nX-Drain: no\r\n\r\n", CheckOutcome::Good),
        (
            "x-drain: yes",
            b"HTTP/1.1 200 OK\r\nX-Drain: no\r\nX-Drain: yes\r\n\r\n",
            CheckOutcome::Announced,
        ),
        ("x-drain", b"HTTP/1.1 500 Oops\r\nX-Drain: 1\r\n\r\n", CheckOutcome::Announced),
        ("x-drain", b"HTTP/1.1 500 Oops\r\nX-Drained: 1\r\n\r\n", CheckOutcome::Status(500)),
        (
            "x-drain",
            b"HTTP/1.1 103 Early Hints\r\nX-Drain: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            CheckOutcome::Good,
        ),
    ];
    for (header, answer, expected) in cases {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let check = announcing(header);
            let (outcome, _) =
                tokio::join!(probe_anyone(address, &check), answer_once(&listener, answer, true));
            assert_eq!(outcome.unwrap(), expected, "{header} in {}", answer.escape_ascii());
        });
    }
}

#[test]
fn a_check_reads_as_albs() {
    block_on(async {
        for bind in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(bind).await else {
                continue; // No IPv6 here.
            };
            let address = listener.local_addr().unwrap();
            // The target's own port is another one; the check's port counts.
            let check = HealthCheck { port: Some(address.port()), ..check() };
            let elsewhere = SocketAddr::new(address.ip(), 9);
            let (outcome, head) = tokio::join!(
                probe_anyone(elsewhere, &check),
                answer_once(&listener, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)
            );
            assert_eq!(outcome.unwrap(), CheckOutcome::Good);
            let expected = format!(
                "GET /up?deep=1 HTTP/1.1\r\nHost: {address}\r\nUser-Agent: ELB-HealthChecker/2.0\r\nConnection: close\r\n\r\n"
            );
            assert_eq!(head, expected);
        }
    });
}

#[test]
fn a_target_that_never_answers_is_given_up_in_time() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let check = HealthCheck { timeout: Duration::from_millis(50), ..check() };
        let outcome = probe_anyone(listener.local_addr().unwrap(), &check).await;
        assert_eq!(outcome.unwrap(), CheckOutcome::Timeout);
    });
}

#[test]
fn a_closed_port_fails_the_check() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(probe_anyone(address, &check()).await.unwrap(), CheckOutcome::Failed);
    });
}

#[test]
fn an_address_that_nobody_may_have_fails_the_check_uncalled() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (reach, own) = (Reach::default(), listener.local_addr().unwrap());
        reach.spare(own);
        // The check's port counts, not the target's.
        let check = HealthCheck { port: Some(own.port()), ..check() };
        let elsewhere = SocketAddr::new(own.ip(), 9);
        for address in [elsewhere, "169.254.169.254:80".parse().unwrap()] {
            let outcome = probe(address, &check, None, &reach).await;
            assert_eq!(outcome.unwrap(), CheckOutcome::Forbidden, "{address}");
        }
        let called = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(called.is_err(), "somebody called");
    });
}

#[test]
fn a_head_without_end_is_cut_off() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let check = check();
        let endless = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(b"X-More: and more and more and more\r\n").await.is_ok() {}
        };
        let (outcome, ()) = tokio::join!(probe_anyone(address, &check), endless);
        assert_eq!(outcome.unwrap(), CheckOutcome::Failed);
    });
}

#[test]
fn a_check_of_tcp_only_connects() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let check = HealthCheck { protocol: CheckProtocol::Tcp, ..check() };
        assert_eq!(probe_anyone(address, &check).await.unwrap(), CheckOutcome::Good);
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, b"");
        drop(listener);
        assert_eq!(probe_anyone(address, &check).await.unwrap(), CheckOutcome::Failed);
    });
}
