//! The fields of a head: from tokens to positions.

use std::mem::MaybeUninit;

use clingfish_model::{Field, FieldId, Span, head::Fields, limits::FIELDS_MAX};

use crate::{HeadError, desync::resembles_framing, facts::Facts};

/// Room for the tokens of one head, on the stack and not filled before use.
pub(crate) type Room<'a> = [MaybeUninit<httparse::Header<'a>>; FIELDS_MAX];

/// An empty room.
pub(crate) fn room<'a>() -> Room<'a> {
    [const { MaybeUninit::uninit() }; FIELDS_MAX]
}

/// Fills `fields` with the positions of all headers in `bytes`, and gathers what they say.
pub(crate) fn place<'a>(
    bytes: &'a [u8],
    headers: &[httparse::Header<'a>],
    fields: &mut Fields,
) -> Result<Facts<'a>, HeadError> {
    let mut facts = Facts::default();
    fields.clear();
    for header in headers {
        let name = header.name.as_bytes();
        let name_at = offset(bytes, name);
        // The tokeniser takes a bare LF for the end of a line. We do not.
        let line_end = bytes.get(name_at.saturating_sub(2)..name_at);
        if line_end != Some(b"\r\n") {
            return Err(HeadError::BadLineEnd);
        }
        let id = FieldId::of(name);
        let value = Span::new(offset(bytes, header.value), header.value.len());
        if id != FieldId::Other {
            facts.note(id, header.value, value)?;
        } else if resembles_framing(name) {
            facts.has_lookalike = true;
        }
        fields.push(Field { name: Span::new(name_at, name.len()), value, id });
    }
    Ok(facts)
}

/// Where `part`, a slice of `bytes`, begins in it.
fn offset(bytes: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr())
}

/// What the tokeniser's complaint means here.
pub(crate) fn error(error: httparse::Error) -> HeadError {
    match error {
        httparse::Error::HeaderName => HeadError::BadFieldName,
        httparse::Error::HeaderValue => HeadError::BadFieldValue,
        httparse::Error::NewLine => HeadError::BadLineEnd,
        httparse::Error::TooManyHeaders => HeadError::TooManyFields,
        httparse::Error::Status => HeadError::BadStatus,
        httparse::Error::Token => HeadError::MalformedStartLine,
        httparse::Error::Version => HeadError::BadVersion,
    }
}
