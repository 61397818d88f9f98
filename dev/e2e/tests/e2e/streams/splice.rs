//! Large bodies of known length between plain connections, which go through pipes: whole, counted, and never mixed up.

use std::{
    fs, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use clingfish_testkit::{Clingfish, Connection, Flow, RawClient, Received, Target, eventually};

use crate::support::{SOON, before, log_line};

/// A hundred megabytes.
const BLOCKS: u64 = 1600;
const BLOCK_BYTES: usize = 65_536;
const LENGTH: u64 = BLOCKS * BLOCK_BYTES as u64;

/// Block `number` of the body of that request: no two are the same.
fn block(path: &str, number: u64) -> Vec<u8> {
    let salt = path.bytes().fold(0_u64, |salt, byte| salt * 31 + u64::from(byte));
    (salt << 32 | number).to_be_bytes().repeat(BLOCK_BYTES / 8)
}

/// How many ends of pipes the process has.
fn pipe_ends(clingfish: &Clingfish) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", clingfish.pid())).expect("it runs");
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("pipe:")).count()
}

/// Waits until bytes lie in a pipe between the two sockets.
#[track_caller]
fn wait_for_pipes(clingfish: &Clingfish, idle: usize) {
    eventually(SOON, || (pipe_ends(clingfish) > idle).then_some(()));
}

/// Sends a body of so many blocks and, behind it, what does not belong there. Stops after `sent` blocks.
fn answer(connection: &mut Connection, path: &str, sent: u64, behind: &str) -> io::Result<()> {
    connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n"))?;
    (0..sent).try_for_each(|number| connection.write(block(path, number)))?;
    connection.write(behind)
}

/// A target whose answers the path chooses: `/cut…` is half of one, `/long…` has something behind it.
fn library() -> Target {
    Target::answering(|connection, request: &Received| {
        let path = request.path();
        if path.starts_with("/cut") {
            answer(connection, path, BLOCKS / 2, "")?;
            return Ok(Flow::Close);
        }
        let behind = if path.starts_with("/long") { "HTTP/1.1 200 OK\r\n\r\n" } else { "" };
        answer(connection, path, BLOCKS, behind)?;
        Ok(Flow::KeepAlive)
    })
}

fn ask(client: &mut RawClient, path: &str) -> u64 {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
    read_head(client)
}

fn read_head(client: &mut RawClient) -> u64 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.read_exactly(1).unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
    head.len() as u64
}

#[track_caller]
fn read_body(client: &mut RawClient, path: &str) {
    for number in 0..BLOCKS {
        let came = client.read_exactly(BLOCK_BYTES).unwrap();
        assert!(came == block(path, number), "{path}: block {number}");
    }
}

fn value(clingfish: &Clingfish, name: &str) -> f64 {
    clingfish.metrics().value(name, &[]).unwrap_or_else(|| panic!("{name} is there"))
}

#[test]
fn a_large_answer_goes_through_a_pipe_and_connections_are_used_again() {
    let target = library();
    let clingfish = before(&target, "");
    let idle = pipe_ends(&clingfish);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for path in ["/1", "/2"] {
        let head = ask(&mut client, path);
        // Nobody reads for a while, so that everything on the way is full.
        wait_for_pipes(&clingfish, idle);
        read_body(&mut client, path);
        let line = log_line(&clingfish, path);
        assert_eq!(line["sent_bytes"], head + LENGTH, "{line}");
    }
    assert_eq!(value(&clingfish, "clingfish_upstream_connects_total"), 1.0);
    assert_eq!(value(&clingfish, "clingfish_upstream_reuses_total"), 1.0);
    // What lies idle is let go of.
    drop(client);
    eventually(SOON, || (pipe_ends(&clingfish) == idle).then_some(()));
}

#[test]
fn what_a_client_left_in_a_pipe_reaches_nobody_else() {
    let target = library();
    let clingfish = before(&target, "");
    let idle = pipe_ends(&clingfish);
    for path in ["/left/1", "/left/2", "/left/3"] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        ask(&mut client, path);
        wait_for_pipes(&clingfish, idle);
        client.reset().unwrap();
        let line = log_line(&clingfish, path);
        assert_eq!(line["elb_status_code"], 200, "{line}");
        assert_eq!(line["error_reason"], "client_gone", "{line}");
        let mut next = RawClient::connect(clingfish.listener("web")).unwrap();
        let path = format!("/next{path}");
        ask(&mut next, &path);
        read_body(&mut next, &path);
    }
}

