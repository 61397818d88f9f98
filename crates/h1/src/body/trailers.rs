//! The trailer section of a chunked body (RFC 9112 section 7.1.2).

use clingfish_model::{FieldId, limits::TRAILER_BYTES_MAX};

use crate::{
    BodyError,
    bytes::{is_text, is_token, split_once},
    connection::{is_ours_to_set, is_twin},
};

/// Collects the trailers that may go further.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailers {
    /// Lines that were kept, then the line that is coming in.
    lines: Vec<u8>,
    kept_len: usize,
    /// Bytes of the section so far, those of dropped lines included.
    bytes: usize,
}

impl Trailers {
    /// Takes one byte; says whether it was the last of the section.
    pub(super) fn step(&mut self, byte: u8) -> Result<bool, BodyError> {
        self.bytes += 1;
        if self.bytes > TRAILER_BYTES_MAX {
            return Err(BodyError::TrailersTooLarge);
        }
        self.lines.push(byte);
        if byte != b'\n' {
            return Ok(false);
        }
        let line = self.lines.get(self.kept_len..).unwrap_or_default();
        let line = line.strip_suffix(b"\r\n").ok_or(BodyError::BadTrailer)?;
        let is_last = line.is_empty();
        if !is_last && may_go_further(line)? {
            self.kept_len = self.lines.len();
        }
        self.lines.truncate(self.kept_len);
        Ok(is_last)
    }

    /// The kept lines.
    pub(super) fn kept(&self) -> &[u8] {
        self.lines.get(..self.kept_len).unwrap_or_default()
    }
}

/// Judges one line; says whether a trailer of that name may be forwarded.
///
/// Fields that any room looks at decide about framing, routing, authentication or caching, and nobody would look at them
/// that late: they are dropped.
fn may_go_further(line: &[u8]) -> Result<bool, BodyError> {
    let (name, value) = split_once(line, b':').ok_or(BodyError::BadTrailer)?;
    if !is_token(name) || !is_text(value) {
        return Err(BodyError::BadTrailer);
    }
    Ok(may_trail(name))
}

/// Whether a trailer of that name may be forwarded, whatever version of HTTP brought it.
pub fn may_trail(name: &[u8]) -> bool {
    let is_dropped = FieldId::of(name) != FieldId::Other
        || is_ours_to_set(name)
        || is_twin(name)
        || DROPPED.iter().any(|other| name.eq_ignore_ascii_case(other));
    !is_dropped
}

/// Fields of RFC 9110 section 6.5.1 that no room looks at.
const DROPPED: [&[u8]; 8] = [
    b"content-encoding",
    b"content-range",
    b"content-location",
    b"max-forwards",
    b"range",
    b"retry-after",
    b"vary",
    b"www-authenticate",
];
