//! A client that sends exactly what it is told and reads strictly.

pub(crate) mod response;

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use response::{Framing, Head, Lines, Response};

/// Longest wait for bytes.
const TIMEOUT: Duration = Duration::from_secs(15);

/// One connection. Every wait ends with an error after 15 s, or what [`Self::set_timeout`] says.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    /// Received and not yet read as part of a response.
    pending: Vec<u8>,
}

impl RawClient {
    /// Opens a connection.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { stream, pending: Vec::new() })
    }

    /// One GET on a connection of its own.
    pub fn get(address: SocketAddr, path: &str) -> io::Result<Response> {
        Self::get_with(address, path, &[])
    }

    /// One GET with more header lines, each without its line end.
    pub fn get_with(address: SocketAddr, path: &str, lines: &[&str]) -> io::Result<Response> {
        let mut client = Self::connect(address)?;
        let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        client.send(format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\n{more}Connection: close\r\n\r\n"
        ))?;
        client.read_final_response()
    }

    /// How long each wait may take.
    pub fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(timeout))
    }

    /// The client's own address.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends these bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Says that nothing more will be sent; answers can still come.
    pub fn finish_sending(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Ends the connection with RST.
    pub fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }

    /// Reads one response, an interim one (1xx) too. 101 has no body: what follows is for [`Self::read_some`].
    pub fn read_response(&mut self) -> io::Result<Response> {
        self.read_response_to("GET")
    }

    /// Reads one response to a request of that method: those to HEAD have no body.
    pub fn read_response_to(&mut self, method: &str) -> io::Result<Response> {
        let head = loop {
            if let Some((head, length)) = Head::parse(&self.pending)? {
                self.pending.drain(..length);
                break head;
            }
            self.receive()?;
        };
        let (body, trailers) = match head.framing(method)? {
            Framing::Length(length) => (self.read_exactly(length)?, Vec::new()),
            Framing::Chunked => self.read_chunks()?,
            Framing::UntilClose => (self.read_to_end()?, Vec::new()),
        };
        Ok(head.with_body(body, trailers))
    }

    /// Reads up to and with the first response that is not an interim one.
    pub fn read_final_response(&mut self) -> io::Result<Response> {
        loop {
            let response = self.read_response()?;
            if response.status >= 200 || response.status == 101 {
                return Ok(response);
            }
        }
    }

    /// Reads whatever is there, at least one byte; empty at the end of the connection.
    pub fn read_some(&mut self) -> io::Result<Vec<u8>> {
        if self.pending.is_empty() {
            match self.receive() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
                other => other?,
            }
        }
        Ok(std::mem::take(&mut self.pending))
    }

    /// Reads exactly so many bytes.
    pub fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.pending.len() < length {
            self.receive()?;
        }
        let rest = self.pending.split_off(length);
        Ok(std::mem::replace(&mut self.pending, rest))
    }

    /// Reads until the other side ends the connection.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = std::mem::take(&mut self.pending);
        self.stream.read_to_end(&mut all)?;
        Ok(all)
    }

    /// Waits for the end of the connection, by FIN or RST. Bytes that come instead are an error.
    pub fn wait_closed(&mut self) -> io::Result<()> {
        match self.read_some() {
            Ok(bytes) if bytes.is_empty() => Ok(()),
            Ok(bytes) => Err(response::invalid(format!(
                "{:?} came instead of the end",
                String::from_utf8_lossy(&bytes)
            ))),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn read_chunks(&mut self) -> io::Result<(Vec<u8>, Lines)> {
        let mut body = Vec::new();
        loop {
            let line = self.read_line()?;
            let size = line.split(';').next().unwrap_or_default();
            let size = usize::from_str_radix(size, 16)
                .map_err(|_| response::invalid(format!("chunk size {line:?}")))?;
            if size == 0 {
                break;
            }
            body.extend(self.read_exactly(size)?);
            if self.read_exactly(2)? != b"\r\n" {
                return Err(response::invalid("a chunk does not end with CR LF".to_owned()));
            }
        }
        let mut trailers = Lines::new();
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                return Ok((body, trailers));
            }
            trailers.push(response::header(&line)?);
        }
    }

    fn read_line(&mut self) -> io::Result<String> {
        loop {
            let end = self.pending.windows(2).position(|pair| pair == b"\r\n");
            if let Some(end) = end {
                let line: Vec<u8> = self.pending.drain(..end + 2).take(end).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.receive()?;
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 64 * 1024];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pending.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(())
    }
}
