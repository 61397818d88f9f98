//! New tokens for the native API.

use std::io;

use clingfish_model::Secret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every token begins with, so that nobody takes it for its hash, and those who look for leaked secrets know it.
const PREFIX: &str = "clingfish_";

/// A token that nobody has seen yet.
#[derive(Debug)]
pub struct FreshToken {
    /// What goes after `Authorization: Bearer`.
    pub text: Secret,
    /// Its SHA-256 in hexadecimal digits, for the configuration file.
    pub sha256: String,
}

impl FreshToken {
    /// Draws one of 256 random bits.
    ///
    /// # Errors
    ///
    /// Where the system has no randomness to give.
    pub fn draw() -> io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
        let digits = Zeroizing::new(hex(&*bytes));
        let text = Secret::new(format!("{PREFIX}{}", *digits));
        let sha256 = hex(&Sha256::digest(text.expose()));
        Ok(Self { text, sha256 })
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_and_its_hash_is_what_sha256sum_says() {
        let (one, other) = (FreshToken::draw().unwrap(), FreshToken::draw().unwrap());
        assert_ne!(one.text, other.text);
        assert_eq!(one.text.expose().len(), PREFIX.len() + 64);
        assert_eq!(one.sha256, hex(&Sha256::digest(one.text.expose())));
        let known = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(hex(&Sha256::digest("test")), known);
    }
}
