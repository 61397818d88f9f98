//! The keys that seal and open tokens, and how one follows another without losing anybody.
//!
//! A new key opens at once and seals after a delay, so that every instance has it before any seals with it. Its predecessor
//! goes on opening until nothing that it sealed can still be valid.

use std::{fmt, num::NonZeroU16, time::Duration};

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use clingfish_model::{LbCookie, UnixMillis};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

mod text;

#[cfg(test)]
mod tests;

pub use text::{KeyRingError, Problem};

/// One to [`KeyRing::KEYS_MAX`] keys, oldest first.
///
/// Of every two neighbours the later begins to seal later, and only the newest has no end.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Vec<Key>,
    revision: u64,
}

impl KeyRing {
    /// Most keys that a ring holds, the retiring ones included.
    pub const KEYS_MAX: usize = 16;
    /// How long a new key only opens, by default: time enough to reach every instance.
    pub const SEAL_DELAY: Duration = Duration::from_secs(5 * 60);
    /// How long a key goes on opening after its successor began to seal: 1.1 times the longest stickiness duration.
    pub const OPENS_AFTER: Duration = {
        let longest = *LbCookie::DURATIONS.end();
        Duration::from_secs(longest.as_secs() / 10 * 11)
    };

    /// A ring with its very first key, which seals at once.
    pub fn first(secret: Secret, id: KeyId, now: UnixMillis) -> Self {
        Self::of(vec![Key::new(id, secret, now, now, None)])
    }

    /// The ring with one more key, which seals `delay` from now, and without those that have retired.
    pub fn rotate(
        &self,
        secret: Secret,
        id: KeyId,
        now: UnixMillis,
        delay: Duration,
    ) -> Result<Self, RotateError> {
        let mut keys: Vec<Key> =
            self.keys.iter().filter(|key| !key.has_retired(now)).cloned().collect();
        if keys.iter().any(|key| key.id == id) {
            return Err(RotateError::IdTaken { id });
        }
        if keys.len() >= Self::KEYS_MAX {
            return Err(RotateError::TooManyKeys);
        }
        let mut seals_from = now + delay;
        if let Some(newest) = keys.last_mut() {
            // Never before its predecessor: the order of keys is the order in which they seal.
            seals_from = seals_from.max(newest.seals_from);
            newest.retires_at = Some(seals_from + Self::OPENS_AFTER);
        }
        keys.push(Key::new(id, secret, now, seals_from, None));
        Ok(Self::of(keys))
    }

    /// The key that seals now: the newest whose time has come. The oldest when a clock is behind all of them.
    pub fn sealing_key(&self, now: UnixMillis) -> &Key {
        self.keys
            .iter()
            .rfind(|key| key.seals_from <= now)
            .or_else(|| self.keys.first())
            .expect("a ring has at least one key: checked by its constructors")
    }

    /// The key of that id, unless it has retired; and whether it is the one that seals now, or one that another instance's clock began
    /// earlier.
    pub fn opener(&self, id: KeyId, now: UnixMillis) -> Option<(&Key, bool)> {
        let mut is_current = true;
        for key in self.keys.iter().rev() {
            if key.id == id {
                return (!key.has_retired(now)).then_some((key, is_current));
            }
            is_current &= key.seals_from > now;
        }
        None
    }

    /// All keys, oldest first.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// A number that differs between rings that differ, so that a cache knows when to start over.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Callers hand in at least one key, in order.
    fn of(keys: Vec<Key>) -> Self {
        debug_assert!(!keys.is_empty(), "a ring has at least one key");
        let revision = keys.iter().fold(crate::fnv::START, |hash, key| {
            let hash = crate::fnv::more(hash, &key.id.to_bytes());
            let hash = crate::fnv::more(hash, &key.fingerprint);
            let hash = crate::fnv::more(hash, &key.seals_from.0.to_be_bytes());
            let retires = key.retires_at.map_or(u64::MAX, |at| at.0);
            crate::fnv::more(hash, &retires.to_be_bytes())
        });
        Self { keys, revision }
    }
}

/// Why a ring takes no further key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// Another key of the ring has that id.
    #[error("key id {id} is in use: draw another")]
    IdTaken {
        /// The id that was offered.
        id: KeyId,
    },
    /// Wait until one retires.
    #[error("the ring holds {} keys already: wait until one retires", KeyRing::KEYS_MAX)]
    TooManyKeys,
}

/// One key of a ring.
#[derive(Clone)]
pub struct Key {
    id: KeyId,
    secret: Secret,
    cipher: XChaCha20Poly1305,
    fingerprint: [u8; 4],
    created: UnixMillis,
    seals_from: UnixMillis,
    retires_at: Option<UnixMillis>,
}

impl Key {
    fn new(
        id: KeyId,
        secret: Secret,
        created: UnixMillis,
        seals_from: UnixMillis,
        retires_at: Option<UnixMillis>,
    ) -> Self {
        let cipher = XChaCha20Poly1305::new((&secret.0).into());
        Self {
            id,
            fingerprint: fingerprint(&cipher),
            secret,
            cipher,
            created,
            seals_from,
            retires_at,
        }
    }

    /// Its public number, which tokens carry.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Four bytes that tell secrets apart without telling them: for comparing instances.
    pub fn fingerprint(&self) -> [u8; 4] {
        self.fingerprint
    }

    /// When it was made.
    pub fn created(&self) -> UnixMillis {
        self.created
    }

    /// When it begins to seal.
    pub fn seals_from(&self) -> UnixMillis {
        self.seals_from
    }

    /// When it stops opening; none for the newest.
    pub fn retires_at(&self) -> Option<UnixMillis> {
        self.retires_at
    }

    /// Whether it has stopped opening.
    pub fn has_retired(&self, now: UnixMillis) -> bool {
        self.retires_at.is_some_and(|at| at <= now)
    }

    /// A secret for another purpose than tokens, from which neither this one nor that of any other purpose can be told.
    ///
    /// The secret is 32 random bytes and comes last, behind a text of known length: what is hashed for two purposes always differs.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let hash = Sha256::new()
            .chain_update(b"clingfish derived key 1")
            .chain_update((purpose.len() as u64).to_be_bytes())
            .chain_update(purpose)
            .chain_update(self.secret.0);
        Zeroizing::new(hash.finalize().into())
    }

    pub(crate) fn cipher(&self) -> &XChaCha20Poly1305 {
        &self.cipher
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("seals_from", &self.seals_from)
            .field("retires_at", &self.retires_at)
            .finish_non_exhaustive()
    }
}

/// The public number of a key: random, not zero, unique in its ring. Shown as four hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(NonZeroU16);

impl KeyId {
    /// None for zero.
    pub fn new(id: u16) -> Option<Self> {
        NonZeroU16::new(id).map(Self)
    }

    /// As tokens and tickets carry it.
    pub fn to_bytes(self) -> [u8; 2] {
        self.0.get().to_be_bytes()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}", self.0)
    }
}

/// Thirty-two random bytes. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes bytes from a cryptographic random source.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The tag of one fixed, empty message. Its nonce of zeros serves nothing else: tokens draw theirs from 192 random bits.
fn fingerprint(cipher: &XChaCha20Poly1305) -> [u8; 4] {
    let tag = cipher
        .encrypt_inout_detached(
            &XNonce::from([0; 24]),
            b"clingfish key fingerprint",
            [].as_mut_slice().into(),
        )
        .expect("no message is below the cipher's limit");
    tag.first_chunk::<4>().copied().unwrap_or_default()
}
