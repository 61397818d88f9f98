//! WebSockets, and whatever pretends to become one.

use std::{thread, time::Duration};

use clingfish_testkit::{Flow, RawClient, Target, accept_value, eventually, node, python};

use crate::support::{SOON, Since, Stage, before, log_line};

const PYTHON: &str = include_str!("../../../scripts/websocket_echo.py");
const NODE: &str = include_str!("../../../scripts/websocket_echo.js");

/// A request that asks for a WebSocket.
const ASKS: &str = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn real_clients_talk_through_a_websocket() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let url = format!("ws://{}/ws", clingfish.listener("web"));
    assert_eq!(python(PYTHON, &[&url, ""]), "4001 enough\n");
    assert_eq!(node(NODE, &[&url, "none"]), "4002 enough\n");
    let line = log_line(&clingfish, "/ws");
    let seen = (&line["type"], &line["elb_status_code"], &line["target_status_code"]);
    assert_eq!(seen, (&"ws".into(), &101.into(), &101.into()), "{line}");
    assert!(line["received_bytes"].as_u64() > Some(1 << 20), "{line}");
    assert!(line["sent_bytes"].as_u64() > Some(1 << 20), "{line}");
}

#[test]
fn a_websocket_comes_home_and_brings_a_binding() {
    let stage = Stage::sticky("true");
    let first = stage.visit(&[]);
    let (home, cookie) = (first.target().to_owned(), first.cookie());
    let url = format!("ws://{}/ws", stage.clingfish.listener("web"));
    for _ in 0..2 {
        python(PYTHON, &[&url, &cookie]);
        node(NODE, &[&url, &cookie]);
    }
    let count = |name| {
        let requests = stage.target(name).requests();
        requests.iter().filter(|request| request.path() == "/ws").count()
    };
    let other = if home == "a" { "b" } else { "a" };
    assert_eq!((count(&home), count(other)), (4, 0));
    let mut newcomer = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    newcomer.send(ASKS).unwrap();
    let answer = newcomer.read_response().unwrap();
    let brings = answer.header_values("set-cookie").filter(|line| line.starts_with("cling_"));
    assert_eq!((answer.status, brings.count()), (101, 1));
}

#[test]
fn what_the_handshake_says_goes_both_ways() {
    let target = Target::answering(|connection, request| {
        let accept = accept_value(request.header("sec-websocket-key").unwrap_or_default());
        connection.write(format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n\r\nearly"
        ))?;
        let heard = connection.read_exactly(9)?;
        connection.write([b"<".as_slice(), &heard, b">"].concat())?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let asks = ASKS.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, other\r\n\r\n");
    // What comes behind the head before the answer is for the tunnel, should there be one.
    client.send(asks + "impatient").unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!(answer.status, 101);
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-protocol", "chat"),
        ("sec-websocket-extensions", "permessage-deflate"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(client.read_exactly(16).unwrap(), b"early<impatient>");
    client.wait_closed().unwrap();
    let request = target.requests().pop().expect("it came");
    for (name, value) in [
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat, other"),
        ("x-forwarded-for", "127.0.0.1"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
}

#[test]
fn close_codes_of_the_target_reach_the_client() {
    let target = Target::answering(|connection, request| {
        let accept = accept_value(request.header("sec-websocket-key").unwrap_or_default());
        // 1013, "try again later".
        connection.write(format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        ))?;
        connection.write(b"\x88\x07\x03\xf5later")?;
        connection.read_some()?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let script = "import sys\nfrom websockets.sync.client import connect\n\
                  from websockets.exceptions import ConnectionClosed\n\
                  with connect(sys.argv[1]) as socket:\n    try:\n        socket.recv(timeout=10)\n    \
                  except ConnectionClosed as closed:\n        print(closed.rcvd.code, closed.rcvd.reason)\n";
    let url = format!("ws://{}/ws", clingfish.listener("web"));
    assert_eq!(python(script, &[&url]), "1013 later\n");
}

#[test]
fn a_websocket_ends_when_nobody_speaks_for_too_long() {
    let target = Target::start("app");
    // Half a second of silence ends the requests of this listener, but not its WebSockets.
    let limits = "websocket_idle_timeout = \"1s\"\nidle_timeout = \"300ms\"";
    let clingfish = before(&target, limits);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send(ASKS).unwrap();
    assert_eq!(client.read_response().unwrap().status, 101);
    let opened = Since::now();
    for _ in 0..4 {
        // A masked "hi" with a mask of zeros.
        client.send(b"\x81\x82\0\0\0\0hi").unwrap();
        assert_eq!(client.read_exactly(4).unwrap(), b"\x81\x02hi");
        thread::sleep(Duration::from_millis(500));
    }
    client.wait_closed().unwrap();
    let alive = opened.elapsed();
    assert!((2500..6000).contains(&alive.as_millis()), "ended after {alive:?}");
    let open = || clingfish.metrics().value("clingfish_websocket_tunnels_active", &[]);
    eventually(SOON, || (open() == Some(0.0)).then_some(()));
}

#[test]
fn one_side_may_finish_before_the_other() {
    let target = Target::answering(|connection, _| {
        connection.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        )?;
        let mut heard = Vec::new();
        loop {
            let bytes = connection.read_some()?;
            if bytes.is_empty() {
                break;
            }
            heard.extend(bytes);
        }
        connection.write(format!("{} bytes in all", heard.len()))?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send(ASKS).unwrap();
    assert_eq!(client.read_response().unwrap().status, 101);
    client.send(vec![b'x'; 300_000]).unwrap();
    client.finish_sending().unwrap();
    assert_eq!(client.read_to_end().unwrap(), b"300000 bytes in all");
}

#[test]
fn a_target_that_dies_ends_its_websockets() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send(ASKS).unwrap();
    assert_eq!(client.read_response().unwrap().status, 101);
    target.stop();
    client.wait_closed().unwrap();
}

#[test]
fn protocols_are_not_switched_unasked() {
    let target = Target::saying(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nevil",
    );
    let clingfish = before(&target, "");
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        ASKS.replace("Connection: Upgrade\r\n", ""),
        ASKS.replace("Upgrade: websocket\r\n", ""),
        ASKS.replace("HTTP/1.1", "HTTP/1.0"),
        ASKS.replace("GET", "POST"),
        ASKS.replace("Upgrade: websocket", "Upgrade: h2c"),
        ASKS.replace("Upgrade: websocket", "Upgrade: something-else"),
        ASKS.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nok"),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(&request).unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!(answer.status, 502, "{request:?}");
        assert!(!answer.text().contains("evil"), "{request:?}");
    }
}

/// Pingora's CVE-2026-2833: what follows a request that asks to switch is a tunnel's only after the 101.
#[test]
fn a_request_behind_a_refused_upgrade_is_a_request() {
    let target = Target::start("app");
    let clingfish = before(&target, "trusted_proxies = []");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let second = "GET /second HTTP/1.1\r\nHost: a\r\nX-Forwarded-Port: 1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n";
    client.send(ASKS.replace("/ws", "/first") + second).unwrap();
    for path in ["/first", "/second"] {
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, &answer.json()["path"]), (200, &path.into()));
    }
    let seen = target.requests();
    let paths: Vec<&str> = seen.iter().map(|request| request.path()).collect();
    assert_eq!(paths, ["/first", "/second"]);
    assert_eq!(seen[1].header("x-hop"), None, "it went through every rule");
    assert_ne!(seen[1].header("x-forwarded-port"), Some("1"), "it went through every rule");
    client.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().json()["path"], "/third");
}
