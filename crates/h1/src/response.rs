//! Response heads.

use clingfish_model::{Version, head::ResponseParts, limits::FIELDS_MAX, listener::RequestLimits};

use crate::{
    BodyLength, HeadError, Progress, Upgrade,
    bytes::split_once,
    facts::Facts,
    fields,
    lines::{self, LineRules},
    status_line,
};

/// What must be known of the request to read its response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestContext {
    /// Whether it was a HEAD.
    pub head_request: bool,
    /// The change of protocol that was asked of the target.
    pub upgrade: Option<Upgrade>,
}

/// Which kind of response it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// 1xx but 101: another head follows.
    Interim,
    /// 101, asked for: what follows is the other protocol.
    SwitchingProtocols,
    /// The answer.
    Final,
}

/// What a response head says about what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseFraming {
    /// Bytes of the head.
    pub head_len: usize,
    /// How the end of the body is found.
    pub body: BodyLength,
    /// Whether the connection may carry another request afterwards.
    pub persistent: bool,
    /// Which kind of response it is.
    pub kind: ResponseKind,
}

/// Reads a response head from the front of `bytes`, or says that it has no end yet. As [`crate::parse_request`].
pub fn parse_response(
    bytes: &[u8],
    seen: usize,
    limits: &RequestLimits,
    request: RequestContext,
    parts: &mut ResponseParts,
) -> Result<Progress<ResponseFraming>, HeadError> {
    let rules = rules(limits);
    let seen = seen.min(bytes.len());
    let outcome = if lines::may_have_ended(bytes, seen) {
        read(bytes, request, &rules, parts)
    } else {
        Ok(None)
    };
    match outcome {
        Ok(Some(framing)) if rules.fits(framing.head_len) => Ok(Progress::Complete(framing)),
        Ok(Some(framing)) => {
            rules.judge(bytes.get(..framing.head_len).unwrap_or_default(), 0)?;
            Ok(Progress::Complete(framing))
        }
        Ok(None) => {
            rules.judge(bytes, seen)?;
            Ok(Progress::Partial)
        }
        Err(error) if rules.judge(bytes, 0)? => Err(error),
        Err(_) => Ok(Progress::Partial),
    }
}

fn rules(limits: &RequestLimits) -> LineRules {
    LineRules {
        start_line_bytes_max: limits.request_line_bytes_max,
        field_bytes_max: limits.field_bytes_max,
        head_bytes_max: limits.response_head_bytes_max,
        fields_max: limits.fields_max.min(FIELDS_MAX),
        judge_start_line: status_line::judge,
    }
}

fn read(
    bytes: &[u8],
    request: RequestContext,
    rules: &LineRules,
    parts: &mut ResponseParts,
) -> Result<Option<ResponseFraming>, HeadError> {
    let Some((line, _)) = split_once(bytes, b'\n') else {
        return Ok(None);
    };
    let line = line.strip_suffix(b"\r").ok_or(HeadError::BadLineEnd)?;
    let line = status_line::read(line)?;
    let mut room = fields::room();
    let mut tokens = httparse::Response::new(&mut []);
    let places = room.get_mut(..rules.fields_max).unwrap_or_default();
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut tokens,
        bytes,
        places,
    );
    let httparse::Status::Complete(len) = parsed.map_err(fields::error)? else {
        return Ok(None);
    };
    if !bytes.get(..len).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
        return Err(HeadError::BadLineEnd);
    }
    let facts = fields::place(bytes, tokens.headers, &mut parts.fields)?;
    parts.status = line.status;
    parts.version = line.version;
    parts.reason = line.reason;
    frame(&facts, request, parts, len).map(Some)
}

fn frame(
    facts: &Facts<'_>,
    request: RequestContext,
    parts: &ResponseParts,
    head_len: usize,
) -> Result<ResponseFraming, HeadError> {
    let stated = facts.stated_length(parts.version)?;
    let kind = kind(facts, request, parts)?;
    let is_bare = matches!(parts.status, 100..=199 | 204);
    let body = if is_bare || request.head_request || parts.status == 304 {
        BodyLength::None
    } else {
        stated.unwrap_or(BodyLength::UntilClose)
    };
    // A length where none may be: whoever sent it may send the bytes too.
    let is_suspect = is_bare && !matches!(stated, None | Some(BodyLength::Known(0)));
    Ok(ResponseFraming {
        head_len,
        body,
        persistent: facts.is_persistent(parts.version)
            && body != BodyLength::UntilClose
            && !is_suspect,
        kind,
    })
}

fn kind(
    facts: &Facts<'_>,
    request: RequestContext,
    parts: &ResponseParts,
) -> Result<ResponseKind, HeadError> {
    match parts.status {
        101 => {}
        100..=199 => return Ok(ResponseKind::Interim),
        _ => return Ok(ResponseKind::Final),
    }
    let is_asked = request.upgrade.is_some() && request.upgrade == facts.protocols.upgrade();
    if is_asked && parts.version == Version::Http11 {
        Ok(ResponseKind::SwitchingProtocols)
    } else {
        Err(HeadError::UnaskedUpgrade)
    }
}
