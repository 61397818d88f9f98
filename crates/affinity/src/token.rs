//! The sealed value in an affinity cookie: 93 bytes that only holders of the key ring can make or read.
//!
//! ```text
//! version 1 · key id 2 · nonce 24 · sealed { target 16 · group 8 · session 8 · issued 6 · last seen 6 · generation 4 · flags 2 } · tag 16
//! ```
//!
//! Numbers are big-endian. XChaCha20-Poly1305 seals; the associated data is version, key id and purpose. 93 bytes are
//! 124 base64 characters without padding, so each token has exactly one text.
//!
//! Classic style has a compact form without times, since the client alone ends its life: 69 bytes, the 138 hexadecimal digits of
//! an AWSELB cookie. The session is the first eight bytes of the nonce.
//!
//! ```text
//! version 1 · key id 2 · session 8 · nonce's rest 16 · sealed { target 16 · group 8 · flags 2 } · tag 16
//! ```

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use chacha20poly1305::{AeadInOut, Tag, XNonce};
use clingfish_model::{GroupHash, TargetHash, UnixMillis};

use crate::{
    hex,
    keyring::{Key, KeyId, KeyRing},
};

#[cfg(test)]
mod tests;

/// What a token says, once opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The home.
    pub target: TargetHash,
    /// The group that the home is in.
    pub group: GroupHash,
    /// The client's visit.
    pub session: SessionId,
    /// When the session began.
    pub issued: UnixMillis,
    /// When the token was sealed, that is when the client was last seen or shortly before.
    pub last_seen: UnixMillis,
    /// Which life of the target's process; 0 while nobody tells.
    pub generation: u32,
    /// The low twelve bits are the policy's mark (see [`crate::Policy::mark`]); the others note what the application's cookie was like, where ours goes with it.
    pub flags: u16,
}

/// Eight random bytes that stand for one visit of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionId(pub [u8; 8]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// A token that opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub token: Token,
    /// Whether its key is the one that seals now, or a newer one.
    pub by_current_key: bool,
}

/// Why a text is no token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Wrong length, alphabet or version.
    #[error("not a token")]
    NotAToken,
    /// Its key is not in the ring, or has retired.
    #[error("sealed with an unknown key")]
    UnknownKey,
    /// Its key is ours, its seal is broken.
    #[error("forged or damaged")]
    Forged,
}

/// What a token is for, so that one of a kind never passes as one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// A duration-based affinity cookie.
    LbCookie = 1,
    /// A cookie that goes with one of the application's.
    AppCookie = 3,
    /// A header field or query parameter.
    Header = 5,
    /// A cookie of classic style.
    Classic = 6,
    /// A cookie that says which group of a weighted forward a session is with: see [`crate::group`].
    Group = 8,
    /// An envelope around an application's session id.
    Wrap = 16,
}

impl Purpose {
    /// What a token in a cookie can be for.
    pub(crate) const OF_COOKIES: [Self; 4] =
        [Self::LbCookie, Self::AppCookie, Self::Classic, Self::Group];
}

/// Which base64 alphabet a token is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// `A-Za-z0-9+/`, as ALB writes.
    Standard,
    /// `A-Za-z0-9-_`, which survives every URL and shell.
    UrlSafe,
    /// `0-9A-F`, as the Classic Load Balancer writes; for the compact form.
    Hex,
}

impl Alphabet {
    /// Decodes exactly `N` bytes.
    fn decode<const N: usize>(self, text: &[u8]) -> Option<[u8; N]> {
        let mut wire = [0; N];
        let engine: &GeneralPurpose = match self {
            Self::Standard => &STANDARD_NO_PAD,
            Self::UrlSafe => &URL_SAFE_NO_PAD,
            Self::Hex => return hex::decode(text),
        };
        (engine.decode_slice(text, &mut wire) == Ok(N)).then_some(wire)
    }

    fn encode(self, wire: &[u8], text: &mut [u8]) -> usize {
        let engine: &GeneralPurpose = match self {
            Self::Standard => &STANDARD_NO_PAD,
            Self::UrlSafe => &URL_SAFE_NO_PAD,
            Self::Hex => return hex::encode(wire, text),
        };
        engine.encode_slice(wire, text).expect("a text is as long as its bytes need")
    }

    /// Length of a token's text.
    fn text_bytes(self) -> usize {
        match self {
            Self::Standard | Self::UrlSafe => Token::TEXT_BYTES,
            Self::Hex => Token::COMPACT_TEXT_BYTES,
        }
    }
}

