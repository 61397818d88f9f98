//! Somebody who has the console open: asks for what its page asks for, as often.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};

use super::super::http::Client;
use crate::clock;

/// What the page asks for; [`PAGE`] is the page that is shown.
struct Asks {
    /// Once, when it opens.
    opening: &'static [&'static str],
    /// Again and again; what a stream brings does not stand here.
    again: &'static [&'static str],
    every: Duration,
    /// Opened once and read until the page is closed.
    stream: Option<&'static str>,
}

/// Monitoring of one group: the page with the most charts.
const PAGE: Asks = Asks {
    opening: &[
        "/v1/load-balancers",
        "/v1/listeners",
        "/v1/target-groups",
        "/v1/target-groups/web/targets",
        "/v1/target-groups/web/history?targets=12",
    ],
    again: &["/v1/target-groups/web"],
    every: Duration::from_secs(2),
    stream: Some("/v1/live"),
};

/// How soon it notices that it is to close.
const NOTICES_WITHIN: Duration = Duration::from_millis(50);

/// An open page. Dropped without [`Self::close`], it closes by itself a moment later.
pub(super) struct Watcher {
    is_closed: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<u64>>>,
}

impl Watcher {
    /// Opens the page: what it needs at first has been answered when this returns.
    pub(super) fn open(admin: SocketAddr) -> Result<Self> {
        let mut client = Client::connect(admin)?;
        for path in PAGE.opening {
            get(&mut client, path)?;
        }
        let is_closed = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&is_closed);
        let mut threads = vec![thread::spawn(move || ask(&mut client, &closed))];
        if let Some(path) = PAGE.stream {
            let closed = Arc::clone(&is_closed);
            threads.push(thread::spawn(move || listen(admin, path, &closed)));
        }
        Ok(Self { is_closed, threads })
    }

    /// Closes it. An error where something was not answered: then nothing was measured.
    pub(super) fn close(mut self) -> Result<()> {
        self.is_closed.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let heard = thread.join().map_err(|_| anyhow!("the page panicked"))??;
            ensure!(heard > 0, "the page has heard nothing");
        }
        Ok(())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_closed.store(true, Relaxed);
    }
}

/// Asks at once, and then each time that [`Asks::every`] has passed. How many answers came.
fn ask(client: &mut Client, is_closed: &AtomicBool) -> Result<u64> {
    let (mut next, mut answers) = (clock::now(), 0);
    while !is_closed.load(Relaxed) {
        if clock::now() < next {
            thread::sleep(NOTICES_WITHIN);
            continue;
        }
        next += PAGE.every;
        for path in PAGE.again {
            get(client, path)?;
        }
        answers += 1;
    }
    Ok(answers)
}

fn get(client: &mut Client, path: &str) -> Result<()> {
    let answer = client.get(path, None).with_context(|| format!("the page asked for {path}"))?;
    ensure!(answer.status == 200, "{path} was answered with {}", answer.status);
    Ok(())
}

/// Reads a stream. How many bytes came.
fn listen(admin: SocketAddr, path: &str, is_closed: &AtomicBool) -> Result<u64> {
    let mut stream = TcpStream::connect(admin)?;
    stream.set_read_timeout(Some(NOTICES_WITHIN))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let (mut buffer, mut bytes) = ([0; 16 * 1024], 0);
    let mut start = Vec::new();
    while !is_closed.load(Relaxed) {
        let read = match stream.read(&mut buffer) {
            Ok(0) => anyhow::bail!("{path} ended"),
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if start.len() < 12 {
            start.extend(buffer.iter().take(read));
            let is_good = start.len() < 12 || start.starts_with(b"HTTP/1.1 200");
            ensure!(is_good, "{path}: {}", String::from_utf8_lossy(&start));
        }
        bytes += read as u64;
    }
    Ok(bytes)
}
