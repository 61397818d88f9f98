//! A response, read strictly: what a careful client would refuse is an error here.

use std::io;

/// Header or trailer lines in order, names as received.
pub(super) type Lines = Vec<(String, String)>;

/// A response as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 999.
    pub status: u16,
    /// The first line, as `HTTP/1.1 200 OK`.
    pub status_line: String,
    /// Header lines in order, names as received.
    pub headers: Vec<(String, String)>,
    /// The body without its framing.
    pub body: Vec<u8>,
    /// The lines after a chunked body.
    pub trailers: Vec<(String, String)>,
}

impl Response {
    /// The first value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// All values of a header, in order.
    pub fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        values(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// `name=value` of the cookie that a Set-Cookie of that name sets, for a request's Cookie header.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let pairs = self.header_values("set-cookie");
        let mut pairs = pairs.map(|line| line.split(';').next().unwrap_or_default());
        let found = pairs.find(|pair| pair.split('=').next() == Some(name));
        found.map(str::to_owned)
    }
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// The part before the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    status: u16,
    status_line: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head and says how many bytes it has, or nothing while it is incomplete.
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text: String = bytes.iter().take(end).copied().map(char::from).collect();
        if text.replace("\r\n", "").contains(['\r', '\n']) {
            return Err(invalid(format!("a bare CR or LF in {text:?}")));
        }
        let mut lines = text.split("\r\n");
        let status_line = lines.next().unwrap_or_default().to_owned();
        let head = Self {
            status: status(&status_line)?,
            status_line,
            headers: lines.map(header).collect::<io::Result<_>>()?,
        };
        Ok(Some((head, end + 4)))
    }

    /// RFC 9112 section 6.3.
    pub(super) fn framing(&self, method: &str) -> io::Result<Framing> {
        let codings: Vec<&str> = values(&self.headers, "transfer-encoding").collect();
        let lengths: Vec<&str> = values(&self.headers, "content-length").collect();
        if method == "HEAD" || matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        match (codings.as_slice(), lengths.as_slice()) {
            ([], []) => Ok(Framing::UntilClose),
            ([], [length]) if length.bytes().all(|c| c.is_ascii_digit()) => {
                let length = length.parse();
                length.map(Framing::Length).map_err(|_| invalid(format!("length {lengths:?}")))
            }
            ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
            _ => Err(invalid(format!("framing {codings:?} {lengths:?}"))),
        }
    }

    pub(super) fn with_body(self, body: Vec<u8>, trailers: Lines) -> Response {
        Response {
            status: self.status,
            status_line: self.status_line,
            headers: self.headers,
            body,
            trailers,
        }
    }
}

/// Reads one header line.
pub(super) fn header(line: &str) -> io::Result<(String, String)> {
    let (name, value) = line.split_once(':').ok_or_else(|| invalid(format!("header {line:?}")))?;
    if name.is_empty() || name.contains([' ', '\t']) {
        return Err(invalid(format!("header {line:?}")));
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

/// An error about bytes that a careful client refuses.
pub(super) fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn status(line: &str) -> io::Result<u16> {
    let bad = || invalid(format!("status line {line:?}"));
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "));
    let (digits, _) = rest.and_then(|rest| rest.split_once(' ')).ok_or_else(bad)?;
    match digits.parse() {
        Ok(status @ 100..=999) if digits.len() == 3 => Ok(status),
        _ => Err(bad()),
    }
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    let named = headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests;
