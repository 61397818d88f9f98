//! Where the self-test goes.

use std::fmt;

/// An address of the web, as people type it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub https: bool,
    /// The host, without brackets.
    pub host: String,
    /// The port, the scheme's own if none is written.
    pub port: u16,
    /// Path and query; at least `/`.
    pub path: String,
}

/// What is wrong with an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither `http://` nor `https://`.
    #[error("it begins with neither http:// nor https://")]
    Scheme,
    /// No host.
    #[error("it has no host")]
    Host,
    /// Not a port.
    #[error("{0:?} is not a port")]
    Port(String),
    /// Something that cannot be sent as it is.
    #[error("path and query may have printable ASCII only: write other characters as %XX")]
    Path,
}

impl Url {
    /// Reads an address; what stands behind `#` is left out, as browsers do.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (https, rest) = match (strip(text, "http://"), strip(text, "https://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(UrlError::Scheme),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or(UrlError::Host)?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        if host.is_empty() {
            return Err(UrlError::Host);
        }
        let port = match port.strip_prefix(':') {
            Some(digits) => digits.parse().map_err(|_| UrlError::Port(digits.to_owned()))?,
            None if https => 443,
            None => 80,
        };
        if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Path);
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { https, host: host.to_ascii_lowercase(), port, path })
    }

    /// As a `Host` field has it: without the scheme's own port.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let own_port = if self.https { 443 } else { 80 };
        if self.port == own_port { host } else { format!("{host}:{}", self.port) }
    }

    /// As an `Origin` field has it.
    pub fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}{}", self.origin(), self.path)
    }
}

fn strip<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        for (text, expected, host) in [
            ("http://shop.example", "http://shop.example/", "shop.example"),
            ("HTTPS://Shop.Example/a?b=c#d", "https://shop.example/a?b=c", "shop.example"),
            ("https://shop.example:443/", "https://shop.example/", "shop.example"),
            ("http://[::1]:8080?x", "http://[::1]:8080/?x", "::1"),
            ("http://me:secret@127.0.0.1:81/", "http://127.0.0.1:81/", "127.0.0.1"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.to_string().as_str(), url.host.as_str()), (expected, host), "{text}");
        }
        for (text, error) in [
            ("shop.example", UrlError::Scheme),
            ("ftp://shop.example", UrlError::Scheme),
            ("http:///a", UrlError::Host),
            ("http://[::1", UrlError::Host),
            ("http://a:b", UrlError::Port("b".into())),
            ("http://a:70000", UrlError::Port("70000".into())),
            ("http://a/ü", UrlError::Path),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text}");
        }
    }
}
