//! How a target says in its answer to a check that it wants to be drained.

use std::fmt;

use super::StatusMatcher;
use crate::{FieldId, stickiness::is_token};

/// By what an answer announces a drain; either will do. By default nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// These statuses, of gRPC its own.
    pub status: Option<StatusMatcher>,
    /// This field, whatever the status.
    pub header: Option<DrainHeader>,
}

impl Announcement {
    /// Whether no answer announces a drain.
    pub fn is_off(&self) -> bool {
        self.status.is_none() && self.header.is_none()
    }

    /// Whether answers of that status announce it.
    pub fn has_status(&self, status: u16) -> bool {
        self.status.as_ref().is_some_and(|matcher| matcher.matches(status))
    }

    /// Whether a field of an answer announces it.
    pub fn has_field(&self, name: &[u8], value: &[u8]) -> bool {
        self.header.as_ref().is_some_and(|header| header.matches(name, value))
    }
}

/// A field of an answer, written `x-drain`, with any value, or `x-drain: yes`, with that value. Neither goes by case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainHeader {
    name: String,
    value: Option<String>,
}

/// Fields that answers have for other reasons: the first of them in every answer, because a check asks for the end of its
/// connection.
const OF_CONNECTIONS: [FieldId; 8] = [
    FieldId::Connection,
    FieldId::KeepAlive,
    FieldId::ProxyConnection,
    FieldId::Te,
    FieldId::Trailer,
    FieldId::TransferEncoding,
    FieldId::Upgrade,
    FieldId::ContentLength,
];

impl DrainHeader {
    /// Longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 40;
    /// Longest value, in bytes.
    pub const VALUE_BYTES_MAX: usize = 128;

    /// Parses a name, or a name and a value.
    pub fn parse(text: &str) -> Result<Self, BadDrainHeader> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value.trim_matches([' ', '\t']))),
            None => (text, None),
        };
        let has_name = (1..=Self::NAME_BYTES_MAX).contains(&name.len());
        let is_value = |value: &str| {
            let is_legal = |c: u8| c == b' ' || c.is_ascii_graphic();
            (1..=Self::VALUE_BYTES_MAX).contains(&value.len()) && value.bytes().all(is_legal)
        };
        if !has_name || !name.bytes().all(is_token) || !value.is_none_or(is_value) {
            return Err(BadDrainHeader::Malformed { text: text.to_owned() });
        }
        if OF_CONNECTIONS.contains(&FieldId::of(name.as_bytes())) {
            return Err(BadDrainHeader::OfConnection { name: name.to_owned() });
        }
        Ok(Self { name: name.to_ascii_lowercase(), value: value.map(str::to_owned) })
    }

    /// Whether a field is this one.
    pub fn matches(&self, name: &[u8], value: &[u8]) -> bool {
        let is_value = |wanted: &String| value.eq_ignore_ascii_case(wanted.as_bytes());
        name.eq_ignore_ascii_case(self.name.as_bytes()) && self.value.as_ref().is_none_or(is_value)
    }
}

impl fmt::Display for DrainHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}: {value}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Why a text names no field that could announce a drain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadDrainHeader {
    /// Neither a name nor a name and a value.
    #[error(
        "{text:?} is not a header: write \"x-drain\", or \"x-drain:yes\" with a value; a name has at most {name_max} characters, a value {value_max}, all of them visible ASCII or, in a value, spaces",
        name_max = DrainHeader::NAME_BYTES_MAX,
        value_max = DrainHeader::VALUE_BYTES_MAX
    )]
    Malformed {
        /// What was written.
        text: String,
    },
    /// A field that speaks of the connection or the body.
    #[error(
        "{name:?} is a header of connections and bodies, which healthy answers have too: write one of the application's own, such as \"x-drain\""
    )]
    OfConnection {
        /// The field.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_name_or_by_name_and_value() {
        for (text, name, value, expected) in [
            ("x-drain", "X-Drain", "", true),
            ("X-Drain", "x-drain", "no", true),
            ("x-drain", "x-drained", "yes", false),
            ("x-drain: yes", "x-drain", "yes", true),
            ("x-drain:yes", "X-DRAIN", "Yes", true),
            ("x-drain: yes", "x-drain", "yes, please", false),
            ("x-drain: yes", "x-drain", "", false),
            ("x-state: going away", "x-state", "going away", true),
            ("x-at: 10:30", "x-at", "10:30", true),
        ] {
            let header = DrainHeader::parse(text).unwrap();
            let found = header.matches(name.as_bytes(), value.as_bytes());
            assert_eq!(found, expected, "{text:?} for {name}: {value}");
            assert_eq!(DrainHeader::parse(&header.to_string()), Ok(header), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let long = "x".repeat(DrainHeader::NAME_BYTES_MAX + 1);
        let much = format!("x: {}", "y".repeat(DrainHeader::VALUE_BYTES_MAX + 1));
        for text in
            ["", ":", "x-drain:", "x-drain:  ", ": yes", "x drain", "x: a\r\nb", &long, &much]
        {
            let error = DrainHeader::parse(text).unwrap_err();
            assert!(matches!(error, BadDrainHeader::Malformed { .. }), "{text:?}: {error}");
        }
        for text in ["connection", "Connection: close", "content-length: 0", "keep-alive"] {
            let error = DrainHeader::parse(text).unwrap_err();
            assert!(matches!(error, BadDrainHeader::OfConnection { .. }), "{text:?}: {error}");
        }
    }

    #[test]
    fn by_default_nothing_announces_a_drain() {
        let none = Announcement::default();
        assert!(none.is_off());
        assert!((100..=999).all(|status| !none.has_status(status)));
        assert!(!none.has_field(b"x-drain", b"yes"));
    }
}
