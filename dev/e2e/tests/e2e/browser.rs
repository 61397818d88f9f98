//! A client that keeps what browsers keep.

use std::{io, net::SocketAddr};

use clingfish_testkit::{RawClient, Response};

use crate::support::Seen as _;

/// A client that keeps its connection and its home cookie.
pub(crate) struct Browser {
    pub(crate) connection: RawClient,
    /// `name=value` of the last home cookie.
    pub(crate) cookie: Option<String>,
    address: SocketAddr,
}

impl Browser {
    /// Opens the connection.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr) -> Self {
        let connection = RawClient::connect(address).expect("it accepts");
        Self { connection, cookie: None, address }
    }

    /// Opens another connection of the same client.
    #[track_caller]
    pub(crate) fn again(&self) -> Self {
        Self { cookie: self.cookie.clone(), ..Self::open(self.address) }
    }

    /// One GET.
    pub(crate) fn get(&mut self, path: &str) -> io::Result<Response> {
        self.ask("GET", path, "")
    }

    /// One request.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<Response> {
        self.send(method, path, body)?;
        self.read()
    }

    /// Sends a request without waiting for its answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<()> {
        let cookie = self.cookie_line();
        let length = match (method, body) {
            ("GET", "") => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let address = self.address;
        self.connection.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{cookie}{length}\r\n{body}"
        ))
    }

    /// Reads an answer and keeps its cookie.
    pub(crate) fn read(&mut self) -> io::Result<Response> {
        let response = self.connection.read_final_response()?;
        self.cookie = response.home_cookie().or(self.cookie.take());
        Ok(response)
    }

    /// Makes its connection a WebSocket.
    #[track_caller]
    pub(crate) fn upgrade(mut self) -> WebSocket {
        let (address, cookie) = (self.address, self.cookie_line());
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\n{cookie}Connection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.connection.send(head).expect("it is open");
        let answer = self.read().expect("it answers");
        assert_eq!(answer.status, 101, "{answer:?}");
        WebSocket(self.connection)
    }

    fn cookie_line(&self) -> String {
        self.cookie.as_ref().map(|pair| format!("Cookie: {pair}\r\n")).unwrap_or_default()
    }
}

/// An open WebSocket to a target that sends back what comes.
pub(crate) struct WebSocket(pub(crate) RawClient);

impl WebSocket {
    /// Sends a short text and reads what comes back.
    pub(crate) fn echo(&mut self, text: &str) -> io::Result<String> {
        let length = u8::try_from(text.len()).expect("it is short");
        // A mask of zeros leaves the text as it is.
        self.0.send([&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat())?;
        let frame = self.0.read_exactly(2 + text.len())?;
        let (_, payload) = frame.split_at(2);
        Ok(String::from_utf8_lossy(payload).into_owned())
    }
}
