//! Where bodies end, on both sides.

use std::io::ErrorKind;

use clingfish_testkit::{Flow, RawClient, Target};

use super::{ask, last};
use crate::support::before;

#[test]
fn answers_without_a_body_have_none() {
    let target = Target::answering(|connection, request| {
        let status = request.path().trim_start_matches('/');
        connection.write(format!("HTTP/1.1 {status} X\r\nContent-Length: 1234\r\n\r\n"))?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    for (method, status, length) in [
        ("HEAD", 200, Some("1234")),
        ("HEAD", 404, Some("1234")),
        ("GET", 304, Some("1234")),
        ("GET", 204, None),
    ] {
        let row = format!("{method} {status}");
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("{method} /{status} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        let answer = client.read_response_to(method).unwrap();
        assert_eq!((answer.status, answer.header("content-length")), (status, length), "{row}");
        assert_eq!(answer.header("transfer-encoding"), None, "{row}");
        client.finish_sending().unwrap();
        assert_eq!(client.read_to_end().unwrap(), b"", "{row}");
    }
}

#[test]
fn head_then_get_on_one_connection_stay_apart() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for (method, body_bytes) in [("HEAD", 0), ("GET", 100), ("HEAD", 0), ("GET", 100)] {
        client.send(format!("{method} /bytes/100 HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        let answer = client.read_response_to(method).unwrap();
        let seen = (answer.status, answer.header("content-length"), answer.body.len());
        assert_eq!(seen, (200, Some("100"), body_bytes), "{method}");
    }
}

#[test]
fn chunks_and_trailers_go_up_and_down() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    // Sizes in both cases, leading zeros and extensions are legal, and nobody's business behind us.
    client
        .send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum\r\n\r\n\
             000A;a=b;c=\"d\"\r\n0123456789\r\na\r\nabcdefghij\r\n0;last\r\nX-Sum: done\r\n\
             Content-Length: 99\r\nHost: evil\r\nAuthorization: evil\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n",
        )
        .unwrap();
    assert_eq!(client.read_response().unwrap().text(), "0123456789abcdefghij");
    let received = last(&target);
    assert_eq!(received.header("transfer-encoding"), Some("chunked"));
    assert_eq!(received.trailers, ["X-Sum: done"], "what frames or routes is dropped");
    client.send("GET /chunked?chunks=3 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!(answer.text(), "chunk 1\nchunk 2\nchunk 3\n");
    assert_eq!(answer.trailers, [("X-Sum".to_owned(), "done".to_owned())]);
}

#[test]
fn an_answer_that_lasts_until_close_becomes_chunks() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for _ in 0..2 {
        client.send("GET /until-close HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.text(), "until close\n");
    }
}

#[test]
fn get_may_have_a_body() {
    let target = Target::start("app");
    let clingfish = before(&target, "desync_mitigation_mode = \"monitor\"");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for (method, framing, body) in [
        ("GET", "Content-Length: 5", "hello"),
        ("DELETE", "Content-Length: 5", "hello"),
        ("GET", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ("POST", "Content-Length: 0", ""),
    ] {
        client
            .send(format!("{method} /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}"))
            .unwrap();
        let answer = client.read_response().unwrap();
        let expected = if body.is_empty() { "" } else { "hello" };
        assert_eq!(answer.text(), expected, "{method} {framing}");
    }
}

#[test]
fn ten_requests_in_one_write_are_answered_in_order() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    // The first answers are slower than the last ones, and some have bodies.
    let request = |n: usize| match n % 3 {
        0 => format!("GET /slow?bytes=2&ms=20&n={n} HTTP/1.1\r\nHost: a\r\n\r\n"),
        1 => format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{n:02}"),
        _ => format!(
            "PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{n:02}\r\n0\r\n\r\n"
        ),
    };
    client.send((0..10).map(request).collect::<String>()).unwrap();
    for n in 0..10 {
        let answer = client.read_response().unwrap();
        let expected = if n % 3 == 0 { "xx".to_owned() } else { format!("{n:02}") };
        assert_eq!((answer.status, answer.text()), (200, expected), "answer {n}");
    }
    assert_eq!(target.count(), 10);
}

#[test]
fn requests_in_small_pieces_are_whole_again() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let request = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Sum: 1\r\n\r\n";
    for byte in request.repeat(2).bytes() {
        client.send([byte]).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(client.read_response().unwrap().text(), "abcdefg");
    }
}

#[test]
fn what_comes_with_a_whole_body_but_was_cut_is_visible() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for path in ["/cut", "/reset", "/bad/chunk"] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        // Nothing at all of the answer may have been sent: then it is a 502, which is as visible.
        match client.read_response() {
            Ok(answer) => assert_eq!(answer.status, 502, "{path}"),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset),
                "{path}: {error}"
            ),
        }
    }
}

#[test]
fn answers_that_two_parsers_could_read_differently_are_not_passed_on() {
    let heads = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Space : x\r\nContent-Length: 0",
        "X: a\r\n folded\r\nContent-Length: 0",
        "X: a\nY: b\r\nContent-Length: 0",
        "X: a\rb\r\nContent-Length: 0",
        ": nameless\r\nContent-Length: 0",
    ];
    for head in heads {
        let target =
            Target::saying(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
        let clingfish = before(&target, "");
        let answer = ask(clingfish.listener("web"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(answer.status, 502, "{head:?}");
    }
}

/// Else the next client on that connection would get them as its answer.
#[test]
fn a_connection_on_which_too_much_was_said_serves_nobody_else() {
    let target = Target::answering(|connection, request| {
        let more = if request.path() == "/more" {
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        } else {
            ""
        };
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{more}"))?;
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    for path in ["/1", "/more", "/2", "/3"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(ask(clingfish.listener("web"), request).text(), "ok", "{path}");
    }
    let connections: Vec<usize> = target.requests().iter().map(|r| r.connection).collect();
    assert_eq!(connections[0], connections[1], "a clean connection is used again");
    assert_ne!(connections[1], connections[2], "an unclean one is not");
}
