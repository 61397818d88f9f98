//! The status line (RFC 9112 section 4).

use clingfish_model::{Span, Version};

use crate::{HeadError, bytes::is_text, request_line::read_version};

/// `HTTP/1.1 `.
const STATUS_START: usize = 9;
/// `HTTP/1.1 200 `.
const REASON_START: usize = 13;

/// The parts of a status line, as positions in it.
#[derive(Clone, Copy)]
pub(crate) struct StatusLine {
    pub(crate) version: Version,
    pub(crate) status: u16,
    pub(crate) reason: Span,
}

/// Judges the bytes of a status line from a position on.
pub(crate) fn judge(line: &[u8], from: usize, ended: bool) -> Result<(), HeadError> {
    let parts = read_so_far(line, from)?;
    if ended && parts.is_none() {
        return Err(HeadError::MalformedStartLine);
    }
    Ok(())
}

/// Reads a whole status line, its CR LF taken off.
pub(crate) fn read(line: &[u8]) -> Result<StatusLine, HeadError> {
    read_so_far(line, 0)?.ok_or(HeadError::MalformedStartLine)
}

fn read_so_far(line: &[u8], from: usize) -> Result<Option<StatusLine>, HeadError> {
    let version = read_version(line.get(..STATUS_START - 1).unwrap_or(line))?;
    let (Some(version), Some(rest)) = (version, line.get(STATUS_START - 1..)) else {
        return Ok(None);
    };
    let mut status = 0;
    for (at, &byte) in rest.iter().take(5).enumerate() {
        match (at, byte) {
            (0, b' ') | (4, b' ') => {}
            (1, b'1'..=b'9') | (2 | 3, b'0'..=b'9') => {
                status = status * 10 + u16::from(byte - b'0')
            }
            (0, _) => return Err(HeadError::BadVersion),
            _ => return Err(HeadError::BadStatus),
        }
    }
    if rest.len() < 4 {
        return Ok(None);
    }
    let news = line.get(from.max(REASON_START)..).unwrap_or_default();
    if !is_text(news) {
        return Err(HeadError::BadStatus);
    }
    Ok(Some(StatusLine {
        version,
        status,
        reason: Span::new(REASON_START, line.len().saturating_sub(REASON_START)),
    }))
}
