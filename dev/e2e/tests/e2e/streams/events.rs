//! Streams that go on as they come.

use std::sync::{Mutex, mpsc};

use clingfish_testkit::{Flow, RawClient, Target, curl, python};

use crate::support::before;

/// Sends event 2 only when somebody has posted to `/seen` that event 1 is there, and so on.
fn source(framing: &'static str) -> Target {
    let (seen, next) = mpsc::channel::<()>();
    let next = Mutex::new(next);
    Target::answering(move |connection, request| {
        if request.path() == "/seen" {
            seen.send(()).map_err(std::io::Error::other)?;
            connection.respond(200, "text/plain", b"noted")?;
            return Ok(Flow::KeepAlive);
        }
        connection.write(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n{framing}\r\n"
        ))?;
        for number in 1..=3 {
            let event = format!("data: {number}\n\n");
            let event = match framing {
                "Transfer-Encoding: chunked\r\n" => format!("{:x}\r\n{event}\r\n", event.len()),
                _ => event,
            };
            connection.write(event)?;
            // Nothing is waited for once the answer may be whole: its connection is another request's then.
            if number < 3 {
                let next = next.lock().expect("nobody panics while holding it");
                next.recv().map_err(std::io::Error::other)?;
            }
        }
        if framing.starts_with("Transfer") {
            connection.write("0\r\n\r\n")?;
        }
        Ok(Flow::Close)
    })
}

#[test]
fn events_arrive_one_by_one_whatever_their_framing() {
    for framing in ["Transfer-Encoding: chunked\r\n", "Content-Length: 27\r\n", ""] {
        let target = source(framing);
        let clingfish = before(&target, "");
        let base = format!("http://{}", clingfish.listener("web"));
        let script = include_str!("../../../scripts/events.py");
        assert_eq!(python(script, &[&base]), "three events\n", "{framing}");
    }
}

#[test]
fn a_head_arrives_before_its_body() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let target = Target::answering(move |connection, _| {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Here: 1\r\n\r\n")?;
        wait.lock().unwrap().recv().map_err(std::io::Error::other)?;
        connection.write("late")?;
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.read_some().expect("the head comes while the target waits"));
    }
    go.send(()).unwrap();
    assert_eq!(client.read_exactly(4).unwrap(), b"late");
}

#[test]
fn parts_of_a_request_reach_the_target_as_they_come() {
    let (heard, hear) = mpsc::channel::<Vec<u8>>();
    let target = Target::answering(move |connection, _| {
        for _ in 0..2 {
            heard.send(connection.read_exactly(3)?).map_err(std::io::Error::other)?;
        }
        connection.respond(200, "text/plain", b"both")?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    // The path tells the target not to read the body by itself.
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\none").unwrap();
    let limit = std::time::Duration::from_secs(10);
    assert_eq!(hear.recv_timeout(limit).expect("before the rest was sent"), b"one");
    client.send("two").unwrap();
    assert_eq!(hear.recv_timeout(limit).expect("it came"), b"two");
    assert_eq!(client.read_response().unwrap().text(), "both");
}

#[test]
fn curl_reads_a_stream_to_its_end() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let url = format!("http://{}/sse?events=5&ms=20", clingfish.listener("web"));
    let done = curl(&["--no-buffer", &url]);
    let expected: String = (1..=5).map(|number| format!("data: {number}\n\n")).collect();
    assert_eq!((done.status, done.stdout), (0, expected));
}
