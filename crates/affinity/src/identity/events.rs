//! A scan of an event stream's first event.

use clingfish_model::stickiness::IdBirth;

use super::{body::Looking, parameter, percent_decoded};

/// Where a scan stands.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that is being read.
    line: Vec<u8>,
    /// The event has data.
    has_data: bool,
    /// The last byte was a CR, which an LF may follow.
    after_cr: bool,
}

impl Events {
    pub(super) fn feed(
        &mut self,
        data: &[u8],
        births: &[IdBirth],
        found: &mut impl FnMut(&[u8]),
    ) -> Looking {
        for byte in data {
            let after_cr = std::mem::replace(&mut self.after_cr, *byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    if line.is_empty() && self.has_data {
                        return Looking::Done;
                    }
                    if let Some(data) = line.strip_prefix(b"data:") {
                        self.has_data = true;
                        show(data, births, found);
                    }
                }
                // As long as a search at the most.
                _ => self.line.push(*byte),
            }
        }
        Looking::On
    }
}

/// Shows the ids that are query parameters of a URL in `data`.
fn show(data: &[u8], births: &[IdBirth], found: &mut impl FnMut(&[u8])) {
    let Some(query) = data.splitn(2, |c| *c == b'?').nth(1) else { return };
    let is_end = |c: &u8| matches!(c, b'#' | b'"' | b'\'' | b'<' | b'>') || c.is_ascii_whitespace();
    let query = query.split(is_end).next().unwrap_or_default();
    for birth in births {
        if let IdBirth::Event(name) = birth
            && let Some(id) = parameter(query, name)
        {
            found(&percent_decoded(id));
        }
    }
}
