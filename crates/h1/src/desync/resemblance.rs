//! Names that some parser could take for one that frames.

use crate::bytes::split_once;

/// The names that frame. Each is two words.
pub(super) const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";
pub(super) const CONTENT_LENGTH: &[u8] = b"content-length";

/// How close a name is to one that frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resemblance {
    /// It is that name, in any case.
    Same,
    /// It has the same letters, and other bytes around or between them.
    Close,
    /// It is another name.
    None,
}

/// Whether a name could be taken for Transfer-Encoding or Content-Length, and is neither: `Transfer_Encoding`,
/// `Content-Length-`. Such fields are not forwarded.
///
/// ```
/// use clingfish_h1::desync::resembles_framing;
///
/// assert!(resembles_framing(b"Transfer--Encoding"));
/// assert!(!resembles_framing(b"Transfer-Encoding"));
/// assert!(!resembles_framing(b"Accept-Encoding"));
/// ```
#[inline]
pub fn resembles_framing(name: &[u8]) -> bool {
    // Asked of most fields of most requests: length and first byte settle it nearly always.
    name.len() >= CONTENT_LENGTH.len()
        && name.first().is_some_and(|first| may_begin(first | 0x20))
        && is_close(name)
}

/// Whether a name that frames, or signs before it, may begin with that byte in lower case.
#[inline]
fn may_begin(byte: u8) -> bool {
    let letter = u32::from(byte.wrapping_sub(b'a'));
    letter >= 26 || byte == b't' || byte == b'c'
}

#[cold]
fn is_close(name: &[u8]) -> bool {
    compare(name, TRANSFER_ENCODING) == Resemblance::Close
        || compare(name, CONTENT_LENGTH) == Resemblance::Close
}

/// Compares a name with one that frames.
pub(super) fn compare(name: &[u8], framing: &[u8]) -> Resemblance {
    if name.eq_ignore_ascii_case(framing) {
        return Resemblance::Same;
    }
    if name.len() >= framing.len() && has_letters(name, framing) == Some(true) {
        return Resemblance::Close;
    }
    Resemblance::None
}

/// Whether the words are there with one byte between them, whatever it is, and nothing else but signs.
fn has_letters(name: &[u8], framing: &[u8]) -> Option<bool> {
    let (first, second) = split_once(framing, b'-')?;
    let between = spell(skip_signs(name), first)?;
    let rest = spell(skip_signs(between.get(1..)?), second)?;
    Some(skip_signs(rest).is_empty())
}

/// Reads a word off the front, in any case and with control characters or spaces between its letters.
fn spell<'a>(mut bytes: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    for &letter in word {
        bytes = read_letter(bytes, letter)?;
        while let [0..=b' ', rest @ ..] = bytes {
            bytes = rest;
        }
    }
    Some(bytes)
}

/// Reads a letter: as it is, or as one of the two of Unicode that become it in upper case (long s, dotless i).
fn read_letter(bytes: &[u8], letter: u8) -> Option<&[u8]> {
    match (bytes, letter) {
        ([byte, rest @ ..], _) if byte.eq_ignore_ascii_case(&letter) => Some(rest),
        ([0xc5, 0xbf, rest @ ..], b's') | ([0xc4, 0xb1, rest @ ..], b'i') => Some(rest),
        _ => None,
    }
}

fn skip_signs(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(u8::is_ascii_alphanumeric).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}
