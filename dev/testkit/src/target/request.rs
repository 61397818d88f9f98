//! A request as a target received it.

/// One request.
#[derive(Clone, Debug)]
pub struct Received {
    /// The head as it came, with its empty line.
    pub head: String,
    /// The first mebibyte of the body, without its framing.
    pub body: Vec<u8>,
    /// Length of the whole body.
    pub body_bytes: usize,
    /// Lines after a chunked body.
    pub trailers: Vec<String>,
    /// Which of the target's connections brought it, from 1 on.
    pub connection: usize,
}

impl Received {
    pub(super) fn new(head: Vec<u8>, connection: usize) -> Self {
        Self {
            head: String::from_utf8_lossy(&head).into_owned(),
            body: Vec::new(),
            body_bytes: 0,
            trailers: Vec::new(),
            connection,
        }
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The first value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// All values of a header, in order.
    pub fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.lines().skip(1);
        lines.filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// A number from the query, as `ms` in `/slow?ms=20`.
    pub fn number(&self, key: &str) -> Option<u64> {
        let (_, query) = self.path().split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == key)?;
        value.parse().ok()
    }
}
