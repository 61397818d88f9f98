//! Slices as bytes: only what is not zero, so that an hour of a thousand targets is small.
//!
//! A mask says which numbers there are, then they follow; all of them in LEB128, seven bits a byte.

/// Numbers, always the same ones in the same order. What is there most often comes first, so that masks are short.
pub(super) trait Fields: Default {
    fn fields(&mut self) -> impl Iterator<Item = &mut u32>;
}

/// Bits of a mask.
const FIELDS_MAX: usize = u128::BITS as usize;

/// Appends something.
pub(super) fn pack<F: Fields>(mut what: F, to: &mut Vec<u8>) {
    let mut present = 0_u128;
    for (nth, field) in what.fields().enumerate() {
        debug_assert!(nth < FIELDS_MAX, "a slice has more numbers than a mask has bits");
        present |= u128::from(*field > 0) << nth;
    }
    put(present, to);
    what.fields().filter(|field| **field > 0).for_each(|field| put((*field).into(), to));
}

/// Takes something from there; none at the end.
pub(super) fn unpack<F: Fields>(from: &mut impl Iterator<Item = u8>) -> Option<F> {
    let present = take(from)?;
    let mut what = F::default();
    for (nth, field) in what.fields().enumerate() {
        if present >> nth & 1 == 1 {
            *field = small(from)?;
        }
    }
    Some(what)
}

/// Passes over something; none at the end.
pub(super) fn skip(from: &mut impl Iterator<Item = u8>) -> Option<()> {
    let present = take(from)?;
    (0..present.count_ones()).try_for_each(|_| take(from).map(drop))
}

/// Appends a number.
pub(super) fn put(mut number: u128, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Takes a number that fits.
pub(super) fn small(from: &mut impl Iterator<Item = u8>) -> Option<u32> {
    u32::try_from(take(from)?).ok()
}

fn take(from: &mut impl Iterator<Item = u8>) -> Option<u128> {
    let mut number = 0;
    for shift in (0..FIELDS_MAX).step_by(7) {
        let byte = from.next()?;
        number |= u128::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
