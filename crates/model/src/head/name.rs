//! Field names by the word: a name is compared in three steps instead of byte by byte, in any case.

/// How many places there are.
pub(super) const PLACES: usize = 128;

/// Where a name is looked up: by its length, its first and its last but one letter, mixed so that no two of the names that we know
/// have the same place.
pub(super) const fn place(name: &[u8]) -> usize {
    const LOWER: u8 = 0x20;
    let ([first, ..], [.., before_last, _]) = (name, name) else {
        return 0;
    };
    let (first, before_last) = ((*first | LOWER) as usize, (*before_last | LOWER) as usize);
    (name.len() + first + 52 * before_last) % PLACES
}

/// A name in lower case, as words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    length: usize,
    words: [u64; 3],
    /// The bit in which the cases of a letter differ, for each letter.
    cases: [u64; 3],
}

impl Pattern {
    /// The pattern of a name in lower case.
    pub(super) const fn of(name: &[u8]) -> Self {
        let words = words(name);
        let [a, b, c] = words;
        Self { length: name.len(), words, cases: [cases(a), cases(b), cases(c)] }
    }

    /// Whether that is the name, in any case.
    pub(super) fn fits(&self, name: &[u8]) -> bool {
        if name.len() != self.length {
            return false;
        }
        let ([a, b, c], [x, y, z], [i, j, k]) = (words(name), self.words, self.cases);
        ((a ^ x) & !i) | ((b ^ y) & !j) | ((c ^ z) & !k) == 0
    }
}

/// What tells names of one length apart, up to 24 bytes: the first eight, the next and the last, which overlap in most names.
const fn words(name: &[u8]) -> [u64; 3] {
    let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) else {
        return [short(name), 0, 0];
    };
    let next = match name {
        [_, _, _, _, _, _, _, _, rest @ ..] => match rest.first_chunk() {
            Some(next) => u64::from_le_bytes(*next),
            None => 0,
        },
        _ => 0,
    };
    [u64::from_le_bytes(*first), next, u64::from_le_bytes(*last)]
}

/// Less than eight bytes, as a word.
const fn short(name: &[u8]) -> u64 {
    match (name.first_chunk(), name.last_chunk(), name) {
        (Some(first), Some(last), _) => {
            u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << 32
        }
        (.., [a, b, c]) => u32::from_le_bytes([*a, *b, *c, 0]) as u64,
        (.., [a, b]) => u32::from_le_bytes([*a, *b, 0, 0]) as u64,
        (.., [a]) => *a as u64,
        _ => 0,
    }
}

const fn cases(word: u64) -> u64 {
    let (mut cases, mut at) = (0, 0);
    while at < u64::BITS {
        if ((word >> at) as u8).is_ascii_lowercase() {
            cases |= 0x20 << at;
        }
        at += 8;
    }
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_name_counts() {
        let long = b"x-forwarded-proto-24byte";
        for length in 0..=long.len() {
            let name = &long[..length];
            let pattern = Pattern::of(name);
            assert!(pattern.fits(name) && pattern.fits(&name.to_ascii_uppercase()));
            for at in 0..length {
                for other in (0..=255).filter(|byte| !name[at].eq_ignore_ascii_case(byte)) {
                    let mut changed = name.to_vec();
                    changed[at] = other;
                    assert!(!pattern.fits(&changed), "{changed:?}");
                }
            }
        }
    }
}
