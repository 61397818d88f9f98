//! Starts that go well, and those that cannot.

use std::{io, net::TcpListener, thread};

use clingfish_testkit::{Clingfish, Launch, RawClient, Target, curl};

use super::serving;
use crate::support::web_with;

#[test]
fn starts_with_nothing_but_an_admin_address() {
    let mut clingfish = Clingfish::start("[admin]\nbind = \"127.0.0.1:0\"\n");
    for (path, expected) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200)] {
        let answer = RawClient::get(clingfish.admin(), path).unwrap();
        assert_eq!(answer.status, expected, "{path}");
    }
    assert_eq!(clingfish.terminate().code(), Some(0));
}

#[test]
fn a_listener_on_ipv6_serves_and_forwards_the_clients_address() {
    let target = Target::start("six");
    let config = serving("", &target).replace("127.0.0.1:0", "[::1]:0");
    let clingfish = Clingfish::start(&config);
    let address = clingfish.listener("web");
    assert!(address.is_ipv6(), "{address}");
    let got = curl(&[&format!("http://{address}/")]);
    assert_eq!(got.status, 0, "{}", got.stderr);
    assert!(got.stdout.contains("\"six\""), "{}", got.stdout);
    let request = &target.requests()[0];
    assert_eq!(request.header("x-forwarded-for"), Some("::1"));
}

#[test]
fn a_target_on_ipv6_serves() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        panic!("this machine has no IPv6 on loopback");
    };
    let address = listener.local_addr().unwrap();
    let app = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = io::Read::read(&mut stream, &mut head).unwrap();
        io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nsix")
            .unwrap();
    });
    let config = web_with("", &format!("targets = [\"{address}\"]\nhealth_check = false"));
    let clingfish = Clingfish::start(&config);
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "six"));
    app.join().unwrap();
}

#[test]
fn a_taken_port_is_an_error_that_names_listener_and_address() {
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    // A target shares its port with whoever asks for SO_REUSEPORT.
    let sharing = Target::start("sharing");
    let target = Target::start("t");
    for (what, address) in
        [("plain", plain.local_addr().unwrap()), ("SO_REUSEPORT", sharing.address())]
    {
        let config = serving("", &target)
            .replace("127.0.0.1:0", &address.to_string())
            .replace("name = \"web\"", "name = \"shop\"");
        let exited = Launch::new(&config).try_start().expect_err(what);
        assert!(exited.status.code().is_some_and(|code| code != 0), "{what}: {}", exited.status);
        assert!(exited.log.contains("shop"), "{what}: {}", exited.log);
        assert!(exited.log.contains(&address.to_string()), "{what}: {}", exited.log);
        assert!(exited.log.contains("in use"), "{what}: {}", exited.log);
    }
    assert_eq!(sharing.count(), 0, "nobody took its connections");
}

#[test]
fn every_taken_port_is_named_at_once() {
    let taken: Vec<TcpListener> =
        (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let listeners: String = taken
        .iter()
        .map(|socket| {
            let address = socket.local_addr().unwrap();
            format!("[[listeners]]\nbind = \"{address}\"\nforward = \"web\"\n")
        })
        .collect();
    let config = format!("{listeners}[target_groups.web]\ntargets = []\n");
    let exited = Launch::new(&config).try_start().expect_err("both are taken");
    for socket in &taken {
        let address = socket.local_addr().unwrap().to_string();
        assert!(exited.log.contains(&address), "{address} in {}", exited.log);
    }
}

#[test]
fn a_taken_admin_port_is_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = format!("[admin]\nbind = \"{address}\"\n");
    let exited = Launch::new(&config).try_start().expect_err("it is taken");
    assert!(exited.status.code().is_some_and(|code| code != 0), "{}", exited.status);
    for word in ["admin", &address.to_string()] {
        assert!(exited.log.contains(word), "{word} in {}", exited.log);
    }
}
