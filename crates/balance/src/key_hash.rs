//! The fixed hash of what a client is recognised by.

use twox_hash::XxHash64;

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

impl KeyHash {
    /// Hashes these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(XxHash64::oneshot(0, bytes))
    }
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
