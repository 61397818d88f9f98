//! A form in the making.

use std::fmt::Write as _;

/// Parameters in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self::default().with(name, value)
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With all of the other's.
    #[must_use]
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// As it is sent.
    pub(super) fn written(&self) -> String {
        let pairs: Vec<_> =
            self.0.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        pairs.join("&")
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._:/".contains(&byte);
        let _ = if is_plain {
            write!(encoded, "{}", char::from(byte))
        } else {
            write!(encoded, "%{byte:02X}")
        };
    }
    encoded
}
