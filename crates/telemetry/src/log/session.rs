//! Sessions as logs show them.

use sha2::{Digest, Sha256};

use super::encode;

/// Eight hexadecimal digits that stand for a session: the same on every instance, and no way back to the session's id.
pub fn session_tag(session: [u8; 8]) -> String {
    let mut tag = Vec::with_capacity(8);
    write(session, &mut tag);
    tag.into_iter().map(char::from).collect()
}

pub(super) fn write(session: [u8; 8], out: &mut Vec<u8>) {
    let mut hasher = Sha256::new();
    hasher.update(b"clingfish logged session\0");
    hasher.update(session);
    let digest: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, ..] = digest;
    encode::hex_short(u32::from_be_bytes([a, b, c, d]), out);
}
