//! curl in its many moods.

use std::fs;

use clingfish_testkit::{Flow, Target, curl};

use crate::support::before;

#[test]
fn every_version_and_method_works() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    let large = "x".repeat(3_000_000);
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("large");
    fs::write(&file, &large).expect("the folder is ours");
    let file = file.to_str().expect("a plain path");
    let data = format!("@{file}");
    let shows = ["-o", "/dev/null", "-w", "%{http_version} %{http_code} %{size_download}"];
    for (args, path, expected) in [
        (vec!["--http1.0"], "/bytes/1000", "1.1 200 1000"),
        (vec!["--http1.1"], "/bytes/1000", "1.1 200 1000"),
        (vec!["--http1.0"], "/chunked", "1.1 200 24"),
        (vec!["--http1.1"], "/chunked", "1.1 200 24"),
        (vec!["--head"], "/bytes/1000", "1.1 200 0"),
        (vec!["-X", "OPTIONS"], "/status/204", "1.1 204 0"),
        (vec!["-X", "TRACE"], "/", "1.1 405 136"),
        // Both ask for a 100 first: that is what curl does with a large body.
        (vec!["-T", file], "/status/201", "1.1 201 11"),
        (vec!["--data-binary", &data], "/status/201", "1.1 201 11"),
        (vec!["-H", "Transfer-Encoding: chunked", "-T", file], "/status/201", "1.1 201 11"),
        (vec!["--http1.0", "-T", file], "/status/201", "1.1 201 11"),
        // HTTP/2 is not offered on this port: curl asks and goes on without.
        (vec!["--http2"], "/bytes/10", "1.1 200 10"),
    ] {
        let url = format!("{base}{path}");
        let done = curl(&[&shows, args.as_slice(), &[url.as_str()]].concat());
        assert_eq!(
            (done.status, done.stdout.as_str()),
            (0, expected),
            "{args:?} {path}: {}",
            done.stderr
        );
    }
    let bodies: Vec<usize> = target.requests().iter().map(|request| request.body_bytes).collect();
    assert_eq!(bodies.iter().filter(|bytes| **bytes == large.len()).count(), 4, "{bodies:?}");
}

#[test]
fn one_connection_serves_many_urls() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    let urls: Vec<String> = (0..20).map(|n| format!("{base}/{n}")).collect();
    let mut args = vec!["-w", "\n%{num_connects}\n", "-o", "/dev/null"];
    for (n, url) in urls.iter().enumerate() {
        if n > 0 {
            args.extend(["-o", "/dev/null"]);
        }
        args.push(url);
    }
    let done = curl(&args);
    let connects: usize =
        done.stdout.split_whitespace().filter_map(|n| n.parse::<usize>().ok()).sum();
    assert_eq!((done.status, connects, target.count()), (0, 1, 20), "{}", done.stdout);
}

#[test]
fn what_is_compressed_or_partial_passes_as_it_is() {
    // "compressed\n" as gzip wrote it.
    const GZIP: &[u8] = &[
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xce, 0xcf, 0x2d, 0x28,
        0x4a, 0x2d, 0x2e, 0x4e, 0x4d, 0xe1, 0x02, 0x00, 0xbb, 0x6d, 0x4f, 0xc8, 0x0b, 0x00, 0x00,
        0x00,
    ];
    let target = Target::answering(|connection, request| {
        if request.header("range").is_some() {
            connection.write(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/10\r\nETag: \"x\"\r\n\
                 Content-Length: 4\r\n\r\n2345",
            )?;
        } else {
            let length = GZIP.len();
            connection.write(format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
            ))?;
            connection.write(GZIP)?;
        }
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    let url = format!("http://{}/", clingfish.listener("web"));
    let done = curl(&["--compressed", &url]);
    assert_eq!((done.status, done.stdout.as_str()), (0, "compressed\n"), "{}", done.stderr);
    let request = target.requests().pop().expect("it came");
    assert!(request.header("accept-encoding").is_some_and(|value| value.contains("gzip")));
    let done = curl(&["--range", "2-5", "--dump-header", "-", &url]);
    let seen =
        (done.stdout.contains("Content-Range: bytes 2-5/10\r\n"), done.stdout.ends_with("2345"));
    assert_eq!(seen, (true, true), "{}", done.stdout);
    assert_eq!(target.requests().pop().expect("it came").header("range"), Some("bytes=2-5"));
}

#[test]
fn what_was_cut_is_an_error_for_curl() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for path in ["/cut", "/reset"] {
        let url = format!("http://{}{path}", clingfish.listener("web"));
        let done = curl(&["--fail", &url]);
        // 18 is a partial body, 56 a reset connection, 22 a status of 400 or more.
        assert!(matches!(done.status, 18 | 22 | 56), "{path}: {done:?}");
    }
}
