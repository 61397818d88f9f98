//! Makes new inputs out of old ones.

use fastrand::Rng;

/// Longest input. Longer ones cost speed and find little more.
const INPUT_BYTES_MAX: usize = 4096;

/// Most changes to one input.
const CHANGES_MAX: usize = 8;

/// Changes the input in one to eight places.
pub(crate) fn mutate(rng: &mut Rng, input: &mut Vec<u8>, other: &[u8], words: &[&str]) {
    for _ in 0..rng.usize(1..=CHANGES_MAX) {
        change(rng, input, other, words);
    }
    input.truncate(INPUT_BYTES_MAX);
}

fn change(rng: &mut Rng, input: &mut Vec<u8>, other: &[u8], words: &[&str]) {
    match rng.u8(0..9) {
        0 => change_byte(rng, input, |rng, byte| byte ^ (1 << rng.u8(0..8))),
        1 => change_byte(rng, input, |rng, _| rng.u8(..)),
        2 => change_byte(rng, input, |rng, byte| byte.wrapping_add(rng.u8(..3)).wrapping_sub(1)),
        3 => remove(rng, input),
        4 => {
            let bytes: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(4).collect();
            insert(rng, input, &bytes);
        }
        5 => {
            let (start, end) = range(rng, input);
            let copy = input.get(start..end).unwrap_or_default().to_vec();
            insert(rng, input, &copy);
        }
        6 => {
            let (start, end) = range(rng, other);
            insert(rng, input, other.get(start..end).unwrap_or_default());
        }
        7 => input.truncate(rng.usize(..=input.len())),
        _ => {
            let word = rng.choice(words).copied().unwrap_or_default();
            insert(rng, input, word.as_bytes());
        }
    }
}

fn change_byte(rng: &mut Rng, input: &mut [u8], new: impl FnOnce(&mut Rng, u8) -> u8) {
    let at = rng.usize(..input.len().max(1));
    if let Some(byte) = input.get_mut(at) {
        *byte = new(rng, *byte);
    }
}

/// Puts bytes somewhere: between the others, or over them.
fn insert(rng: &mut Rng, input: &mut Vec<u8>, bytes: &[u8]) {
    let at = rng.usize(..=input.len());
    let end = if rng.bool() { at } else { input.len().min(at + bytes.len()) };
    input.splice(at..end, bytes.iter().copied());
}

fn remove(rng: &mut Rng, input: &mut Vec<u8>) {
    let (start, end) = range(rng, input);
    input.drain(start..end);
}

/// A range inside the bytes, short more often than long.
fn range(rng: &mut Rng, bytes: &[u8]) -> (usize, usize) {
    let start = rng.usize(..=bytes.len());
    let rest = bytes.len() - start;
    let length_max = if rng.u8(..4) == 0 { rest } else { rest.min(8) };
    (start, start + rng.usize(..=length_max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let inputs = |seed| {
            let mut rng = Rng::with_seed(seed);
            let mut input = b"GET / HTTP/1.1\r\n\r\n".to_vec();
            for _ in 0..100 {
                mutate(&mut rng, &mut input, b"other", &["word"]);
            }
            input
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
    }

    #[test]
    fn inputs_stay_within_the_limit_and_empty_ones_are_fine() {
        let mut rng = Rng::with_seed(3);
        let mut input = Vec::new();
        for _ in 0..10_000 {
            let other = input.clone();
            mutate(&mut rng, &mut input, &other, &[]);
            assert!(input.len() <= INPUT_BYTES_MAX);
        }
    }
}
