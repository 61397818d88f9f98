//! A logarithm of whole numbers: that of floats may round differently elsewhere.

/// Pieces between one power of two and the next, within each of which the logarithm is taken for a straight line.
const PIECES: usize = 256;

/// `log2(1 + piece / PIECES)`, in 2^-40.
const TABLE: [u64; PIECES + 1] = table();

/// `-log2(1 - u / 2^32)`, in 2^-40: strictly growing with `u`, by 184 and more for each step.
pub(super) fn minus_log2_of_rest(u: u32) -> u64 {
    let rest = (1_u64 << 32) - u64::from(u);
    // 0 only for a rest of 2^32, as 1 is the least.
    let halvings = rest.leading_zeros().saturating_sub(31);
    let fraction = (rest << halvings) & 0xffff_ffff;
    let piece = (fraction >> 24) as usize;
    let (from, to) = match TABLE.get(piece..=piece + 1) {
        Some([from, to]) => (*from, *to),
        _ => (0, 0),
    };
    (u64::from(halvings) << 40) - from - (((to - from) * (fraction & 0x00ff_ffff)) >> 24)
}

const fn table() -> [u64; PIECES + 1] {
    let mut table = [1 << 40; PIECES + 1];
    let mut rest: &mut [u64] = &mut table;
    let mut piece = 0;
    while let [first, tail @ ..] = rest
        && piece < PIECES
    {
        *first = log2(((PIECES + piece) as u128) << 54);
        rest = tail;
        piece += 1;
    }
    table
}

/// Of `x / 2^62`, which is in 1..2: one binary digit after the other, by squaring.
const fn log2(mut x: u128) -> u64 {
    let (mut digits, mut count) = (0, 0);
    while count < 40 {
        x = (x * x) >> 62;
        digits <<= 1;
        if x >= 2 << 62 {
            x >>= 1;
            digits |= 1;
        }
        count += 1;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_close_to_the_logarithm_and_grows_strictly() {
        let samples = (0..32).flat_map(|bit| [(1_u32 << bit) - 1, 1 << bit, u32::MAX - (1 << bit)]);
        for u in samples.chain((0..1_000_u32).map(|at| at * 4_294_967)) {
            let exact = -(1.0 - f64::from(u) / 2_f64.powi(32)).log2();
            let ours = minus_log2_of_rest(u) as f64 / 2_f64.powi(40);
            assert!((ours - exact).abs() <= exact * 0.003 + 1e-11, "{ours} for {exact} at {u}");
            let next = minus_log2_of_rest(u.saturating_add(1).max(1));
            assert!(u == u32::MAX || next >= minus_log2_of_rest(u) + 184, "at {u}");
        }
    }

    #[test]
    fn the_ends_are_exact() {
        for (u, expected) in [(0, 0), (1 << 31, 1 << 40), (3 << 30, 2 << 40), (u32::MAX, 32 << 40)]
        {
            assert_eq!(minus_log2_of_rest(u), expected, "{u}");
        }
    }
}
