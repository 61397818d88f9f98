//! Import: clients that come with another balancer's affinity cookie go where that balancer sent them.
//!
//! On migration a client still holds the cookie of the balancer that was here before. The value of most such cookies can be
//! computed from the list of targets, so an [`Import`] computes all of them once, and then a request costs one parse and one
//! look-up, however many targets there are. What it finds is a home like any other; that the client then gets a cookie of our
//! own, which replaces the foreign one, is the caller's part. Nothing comes from an import after its end.
//!
//! None of these cookies is proof of anything: their values are plain, or hashes without a secret (Caddy with a secret, HAProxy
//! with a dynamic key and ingress-nginx with a name that nobody guesses excepted), so a client can choose its target. It could
//! with the balancer that it comes from.
//!
//! ```
//! use clingfish_affinity::import::{Facts, Import, Scheme};
//! use clingfish_model::{TargetHash, UnixMillis};
//!
//! let facts = |index, id, address: &str, target| Facts {
//!     target,
//!     id,
//!     index,
//!     address: address.parse().unwrap(),
//!     host: None,
//!     https: false,
//!     foreign: None,
//! };
//! let (a, b) = (TargetHash([1; 16]), TargetHash([2; 16]));
//! let targets = [facts(0, "a", "10.0.0.1:8080", a), facts(1, "b", "10.0.0.2:8080", b)];
//! let end = UnixMillis(1_800_000_000_000);
//! let import = Import::new("sticky_server", &Scheme::Index { first: 0 }, Some(end), &targets).unwrap();
//! assert_eq!(import.home(b"1", UnixMillis(1_764_429_704_000)), Ok(b));
//! assert!(import.home(b"2", UnixMillis(1_764_429_704_000)).is_err());
//! assert!(import.home(b"1", UnixMillis(1_800_000_000_001)).is_err());
//! ```

use std::{collections::HashMap, net::SocketAddr};

use clingfish_model::{TargetHash, UnixMillis, stickiness::ForeignCookie};

use crate::{
    claim::{Named, Namer},
    cookie::pairs,
    token::SessionId,
};

mod envoy;
mod formula;
pub mod fuzzing;
mod haproxy;
mod scheme;
#[cfg(test)]
mod tests;

pub use clingfish_model::stickiness::{HaproxyDates, Key, Scheme};

use scheme::Form;

/// Longest cookie value that is looked at, in bytes.
pub const VALUE_BYTES_MAX: usize = ForeignCookie::VALUE_BYTES_MAX;

/// What the formulas take of a target.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The target itself.
    pub target: TargetHash,
    /// Its id here.
    pub id: &'a str,
    /// Its place among the targets of the group, from 0.
    pub index: usize,
    /// Where it listens.
    pub address: SocketAddr,
    /// The DNS name that this address was found by, if it was.
    pub host: Option<&'a str>,
    /// It speaks TLS.
    pub https: bool,
    /// What the other balancer knew it by, where that differs from what is above: see each [`Scheme`].
    pub foreign: Option<&'a str>,
}

/// The cookies of one name that another balancer has left, and the targets that they mean.
#[derive(Clone, Debug)]
pub struct Import {
    cookie: Box<[u8]>,
    form: Form,
    until: Option<UnixMillis>,
    homes: HashMap<Box<[u8]>, TargetHash>,
}

impl Import {
    /// Computes every value that clients may hold. Where two targets have one value, the first has it, as with those balancers.
    ///
    /// `until` is the last moment at which anything is imported.
    pub fn new(
        cookie: &str,
        scheme: &Scheme,
        until: Option<UnixMillis>,
        targets: &[Facts<'_>],
    ) -> Result<Self, ImportError> {
        let mut homes = HashMap::with_capacity(targets.len());
        for facts in targets {
            for value in scheme::values(scheme, facts)? {
                homes.entry(value.into_bytes().into()).or_insert(facts.target);
            }
        }
        Ok(Self { cookie: cookie.as_bytes().into(), form: scheme::form(scheme), until, homes })
    }

    /// The name of the cookie.
    pub fn cookie(&self) -> &[u8] {
        &self.cookie
    }

    /// The last moment at which anything is imported.
    pub fn until(&self) -> Option<UnixMillis> {
        self.until
    }

    /// The target that a cookie of that name means, by its value as it came.
    pub fn home(&self, value: &[u8], now: UnixMillis) -> Result<TargetHash, NoHome> {
        if self.until.is_some_and(|until| now > until) {
            return Err(NoHome::Ended);
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(NoHome::Malformed);
        }
        let mut scratch = [0; VALUE_BYTES_MAX];
        let key = self.form.key(unquoted(value), now, &mut scratch)?;
        self.homes.get(key).copied().ok_or(NoHome::Unknown)
    }
}

/// The home that the first cookie of another balancer names which names one.
pub fn find<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    imports: &[Import],
    now: UnixMillis,
) -> Option<Named> {
    let mut cookies = fields.flat_map(pairs);
    let target = cookies.find_map(|pair| {
        let mut known = imports.iter().filter(|import| import.cookie() == pair.name);
        known.find_map(|import| import.home(pair.value, now).ok())
    })?;
    Some(Named { target, session: SessionId::default(), by: Namer::ForeignCookie })
}

/// Without the quotes that Envoy and Go's library put around values.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

/// Why a foreign cookie gives no home. None of it is the client's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoHome {
    /// The time of the import is over.
    Ended,
    /// It is not of the form that the other balancer writes.
    Malformed,
    /// The other balancer would no longer have kept to it, by the dates in it.
    TooOld,
    /// It means none of the targets.
    Unknown,
}

/// Why a target cannot be imported to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// HAProxy's dynamic cookies are made of addresses, so another name can only be another address.
    #[error(
        "{foreign:?} is not an address and port, which a dynamic cookie of HAProxy's is made of"
    )]
    NotAnAddress {
        /// What was configured.
        foreign: String,
    },
    /// No cookie can have that value.
    #[error(
        "a cookie cannot have the value {value:?}: use 1 to {VALUE_BYTES_MAX} bytes without quotes around them"
    )]
    BadValue {
        /// What the formula gave.
        value: String,
    },
}
