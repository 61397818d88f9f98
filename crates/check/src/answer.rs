//! An answer, whatever version of HTTP brought it.

use crate::set_cookie::SetCookie;

/// A response: its status, its fields in order, and the begin of its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in small letters, values as they came.
    pub fields: Vec<(String, String)>,
    /// The body, up to [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX).
    pub body: String,
}

impl Answer {
    /// The first field of that name, which is in small letters.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The cookies that it sets, in order.
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie> {
        let lines = self.fields.iter().filter(|(name, _)| name == "set-cookie");
        lines.filter_map(|(_, line)| SetCookie::parse(line))
    }

    /// Whether it is neither a failure of the server's nor a refusal.
    pub fn is_fine(&self) -> bool {
        self.status < 400
    }
}