#[test]
fn a_target_that_breaks_off_breaks_the_answer() {
    let target = library();
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    ask(&mut client, "/cut");
    // The reset may overtake the last of what came.
    let mut whole = 0;
    while let Ok(came) = client.read_exactly(BLOCK_BYTES) {
        assert!(came == block("/cut", whole), "block {whole}");
        whole += 1;
    }
    assert!(whole <= BLOCKS / 2, "{whole} blocks came of {}", BLOCKS / 2);
    let line = log_line(&clingfish, "/cut");
    assert_eq!(line["error_reason"], "body_truncated", "{line}");
    let mut next = RawClient::connect(clingfish.listener("web")).unwrap();
    ask(&mut next, "/next");
    read_body(&mut next, "/next");
}

#[test]
fn what_comes_behind_an_answer_is_no_answer() {
    let target = library();
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for path in ["/long/1", "/long/2"] {
        ask(&mut client, path);
        read_body(&mut client, path);
    }
    assert_eq!(value(&clingfish, "clingfish_upstream_reuses_total"), 0.0);
}

/// A target that reads a body once it is told to, and says so; under `/deaf` it closes without a look at it.
fn archive(go: &Arc<AtomicU64>) -> Target {
    let go = Arc::clone(go);
    // Under this path a target leaves the body to us.
    Target::answering(move |connection, request| {
        let path = request.path().to_owned();
        if path.ends_with("/deaf") {
            return Ok(Flow::Close);
        }
        if request.header("content-length").is_some() {
            eventually(SOON, || (go.load(Ordering::SeqCst) > 0).then_some(()));
            for number in 0..BLOCKS {
                if connection.read_exactly(BLOCK_BYTES)? != block(&path, number) {
                    return Err(io::Error::other(format!("block {number} is another")));
                }
            }
        }
        connection.respond(200, "text/plain", b"same")?;
        Ok(Flow::KeepAlive)
    })
}

fn offer(client: &mut RawClient, path: &str) {
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n");
    client.send(head).unwrap();
}

#[test]
fn a_large_upload_goes_through_a_pipe_and_the_next_request_is_not_of_it() {
    let go = Arc::default();
    let target = archive(&go);
    let clingfish = before(&target, "");
    let idle = pipe_ends(&clingfish);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for_pipes(&clingfish, idle);
            go.store(1, Ordering::SeqCst);
        });
        for path in ["/early/1", "/early/2"] {
            offer(&mut client, path);
            (0..BLOCKS).for_each(|number| client.send(block(path, number)).unwrap());
            // Sent at once, so that it waits behind the body.
            client.send(format!("GET /then{path} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
            for _ in 0..2 {
                assert_eq!(client.read_response().unwrap().text(), "same");
            }
        }
    });
    assert_eq!(value(&clingfish, "clingfish_upstream_connects_total"), 1.0);
    for path in ["/early/1", "/early/2"] {
        let line = log_line(&clingfish, path);
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n");
        assert_eq!(line["received_bytes"], head.len() as u64 + LENGTH, "{line}");
    }
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing_to_others() {
    let go = Arc::new(AtomicU64::new(0));
    let target = archive(&go);
    let clingfish = before(&target, "");
    let idle = pipe_ends(&clingfish);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    offer(&mut client, "/early/left");
    // The target does not read, so some of it lies in a pipe by then.
    let mut writer = client;
    let writing = std::thread::spawn(move || {
        let sent = (0..BLOCKS).try_for_each(|number| writer.send(block("/early/left", number)));
        (writer, sent)
    });
    wait_for_pipes(&clingfish, idle);
    go.store(1, Ordering::SeqCst);
    let (client, sent) = writing.join().unwrap();
    sent.unwrap();
    client.reset().unwrap();
    let mut deaf = RawClient::connect(clingfish.listener("web")).unwrap();
    offer(&mut deaf, "/early/deaf");
    // It ends in the middle or is answered: whatever the race between them brings.
    let _ = (0..BLOCKS).try_for_each(|number| deaf.send(block("/early/deaf", number)));
    let mut next = RawClient::connect(clingfish.listener("web")).unwrap();
    offer(&mut next, "/early/next");
    (0..BLOCKS).for_each(|number| next.send(block("/early/next", number)).unwrap());
    assert_eq!(next.read_response().unwrap().text(), "same");
}
