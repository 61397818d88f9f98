//! Request heads.

use clingfish_model::{
    Method, Span, Version, head::RequestParts, limits::FIELDS_MAX, listener::RequestLimits,
};

use crate::{
    BodyLength, HeadError, Progress, Upgrade,
    bytes::split_once,
    desync,
    facts::{Expectation, Facts},
    fields,
    lines::{self, LineRules},
    request_line, target,
};

/// What a request head says about what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestFraming {
    /// Bytes of the head, empty lines before it included.
    pub head_len: usize,
    /// How the end of the body is found.
    pub body: BodyLength,
    /// Whether another request may follow on the connection.
    pub persistent: bool,
    /// Whether the client waits for a 100 before it sends the body.
    pub expect_continue: bool,
    /// The change of protocol that the client asks for. Never HTTP/2, never with a body, and only with GET.
    pub upgrade: Option<Upgrade>,
    /// Why the request is not compliant, in ALB's terms; none for a compliant one.
    pub desync: Option<desync::Reason>,
}

/// Reads a request head from the front of `bytes`, or says that it has no end yet.
///
/// `seen` is how many of the bytes an earlier call looked at: so a head that trickles in costs linear time. It is 0 for
/// a new head. `parts` holds positions in `bytes`; it is meaningful after `Complete` only. What comes before the end
/// of a head, and how it is cut into calls, never changes the outcome.
pub fn parse_request(
    bytes: &[u8],
    seen: usize,
    limits: &RequestLimits,
    parts: &mut RequestParts,
) -> Result<Progress<RequestFraming>, HeadError> {
    let start = lines::skip_empty_lines(bytes);
    let head = bytes.get(start..).unwrap_or_default();
    let seen = seen.saturating_sub(start).min(head.len());
    let rules = rules(limits);
    let outcome = if lines::may_have_ended(head, seen) {
        read(bytes, start, &rules, parts)
    } else {
        Ok(None)
    };
    match outcome {
        Ok(Some(framing)) if rules.fits(framing.head_len) => Ok(Progress::Complete(framing)),
        Ok(Some(framing)) => {
            let end = framing.head_len;
            rules.judge(bytes.get(start..end).unwrap_or_default(), 0)?;
            Ok(Progress::Complete(framing))
        }
        Ok(None) => {
            rules.judge(head, seen)?;
            Ok(Progress::Partial)
        }
        // The lines have the first word, so that the error does not depend on how the bytes came in.
        Err(error) if rules.judge(head, 0)? => Err(error),
        Err(_) => Ok(Progress::Partial),
    }
}

fn rules(limits: &RequestLimits) -> LineRules {
    LineRules {
        start_line_bytes_max: limits.request_line_bytes_max,
        field_bytes_max: limits.field_bytes_max,
        head_bytes_max: limits.head_bytes_max,
        fields_max: limits.fields_max.min(FIELDS_MAX),
        judge_start_line: request_line::judge,
    }
}

/// Reads a head that begins at `start`, if its end is there.
fn read(
    bytes: &[u8],
    start: usize,
    rules: &LineRules,
    parts: &mut RequestParts,
) -> Result<Option<RequestFraming>, HeadError> {
    let head = bytes.get(start..).unwrap_or_default();
    let Some((line, _)) = split_once(head, b'\n') else {
        return Ok(None);
    };
    let line = line.strip_suffix(b"\r").ok_or(HeadError::BadLineEnd)?;
    let line = request_line::read(line)?;
    let mut room = fields::room();
    let mut tokens = httparse::Request::new(&mut []);
    let places = room.get_mut(..rules.fields_max).unwrap_or_default();
    let parsed = tokens.parse_with_uninit_headers(head, places);
    let httparse::Status::Complete(len) = parsed.map_err(fields::error)? else {
        return Ok(None);
    };
    if !head.get(..len).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
        return Err(HeadError::BadLineEnd);
    }
    let facts = fields::place(bytes, tokens.headers, &mut parts.fields)?;
    parts.method_name = shift(line.method, start);
    parts.method = Method::of(parts.method_name.of(bytes));
    parts.version = line.version;
    let target = shift(line.target, start);
    let target = target::read(bytes, parts.method, line.version, target, facts.host)?;
    parts.path_and_query = target.path_and_query;
    parts.authority = target.authority;
    let mut framing = frame(&facts, parts, start + len)?;
    if facts.is_unusual(parts.method) {
        framing.desync = desync::classify(head.get(..len).unwrap_or_default());
    }
    Ok(Some(framing))
}

fn shift(span: Span, by: usize) -> Span {
    Span::new(span.start() + by, span.end() - span.start())
}

fn frame(
    facts: &Facts<'_>,
    parts: &RequestParts,
    head_len: usize,
) -> Result<RequestFraming, HeadError> {
    let body = facts.stated_length(parts.version)?;
    let body = body.unwrap_or(BodyLength::None);
    let has_body = !matches!(body, BodyLength::None | BodyLength::Known(0));
    let is_modern = parts.version == Version::Http11;
    let expects = match facts.expectation {
        Expectation::Unknown => return Err(HeadError::UnknownExpectation),
        Expectation::Continue => is_modern && has_body,
        Expectation::None => false,
    };
    let may_upgrade =
        facts.connection.upgrade && is_modern && parts.method == Method::Get && !has_body;
    Ok(RequestFraming {
        head_len,
        body,
        persistent: facts.is_persistent(parts.version),
        expect_continue: expects,
        upgrade: facts.protocols.upgrade().filter(|_| may_upgrade),
        desync: None,
    })
}
