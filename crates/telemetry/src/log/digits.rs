//! Digits: of short numbers from a table, of others eight at a time, where each step works on all bytes of a word at once.

/// The digit zero in each byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// What has at most eight digits is below this.
const EIGHT_DIGITS: u64 = 100_000_000;

/// A number of three digits at the most: statuses, octets, sizes of small messages.
#[derive(Clone, Copy)]
struct Brief {
    /// The first digit in the lowest byte.
    text: u32,
    /// Length of the text.
    bits: u8,
}

const ZERO: Brief = Brief { text: b'0' as u32, bits: 8 };

/// What numbers below a thousand read as.
static BRIEF: [Brief; 1000] = {
    let mut all = [ZERO; 1000];
    let mut value = 0;
    let mut left = all.as_mut_slice();
    while let Some((brief, others)) = left.split_first_mut() {
        let (mut text, mut bits, mut rest) = (0, 0, value);
        while bits == 0 || rest > 0 {
            (text, bits, rest) = ((text << 8) | (b'0' as u32 + rest % 10), bits + 8, rest / 10);
        }
        *brief = Brief { text, bits };
        value += 1;
        left = others;
    }
    all
};

/// Decimal digits.
pub(super) fn number(value: u64, out: &mut Vec<u8>) {
    if let Some(brief) = usize::try_from(value).ok().and_then(|value| BRIEF.get(value)) {
        return append(&brief.text.to_le_bytes(), brief.bits, out);
    }
    if value >= EIGHT_DIGITS {
        number(value / EIGHT_DIGITS, out);
        return padded::<8>(value % EIGHT_DIGITS, out);
    }
    let digits = decimals(value);
    let zeros = digits.trailing_zeros() / 8 * 8;
    append(&((digits + ZEROS) >> zeros).to_le_bytes(), 64 - zeros, out);
}

/// The last `WIDTH` decimal digits, with zeros in front; at most eight.
pub(super) fn padded<const WIDTH: usize>(value: u64, out: &mut Vec<u8>) {
    let text = (decimals(value) + ZEROS) >> (64 - 8 * WIDTH);
    out.extend_from_slice(text.to_le_bytes().first_chunk::<WIDTH>().unwrap_or(&[b'0'; WIDTH]));
}

/// Seconds below ten with six decimals: as long as a word.
pub(super) fn brief_span(seconds: u64, micros: u64, out: &mut Vec<u8>) {
    let before = u64::from_le_bytes([b'0', b'.', 0, 0, 0, 0, 0, 0]) + seconds;
    let after = (decimals(micros) + ZEROS) >> 16;
    out.extend_from_slice(&(before | after << 16).to_le_bytes());
}

/// Four octets with a dot after each but the last, a colon after that.
pub(super) fn octets(octets: [u8; 4], out: &mut Vec<u8>) {
    let (mut text, mut end) = (0_u128, 0);
    for octet in octets {
        let Brief { text: digits, bits } = BRIEF.get(usize::from(octet)).copied().unwrap_or(ZERO);
        text |= u128::from(digits | u32::from(b'.') << bits) << end;
        end += u32::from(bits) + 8;
    }
    text ^= u128::from(b'.' ^ b':') << (end - 8);
    append(&text.to_le_bytes(), end, out);
}

/// Sixteen hexadecimal digits.
pub(super) fn hex(value: u64, out: &mut Vec<u8>) {
    hex_short((value >> 32) as u32, out);
    hex_short(value as u32, out);
}

/// Eight hexadecimal digits.
pub(super) fn hex_short(value: u32, out: &mut Vec<u8>) {
    // One byte in each lane of sixteen bits, the first digits lowest.
    let bytes = u64::from(value.swap_bytes());
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    let lanes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (lanes >> 4 | lanes << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    let is_letter = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let letters_after_digits = u64::from(b'a' - b'9' - 1);
    let text = digits + ZEROS + is_letter * letters_after_digits;
    out.extend_from_slice(&text.to_le_bytes());
}

/// Eight decimal digits as bytes from 0 to 9, the first one in the lowest byte: halves, then quarters, then digits.
fn decimals(value: u64) -> u64 {
    debug_assert!(value < EIGHT_DIGITS, "eight digits at the most");
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    tens | (twos - tens * 10) << 8
}

/// The first `bits` of a text. To copy all and cut is cheaper than to copy a length that nobody knows beforehand.
fn append<const WIDTH: usize>(text: &[u8; WIDTH], bits: impl Into<u32>, out: &mut Vec<u8>) {
    let end = out.len() + bits.into() as usize / 8;
    out.extend_from_slice(text);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_read_as_the_standard_library_writes_them() {
        let edges = (0..20).map(|power| 10_u64.pow(power)).flat_map(|edge| [edge - 1, edge]);
        for value in (0..20_000).chain(edges).chain([4_294_967_296, u64::MAX]) {
            assert_eq!(text(|out| number(value, out)), value.to_string());
            assert_eq!(text(|out| hex(value, out)), format!("{value:016x}"));
        }
    }

    #[test]
    fn every_group_of_four_digits_is_right_in_either_half() {
        for value in 0..10_000 {
            let both = value * 10_000 + 9_999 - value;
            assert_eq!(text(|out| padded::<8>(both, out)), format!("{both:08}"));
        }
        assert_eq!(text(|out| padded::<3>(7, out)), "007");
    }

    #[test]
    fn every_octet_is_written_as_short_as_possible() {
        for octet in 0..=255 {
            let written = text(|out| octets([octet, 1, octet, 255], out));
            assert_eq!(written, format!("{octet}.1.{octet}.255:"));
        }
        assert_eq!(text(|out| octets([255; 4], out)), "255.255.255.255:");
    }

    #[test]
    fn brief_spans_have_six_decimals() {
        assert_eq!(text(|out| brief_span(0, 0, out)), "0.000000");
        assert_eq!(text(|out| brief_span(9, 12_345, out)), "9.012345");
    }
}
