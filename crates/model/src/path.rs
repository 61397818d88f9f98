//! The normal form of a request's path: rules match on it, and it is what targets get to see.
//!
//! By RFC 3986 section 6.2.2, and no more than that: escapes of characters that need none are decoded, and the segments `.` and
//! `..` are taken out. What could mean something else to an application stays as it came: escapes of all other characters in
//! their own spelling (`%2f`), empty segments (`//`), a final slash, upper and lower case, and the query.

pub mod fuzzing;

use std::borrow::Cow;

use crate::{Span, head::RequestParts};

/// Why a path has no normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It has an encoded NUL, which ends names in some programs.
    #[error("the path has an encoded NUL")]
    EncodedNul,
    /// Its `..` lead out of the root.
    #[error("the path leads out of the root")]
    AboveRoot,
}

impl PathError {
    /// A short stable word for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::EncodedNul => "encoded_nul_in_path",
            Self::AboveRoot => "path_above_root",
        }
    }
}

/// Brings the path of `path_and_query` into normal form. The outcome is never longer, and normalising it again changes nothing.
///
/// What does not begin with a slash, as the `*` of OPTIONS, is its own normal form.
///
/// ```
/// use clingfish_model::path::normalize;
///
/// assert_eq!(*normalize(b"/a/%2e%2e/%7Euser//x%2Fy?q=/../%41").unwrap(), *b"/~user//x%2Fy?q=/../%41");
/// assert!(normalize(b"/a/../../etc").is_err());
/// ```
///
/// # Errors
///
/// When the path has no normal form that would be safe to pass on.
pub fn normalize(path_and_query: &[u8]) -> Result<Cow<'_, [u8]>, PathError> {
    if !path_and_query.starts_with(b"/") || looks_normal(path_and_query) {
        return Ok(Cow::Borrowed(path_and_query));
    }
    let path_len = path_and_query.iter().position(|byte| *byte == b'?');
    let path_len = path_len.unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at_checked(path_len).unwrap_or_default();
    let mut normal = remove_dot_segments(&decode_unreserved(path)?)?;
    normal.extend_from_slice(query);
    Ok(Cow::Owned(normal))
}

impl RequestParts {
    /// Brings the path into normal form, within the bytes of its own head, as it never grows. The form that the client sent is kept
    /// aside where it is another.
    ///
    /// # Errors
    ///
    /// As [`normalize`].
    pub fn normalize_path(&mut self, bytes: &mut [u8]) -> Result<(), PathError> {
        self.sent_path_and_query = None;
        let start = self.path_and_query.start();
        let sent = self.path_and_query.of(bytes);
        let normal = match normalize(sent)? {
            Cow::Owned(normal) if *normal != *sent => normal,
            _ => return Ok(()),
        };
        self.sent_path_and_query = Some(sent.into());
        self.path_and_query = Span::new(start, normal.len());
        if let Some(room) = bytes.get_mut(start..start + normal.len()) {
            room.copy_from_slice(&normal);
        }
        Ok(())
    }
}

/// Whether there is certainly nothing to do: no escape, and no segment that begins with a dot.
fn looks_normal(path_and_query: &[u8]) -> bool {
    let mut before = 0;
    for &byte in path_and_query {
        match byte {
            b'?' => return true,
            b'%' => return false,
            b'.' if before == b'/' => return false,
            _ => before = byte,
        }
    }
    true
}

/// Decodes escapes of letters, digits, `-`, `.`, `_`, `~`.
fn decode_unreserved(path: &[u8]) -> Result<Vec<u8>, PathError> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    // How many of the next bytes belong to a percent sign that begins no escape. Decoding there could complete one that nobody
    // wrote: `%%34%31` would become `%41`.
    let mut stray = 0_u8;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (escaped(byte, after), after.get(2..)) {
            (Some(0), _) => return Err(PathError::EncodedNul),
            (Some(meant), Some(behind)) if stray == 0 && is_unreserved(meant) => {
                decoded.push(meant);
                rest = behind;
            }
            (Some(_), Some(behind)) => {
                decoded.push(byte);
                decoded.extend(after.iter().take(2));
                rest = behind;
                stray = 0;
            }
            _ => {
                decoded.push(byte);
                stray = if byte == b'%' { 2 } else { stray.saturating_sub(1) };
            }
        }
    }
    Ok(decoded)
}

/// The byte that an escape stands for, if there is one.
fn escaped(byte: u8, after: &[u8]) -> Option<u8> {
    let [high, low, ..] = *after else {
        return None;
    };
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (high, low) = (digit(high)?, digit(low)?);
    (byte == b'%').then_some(high << 4 | low)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Takes `.` and `..` out (RFC 3986 section 5.2.4), but for those that would lead out of the root.
fn remove_dot_segments(path: &[u8]) -> Result<Vec<u8>, PathError> {
    let Some(path) = path.strip_prefix(b"/") else {
        return Ok(path.to_vec());
    };
    let mut kept = Vec::with_capacity(path.len() + 1);
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            b"." => {}
            b".." => {
                let last = kept.iter().rposition(|byte| *byte == b'/');
                kept.truncate(last.ok_or(PathError::AboveRoot)?);
            }
            _ => {
                kept.push(b'/');
                kept.extend_from_slice(segment);
                continue;
            }
        }
        if segments.peek().is_none() {
            kept.push(b'/');
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
