//! As much of an HTTP client as checking and idling need: GET on one kept-alive connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::clock;

/// One kept-alive connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

/// A whole response.
pub(super) struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// Names in lower case.
    fields: Vec<(String, String)>,
    /// Without the frames of its chunks.
    pub(super) body: Vec<u8>,
}

impl Client {
    const TIMEOUT: Duration = Duration::from_secs(10);
    /// How long a start may take.
    const START: Duration = Duration::from_secs(20);

    /// Connects.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Self::TIMEOUT))?;
        stream.set_nodelay(true)?;
        // Thousands of these may be open; a head fits.
        Ok(Self { stream: BufReader::with_capacity(1024, stream) })
    }

    /// Connects to somebody who has just been started, and may need a moment.
    pub(super) fn wait(address: SocketAddr) -> Result<Self> {
        let deadline = clock::now() + Self::START;
        loop {
            match Self::connect(address) {
                Ok(client) => return Ok(client),
                Err(error) if clock::now() > deadline => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Asks for a path and reads the whole answer.
    pub(super) fn get(&mut self, path: &str, cookie: Option<&str>) -> Result<Answer> {
        let cookie = cookie.map(|c| format!("Cookie: {c}\r\n")).unwrap_or_default();
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench.test\r\n{cookie}\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).context("no status line")?.parse()?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                ensure!(line.is_empty(), "not a field line: {line:?}");
                break;
            };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, fields, body: Vec::new() };
        if answer.field("transfer-encoding") == Some("chunked") {
            self.read_chunks(&mut answer.body)?;
        } else {
            let length = answer.field("content-length").context("a body of unknown length")?;
            answer.body = vec![0; length.parse()?];
            self.stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// Reads a body in chunks that no trailers follow.
    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let length = u64::from_str_radix(&self.line()?, 16).context("not a chunk")?;
            self.stream.by_ref().take(length).read_to_end(body)?;
            ensure!(self.line()?.is_empty(), "a chunk is longer than it says");
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        ensure!(line.ends_with('\n'), "the connection was closed within a head");
        Ok(line.trim_end().to_owned())
    }
}

impl Answer {
    /// An answer that somebody else has read: its last head, trailers with it, and its body.
    pub(super) fn read(heads: &str, body: Vec<u8>) -> Result<Self> {
        let start = heads.rfind("HTTP/").context("no status line")?;
        let mut lines = heads.get(start..).unwrap_or_default().lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let status = status.context("no status")?.parse()?;
        let fields = lines.filter_map(|line| line.split_once(':'));
        let fields =
            fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Ok(Self { status, fields: fields.collect(), body })
    }

    /// The first value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All cookies that it sets, as a browser would send them back.
    pub(super) fn cookies(&self) -> Option<String> {
        let set = self.fields.iter().filter(|(name, _)| name == "set-cookie");
        let pairs: Vec<&str> = set.filter_map(|(_, value)| value.split(';').next()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}
