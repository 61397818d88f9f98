//! Who says what to show that they may ask.

use bytes::Bytes;
use clingfish_model::{AccessKey, BearerToken, Role, Secret, desired};
use hyper::{HeaderMap, header::AUTHORIZATION, http::request::Parts};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{asked::Author, refusal::Refusal};

/// Credentials beside those of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// As in the file.
    pub access_keys: Vec<AccessKey>,
    /// As in the file.
    pub tokens: Vec<BearerToken>,
}

/// Half of an access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given} is set and {missing} is not; set both, or neither")]
pub struct HalfAKey {
    given: &'static str,
    missing: &'static str,
}

const KEY_ID: &str = "CLINGFISH_ACCESS_KEY_ID";
const KEY_SECRET: &str = "CLINGFISH_SECRET_ACCESS_KEY";
const TOKEN: &str = "CLINGFISH_ADMIN_TOKEN";

impl Credentials {
    /// What environment variables say; they may change everything. Empty ones say nothing.
    ///
    /// # Errors
    ///
    /// Where a key id comes without its secret, or the other way round.
    pub fn of_environment(read: impl Fn(&str) -> Option<String>) -> Result<Self, HalfAKey> {
        let read = |name| read(name).filter(|text| !text.is_empty());
        let access_keys = match (read(KEY_ID), read(KEY_SECRET)) {
            (None, None) => Vec::new(),
            (Some(id), Some(secret)) => {
                let secret = Secret::new(secret);
                vec![AccessKey { id, secret, session_token: None, role: Role::Admin }]
            }
            (Some(_), None) => return Err(HalfAKey { given: KEY_ID, missing: KEY_SECRET }),
            (None, Some(_)) => return Err(HalfAKey { given: KEY_SECRET, missing: KEY_ID }),
        };
        let token = read(TOKEN).map(Secret::new).map(|token| BearerToken {
            name: "environment".to_owned(),
            sha256: Sha256::digest(token.expose()).into(),
            role: Role::Admin,
        });
        Ok(Self { access_keys, tokens: token.into_iter().collect() })
    }
}

/// All credentials that count now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) file: &'a desired::Admin,
    pub(crate) environment: &'a Credentials,
}

impl<'a> Known<'a> {
    pub(crate) fn are_any(self) -> bool {
        self.access_keys().next().is_some() || self.tokens().next().is_some()
    }

    pub(crate) fn access_keys(self) -> impl Iterator<Item = &'a AccessKey> {
        self.file.access_keys.iter().chain(&self.environment.access_keys)
    }

    pub(crate) fn tokens(self) -> impl Iterator<Item = &'a BearerToken> {
        self.file.tokens.iter().chain(&self.environment.tokens)
    }

    /// Whose token is in `Authorization: Bearer …`.
    pub(crate) fn bearer(self, headers: &HeaderMap) -> Result<Author, Refusal> {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let (field, None) = (fields.next().ok_or(Refusal::NoCredentials)?, fields.next()) else {
            return Err(Refusal::WrongCredentials);
        };
        let (scheme, token) = split_once(field.as_bytes(), b' ');
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Err(Refusal::WrongCredentials);
        }
        let hash = Sha256::digest(token.trim_ascii());
        // Each is compared, and all of it, whichever one it is.
        let is_it = |token: &&BearerToken| bool::from(token.sha256.ct_eq(&hash[..]));
        let mut found: Vec<&BearerToken> = self.tokens().filter(is_it).collect();
        let token = found.pop().ok_or(Refusal::WrongCredentials)?;
        Ok(Author::token(&token.name, token.role))
    }

    /// Who has signed a call of the ELB API.
    pub(crate) fn signed_by(self, head: &Parts, _body: &Bytes) -> Result<Author, Refusal> {
        let is_signed = head.headers.contains_key(AUTHORIZATION)
            || head.uri.query().is_some_and(|query| query.contains("X-Amz-Signature="));
        Err(if is_signed { Refusal::WrongCredentials } else { Refusal::NoCredentials })
    }
}

fn split_once(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == at);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
