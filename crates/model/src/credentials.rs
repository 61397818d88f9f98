//! Who may use the admin address, and for what.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text, wiped when it is dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Not for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    ReadOnly,
    /// Look and change.
    Admin,
}

/// Signs requests to the ELB API by Signature Version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// Access key id; 1 to 128 letters and digits.
    pub id: String,
    /// Secret access key.
    pub secret: Secret,
    /// Must come with each request, where there is one.
    pub session_token: Option<Secret>,
    /// What it is good for.
    pub role: Role,
}

impl AccessKey {
    /// Most of them.
    pub const COUNT_MAX: usize = 1000;
    /// Longest id, in characters.
    pub const ID_CHARS_MAX: usize = 128;
}

/// A token for the native API, of which the file has the hash alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerToken {
    /// What events call who uses it.
    pub name: String,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
    /// What it is good for.
    pub role: Role,
}

impl BearerToken {
    /// Most of them.
    pub const COUNT_MAX: usize = 1000;
}
