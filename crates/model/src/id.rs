//! Names that people write, and the fixed hashes that stand for them in tokens and ARNs.

use std::fmt;

use sha2::{Digest, Sha256};

/// The name of a load balancer, listener or target group: 1 to 64 characters of `A-Z a-z 0-9 - _ .`.
///
/// The ELB APIs allow 32 letters, digits and hyphens only; the file is wider, so that host-like names fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Longest name, in characters.
    pub const LEN_MAX: usize = 64;

    /// Checks and keeps a name.
    pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
        let text = text.into();
        let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.bytes().all(legal) {
            return Err(BadName { text });
        }
        Ok(Self(text))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name with characters or a length that no name may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a name: use 1 to 64 of the characters A-Z a-z 0-9 - _ .")]
pub struct BadName {
    /// What was written.
    pub text: String,
}

/// Sixteen hexadecimal digits that stand for a resource in ARNs and logs.
///
/// Derived from kind and name by a fixed hash, so every instance with the same file agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(u64);

impl ResourceId {
    /// Derives the id of the resource of this kind (`"app"`, `"listener"`, `"targetgroup"`) and name.
    pub fn derive(kind: &str, name: &str) -> Self {
        Self(u64::from_be_bytes(prefix(digest(kind, name))))
    }

    /// Reads an id as [`Display`](fmt::Display) writes it: sixteen small hexadecimal digits, nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |c: u8| c.is_ascii_digit() || matches!(c, b'a'..=b'f');
        let is_id = text.len() == 16 && text.bytes().all(is_digit);
        u64::from_str_radix(text, 16).ok().filter(|_| is_id).map(Self)
    }

    /// The number whose hexadecimal digits these are.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Whose resources these are, as ARNs and the names of log files say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    account: String,
    region: String,
}

impl Owner {
    /// Longest region, in characters.
    pub const REGION_LEN_MAX: usize = 64;

    /// Checks and keeps an account of twelve digits and a region of lower-case letters, digits and hyphens.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Result<Self, BadOwner> {
        let (account, region) = (account.into(), region.into());
        if account.len() != 12 || !account.bytes().all(|c| c.is_ascii_digit()) {
            return Err(BadOwner::Account { text: account });
        }
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let is_short = (1..=Self::REGION_LEN_MAX).contains(&region.len());
        if !is_short || !region.bytes().all(legal) {
            return Err(BadOwner::Region { text: region });
        }
        Ok(Self { account, region })
    }

    /// Twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Such as `eu-central-1`.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// Nobody's: there is neither account nor region where nothing is said of AWS.
impl Default for Owner {
    fn default() -> Self {
        Self { account: "000000000000".to_owned(), region: "local".to_owned() }
    }
}

/// An account or a region with characters or a length that none may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOwner {
    /// The account.
    #[error("{text:?} is not an account: use twelve digits")]
    Account {
        /// What was written.
        text: String,
    },
    /// The region.
    #[error("{text:?} is not a region: use 1 to 64 of the characters a-z 0-9 -")]
    Region {
        /// What was written.
        text: String,
    },
}

/// Eight bytes that stand for a target group inside a token. The same bytes as its [`ResourceId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupHash(pub [u8; 8]);

impl GroupHash {
    /// Hashes the group's name.
    pub fn of(group: &Name) -> Self {
        Self(prefix(digest("targetgroup", group.as_str())))
    }

    /// The first eight hexadecimal digits, which name the group's default cookie.
    pub fn short(self) -> String {
        self.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A target's identity inside its group: configured, or else its address as written. Never its index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(String);

impl TargetId {
    /// Longest id, in bytes.
    pub const LEN_MAX: usize = 255;

    /// Checks and keeps an id: 1 to 255 visible ASCII characters without quotes.
    pub fn new(text: impl Into<String>) -> Result<Self, BadTargetId> {
        let text = text.into();
        let legal = |c: u8| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\');
        if text.is_empty() || text.len() > Self::LEN_MAX || !text.bytes().all(legal) {
            return Err(BadTargetId { text });
        }
        Ok(Self(text))
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fixed hash that tokens carry.
    pub fn hash(&self) -> TargetHash {
        TargetHash(prefix(digest("target", &self.0)))
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A target id with characters or a length that none may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a target id: use 1 to 255 visible ASCII characters without quotes")]
pub struct BadTargetId {
    /// What was written.
    pub text: String,
}

/// Sixteen bytes that stand for a target inside a token: fixed for ever, see the golden vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TargetHash(pub [u8; 16]);

/// SHA-256 over kind, a zero byte, and text. The zero byte keeps kinds apart.
fn digest(kind: &str, text: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(kind.as_bytes());
    hasher.update([0]);
    hasher.update(text.as_bytes());
    hasher.finalize().into()
}

fn prefix<const N: usize>(digest: [u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_never_change() {
        let web = Name::new("web").unwrap();
        assert_eq!(ResourceId::derive("targetgroup", "web").to_string(), "f318bcb55279b732");
        assert_eq!(GroupHash::of(&web).short(), "f318bcb5");
        let target = TargetId::new("10.0.0.1:3000").unwrap();
        let hex: String = target.hash().0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "a0c1fcd2c168776485f87a3d8d52888c");
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = ResourceId::derive("targetgroup", "web");
        assert_eq!(ResourceId::parse(&id.to_string()), Some(id));
        for bad in
            ["", "F318BCB55279B732", "f318bcb55279b73", "f318bcb55279b7322", "+318bcb55279b732"]
        {
            assert_eq!(ResourceId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn owners_can_stand_in_arns_and_file_names() {
        assert!(Owner::new("123456789012", "eu-central-1").is_ok());
        let Owner { account, region } = Owner::default();
        assert_eq!(Owner::new(account, region), Ok(Owner::default()));
        for (account, region) in [
            ("12345678901", "eu-central-1"),
            ("12345678901a", "eu-central-1"),
            ("123456789012", ""),
            ("123456789012", "../eu"),
            ("123456789012", "EU"),
        ] {
            assert!(Owner::new(account, region).is_err(), "{account} {region}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        for good in ["web", "a", "web-1_b.c", &"x".repeat(64)] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }
}
