//! Sessions as logs show them.

use clingfish_model::mix;

use super::encode;

/// Eight hexadecimal digits that stand for a session: the same on every instance, and no way back to the session's id.
///
/// Half of a permutation of all ids, so that each tag stands for exactly four thousand million of them: whoever has the tag lacks
/// half of the id, whatever he knows. An id by itself opens nothing: it counts only inside a sealed token.
pub fn session_tag(session: [u8; 8]) -> String {
    let mut tag = Vec::with_capacity(8);
    write(session, &mut tag);
    tag.into_iter().map(char::from).collect()
}

pub(super) fn write(session: [u8; 8], out: &mut Vec<u8>) {
    let mixed = mix(u64::from_le_bytes(session));
    encode::hex_short((mixed >> 32) as u32, out);
}
