//! The request line (RFC 9112 section 3).

use memchr::memchr;

use clingfish_model::{Span, Version};

use crate::{HeadError, bytes::is_token_byte};

/// Longest method.
const METHOD_BYTES_MAX: usize = 32;

/// The parts of a request line, as positions in it.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine {
    pub(crate) method: Span,
    pub(crate) target: Span,
    pub(crate) version: Version,
}

/// Judges the bytes of a request line from a position on.
pub(crate) fn judge(line: &[u8], from: usize, ended: bool) -> Result<(), HeadError> {
    match read_so_far(line, from) {
        // The end of the line tells spaces in a target from a wrong version.
        Err(HeadError::BadVersion) if !ended => Ok(()),
        Err(error) => Err(error),
        Ok(None) if ended => Err(unfinished(line)),
        Ok(_) => Ok(()),
    }
}

/// Reads a whole request line, its CR LF taken off.
pub(crate) fn read(line: &[u8]) -> Result<RequestLine, HeadError> {
    read_so_far(line, 0)?.ok_or_else(|| unfinished(line))
}

fn read_so_far(line: &[u8], from: usize) -> Result<Option<RequestLine>, HeadError> {
    let Some(method_end) = memchr(b' ', line) else {
        judge_method(line)?;
        return Ok(None);
    };
    let (method, rest) = line.split_at_checked(method_end).unwrap_or_default();
    judge_method(method)?;
    if method.is_empty() {
        return Err(HeadError::BadMethod);
    }
    let target_start = method_end + 1;
    let rest = rest.get(1..).unwrap_or_default();
    let news = from.saturating_sub(target_start);
    let Some(target_len) = memchr(b' ', rest) else {
        judge_target(rest.get(news..).unwrap_or_default())?;
        return Ok(None);
    };
    let (target, version) = rest.split_at_checked(target_len).unwrap_or_default();
    judge_target(target.get(news..).unwrap_or_default())?;
    if target.is_empty() {
        return Err(HeadError::BadTarget);
    }
    let version = read_version(version.get(1..).unwrap_or_default())?;
    Ok(version.map(|version| RequestLine {
        method: Span::new(0, method_end),
        target: Span::new(target_start, target_len),
        version,
    }))
}

pub(crate) fn judge_method(method: &[u8]) -> Result<(), HeadError> {
    if method.len() > METHOD_BYTES_MAX || !method.iter().copied().all(is_token_byte) {
        return Err(HeadError::BadMethod);
    }
    Ok(())
}

/// Visible ASCII without `#`. Browsers send `|`, `"`, `{}`, `[]`, `^` and the backtick as they are; what they never send
/// is a fragment, a control character or a byte from 0x80 on.
pub(crate) fn judge_target(target: &[u8]) -> Result<(), HeadError> {
    // No early return: so that it is done many bytes at a time.
    let is_valid = target
        .iter()
        .fold(true, |valid, &byte| valid & (byte > b' ') & (byte < 0x7f) & (byte != b'#'));
    if is_valid { Ok(()) } else { Err(HeadError::BadTarget) }
}

/// Reads a version as far as it is there.
pub(crate) fn read_version(bytes: &[u8]) -> Result<Option<Version>, HeadError> {
    match bytes {
        b"HTTP/1.1" => return Ok(Some(Version::Http11)),
        b"HTTP/1.0" => return Ok(Some(Version::Http10)),
        _ => {}
    }
    let fits = |(&byte, &form): (&u8, &u8)| match form {
        b'd' => byte.is_ascii_digit(),
        form => byte == form,
    };
    if !bytes.iter().zip(b"HTTP/d.d").all(fits) {
        return Err(HeadError::BadVersion);
    }
    match bytes.get(..8) {
        None => Ok(None),
        Some(b"HTTP/1.1" | b"HTTP/1.0") => Err(HeadError::BadVersion),
        Some(_) => Err(HeadError::UnsupportedVersion),
    }
}

/// What is wrong with a line that ended too early.
fn unfinished(line: &[u8]) -> HeadError {
    match line.iter().filter(|&&byte| byte == b' ').count() {
        0 | 1 => HeadError::MalformedStartLine,
        _ => HeadError::BadVersion,
    }
}
