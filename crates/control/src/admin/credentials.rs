//! Who says what to show that they may ask.

use bytes::Bytes;
use clingfish_elb::sigv4::{self, BadCredential, Credential as Signer, Verifier};
use clingfish_model::{AccessKey, BearerToken, Role, Secret, UnixMillis, desired};
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

/// Why the environment has no access key, though it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// Half of one.
    #[error("{given} is set and {missing} is not; set both, or neither")]
    HalfAKey {
        /// The variable that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// One that nobody can sign with.
    #[error("{KEY_ID}: {0}")]
    Key(#[from] BadCredential),
}

const KEY_ID: &str = "CLINGFISH_ACCESS_KEY_ID";
const KEY_SECRET: &str = "CLINGFISH_SECRET_ACCESS_KEY";
const TOKEN: &str = "CLINGFISH_ADMIN_TOKEN";

impl Credentials {
    /// What environment variables say; they may change everything. Empty ones say nothing.
    ///
    /// # Errors
    ///
    /// Where a key id comes without its secret, or the other way round, or nobody can sign with the two.
    pub fn of_environment(read: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let read = |name| read(name).filter(|text| !text.is_empty());
        let half = |given, missing| EnvironmentError::HalfAKey { given, missing };
        let access_keys = match (read(KEY_ID), read(KEY_SECRET)) {
            (None, None) => Vec::new(),
            (Some(id), Some(secret)) => {
                let secret = Secret::new(secret);
                let key = AccessKey { id, secret, session_token: None, role: Role::Admin };
                signer(&key)?;
                vec![key]
            }
            (Some(_), None) => return Err(half(KEY_ID, KEY_SECRET)),
            (None, Some(_)) => return Err(half(KEY_SECRET, KEY_ID)),
        };
        let token = read(TOKEN).map(Secret::new).map(|token| BearerToken {
            name: "environment".to_owned(),
            sha256: Sha256::digest(token.expose()).into(),
            role: Role::Admin,
        });
        Ok(Self { access_keys, tokens: token.into_iter().collect() })
    }
}

/// What somebody has shown, kept as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The hash of a token.
    Token([u8; 32]),
    /// The id of an access key, and the hash of its secret.
    AccessKey(String, [u8; 32]),
}

impl Proof {
    /// Who shows that token.
    pub(crate) fn token(token: &str) -> Self {
        Self::Token(Sha256::digest(token).into())
    }

    /// Who shows that access key.
    pub(crate) fn access_key(id: &str, secret: &str) -> Self {
        Self::AccessKey(id.to_owned(), Sha256::digest(secret).into())
    }
}

/// All credentials that count.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Whether there are any, be they such as nobody can use: who wants the APIs locked has them locked.
    are_any: bool,
    signers: Vec<Signer>,
    tokens: Vec<BearerToken>,
    /// Access keys that need no session token: ids, hashes of secrets, and what they are good for.
    keys: Vec<(String, [u8; 32], Role)>,
}

impl Known {
    /// Those of the file, and those beside it.
    pub(crate) fn new(file: &desired::Admin, environment: &Credentials) -> Self {
        let keys = file.access_keys.iter().chain(&environment.access_keys);
        let tokens: Vec<_> = file.tokens.iter().chain(&environment.tokens).cloned().collect();
        let hashed = |key: &AccessKey| {
            (key.id.clone(), Sha256::digest(key.secret.expose()).into(), key.role)
        };
        Self {
            keys: keys.clone().filter(|key| key.session_token.is_none()).map(hashed).collect(),
            are_any: keys.clone().next().is_some() || !tokens.is_empty(),
            // Whoever made them has checked them; one that nobody can sign with lets nobody in.
            signers: keys.filter_map(|key| signer(key).ok()).collect(),
            tokens,
        }
    }

    /// Whether the APIs ask who comes.
    pub(crate) fn are_any(&self) -> bool {
        self.are_any
    }

