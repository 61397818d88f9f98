//! Redirects: where the client is sent instead.

use super::{Pattern, Placeholder, Template};

/// Another URL, made of parts of the request's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The scheme; the request's, where there is none.
    pub scheme: Option<Scheme>,
    /// The host.
    pub host: Template,
    /// The port.
    pub port: Port,
    /// The path, beginning with a slash.
    pub path: Template,
    /// The query, without its question mark.
    pub query: Template,
    /// 301, so that clients remember it; or else 302.
    pub permanent: bool,
}

/// http or https.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// http.
    Http,
    /// https.
    Https,
}

/// The port of a redirect's URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Not spoken of: the request's, or that of the scheme where the scheme is another. Written only where it is not the scheme's own.
    Unsaid,
    /// `#{port}`: the request's, always written.
    Same,
    /// That one, always written.
    Number(u16),
}

/// The URL that a request asked for, in parts.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// How the client speaks.
    pub scheme: Scheme,
    /// Without a port.
    pub host: &'a [u8],
    /// The port that the client asked for: in its Host, or else its scheme's.
    pub port: u16,
    /// With its first slash.
    pub path: &'a [u8],
    /// Without its question mark.
    pub query: &'a [u8],
}

/// Why something is no redirect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRedirect {
    /// It leads to where it came from.
    #[error(
        "the redirect changes nothing, so clients would follow it for ever: set protocol, host, port, path or query to something else"
    )]
    Loop,
    /// What came encrypted would go on in the clear.
    #[error(
        "an HTTPS listener cannot redirect to HTTP: write protocol = \"HTTPS\", or leave it out"
    )]
    Downgrade,
    /// Too long.
    #[error("{part} is longer than {max} characters: shorten it")]
    TooLong {
        /// Which one.
        part: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// A placeholder that there is not.
    #[error(
        "{found:?} is no placeholder: there are #{{protocol}}, #{{host}}, #{{port}}, #{{path}} and #{{query}}"
    )]
    Placeholder {
        /// What was written.
        found: String,
    },
    /// A host that is none.
    #[error("{host:?} is no host: write a name such as \"shop.example\", or with #{{host}} in it")]
    Host {
        /// What was written.
        host: String,
    },
    /// A path without its slash.
    #[error("the path {path:?} does not begin with a slash: write {:?}", format!("/{path}"))]
    Path {
        /// What was written.
        path: String,
    },
    /// A character that no URL may have as it is.
    #[error("the {part} has the character {found:?}: write it as a percent escape, such as %20")]
    Character {
        /// Which one.
        part: &'static str,
        /// The first one.
        found: char,
    },
    /// A question mark that is written anyway.
    #[error("the query begins with a question mark: leave it out")]
    QuestionMark,
    /// No port.
    #[error("{port:?} is no port: write a number from 1 to 65535, or \"#{{port}}\"")]
    Port {
        /// What was written.
        port: String,
    },
}

impl Redirect {
    /// Longest path and query, in characters.
    pub const PART_LEN_MAX: usize = Pattern::LEN_MAX;
    /// Longest Location that is sent, as ALB.
    pub const LOCATION_BYTES_MAX: usize = 8 * 1024;

    /// Back to the same URL, to be changed: by itself it is a loop.
    pub fn same() -> Self {
        Self {
            scheme: None,
            host: Template::keep(Placeholder::Host),
            port: Port::Unsaid,
            path: Template::keep(Placeholder::Path),
            query: Template::keep(Placeholder::Query),
            permanent: true,
        }
    }

    /// The same URL over https.
    pub fn https() -> Self {
        Self { scheme: Some(Scheme::Https), ..Self::same() }
    }

    /// Whether the client comes back to the listener that sent it away, which speaks `own`: same scheme, same port.
    pub fn is_to(&self, own: Scheme) -> bool {
        self.scheme.is_none_or(|scheme| scheme == own) && self.port_is_kept()
    }

    fn port_is_kept(&self) -> bool {
        matches!(self.port, Port::Unsaid | Port::Same)
    }

    /// Checks what belongs together, for a listener that speaks `own`.
    pub fn check(self, own: Scheme) -> Result<Self, BadRedirect> {
        if own == Scheme::Https && self.scheme == Some(Scheme::Http) {
            return Err(BadRedirect::Downgrade);
        }
        let same = Self::same();
        let kept = self.is_to(own)
            && (&self.host, &self.path, &self.query) == (&same.host, &same.path, &same.query);
        if kept { Err(BadRedirect::Loop) } else { Ok(self) }
    }

    /// 301 or 302.
    pub fn status(&self) -> u16 {
        if self.permanent { 301 } else { 302 }
    }

    /// Appends the URL that the client is sent to.
    pub fn write(&self, origin: &Origin<'_>, out: &mut Vec<u8>) {
        let scheme = self.scheme.unwrap_or(origin.scheme);
        out.extend_from_slice(scheme.as_str().as_bytes());
        out.extend_from_slice(b"://");
        self.host.write(origin, out);
        let port = match self.port {
            Port::Number(port) => Some(port),
            Port::Same => Some(origin.port),
            Port::Unsaid if scheme != origin.scheme => None,
            Port::Unsaid => Some(origin.port).filter(|port| *port != scheme.port()),
        };
        if let Some(port) = port {
            out.push(b':');
            out.extend_from_slice(port.to_string().as_bytes());
        }
        self.path.write(origin, out);
        let question_mark = out.len();
        out.push(b'?');
        self.query.write(origin, out);
        if out.len() == question_mark + 1 {
            out.truncate(question_mark);
        }
    }
}

impl Scheme {
    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that is meant where none is said.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}
