//! Bodies far larger than any buffer.

use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use clingfish_testkit::{Connection, Flow, RawClient, Target, eventually, python};

use crate::{
    limits::peak_memory,
    support::{SOON, before},
};

/// A hundred megabytes.
const BLOCKS: u64 = 1600;
const BLOCK_BYTES: usize = 65_536;
const SCRIPT: &str = include_str!("../../../scripts/blocks.py");

/// Memory that a body may cost.
const GROWTH_MAX: u64 = 32 << 20;

/// Block `number` of the body that the script knows too: no two are the same.
fn block(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(BLOCK_BYTES / 8)
}

#[track_caller]
fn run(target: &Target, path: &str, job: &str) -> String {
    let clingfish = before(target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    let memory = peak_memory(&clingfish);
    let said = python(SCRIPT, &[&format!("{base}{path}"), job, &BLOCKS.to_string()]);
    let grown = peak_memory(&clingfish).saturating_sub(memory);
    assert!(grown < GROWTH_MAX, "{job} of 100 MB: grown by {grown} bytes");
    said
}

#[test]
fn a_download_is_whole_and_costs_no_memory() {
    for framing in [format!("Content-Length: {}\r\n", BLOCKS * 65_536), String::new()] {
        let target = Target::answering(move |connection, _| {
            connection.write(format!("HTTP/1.1 200 OK\r\n{framing}\r\n"))?;
            (0..BLOCKS).try_for_each(|number| connection.write(block(number)))?;
            Ok(Flow::Close)
        });
        assert_eq!(run(&target, "/", "download"), "same\n");
    }
}

#[test]
fn an_upload_is_whole_and_costs_no_memory() {
    // Under this path a target leaves the body to us.
    let target = Target::answering(|connection, request| {
        let is_chunked = request.header("transfer-encoding").is_some();
        let mut body = Body { connection, is_chunked, left: 0 };
        for number in 0..BLOCKS {
            if body.read(BLOCK_BYTES)? != block(number) {
                return Err(io::Error::other(format!("block {number} is another")));
            }
        }
        if is_chunked {
            body.end()?;
        }
        connection.respond(200, "text/plain", b"same")?;
        Ok(Flow::Close)
    });
    for job in ["upload", "chunked"] {
        assert_eq!(run(&target, "/early", job), "same\n", "{job}");
    }
}

/// A request body in either framing.
struct Body<'a> {
    connection: &'a mut Connection,
    is_chunked: bool,
    /// Of the present chunk.
    left: usize,
}

impl Body<'_> {
    fn read(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if !self.is_chunked {
            return self.connection.read_exactly(length);
        }
        let mut bytes = Vec::new();
        while bytes.len() < length {
            if self.left == 0 {
                self.left = self.next_chunk()?;
            }
            let part = self.left.min(length - bytes.len());
            bytes.extend(self.connection.read_exactly(part)?);
            self.left -= part;
            if self.left == 0 {
                self.connection.read_exactly(2)?;
            }
        }
        Ok(bytes)
    }

    fn next_chunk(&mut self) -> io::Result<usize> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.connection.read_exactly(1)?);
        }
        let digits = String::from_utf8_lossy(&line);
        usize::from_str_radix(digits.trim_end(), 16).map_err(io::Error::other)
    }

    fn end(&mut self) -> io::Result<()> {
        match self.connection.read_exactly(5)?.as_slice() {
            b"0\r\n\r\n" => Ok(()),
            other => Err(io::Error::other(format!("{other:?} at the end"))),
        }
    }
}

/// What sockets on four sides may hold; far less than the body.
const IN_SOCKETS_MAX: u64 = 40 << 20;

/// Waits until a number has stopped growing for 300 ms, and gives it.
fn settled(number: &AtomicU64) -> u64 {
    let mut last = (u64::MAX, 0);
    eventually(Duration::from_secs(10), || {
        let now = number.load(Ordering::SeqCst);
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
        (last.1 >= 30 && now > 0).then_some(now)
    })
}

#[test]
fn a_client_that_does_not_read_stops_the_target() {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let target = Target::answering(move |connection, _| {
        let length = BLOCKS * 65_536;
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"))?;
        for number in 0..BLOCKS {
            connection.write(block(number))?;
            counter.fetch_add(65_536, Ordering::SeqCst);
        }
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    let memory = peak_memory(&clingfish);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let stopped = settled(&sent);
    assert!(stopped < IN_SOCKETS_MAX, "the target has sent {stopped} bytes that nobody read");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.read_exactly(1).unwrap());
    }
    for number in 0..BLOCKS {
        let came = client.read_exactly(BLOCK_BYTES).unwrap();
        assert!(came == block(number), "block {number}");
    }
    let grown = peak_memory(&clingfish).saturating_sub(memory);
    assert!(grown < GROWTH_MAX, "grown by {grown} bytes");
}

#[test]
fn a_target_that_does_not_read_stops_the_client() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let target = Target::answering(move |connection, _| {
        wait.lock().unwrap().recv().map_err(io::Error::other)?;
        for number in 0..BLOCKS {
            if connection.read_exactly(BLOCK_BYTES)? != block(number) {
                return Err(io::Error::other(format!("block {number} is another")));
            }
        }
        connection.respond(200, "text/plain", b"same")?;
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let memory = peak_memory(&clingfish);
    let mut client = TcpStream::connect(clingfish.listener("web")).unwrap();
    client.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = BLOCKS * 65_536;
    let head = format!(
        "POST /early HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    client.write_all(head.as_bytes()).unwrap();
    let taken = Arc::new(AtomicU64::new(0));
    let (counter, mut writer) = (Arc::clone(&taken), client.try_clone().unwrap());
    let writing = thread::spawn(move || {
        (0..BLOCKS).try_for_each(|number| {
            writer.write_all(&block(number))?;
            counter.fetch_add(65_536, Ordering::SeqCst);
            io::Result::Ok(())
        })
    });
    let stopped = settled(&taken);
    assert!(stopped < IN_SOCKETS_MAX, "{stopped} bytes were taken that nobody read");
    go.send(()).unwrap();
    writing.join().unwrap().expect("the rest is taken");
    let answer = io::read_to_string(client).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let grown = peak_memory(&clingfish).saturating_sub(memory);
    assert!(grown < GROWTH_MAX, "grown by {grown} bytes");
}

#[test]
fn a_target_may_answer_while_it_still_receives() {
    const ROUNDS: u64 = 200;
    let target = Target::answering(|connection, _| {
        connection.write("HTTP/1.1 200 OK\r\n\r\n")?;
        for _ in 0..ROUNDS {
            let block = connection.read_exactly(BLOCK_BYTES)?;
            connection.write(block)?;
        }
        Ok(Flow::Close)
    });
    let clingfish = before(&target, "");
    let memory = peak_memory(&clingfish);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let length = ROUNDS * 65_536;
    // HTTP/1.0, so that what comes back has no chunks around it.
    client
        .send(format!("POST /early HTTP/1.0\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"))
        .unwrap();
    for number in 0..ROUNDS {
        // Each block is on its way back before the next is sent.
        client.send(block(number)).unwrap();
        if number == 0 {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.extend(client.read_exactly(1).unwrap());
            }
        }
        assert!(client.read_exactly(BLOCK_BYTES).unwrap() == block(number), "block {number}");
    }
    client.wait_closed().unwrap();
    let grown = peak_memory(&clingfish).saturating_sub(memory);
    assert!(grown < GROWTH_MAX, "grown by {grown} bytes");
    eventually(SOON, || (target.count() == 1).then_some(()));
}
