//! How large requests may be.

use std::net::SocketAddr;

use clingfish_testkit::{RawClient, Target};

use crate::support::before;

/// Sends a GET of this path with these header lines and gives the status.
#[track_caller]
fn status(web: SocketAddr, path: &str, lines: &str) -> u16 {
    let mut client = RawClient::connect(web).unwrap();
    // A refusal may come before everything is sent.
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).ok();
    client.read_response().unwrap().status
}

/// A line of so many bytes, name and value.
fn field(bytes: usize) -> String {
    format!("X: {}\r\n", "y".repeat(bytes - 1))
}

#[test]
fn heads_are_as_large_as_alb_lets_them_be() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    let line_of = |bytes: usize| format!("/{}", "p".repeat(bytes - "GET / HTTP/1.1".len()));
    let many = |count: usize| "X: y\r\n".repeat(count);
    for (path, lines, expected) in [
        (line_of(16_000), String::new(), 200),
        (line_of(17_000), String::new(), 414),
        (line_of(200_000), String::new(), 414),
        ("/".to_owned(), field(16_000), 200),
        ("/".to_owned(), field(17_000), 431),
        ("/".to_owned(), field(200_000), 431),
        ("/".to_owned(), field(15_000).repeat(4), 200),
        ("/".to_owned(), field(15_000).repeat(5), 431),
        ("/".to_owned(), many(99), 200),
        ("/".to_owned(), many(100), 431),
        ("/".to_owned(), many(20_000), 431),
    ] {
        let row = format!("{} bytes of path, {} of lines", path.len(), lines.len());
        assert_eq!(status(web, &path, &lines), expected, "{row}");
    }
}

#[test]
fn heads_are_as_large_as_the_file_lets_them_be() {
    let target = Target::start("app");
    let small =
        "request_line_max = \"1KiB\"\nfield_max = \"2KiB\"\nhead_max = \"4KiB\"\nfields_max = 5";
    let large = "request_line_max = \"128KiB\"\nfield_max = \"128KiB\"\nhead_max = \"256KiB\"\nfields_max = 256";
    for (config, rows) in [
        (
            small,
            [
                (900, 100, 1, 200),
                (1100, 100, 1, 414),
                (10, 1900, 1, 200),
                (10, 2200, 1, 431),
                (10, 1900, 3, 431),
                (10, 100, 4, 200),
                (10, 100, 5, 431),
            ],
        ),
        (
            large,
            [
                (100_000, 100, 1, 200),
                (140_000, 100, 1, 414),
                (10, 100_000, 1, 200),
                (10, 140_000, 1, 431),
                (10, 100_000, 3, 431),
                (10, 100, 255, 200),
                (10, 100, 256, 431),
            ],
        ),
    ] {
        let clingfish = before(&target, config);
        for (path, line, lines, expected) in rows {
            let row = format!("path {path}, {lines} lines of {line} with {config}");
            let path = format!("/{}", "p".repeat(path));
            let lines = field(line).repeat(lines);
            assert_eq!(status(clingfish.listener("web"), &path, &lines), expected, "{row}");
        }
    }
}

#[test]
fn bodies_over_the_limit_are_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "body_max = \"100KiB\"");
    let chunk = |bytes: usize| format!("{bytes:x}\r\n{}\r\n", "x".repeat(bytes));
    let max = 100 * 1024;
    for (framing, body, expected) in [
        (format!("Content-Length: {max}"), "x".repeat(max), 200),
        (format!("Content-Length: {}", max + 1), String::new(), 413),
        ("Content-Length: 9223372036854775807".to_owned(), String::new(), 413),
        ("Transfer-Encoding: chunked".to_owned(), chunk(max) + "0\r\n\r\n", 200),
        ("Transfer-Encoding: chunked".to_owned(), chunk(max + 1), 413),
        ("Transfer-Encoding: chunked".to_owned(), chunk(max) + "1\r\n", 413),
        ("Transfer-Encoding: chunked".to_owned(), "7fffffffffffffff\r\n".to_owned(), 413),
    ] {
        let row = format!("{framing}, {} bytes", body.len());
        let before = target.count();
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}")).ok();
        let answer = client.read_response().unwrap();
        assert_eq!(answer.status, expected, "{row}");
        if expected == 413 {
            assert_eq!(answer.header("connection"), Some("close"), "{row}");
            assert_eq!(target.count(), before, "no whole request came: {row}");
        } else {
            assert_eq!(answer.json()["body_bytes"], max, "{row}");
        }
    }
}
