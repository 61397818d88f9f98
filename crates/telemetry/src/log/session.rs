//! Sessions as logs show them.

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

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), a permutation: each bit of the result hangs on each of the id's.
fn mix(id: u64) -> u64 {
    let id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    id ^ (id >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_mixed_as_its_authors_do_it() {
        // The first numbers of SplitMix64 from zero.
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let drawn = [1, 2, 3].map(|turn| mix(step.wrapping_mul(turn)));
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }
}