pub(crate) const VERSION: u8 = 1;
pub(crate) const NONCE_BYTES: usize = 24;
const BODY_BYTES: usize = 16 + 8 + 8 + 6 + 6 + 4 + 2;
const COMPACT_BODY_BYTES: usize = 16 + 8 + 2;
pub(crate) const TAG_BYTES: usize = 16;
const MILLIS_MAX: u64 = (1 << 48) - 1;

impl Token {
    /// Length on the wire, in bytes.
    pub const WIRE_BYTES: usize = 1 + 2 + NONCE_BYTES + BODY_BYTES + TAG_BYTES;
    /// Length as text, in characters.
    pub const TEXT_BYTES: usize = Self::WIRE_BYTES / 3 * 4;

    /// Length of the compact form on the wire, in bytes.
    pub const COMPACT_WIRE_BYTES: usize = 1 + 2 + NONCE_BYTES + COMPACT_BODY_BYTES + TAG_BYTES;
    /// Length of the compact form as text, in characters.
    pub const COMPACT_TEXT_BYTES: usize = Self::COMPACT_WIRE_BYTES * 2;

    /// Seals with this key, in the form that goes with the alphabet. The nonce must be random and used once.
    ///
    /// Times beyond the year 10889 are cut to 48 bits' maximum.
    pub fn seal(
        &self,
        key: &Key,
        purpose: Purpose,
        nonce: [u8; NONCE_BYTES],
        alphabet: Alphabet,
    ) -> Sealed {
        if alphabet == Alphabet::Hex {
            let mut nonce = nonce;
            put(&mut nonce.as_mut_slice(), &self.session.0);
            let mut wire = [0; Self::COMPACT_WIRE_BYTES];
            seal_wire(&mut self.to_compact_body(), key, purpose, nonce, &mut wire);
            return Sealed::new(&wire, alphabet);
        }
        let mut wire = [0; Self::WIRE_BYTES];
        seal_wire(&mut self.to_body(), key, purpose, nonce, &mut wire);
        Sealed::new(&wire, alphabet)
    }

    /// Opens a text with the key that it names, if that key is in the ring and has not retired.
    pub fn open(
        text: &[u8],
        ring: &KeyRing,
        purpose: Purpose,
        alphabet: Alphabet,
        now: UnixMillis,
    ) -> Result<Opened, OpenError> {
        let id = key_id(text, alphabet).ok_or(OpenError::NotAToken)?;
        let opener = || ring.opener(id, now).ok_or(OpenError::UnknownKey);
        if alphabet == Alphabet::Hex {
            let wire = alphabet.decode::<{ Self::COMPACT_WIRE_BYTES }>(text);
            let wire = wire.ok_or(OpenError::NotAToken)?;
            let (key, by_current_key) = opener()?;
            let (nonce, body) = open_wire(&wire, key, purpose).ok_or(OpenError::Forged)?;
            let token = Self::from_compact_body(nonce, body).ok_or(OpenError::Forged)?;
            return Ok(Opened { token, by_current_key });
        }
        let wire = alphabet.decode::<{ Self::WIRE_BYTES }>(text).ok_or(OpenError::NotAToken)?;
        let (key, by_current_key) = opener()?;
        let (_, body) = open_wire(&wire, key, purpose).ok_or(OpenError::Forged)?;
        let token = Self::from_body(body).ok_or(OpenError::Forged)?;
        Ok(Opened { token, by_current_key })
    }

    fn to_compact_body(self) -> [u8; COMPACT_BODY_BYTES] {
        let mut body = [0; COMPACT_BODY_BYTES];
        let mut rest = body.as_mut_slice();
        put(&mut rest, &self.target.0);
        put(&mut rest, &self.group.0);
        put(&mut rest, &self.flags.to_be_bytes());
        body
    }

    /// Without times, as if the session were as old as time: whoever asks for an age gets no small one.
    fn from_compact_body(nonce: [u8; NONCE_BYTES], body: [u8; COMPACT_BODY_BYTES]) -> Option<Self> {
        let mut rest = body.as_slice();
        Some(Self {
            target: TargetHash(take(&mut rest)?),
            group: GroupHash(take(&mut rest)?),
            session: SessionId(take(&mut nonce.as_slice())?),
            issued: UnixMillis(0),
            last_seen: UnixMillis(0),
            generation: 0,
            flags: u16::from_be_bytes(take(&mut rest)?),
        })
    }

