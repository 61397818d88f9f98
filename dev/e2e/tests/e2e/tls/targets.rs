//! Targets behind TLS.

use std::{
    io::{Read, Write},
    sync::mpsc,
    thread,
};

use clingfish_testkit::{Authority, KeyKind, RawClient, Running, python_server};
use serde_json::Value;

use super::*;

const TARGET: &str = include_str!("../../../scripts/tls_target.py");

/// A target that shows that certificate, and lets only clients of that authority in.
struct TlsTarget {
    _running: Running,
    port: u16,
}

impl TlsTarget {
    fn start(issued: &Issued, clients: Option<&Authority>) -> Self {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let mut args = vec![path(&issued.certificate), path(&issued.key)];
        args.extend(clients.map(|clients| path(clients.pem())));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (running, port) = python_server(TARGET, &args);
        Self { _running: running, port: port.parse().unwrap() }
    }
}

/// Before that target, by that host, with these keys of `tls`.
fn before(target: &TlsTarget, host: &str, tls: &str) -> Clingfish {
    Clingfish::start(&format!(
        "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"{host}:{}\"]\nprotocol = \"HTTPS\"\n{tls}\n\
         health_check = false\n[load_balancers.default]\ndebug_header = true\n",
        target.port
    ))
}

/// What the target said of the connection, or the status and the error that came instead.
fn ask(clingfish: &Clingfish) -> Result<Value, String> {
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    if answer.status == 200 {
        return Ok(serde_json::from_str(&answer.text()).unwrap());
    }
    Err(format!("{} {}", answer.status, answer.header("clingfish-error").unwrap_or_default()))
}

#[test]
fn a_target_is_checked_only_where_somebody_must_vouch_for_it() {
    let (root, other) = (Authority::new("root"), Authority::new("other"));
    let good = TlsTarget::start(&root.issue("app", &["localhost", "app.internal"]), None);
    let expired = root.issue_for("expired", &["localhost"], KeyKind::Ecdsa, -1);
    let expired = TlsTarget::start(&expired, None);
    let ca = |authority: &Authority| format!("tls.ca = {:?}", authority.pem());
    for (what, target, host, tls, is_good) in [
        ("nobody need vouch", &good, "127.0.0.1", String::new(), true),
        ("nobody need vouch, expired", &expired, "127.0.0.1", String::new(), true),
        ("its authority", &good, "localhost", ca(&root), true),
        ("its authority, not for an address", &good, "127.0.0.1", ca(&root), false),
        (
            "its authority, by another name",
            &good,
            "127.0.0.1",
            format!("{}\ntls.server_name = \"app.internal\"", ca(&root)),
            true,
        ),
        (
            "its authority, not for that name",
            &good,
            "localhost",
            format!("{}\ntls.server_name = \"other.internal\"", ca(&root)),
            false,
        ),
        ("another authority", &good, "localhost", ca(&other), false),
        ("its authority, expired", &expired, "localhost", ca(&root), false),
    ] {
        let answer = ask(&before(target, host, &tls));
        match answer {
            Ok(_) => assert!(is_good, "{what}"),
            Err(error) => {
                assert!(!is_good, "{what}: {error}");
                assert!(error == "502 tls_handshake_failed", "{what}: {error}");
            }
        }
    }
}

#[test]
fn a_target_is_asked_by_name_and_shown_what_it_wants() {
    let (root, people) = (Authority::new("root"), Authority::new("people"));
    let issued = root.issue("app", &["localhost"]);
    let target = TlsTarget::start(&issued, Some(&people));
    let us = people.issue("us", &["us"]);
    let shown = format!("tls.certificate = {:?}\ntls.key = {:?}", us.certificate, us.key);
    let clingfish = before(&target, "localhost", &shown);
    let told = ask(&clingfish).unwrap();
    assert_eq!(told["client"], "us");
    assert_eq!(told["server_name"], "localhost");
    assert_eq!(told["protocol"], "http/1.1");
    assert_eq!(told["version"], "TLSv1.3");
    assert_eq!(told["headers"]["X-Forwarded-Proto"], "http");
    let by_address = before(&target, "127.0.0.1", &shown);
    assert_eq!(ask(&by_address).unwrap()["server_name"], Value::Null);
    let refused = ask(&before(&target, "localhost", "")).unwrap_err();
    assert!(refused.starts_with("502 "), "{refused}");
}

#[test]
fn a_target_that_speaks_no_tls_is_a_bad_gateway() {
    // One that answered nothing would do as well, but after the ten seconds that a handshake may take.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in plain.incoming().flatten() {
            let mut start = [0; 2];
            stream.read_exact(&mut start).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            // The test may have ended.
            let _ = tell.send(start);
        }
    });
    let clingfish = Clingfish::start(&format!(
        "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"{address}\"]\nprotocol = \"HTTPS\"\n\
         health_check = false\n[load_balancers.default]\ndebug_header = true\n",
    ));
    assert_eq!(ask(&clingfish).unwrap_err(), "502 tls_handshake_failed");
    assert_eq!(told.recv().unwrap(), [22, 3], "a handshake, and no request in the clear");
}

#[test]
fn sessions_with_targets_resume() {
    let root = Authority::new("root");
    let target = TlsTarget::start(&root.issue("app", &["localhost"]), None);
    let config = before(&target, "localhost", "");
    // Two connections of one worker at the most are the first of their worker.
    let resumed = (0..20).filter(|_| ask(&config).unwrap()["is_resumed"] == true).count();
    assert!(resumed >= 10, "{resumed} of 20");
}
