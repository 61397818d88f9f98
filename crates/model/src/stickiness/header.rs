//! Stickiness for clients that keep no cookies.

use std::time::Duration;

use super::is_token;
use crate::FieldId;

/// A sealed token in a field of the response, which the client sends back in the same field or in a parameter of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderToken {
    name: String,
    query: String,
    /// Idle limit, as of a cookie; see [`super::LbCookie::duration`].
    pub duration: Duration,
    /// Limit from the session's first request; none by default.
    pub absolute: Option<Duration>,
}

/// Why a field or parameter cannot carry tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHeader {
    /// No field has that name.
    #[error("a header name is 1 to 64 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// The field has a meaning of its own.
    #[error("that header has a meaning of its own")]
    Taken,
    /// It would have to be encoded.
    #[error("a query parameter is 1 to 64 letters, digits and -._~")]
    Query,
}

impl HeaderToken {
    /// Default of [`Self::name`].
    pub const NAME: &str = "Clingfish-Session";
    /// Default of [`Self::query`].
    pub const QUERY: &str = "clingfish_session";
    /// Longest name of either, in bytes.
    pub const NAME_BYTES_MAX: usize = 64;

    /// Checks the names.
    pub fn new(
        name: &str,
        query: &str,
        duration: Duration,
        absolute: Option<Duration>,
    ) -> Result<Self, BadHeader> {
        let fits = |text: &str| (1..=Self::NAME_BYTES_MAX).contains(&text.len());
        if !fits(name) || !name.bytes().all(is_token) {
            return Err(BadHeader::Name);
        }
        if FieldId::of(name.as_bytes()) != FieldId::Other {
            return Err(BadHeader::Taken);
        }
        let is_unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
        if !fits(query) || !query.bytes().all(is_unreserved) {
            return Err(BadHeader::Query);
        }
        Ok(Self { name: name.to_owned(), query: query.to_owned(), duration, absolute })
    }

    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameter's name.
    pub fn query(&self) -> &str {
        &self.query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_a_meaning_carry_no_tokens() {
        for (name, query, error) in [
            (HeaderToken::NAME, HeaderToken::QUERY, None),
            ("X-Home", "home", None),
            ("X Home", "home", Some(BadHeader::Name)),
            ("authorization", "home", Some(BadHeader::Taken)),
            ("Content-Length", "home", Some(BadHeader::Taken)),
            ("X-Home", "a=b", Some(BadHeader::Query)),
            ("X-Home", "", Some(BadHeader::Query)),
        ] {
            let made = HeaderToken::new(name, query, Duration::from_secs(1), None);
            assert_eq!(made.err(), error, "{name} {query}");
        }
    }
}