    fn to_body(self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        let mut rest = body.as_mut_slice();
        put(&mut rest, &self.target.0);
        put(&mut rest, &self.group.0);
        put(&mut rest, &self.session.0);
        put(&mut rest, &six_bytes(self.issued));
        put(&mut rest, &six_bytes(self.last_seen));
        put(&mut rest, &self.generation.to_be_bytes());
        put(&mut rest, &self.flags.to_be_bytes());
        body
    }

    fn from_body(body: [u8; BODY_BYTES]) -> Option<Self> {
        let mut rest = body.as_slice();
        Some(Self {
            target: TargetHash(take(&mut rest)?),
            group: GroupHash(take(&mut rest)?),
            session: SessionId(take(&mut rest)?),
            issued: millis(take(&mut rest)?),
            last_seen: millis(take(&mut rest)?),
            generation: u32::from_be_bytes(take(&mut rest)?),
            flags: u16::from_be_bytes(take(&mut rest)?),
        })
    }
}

/// A token as text, ready for a cookie. Its `Debug` shows nothing: tokens are not logged.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    text: [u8; Token::COMPACT_TEXT_BYTES],
    len: usize,
}

impl Sealed {
    fn new(wire: &[u8], alphabet: Alphabet) -> Self {
        let mut text = [0; Token::COMPACT_TEXT_BYTES];
        let len = alphabet.encode(wire, &mut text);
        Self { text, len }
    }

    /// The characters.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// The key that a text of a token's length and version names; the text need not be a token for that.
///
/// Version and key id are three bytes, so they stand in the first four characters alone: a cheap first look.
pub(crate) fn key_id(text: &[u8], alphabet: Alphabet) -> Option<KeyId> {
    if text.len() != alphabet.text_bytes() {
        return None;
    }
    let characters = if alphabet == Alphabet::Hex { 6 } else { 4 };
    let [version, high, low] = alphabet.decode(text.get(..characters)?)?;
    KeyId::new(u16::from_be_bytes([high, low])).filter(|_| version == VERSION)
}

/// Seals `body`, which it takes apart, and lays everything out in `wire`.
fn seal_wire(
    body: &mut [u8],
    key: &Key,
    purpose: Purpose,
    nonce: [u8; NONCE_BYTES],
    wire: &mut [u8],
) {
    let tag = key
        .cipher()
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            &associated_data(key.id(), purpose),
            (&mut *body).into(),
        )
        .expect("fifty bytes are far below the cipher's limit");
    let mut rest = wire;
    put(&mut rest, &[VERSION]);
    put(&mut rest, &key.id().to_bytes());
    put(&mut rest, &nonce);
    put(&mut rest, body);
    put(&mut rest, tag.as_slice());
}

fn open_wire<const BODY: usize>(
    wire: &[u8],
    key: &Key,
    purpose: Purpose,
) -> Option<([u8; NONCE_BYTES], [u8; BODY])> {
    let mut rest = wire;
    let _version_and_key: [u8; 3] = take(&mut rest)?;
    let nonce: [u8; NONCE_BYTES] = take(&mut rest)?;
    let mut body: [u8; BODY] = take(&mut rest)?;
    let tag: [u8; TAG_BYTES] = take(&mut rest)?;
    key.cipher()
        .decrypt_inout_detached(
            &XNonce::from(nonce),
            &associated_data(key.id(), purpose),
            body.as_mut_slice().into(),
            &Tag::from(tag),
        )
        .ok()?;
    Some((nonce, body))
}

pub(crate) fn associated_data(key: KeyId, purpose: Purpose) -> [u8; 4] {
    let [high, low] = key.to_bytes();
    [VERSION, high, low, purpose as u8]
}

pub(crate) fn six_bytes(time: UnixMillis) -> [u8; 6] {
    let [_, _, bytes @ ..] = time.0.min(MILLIS_MAX).to_be_bytes();
    bytes
}

pub(crate) fn millis([a, b, c, d, e, f]: [u8; 6]) -> UnixMillis {
    UnixMillis(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

/// Copies `bytes` to the start of `rest`, which shrinks to what follows.
fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    let (head, tail) = std::mem::take(rest)
        .split_at_mut_checked(bytes.len())
        .expect("the layout adds up to its length");
    head.copy_from_slice(bytes);
    *rest = tail;
}

/// Takes `N` bytes from the start of `rest`.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}
