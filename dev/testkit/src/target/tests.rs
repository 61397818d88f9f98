use super::*;
use crate::{RawClient, curl, node, python};

#[test]
fn a_target_says_who_it_is_and_what_it_received() {
    let target = Target::start("a");
    let answer = RawClient::get(target.address(), "/cart?x=1").unwrap().json();
    assert_eq!(answer["target"], "a");
    assert_eq!(answer["path"], "/cart?x=1");
    assert_eq!(target.count(), 1);
    assert_eq!(target.requests()[0].header("connection"), Some("close"));
}

#[test]
fn paths_choose_the_answer() {
    let target = Target::start("a");
    for (path, status, body) in [
        ("/status/503", 503, "status 503\n"),
        ("/status/204", 204, ""),
        ("/bytes/3", 200, "xxx"),
        ("/slow?bytes=3", 200, "xxx"),
        ("/chunked?chunks=2", 200, "chunk 1\nchunk 2\n"),
        ("/sse?events=2", 200, "data: 1\n\ndata: 2\n\n"),
        ("/hints", 200, "after an interim response\n"),
        ("/until-close", 200, "until close\n"),
    ] {
        let answer = RawClient::get(target.address(), path).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{path}");
    }
}

#[test]
fn broken_answers_are_errors_to_a_strict_reader() {
    let target = Target::start("a");
    for path in [
        "/close",
        "/cut",
        "/reset",
        "/reset-early",
        "/bad/both",
        "/bad/lengths",
        "/bad/chunk",
        "/bad/head",
    ] {
        assert!(RawClient::get(target.address(), path).is_err(), "{path}");
    }
    let reset = RawClient::get(target.address(), "/reset-early").unwrap_err();
    assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_connection_carries_several_requests_with_bodies() {
    let target = Target::start("a");
    let mut client = RawClient::connect(target.address()).unwrap();
    for _ in 0..2 {
        client
            .send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            .unwrap();
        assert_eq!(client.read_response().unwrap().text(), "abc");
    }
    assert!(target.requests().iter().all(|request| request.connection == 1));
}

#[test]
fn a_stopped_target_refuses_and_comes_back_on_its_port() {
    let target = Target::start("a");
    let mut open = RawClient::connect(target.address()).unwrap();
    open.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    open.read_response().unwrap();
    target.stop();
    open.wait_closed().unwrap();
    let refused = RawClient::connect(target.address()).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    target.resume();
    assert_eq!(RawClient::get(target.address(), "/status/200").unwrap().status, 200);
}

#[test]
fn a_hanging_target_answers_when_it_is_let_go() {
    let target = Target::start("a");
    target.hang(true);
    let mut client = RawClient::connect(target.address()).unwrap();
    client.send("GET /status/200 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    target.wait_requests(1);
    client.set_timeout(Duration::from_millis(50)).unwrap();
    assert!(client.read_response().is_err());
    target.hang(false);
    client.set_timeout(Duration::from_secs(15)).unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
}

#[test]
fn real_clients_reach_a_target() {
    let target = Target::start("a");
    let url = format!("http://{}/status/418", target.address());
    let got = curl(&["--output", "/dev/null", "--write-out", "%{http_code}", &url]);
    assert_eq!((got.stdout.as_str(), got.status), ("418", 0), "{}", got.stderr);
    let script = "import sys, requests; print(requests.get(sys.argv[1]).status_code)";
    assert_eq!(python(script, &[&url]).trim(), "418");
    let script = "fetch(process.argv[1]).then(got => console.log(got.status))";
    assert_eq!(node(script, &[&url]).trim(), "418");
}

#[test]
fn real_web_sockets_get_their_messages_back() {
    let target = Target::start("a");
    let url = format!("ws://{}/ws", target.address());
    let script = "
import sys
from websockets.sync.client import connect
with connect(sys.argv[1]) as socket:
    socket.send('hello')
    print(socket.recv())
";
    assert_eq!(python(script, &[&url]).trim(), "hello");
    let script = "
const WebSocket = require('ws');
const socket = new WebSocket(process.argv[1]);
socket.on('open', () => socket.send('x'.repeat(300)));
socket.on('message', text => { console.log(text.length); socket.close(); });
";
    assert_eq!(node(script, &[&url]).trim(), "300");
}