    /// Whether there are some that go over the wire as they are.
    pub(crate) fn have_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Whose token is in `Authorization: Bearer …`.
    pub(crate) fn bearer(&self, headers: &HeaderMap) -> Result<Author, Refusal> {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let (field, None) = (fields.next().ok_or(Refusal::NoCredentials)?, fields.next()) else {
            return Err(Refusal::WrongCredentials);
        };
        let (scheme, token) = split_once(field.as_bytes(), b' ');
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Err(Refusal::WrongCredentials);
        }
        let token = token.trim_ascii();
        if token.is_empty() {
            return Err(Refusal::WrongCredentials);
        }
        self.by_token(&Sha256::digest(token).into()).ok_or(Refusal::WrongCredentials)
    }

    /// Whose proof that is, if it counts here and now.
    pub(crate) fn author_of(&self, proof: &Proof) -> Option<Author> {
        match proof {
            Proof::Token(hash) => self.by_token(hash),
            Proof::AccessKey(id, hash) => {
                let is_it = |(known, secret, _): &&(String, [u8; 32], Role)| {
                    known == id && bool::from(secret.ct_eq(hash))
                };
                let (id, _, role) = self.keys.iter().find(is_it)?;
                Some(Author::access_key(id, *role))
            }
        }
    }

    fn by_token(&self, hash: &[u8; 32]) -> Option<Author> {
        // Each is compared, and all of it, whichever one it is. Who has two roles by one token has the lesser one.
        let is_it = |token: &&BearerToken| bool::from(token.sha256.ct_eq(hash));
        let found = self.tokens.iter().filter(is_it).min_by_key(|token| token.role)?;
        Some(Author::token(&found.name, found.role))
    }

    /// Who has signed a call of the ELB API.
    pub(crate) fn signed_by(
        &self,
        head: &Parts,
        body: &Bytes,
        now: UnixMillis,
    ) -> Result<Author, Refusal> {
        let headers: Vec<(&str, &[u8])> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = sigv4::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or(""),
            headers: &headers,
            body,
        };
        let verifier =
            Verifier { service: sigv4::SERVICE, region: None, credentials: &self.signers };
        let signer = verifier.verify(&request, now).map_err(Refusal::Signature)?;
        let role = if signer.is_read_only() { Role::ReadOnly } else { Role::Admin };
        Ok(Author::access_key(signer.id(), role))
    }
}

fn signer(key: &AccessKey) -> Result<Signer, BadCredential> {
    let signer = Signer::new(&*key.id, key.secret.expose())?;
    let signer = match &key.session_token {
        Some(token) => signer.with_session_token(token.expose()),
        None => signer,
    };
    Ok(if key.role == Role::ReadOnly { signer.read_only() } else { signer })
}

