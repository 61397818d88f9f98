//! Templates: parts of a redirect's URL, with placeholders for those of the request's.

use std::fmt;

use super::{BadRedirect, Origin, Pattern, Redirect};

/// A text with placeholders for parts of the request's URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

/// A part of the request's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// `http` or `https`.
    Protocol,
    /// The host that the client asked for, without a port.
    Host,
    /// The port that it asked for.
    Port,
    /// The path, without its first slash.
    Path,
    /// The query, without its question mark.
    Query,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

impl Template {
    /// What leaves a part as it is.
    pub(super) fn keep(part: Placeholder) -> Self {
        let placeholder = Piece::Placeholder(part);
        let (slash, pieces) = match part {
            Placeholder::Path => ("/", vec![Piece::Text("/".into()), placeholder]),
            _ => ("", vec![placeholder]),
        };
        Self { text: format!("{slash}#{{{}}}", part.name()), pieces }
    }

    /// For a host.
    pub fn host(text: &str) -> Result<Self, BadRedirect> {
        let no_host = |error| match error {
            BadRedirect::Character { .. } => BadRedirect::Host { host: text.to_owned() },
            other => other,
        };
        let template = Self::new(text, "host", Pattern::LEN_MAX).map_err(no_host)?;
        let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if text.is_empty() || !template.texts().all(|text| text.bytes().all(legal)) {
            return Err(BadRedirect::Host { host: text.to_owned() });
        }
        Ok(template)
    }

    /// For a path.
    pub fn path(text: &str) -> Result<Self, BadRedirect> {
        if !text.starts_with('/') {
            return Err(BadRedirect::Path { path: text.to_owned() });
        }
        Self::new(text, "path", Redirect::PART_LEN_MAX)
    }

    /// For a query.
    pub fn query(text: &str) -> Result<Self, BadRedirect> {
        if text.starts_with('?') {
            return Err(BadRedirect::QuestionMark);
        }
        Self::new(text, "query", Redirect::PART_LEN_MAX)
    }

    fn new(text: &str, part: &'static str, max: usize) -> Result<Self, BadRedirect> {
        if text.chars().count() > max {
            return Err(BadRedirect::TooLong { part, max });
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("#{") {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            let found = Placeholder::ALL.into_iter().find(|placeholder| placeholder.name() == name);
            let found = found.filter(|_| after.contains('}'));
            let Some(placeholder) = found else {
                return Err(BadRedirect::Placeholder { found: format!("#{{{name}}}") });
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Placeholder(placeholder));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Self { text: text.to_owned(), pieces };
        let illegal =
            |c: &char| !matches!(c, '!'..='~') || matches!(c, '#' | '<' | '>' | '"' | '\\');
        let found = template.texts().flat_map(str::chars).find(illegal);
        found.map_or(Ok(template), |found| Err(BadRedirect::Character { part, found }))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no placeholder, so that it is the same for every request.
    pub fn is_literal(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Placeholder(_) => None,
        })
    }

    pub(super) fn write(&self, origin: &Origin<'_>, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Placeholder(placeholder) => placeholder.write(origin, out),
            }
        }
    }
}

impl Placeholder {
    const ALL: [Self; 5] = [Self::Protocol, Self::Host, Self::Port, Self::Path, Self::Query];

    fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Query => "query",
        }
    }

    fn write(self, origin: &Origin<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Protocol => out.extend_from_slice(origin.scheme.as_str().as_bytes()),
            Self::Host => out.extend_from_slice(origin.host),
            Self::Port => out.extend_from_slice(origin.port.to_string().as_bytes()),
            Self::Path => {
                out.extend_from_slice(origin.path.strip_prefix(b"/").unwrap_or(origin.path));
            }
            Self::Query => out.extend_from_slice(origin.query),
        }
    }
}
