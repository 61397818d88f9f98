//! The fixed hash of what a client is recognised by.

/// A 64-bit hash of a key, such as the value of a header or an address.
///
/// It is XXH64 with seed 0, as many tools compute it: the same on every instance, platform and version, since all of them have
/// to send a key to the same target. Nothing about it is secret. Clients that choose their keys can choose them so that they
/// share a target; what such a target has to bear is limited by [`crate::Bound`], not by the hash.
///
/// ```
/// use clingfish_balance::KeyHash;
///
/// assert_eq!(KeyHash::of(b"abc"), KeyHash(0x44bc_2cf5_ad77_0999));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(pub u64);

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

impl KeyHash {
    /// Hashes these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let [one, two, three, four, five] = PRIMES;
        let (stripes, rest) = bytes.as_chunks::<32>();
        let mut hash = if stripes.is_empty() { five } else { striped(stripes) };
        hash = hash.wrapping_add(bytes.len() as u64);
        let (words, rest) = rest.as_chunks::<8>();
        for word in words {
            hash ^= round(0, u64::from_le_bytes(*word));
            hash = hash.rotate_left(27).wrapping_mul(one).wrapping_add(four);
        }
        let (halves, rest) = rest.as_chunks::<4>();
        for half in halves {
            hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(one);
            hash = hash.rotate_left(23).wrapping_mul(two).wrapping_add(three);
        }
        for byte in rest {
            hash ^= u64::from(*byte).wrapping_mul(five);
            hash = hash.rotate_left(11).wrapping_mul(one);
        }
        Self(avalanche(hash))
    }
}

/// Takes 32 bytes at a time, in four lanes.
fn striped(stripes: &[[u8; 32]]) -> u64 {
    let [one, two, ..] = PRIMES;
    let mut lanes = [one.wrapping_add(two), two, 0, one.wrapping_neg()];
    for stripe in stripes {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
    let hash = turned.fold(0, u64::wrapping_add);
    lanes.iter().fold(hash, merged)
}

fn merged(hash: u64, lane: &u64) -> u64 {
    let [one, _, _, four, _] = PRIMES;
    (hash ^ round(0, *lane)).wrapping_mul(one).wrapping_add(four)
}

fn round(lane: u64, word: u64) -> u64 {
    let [one, two, ..] = PRIMES;
    lane.wrapping_add(word.wrapping_mul(two)).rotate_left(31).wrapping_mul(one)
}

fn avalanche(mut hash: u64) -> u64 {
    let [_, two, three, ..] = PRIMES;
    hash = (hash ^ (hash >> 33)).wrapping_mul(two);
    hash = (hash ^ (hash >> 29)).wrapping_mul(three);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hash_as_xxh64_does_for_ever() {
        for (key, expected) in VECTORS {
            assert_eq!(KeyHash::of(key.as_bytes()).0, *expected, "{key:?}");
        }
    }

    /// From the reference implementation, `xxhsum -H1`.
    const VECTORS: &[(&str, u64)] = &[
        ("", 0xef46_db37_51d8_e999),
        ("a", 0xd24e_c4f1_a98c_6e5b),
        ("abc", 0x44bc_2cf5_ad77_0999),
        ("203.0.113.7", 0xc801_53a2_410e_b0ff),
        ("user-12345", 0x6479_7fca_50bf_c10c),
        ("0123456789abcdef0123456789abcde", 0x1fdf_c63f_ebac_fde7),
        ("0123456789abcdef0123456789abcdef", 0x642a_9495_8e71_e6c5),
        ("0123456789abcdef0123456789abcdefX", 0xce5a_1023_4951_1ece),
        (
            "The quick brown fox jumps over the lazy dog. It jumps over it again, and once more.",
            0xeef1_d9c0_b8d7_3f47,
        ),
    ];
}
