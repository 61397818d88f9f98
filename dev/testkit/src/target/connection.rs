//! A target's side of a connection.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
};

use super::request::Received;

/// What a target does after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Waits for the next request.
    KeepAlive,
    /// Ends the connection with FIN.
    Close,
    /// Ends the connection with RST.
    Reset,
}

/// How much of a body a target keeps; it reads all of it.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    stream: Arc<TcpStream>,
    pending: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: Arc<TcpStream>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, pending: Vec::new() })
    }

    /// Writes these bytes as they are.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        (&*self.stream).write_all(bytes.as_ref())
    }

    /// Writes a whole response with this status, content type and body.
    pub fn respond(&mut self, status: u16, content_type: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Status {status}\r\nContent-Type: {content_type}\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        self.write([head.as_bytes(), body].concat())
    }

    /// Reads exactly so many bytes.
    pub fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.pending.len() < length {
            self.receive()?;
        }
        let rest = self.pending.split_off(length);
        Ok(std::mem::replace(&mut self.pending, rest))
    }

    /// Reads whatever is there, at least one byte; empty at the end.
    pub fn read_some(&mut self) -> io::Result<Vec<u8>> {
        if self.pending.is_empty() {
            self.try_receive()?;
        }
        Ok(std::mem::take(&mut self.pending))
    }

    /// Reads a head with its empty line, or nothing where the client closed before one.
    pub(super) fn read_head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let end = self.pending.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                return Ok(Some(self.pending.drain(..end + 4).collect()));
            }
            if self.try_receive()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads the request's body, and says "go on" first to those who ask.
    pub(super) fn read_body(&mut self, request: &mut Received) -> io::Result<()> {
        if request.header("expect") == Some("100-continue") {
            self.write("HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if request.header("transfer-encoding") == Some("chunked") {
            return self.read_chunks(request);
        }
        let length = request.header("content-length").unwrap_or("0").parse();
        self.read_into(request, length.map_err(io::Error::other)?)
    }

    fn read_chunks(&mut self, request: &mut Received) -> io::Result<()> {
        loop {
            let size = usize::from_str_radix(&self.read_line()?, 16).map_err(io::Error::other)?;
            if size == 0 {
                break;
            }
            self.read_into(request, size)?;
            self.read_exactly(2)?;
        }
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                return Ok(());
            }
            request.trailers.push(line);
        }
    }

    fn read_line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.read_exactly(1)?);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn read_into(&mut self, request: &mut Received, length: usize) -> io::Result<()> {
        let mut missing = length;
        while missing > 0 {
            if self.pending.is_empty() {
                self.receive()?;
            }
            let here = missing.min(self.pending.len());
            let room = KEPT_BYTES_MAX.saturating_sub(request.body.len());
            request.body.extend(self.pending.drain(..here).take(room));
            request.body_bytes += here;
            missing -= here;
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        match self.try_receive()? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    fn try_receive(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 64 * 1024];
        let count = (&*self.stream).read(&mut buffer)?;
        self.pending.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
