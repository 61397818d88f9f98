//! Connections to targets: when they are used again, and when never.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use clingfish_testkit::{Flow, RawClient, Target};

use super::ask;
use crate::support::before;

const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok";

/// A target that answers the first request of each connection, and closes it without a word when the next one comes.
fn forgetful() -> Target {
    let known = Mutex::new(std::collections::BTreeSet::new());
    Target::answering(move |connection, request| {
        let is_new = known.lock().expect("nobody panics").insert(request.connection);
        if !is_new {
            return Ok(Flow::Close);
        }
        connection.respond(200, "text/plain", b"ok")?;
        Ok(Flow::KeepAlive)
    })
}

#[test]
fn clients_share_connections_to_targets() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for _ in 0..10 {
        assert_eq!(ask(clingfish.listener("web"), POST).status, 200);
    }
    let last = target.requests().pop().expect("they came");
    assert_eq!(last.connection, 1);
}

/// The classic lost POST: the target has closed the idle connection in the meantime.
#[test]
fn a_post_is_not_sent_on_a_connection_that_is_closed() {
    let target = Target::answering(|connection, _| {
        connection.respond(200, "text/plain", b"ok")?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    for n in 1..=10 {
        let answer = ask(clingfish.listener("web"), POST);
        assert_eq!((answer.status, target.count()), (200, n), "request {n}");
        // What is sent before the target has closed may be lost, whatever a proxy does.
        target.wait_closed();
    }
}

#[test]
fn what_cannot_be_done_twice_is_not_sent_twice() {
    for (method, status, sent) in
        [("GET", 200, 3), ("PUT", 200, 3), ("DELETE", 200, 3), ("POST", 502, 2), ("PATCH", 502, 2)]
    {
        let target = forgetful();
        // Otherwise a GET with a body has a connection of its own.
        let clingfish = before(&target, "desync_mitigation_mode = \"monitor\"");
        let request = format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
        let first = ask(clingfish.listener("web"), &request).status;
        let second = ask(clingfish.listener("web"), &request).status;
        assert_eq!((first, second, target.count()), (200, status, sent), "{method}");
    }
}

#[test]
fn a_connection_with_a_body_that_nobody_took_serves_nobody_else() {
    // Under this path a target leaves the body alone.
    let target = Target::answering(|connection, _| {
        connection.respond(200, "text/plain", b"enough")?;
        connection.read_some()?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome").unwrap();
    assert_eq!(client.read_response().unwrap().text(), "enough");
    ask(clingfish.listener("web"), "GET /early HTTP/1.1\r\nHost: a\r\n\r\n");
    let connections: Vec<usize> = target.requests().iter().map(|r| r.connection).collect();
    assert_eq!(connections, [1, 2]);
}

#[test]
fn a_client_that_leaves_takes_its_request_along() {
    let (ended, end) = mpsc::channel::<()>();
    let target = Target::answering(move |connection, _| {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")?;
        // The end of the connection, in whatever way.
        let _ = connection.read_some();
        ended.send(()).map_err(std::io::Error::other)?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    while !client.read_some().unwrap().ends_with(b"half") {}
    client.reset().unwrap();
    // The target would be waited for, for a minute otherwise.
    end.recv_timeout(Duration::from_secs(10)).expect("the target is told");
}

#[test]
fn nothing_is_kept_for_the_next_client() {
    let target = Target::answering(|connection, request| {
        let body = request.header("x-who").unwrap_or_default();
        connection.write(format!(
            "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nETag: \"x\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))?;
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    for who in ["anna", "bert"] {
        let request = format!("GET /same HTTP/1.1\r\nHost: a\r\nX-Who: {who}\r\n\r\n");
        assert_eq!(ask(clingfish.listener("web"), request).text(), who);
    }
}
