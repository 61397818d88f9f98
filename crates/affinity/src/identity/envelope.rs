//! An application's session id, sealed together with its home: what clients get instead of the id.
//!
//! ```text
//! version 1 · key id 2 · nonce 24 · sealed { target 16 · group 8 · issued 6 · id 1–512 } · tag 16
//! ```
//!
//! Everything is as in a [token](crate::token), but for the length and the purpose in the associated data, so that neither passes as the
//! other. The text is URL-safe base64 without padding.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{AeadInOut, Tag, XNonce};
use clingfish_model::{GroupHash, TargetHash, UnixMillis, limits::SESSION_ID_BYTES_MAX};

use crate::{
    keyring::{Key, KeyId, KeyRing},
    token::{
        NONCE_BYTES, OpenError, Purpose, TAG_BYTES, VERSION, associated_data, millis, six_bytes,
        take,
    },
};

/// Where a session lives, for [`seal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The home.
    pub target: TargetHash,
    /// The group that the home is in.
    pub group: GroupHash,
    /// When the envelope was made.
    pub issued: UnixMillis,
}

/// An envelope that opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Unwrapped {
    /// Where the session lives.
    pub address: Address,
    id: [u8; SESSION_ID_BYTES_MAX],
    id_len: usize,
}

const START_BYTES: usize = 1 + 2 + NONCE_BYTES;
const ADDRESS_BYTES: usize = 16 + 8 + 6;
const WIRE_BYTES_MIN: usize = START_BYTES + ADDRESS_BYTES + 1 + TAG_BYTES;
const WIRE_BYTES_MAX: usize = START_BYTES + ADDRESS_BYTES + SESSION_ID_BYTES_MAX + TAG_BYTES;

/// Longest text of an envelope, in characters.
pub const TEXT_BYTES_MAX: usize = WIRE_BYTES_MAX.div_ceil(3) * 4;

/// Appends the envelope of `id`, which has 1 to [`SESSION_ID_BYTES_MAX`] bytes; false, and nothing appended, where it has not. The nonce must
/// be random and used once.
pub fn seal(
    id: &[u8],
    address: Address,
    key: &Key,
    nonce: [u8; NONCE_BYTES],
    out: &mut Vec<u8>,
) -> bool {
    if !(1..=SESSION_ID_BYTES_MAX).contains(&id.len()) {
        return false;
    }
    let start = [&[VERSION], key.id().to_bytes().as_slice(), &nonce].concat();
    let issued = six_bytes(address.issued);
    let mut body = [&address.target.0, address.group.0.as_slice(), &issued, id].concat();
    let tag = key
        .cipher()
        .encrypt_inout_detached(
            &XNonce::from(nonce),
            &associated_data(key.id(), Purpose::Wrap),
            body.as_mut_slice().into(),
        )
        .expect("a few hundred bytes are far below the cipher's limit");
    let wire = [&start, body.as_slice(), tag.as_slice()].concat();
    out.extend_from_slice(URL_SAFE_NO_PAD.encode(wire).as_bytes());
    true
}

/// Opens a text with the key that it names, if that key is in the ring and has not retired.
pub fn open(text: &[u8], ring: &KeyRing, now: UnixMillis) -> Result<Unwrapped, OpenError> {
    let id = key_id(text).ok_or(OpenError::NotAToken)?;
    let (key, _) = ring.opener(id, now).ok_or(OpenError::UnknownKey)?;
    let mut wire = [0; WIRE_BYTES_MAX];
    let decoded = URL_SAFE_NO_PAD.decode_slice(text, &mut wire);
    let length = decoded.ok().filter(|length| *length >= WIRE_BYTES_MIN);
    let wire = length.and_then(|length| wire.get_mut(..length)).ok_or(OpenError::NotAToken)?;
    open_wire(wire, key).ok_or(OpenError::Forged)
}

fn open_wire(wire: &mut [u8], key: &Key) -> Option<Unwrapped> {
    let (start, rest) = wire.split_at_mut_checked(START_BYTES)?;
    let body_len = rest.len().checked_sub(TAG_BYTES)?;
    let (body, mut tag) = rest.split_at_mut_checked(body_len).map(|(body, tag)| (body, &*tag))?;
    let nonce: [u8; NONCE_BYTES] = *start.last_chunk()?;
    let tag: [u8; TAG_BYTES] = take(&mut tag)?;
    key.cipher()
        .decrypt_inout_detached(
            &XNonce::from(nonce),
            &associated_data(key.id(), Purpose::Wrap),
            (&mut *body).into(),
            &Tag::from(tag),
        )
        .ok()?;
    let mut rest = &*body;
    let address = Address {
        target: TargetHash(take(&mut rest)?),
        group: GroupHash(take(&mut rest)?),
        issued: millis(take(&mut rest)?),
    };
    let mut unwrapped = Unwrapped { address, id: [0; SESSION_ID_BYTES_MAX], id_len: rest.len() };
    unwrapped.id.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(unwrapped)
}

/// The key that a text of an envelope's length and version names; the text need not be an envelope for that.
fn key_id(text: &[u8]) -> Option<KeyId> {
    if !(WIRE_BYTES_MIN..=TEXT_BYTES_MAX).contains(&text.len()) {
        return None;
    }
    let mut start = [0; 3];
    URL_SAFE_NO_PAD.decode_slice(text.first_chunk::<4>()?, &mut start).ok()?;
    let [version, high, low] = start;
    KeyId::new(u16::from_be_bytes([high, low])).filter(|_| version == VERSION)
}

impl Unwrapped {
    /// The application's id.
    pub fn id(&self) -> &[u8] {
        self.id.get(..self.id_len).unwrap_or_default()
    }
}

impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapped").field("address", &self.address).finish_non_exhaustive()
    }
}
