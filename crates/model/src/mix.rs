//! Mixing of bits, for what needs to be spread and not to be secret.

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014; Stafford's thirteenth mixer): a permutation in which each bit of the result
/// hangs on each of those that go in. It never changes.
#[inline]
pub fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_mixed_as_its_authors_do_it() {
        // The first numbers of SplitMix64 from zero.
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let drawn = [1, 2, 3].map(|turn| mix(step.wrapping_mul(turn)));
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }
}
