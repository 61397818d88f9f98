//! AWS's Signature Version 4: whose credential signed a request, if anyone's did.
//!
//! The signature is in a header or, of a presigned URL, in the query. Both cover method, path, query, host and body. A
//! payload that is not signed (`UNSIGNED-PAYLOAD`) is never accepted: the body is where the request is.

use std::{fmt, time::Duration};

use clingfish_model::UnixMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{Error, hex};

mod canonical;
mod claim;
mod refusal;

use claim::{Claim, Form};

/// What both APIs are signed for.
pub const SERVICE: &str = "elasticloadbalancing";

/// How far the clocks of a client and ours may be apart.
pub const SKEW_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a presigned URL may be good for.
pub const EXPIRES_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Most headers that a signature may cover.
pub const SIGNED_HEADERS_MAX: usize = 100;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// A request as it came: nothing decoded, nothing changed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, in capital letters.
    pub method: &'a str,
    /// The path of the URL.
    pub path: &'a str,
    /// The query of the URL, without the question mark; empty when there is none.
    pub query: &'a str,
    /// Every header. Names may have capital letters.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

/// A key pair that may sign requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    id: String,
    secret: String,
    session_token: Option<String>,
    is_read_only: bool,
}

impl Credential {
    /// Longest id, in characters.
    pub const ID_LEN_MAX: usize = 128;

    /// Checks and keeps an access key id and its secret. It may do everything.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Result<Self, BadCredential> {
        let (id, secret) = (id.into(), secret.into());
        let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if id.is_empty() || id.len() > Self::ID_LEN_MAX || !id.bytes().all(legal) {
            return Err(BadCredential::Id { id });
        }
        if secret.is_empty() {
            return Err(BadCredential::NoSecret { id });
        }
        Ok(Self { id, secret, session_token: None, is_read_only: false })
    }

    /// Good only together with this session token.
    #[must_use]
    pub fn with_session_token(self, token: impl Into<String>) -> Self {
        Self { session_token: Some(token.into()), ..self }
    }

    /// For actions that only look.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { is_read_only: true, ..self }
    }

    /// The access key id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is only for actions that only look. Whoever verifies must ask.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// In the same time however much of the token is right.
    fn has_token(&self, given: Option<&str>) -> bool {
        match (&self.session_token, given) {
            (None, None) => true,
            (Some(own), Some(given)) => {
                let key = self.secret.as_bytes();
                keyed(key, given.as_bytes()).verify(&hash(key, own.as_bytes()).into()).is_ok()
            }
            _ => false,
        }
    }
}

impl fmt::Debug for Credential {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("is_read_only", &self.is_read_only)
            .finish_non_exhaustive()
    }
}

/// A key pair that nobody could sign with, or anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCredential {
    /// Its id has characters or a length that none may have.
    #[error("{id:?} is not an access key id: use 1 to 128 of the characters A-Z a-z 0-9 - _ .")]
    Id {
        /// What was written.
        id: String,
    },
    /// Its secret is empty.
    #[error("the access key {id} has no secret")]
    NoSecret {
        /// Whose.
        id: String,
    },
}

/// Who may sign, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Verifier<'a> {
    /// Nearly always [`SERVICE`].
    pub service: &'a str,
    /// The only region that a signature may be for; any where there is none.
    pub region: Option<&'a str>,
    /// Who may sign.
    pub credentials: &'a [Credential],
}

impl<'a> Verifier<'a> {
    /// The credential that signed this request, or the refusal as AWS words it.
    pub fn verify(&self, request: &Request<'_>, now: UnixMillis) -> Result<&'a Credential, Error> {
        let claim = Claim::read(request)?;
        let mut credentials = self.credentials.iter();
        let credential = credentials
            .find(|credential| credential.id == claim.scope.id)
            .filter(|credential| credential.has_token(claim.token.as_deref()))
            .ok_or_else(refusal::unknown)?;
        self.check_scope(&claim)?;
        check_time(&claim, now)?;
        let text = canonical::string_to_sign(request, &claim)?;
        let signature = hex::decode(&claim.signature).unwrap_or_default();
        keyed(&signing_key(&credential.secret, &claim), text.as_bytes())
            .verify_slice(&signature)
            .map_err(|_| refusal::mismatch())?;
        Ok(credential)
    }

    fn check_scope(&self, claim: &Claim) -> Result<(), Error> {
        let scope = &claim.scope;
        if scope.terminator != TERMINATOR {
            return Err(refusal::terminator(&scope.terminator));
        }
        if scope.service != self.service {
            return Err(refusal::service(self.service));
        }
        if self.region.is_some_and(|region| region != scope.region) {
            return Err(refusal::region(&scope.region));
        }
        if claim.time_text.get(..8) != Some(&scope.date) {
            return Err(refusal::date(&scope.date, &claim.time_text));
        }
        Ok(())
    }
}

fn check_time(claim: &Claim, now: UnixMillis) -> Result<(), Error> {
    if claim.time.since(now) > SKEW_MAX {
        return Err(refusal::too_early(claim.time, now));
    }
    match claim.form {
        Form::Header if now.since(claim.time) > SKEW_MAX => Err(refusal::too_late(claim.time, now)),
        Form::Presigned { expires } if now > claim.time + expires => {
            Err(refusal::expired(claim.time + expires, now))
        }
        _ => Ok(()),
    }
}

fn signing_key(secret: &str, claim: &Claim) -> [u8; 32] {
    let scope = &claim.scope;
    let secret = format!("AWS4{secret}");
    let date = hash(secret.as_bytes(), scope.date.as_bytes());
    let region = hash(&date, scope.region.as_bytes());
    let service = hash(&region, scope.service.as_bytes());
    hash(&service, TERMINATOR.as_bytes())
}

fn hash(key: &[u8], text: &[u8]) -> [u8; 32] {
    keyed(key, text).finalize().into_bytes().into()
}

fn keyed(key: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}

#[cfg(test)]
mod tests;
