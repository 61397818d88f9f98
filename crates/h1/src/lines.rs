//! The lines of a head, judged by length and line end as they come in.
//!
//! The verdict depends on positions only, never on how the bytes were cut into reads: the first error by position wins.
//! That makes it the one place that can refuse a head before its end is there.

use memchr::{memchr, memmem, memrchr};

use crate::{HeadError, bytes::split_once};

/// Empty lines before a head that are skipped (RFC 9112 section 2.2: a stray CR LF after a POST).
const EMPTY_LINES_MAX: usize = 2;

/// What the lines of a head must keep to.
#[derive(Clone, Copy)]
pub(crate) struct LineRules {
    pub(crate) start_line_bytes_max: usize,
    pub(crate) field_bytes_max: usize,
    pub(crate) head_bytes_max: usize,
    pub(crate) fields_max: usize,
    /// Judges the bytes of the first line from a position on; the flag says whether the line is all there.
    pub(crate) judge_start_line: fn(&[u8], usize, bool) -> Result<(), HeadError>,
}

impl LineRules {
    /// Whether a head so small keeps to every limit on bytes, however its lines are.
    pub(crate) fn fits(&self, head_len: usize) -> bool {
        head_len <= self.start_line_bytes_max.min(self.field_bytes_max).min(self.head_bytes_max)
    }

    /// Judges what is there of a head, knowing that its first `seen` bytes passed before; says whether its end is there.
    pub(crate) fn judge(&self, head: &[u8], seen: usize) -> Result<bool, HeadError> {
        let window = head.get(..self.head_bytes_max).unwrap_or(head);
        let Some((start_line, fields)) = split_once(window, b'\n') else {
            self.judge_start(window, seen, false)?;
            return self.judge_size(head);
        };
        if seen <= start_line.len() {
            self.judge_start(start_line, seen, true)?;
        }
        let news = window.get(seen..).unwrap_or_default();
        let mut rest = fields;
        if memchr(b'\n', news).is_none() {
            // A trickled line: those before it passed, and need no second look.
            let line_start = memrchr(b'\n', fields).map_or(0, |at| at + 1);
            rest = fields.get(line_start..).unwrap_or_default();
        }
        let mut count = 0;
        while let Some((line, after)) = split_once(rest, b'\n') {
            if line == b"\r" {
                return Ok(true);
            }
            self.judge_field(line, true)?;
            count += 1;
            if count > self.fields_max {
                return Err(HeadError::TooManyFields);
            }
            rest = after;
        }
        self.judge_field(rest, false)?;
        self.judge_size(head)
    }

    fn judge_start(&self, line: &[u8], seen: usize, ended: bool) -> Result<(), HeadError> {
        let text = line.strip_suffix(b"\r");
        let has_line_end = ended && text.is_some();
        let text = text.unwrap_or(line);
        let within = text.get(..self.start_line_bytes_max).unwrap_or(text);
        let is_long = within.len() < text.len();
        // One byte back: a CR at the end of the last read was not judged then.
        (self.judge_start_line)(within, seen.saturating_sub(1), has_line_end && !is_long)?;
        if is_long {
            return Err(HeadError::StartLineTooLong);
        }
        if ended && !has_line_end {
            return Err(HeadError::BadLineEnd);
        }
        Ok(())
    }

    fn judge_field(&self, line: &[u8], ended: bool) -> Result<(), HeadError> {
        let text = line.strip_suffix(b"\r");
        if text.unwrap_or(line).len() > self.field_bytes_max {
            return Err(HeadError::FieldTooLarge);
        }
        if ended && text.is_none() {
            return Err(HeadError::BadLineEnd);
        }
        Ok(())
    }

    fn judge_size(&self, head: &[u8]) -> Result<bool, HeadError> {
        if head.len() > self.head_bytes_max {
            return Err(HeadError::HeadTooLarge);
        }
        Ok(false)
    }
}

/// Where the head begins: after a few empty lines.
pub(crate) fn skip_empty_lines(bytes: &[u8]) -> usize {
    let lines = bytes.chunks_exact(2).take(EMPTY_LINES_MAX);
    2 * lines.take_while(|line| line == b"\r\n").count()
}

/// Whether the end of a head may be there, knowing that it was not among the first `seen` bytes.
pub(crate) fn may_have_ended(head: &[u8], seen: usize) -> bool {
    // Without news from before, reading is cheaper than searching first.
    seen == 0
        || head
            .get(seen.saturating_sub(3)..)
            .is_some_and(|news| memmem::find(news, b"\r\n\r\n").is_some())
}