fn split_once(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == at);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use clingfish_elb::Code;
    use hyper::header::HeaderValue;

    use super::*;

    fn token(name: &str, text: &str, role: Role) -> BearerToken {
        BearerToken { name: name.to_owned(), sha256: Sha256::digest(text).into(), role }
    }

    #[test]
    fn a_token_is_known_by_its_hash_wherever_it_comes_from() {
        let file = desired::Admin {
            tokens: vec![
                token("ci", "abc", Role::Admin),
                token("watch", "xyz", Role::ReadOnly),
                token("both", "abc", Role::ReadOnly),
                token("empty", "", Role::Admin),
            ],
            ..desired::Admin::default()
        };
        let environment = Credentials {
            tokens: vec![token("environment", "env", Role::Admin)],
            ..Credentials::default()
        };
        let known = Known::new(&file, &environment);
        let (wrong, none) = (Err(Refusal::WrongCredentials), Err(Refusal::NoCredentials));
        for (fields, expected) in [
            ([].as_slice(), none),
            (&["Bearer xyz"], Ok(Author::token("watch", Role::ReadOnly))),
            (&["bearer  xyz "], Ok(Author::token("watch", Role::ReadOnly))),
            (&["Bearer env"], Ok(Author::token("environment", Role::Admin))),
            (&["Bearer abc"], Ok(Author::token("both", Role::ReadOnly))),
            (&["Bearer ABC"], wrong.clone()),
            (&["Bearer abcd"], wrong.clone()),
            (&["Bearer "], wrong.clone()),
            (&["Bearer"], wrong.clone()),
            (&["Basic abc"], wrong.clone()),
            (&["xyz"], wrong.clone()),
            (&["Bearer xyz", "Bearer xyz"], wrong.clone()),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(AUTHORIZATION, HeaderValue::from_static(field));
            }
            assert_eq!(known.bearer(&headers), expected, "{fields:?}");
        }
    }

    /// 2026-11-20T00:00:00Z, when what follows was signed.
    const SIGNED_AT: UnixMillis = UnixMillis(1_795_132_800_000);
    const FORM: &str = "Action=DeleteRule&Version=2015-12-01&RuleArn=arn";

    /// A call as botocore signs it, of `KEY` with AWS's example of a secret.
    fn signed(id: &str) -> Parts {
        let signature = "2d6038482386cf1d12ac00a80afadae85e3536058ff06b67c3b9870cf62c045d";
        let request = hyper::Request::post("/")
            .header("Host", "localhost:9080")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("X-Amz-Date", "20261120T000000Z")
            .header("User-Agent", "Boto3/1.44.5")
            .header(
                "Authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={id}/20261120/eu-central-1/elasticloadbalancing/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
                ),
            );
        request.body(()).unwrap().into_parts().0
    }

    fn access_key(id: &str, secret: &str, session_token: Option<&str>) -> AccessKey {
        let (id, secret) = (id.to_owned(), Secret::new(secret));
        AccessKey {
            id,
            secret,
            session_token: session_token.map(Secret::new),
            role: Role::ReadOnly,
        }
    }

    #[test]
    fn whoever_has_the_secret_can_sign() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let file = desired::Admin {
            access_keys: vec![
                access_key("KEY", secret, None),
                access_key("OTHER", "another", None),
                access_key("SESSION", secret, Some("needed")),
            ],
            ..desired::Admin::default()
        };
        let known = Known::new(&file, &Credentials::default());
        let hours = std::time::Duration::from_secs(3600);
        for (id, form, now, expected) in [
            ("KEY", FORM, SIGNED_AT, Ok(Author::access_key("KEY", Role::ReadOnly))),
            ("KEY", "Action=DescribeRules", SIGNED_AT, Err(Code::SignatureDoesNotMatch)),
            ("KEY", FORM, SIGNED_AT + hours, Err(Code::RequestExpired)),
            ("OTHER", FORM, SIGNED_AT, Err(Code::SignatureDoesNotMatch)),
            ("SESSION", FORM, SIGNED_AT, Err(Code::InvalidClientTokenId)),
            ("NOBODY", FORM, SIGNED_AT, Err(Code::InvalidClientTokenId)),
        ] {
            let found = known.signed_by(&signed(id), &Bytes::from(form), now);
            let found = found.map_err(|refusal| match refusal {
                Refusal::Signature(error) => error.code,
                other => panic!("{other:?}"),
            });
            assert_eq!(found, expected, "{id} {form} {now:?}");
        }
        let useless = Credentials {
            access_keys: vec![access_key("", secret, None)],
            ..Credentials::default()
        };
        let none = desired::Admin::default();
        assert!(Known::new(&none, &useless).are_any(), "the door is locked all the same");
        assert!(!Known::new(&none, &Credentials::default()).are_any());
        let mut unsigned = signed("KEY");
        unsigned.headers.remove(AUTHORIZATION);
        let refusal = known.signed_by(&unsigned, &Bytes::from(FORM), SIGNED_AT).unwrap_err();
        assert_eq!(refusal.counted(), Refusal::NoCredentials.counted());
    }

    #[test]
    fn the_environment_may_bring_a_key_and_a_token() {
        for (variables, expected) in [
            ([].as_slice(), Ok((0, 0))),
            (&[(KEY_ID, ""), (KEY_SECRET, ""), (TOKEN, "")], Ok((0, 0))),
            (&[(KEY_ID, "AKIA"), (KEY_SECRET, "s")], Ok((1, 0))),
            (&[(TOKEN, "t")], Ok((0, 1))),
            (&[(KEY_ID, "AKIA"), (KEY_SECRET, "s"), (TOKEN, "t")], Ok((1, 1))),
            (
                &[(KEY_ID, "AKIA"), (KEY_SECRET, "")],
                Err(
                    "CLINGFISH_ACCESS_KEY_ID is set and CLINGFISH_SECRET_ACCESS_KEY is not; set both, or neither",
                ),
            ),
            (
                &[(KEY_ID, "A/B"), (KEY_SECRET, "s")],
                Err(
                    "CLINGFISH_ACCESS_KEY_ID: \"A/B\" is not an access key id: use 1 to 128 of the characters A-Z a-z 0-9 - _ .",
                ),
            ),
            (
                &[(KEY_SECRET, "s")],
                Err(
                    "CLINGFISH_SECRET_ACCESS_KEY is set and CLINGFISH_ACCESS_KEY_ID is not; set both, or neither",
                ),
            ),
        ] {
            let read = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let found = Credentials::of_environment(read).map_err(|error| error.to_string());
            let found = found.map(|known| (known.access_keys.len(), known.tokens.len()));
            assert_eq!(found, expected.map_err(str::to_owned), "{variables:?}");
        }
    }
}
