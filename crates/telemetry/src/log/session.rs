//! Sessions as logs show them.

use super::encode;

/// `clingfish logged`, where SipHash has its key: the tag is the same everywhere, and its secret is not the key but what is left out.
const NAME: [u64; 2] = [0x7369_6667_6e69_6c63, 0x6465_6767_6f6c_2068];

/// Eight hexadecimal digits that stand for a session: the same on every instance, and no way back to the session's id.
///
/// Half of a SipHash-2-4 of the id. Each tag stands for four thousand million ids, and an id by itself opens nothing: it counts only inside a
/// sealed token.
pub fn session_tag(session: [u8; 8]) -> String {
    let mut tag = Vec::with_capacity(8);
    write(session, &mut tag);
    tag.into_iter().map(char::from).collect()
}

pub(super) fn write(session: [u8; 8], out: &mut Vec<u8>) {
    let hash = siphash(NAME, u64::from_le_bytes(session));
    encode::hex_short((hash >> 32) as u32, out);
}

/// SipHash-2-4 of eight bytes (Aumasson and Bernstein, 2012): a tenth of what SHA-256 costs for as few.
fn siphash([k0, k1]: [u64; 2], message: u64) -> u64 {
    let mut state = Sip([
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ]);
    state.absorb(message);
    // The last block is the length, in its highest byte.
    state.absorb(8 << 56);
    state.finish()
}

/// The four words of a SipHash.
struct Sip([u64; 4]);

impl Sip {
    fn absorb(&mut self, block: u64) {
        let [.., last] = &mut self.0;
        *last ^= block;
        self.round();
        self.round();
        let [first, ..] = &mut self.0;
        *first ^= block;
    }

    fn finish(mut self) -> u64 {
        let [_, _, third, _] = &mut self.0;
        *third ^= 0xff;
        (0..4).for_each(|_| self.round());
        self.0.into_iter().fold(0, |all, word| all ^ word)
    }

    fn round(&mut self) {
        let [a, b, c, d] = self.0;
        let (a, c) = (a.wrapping_add(b), c.wrapping_add(d));
        let (b, d) = (b.rotate_left(13) ^ a, d.rotate_left(16) ^ c);
        let (a, c) = (a.rotate_left(32).wrapping_add(d), c.wrapping_add(b));
        let (b, d) = (b.rotate_left(17) ^ c, d.rotate_left(21) ^ a);
        self.0 = [a, b, c.rotate_left(32), d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_authors() {
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        assert_eq!(siphash(key, 0x0706_0504_0302_0100), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn the_key_is_the_name() {
        let [first, last] = NAME.map(u64::to_le_bytes);
        assert_eq!([first, last].concat(), b"clingfish logged");
    }
}
