//! Finding a session id in the beginning of a body, as it passes.

use clingfish_model::{
    FieldId, ResponseHead,
    limits::{ID_SEARCH_BYTES_MAX, SESSION_ID_BYTES_MAX},
    stickiness::IdBirth,
};

use super::{events::Events, json::Json};

/// Looks for ids in the first [`ID_SEARCH_BYTES_MAX`] of one body, piece by piece. It keeps what it needs of a piece, so that nothing waits
/// for it.
#[derive(Debug)]
pub struct Finder<'b> {
    births: &'b [IdBirth],
    kind: Kind,
    bytes_left: usize,
    looking: Looking,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looking {
    /// More may come.
    On,
    /// All has been seen where an id could be.
    Done,
    /// The body is not what was expected, or an id is not in its beginning.
    GivenUp,
}

#[derive(Debug)]
enum Kind {
    Json(Json),
    Events(Events),
}

impl<'b> Finder<'b> {
    /// Looks into the body that belongs to `head`; none where no id can be born in it. Its error is a body that cannot be read.
    pub fn new(head: ResponseHead<'_>, births: &'b [IdBirth]) -> Result<Option<Self>, Encoded> {
        if !(200..300).contains(&head.status()) {
            return Ok(None);
        }
        let content = head.value(FieldId::ContentType).unwrap_or_default();
        let is_stream =
            content.get(..STREAM.len()).is_some_and(|start| start.eq_ignore_ascii_case(STREAM));
        let has = |wanted: fn(&IdBirth) -> bool| births.iter().any(wanted);
        let kind = if is_stream && has(|birth| matches!(birth, IdBirth::Event(_))) {
            Kind::Events(Events::default())
        } else if !is_stream && has(|birth| matches!(birth, IdBirth::Json(_))) {
            Kind::Json(Json::default())
        } else {
            return Ok(None);
        };
        let is_encoded = head
            .fields()
            .filter(|line| super::is_named(line.name, "content-encoding"))
            .any(|line| !line.value.eq_ignore_ascii_case(b"identity"));
        if is_encoded {
            return Err(Encoded);
        }
        Ok(Some(Self { births, kind, bytes_left: ID_SEARCH_BYTES_MAX, looking: Looking::On }))
    }

    /// Looks at the next piece. `found` gets each id.
    pub fn feed(&mut self, data: &[u8], mut found: impl FnMut(&[u8])) -> Looking {
        if self.looking != Looking::On {
            return self.looking;
        }
        let piece = data.get(..self.bytes_left).unwrap_or(data);
        self.bytes_left -= piece.len();
        let mut found = |id: &[u8]| {
            if !id.is_empty() && id.len() <= SESSION_ID_BYTES_MAX {
                found(id);
            }
        };
        self.looking = match &mut self.kind {
            Kind::Json(json) => json.feed(piece, self.births, &mut found),
            Kind::Events(events) => events.feed(piece, self.births, &mut found),
        };
        if self.bytes_left == 0 && self.looking == Looking::On {
            self.looking = Looking::GivenUp;
        }
        self.looking
    }

    /// Whether more of the body is to be shown.
    pub fn is_on(&self) -> bool {
        self.looking == Looking::On
    }
}

/// The body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded;

const STREAM: &[u8] = b"text/event-stream";
