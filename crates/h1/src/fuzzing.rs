//! What must hold for any bytes, as functions for fuzzers and property tests. They panic where it does not.

use std::fmt::Debug;

use clingfish_model::{
    Field, RequestHead, Span,
    head::{RequestParts, ResponseParts},
    listener::RequestLimits,
};

use crate::{
    BodyDecoder, BodyError, BodyLength, HeadError, Progress, RequestContext, Upgrade,
    desync::classify_refused,
    downgrade::{self, Pseudo},
    parse_request, parse_response, write,
};

/// Limits that short inputs reach.
const SMALL: RequestLimits = RequestLimits {
    request_line_bytes_max: 24,
    field_bytes_max: 20,
    head_bytes_max: 64,
    fields_max: 3,
    response_head_bytes_max: 64,
    body_bytes_max: None,
};

/// Reads bytes as a request head, and classifies what is refused: at once and cut, with default and with small limits.
pub fn request_head(data: &[u8]) {
    for limits in [RequestLimits::default(), SMALL] {
        same_however_cut(data, |bytes, seen| {
            let mut parts = RequestParts::default();
            let progress = parse_request(bytes, seen, &limits, &mut parts)
                .map_err(|error| (error, classify_refused(bytes, error)))?;
            if let Progress::Complete(framing) = progress {
                let spans = [parts.method_name, parts.path_and_query, parts.authority];
                assert_inside(&spans, parts.fields.all(), framing.head_len, bytes);
                assert!(!parts.path_and_query.is_empty(), "a target has a path");
                assert_ne!(framing.body, BodyLength::UntilClose, "a request has an end");
            }
            Ok::<_, (HeadError, _)>(progress)
        });
    }
}

/// Reads bytes as a response head: at once and cut, with default and with small limits.
pub fn response_head(data: &[u8]) {
    let asked = RequestContext { head_request: false, upgrade: Some(Upgrade::WebSocket) };
    for (limits, request) in [(RequestLimits::default(), asked), (SMALL, RequestContext::default())]
    {
        same_however_cut(data, |bytes, seen| {
            let mut parts = ResponseParts::default();
            let progress = parse_response(bytes, seen, &limits, request, &mut parts)?;
            if let Progress::Complete(framing) = progress {
                assert_inside(&[parts.reason], parts.fields.all(), framing.head_len, bytes);
                assert!((100..=999).contains(&parts.status), "a status has three digits");
                let lasts = framing.body == BodyLength::UntilClose;
                assert!(!(lasts && framing.persistent), "a closed connection is over");
            }
            Ok::<_, HeadError>(progress)
        });
    }
}

/// Reads lines as a request of HTTP/2: `:method`, `:path`, `:authority`, then names and values in turn. What passes is written
/// as HTTP/1, and must read as that one request.
pub fn downgrade(data: &[u8]) {
    // NUL and line ends are what must not pass, so the parts are apart by a byte that no text has.
    let mut parts = data.split(|&byte| byte == 0xfe);
    let mut next = || parts.next().unwrap_or_default();
    let (method, path, authority) = (next(), next(), next());
    let rest: Vec<&[u8]> = parts.take(40).collect();
    let lines = || rest.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
    let pseudo = Pseudo {
        method,
        scheme: Some(b"https"),
        authority: Some(authority).filter(|authority| !authority.is_empty()),
        path: Some(path),
        protocol: None,
    };
    let Ok(judged) = downgrade::judge(&pseudo, lines(), |_, _, _| Ok(())) else { return };
    let forwarded = || lines().filter(|(name, _)| *name != b"host");
    let mut bytes = Vec::new();
    write::request_line(&mut bytes, method, path);
    write::field(&mut bytes, b"host", judged.authority);
    for (name, value) in forwarded() {
        write::field(&mut bytes, name, value);
    }
    write::head_end(&mut bytes);
    let limits = RequestLimits {
        request_line_bytes_max: usize::MAX,
        field_bytes_max: usize::MAX,
        head_bytes_max: usize::MAX,
        ..RequestLimits::default()
    };
    let mut parts = RequestParts::default();
    let framing = match parse_request(&bytes, 0, &limits, &mut parts) {
        Ok(Progress::Complete(framing)) => framing,
        other => panic!("{other:?}: {}", bytes.escape_ascii()),
    };
    let length = judged.content_length.map_or(BodyLength::None, BodyLength::Known);
    assert_eq!((framing.head_len, framing.body), (bytes.len(), length), "it is one request");
    let head = RequestHead::new(&bytes, &parts);
    assert_eq!((head.method_name(), head.path_and_query()), (method, path), "and the same one");
    let read = head.fields().skip(1).map(|line| (line.name, line.value));
    assert!(read.eq(forwarded()), "its fields are the same");
}

/// Reads bytes as a chunked body: at once and cut.
pub fn chunked(data: &[u8]) {
    let whole = decode(data, usize::MAX);
    for step in [1, 2, 3, 7] {
        assert_eq!(decode(data, step), whole, "cut every {step} bytes");
    }
}

/// Reads `data` at once, then cut in several ways, and compares. `read` takes bytes and how many of them were seen.
fn same_however_cut<T: PartialEq + Debug + Copy, E: PartialEq + Debug>(
    data: &[u8],
    read: impl Fn(&[u8], usize) -> Result<Progress<T>, E>,
) {
    let whole = read(data, 0);
    for step in [1, 2, 3, 5, 17] {
        let mut seen = 0;
        let mut outcome = Ok(Progress::Partial);
        while seen < data.len() && outcome == Ok(Progress::Partial) {
            let end = data.len().min(seen + step);
            outcome = read(data.get(..end).unwrap_or_default(), seen);
            seen = end;
        }
        assert_eq!(outcome, whole, "cut every {step} bytes");
    }
}

/// Every position is inside the head, names are there, and every line ends where the next begins.
fn assert_inside(spans: &[Span], fields: &[Field], head_len: usize, bytes: &[u8]) {
    assert!(head_len <= bytes.len(), "a head is inside its bytes");
    for span in spans {
        assert!(span.is_empty() || span.end() <= head_len, "{span:?} in the head");
    }
    for field in fields {
        assert!(!field.name.is_empty(), "a field has a name");
        assert!(field.name.end() < field.value.start(), "a colon is between");
        assert!(field.value.end() + 4 <= head_len, "{field:?} in the head");
        let value = field.value.of(bytes);
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "a value is one line");
    }
}

/// Body, trailers, bytes used, and how it went.
type DecodedWhole = (Vec<u8>, Vec<u8>, usize, Result<bool, BodyError>);

/// Decodes a chunked body that comes in pieces of `step` bytes.
fn decode(data: &[u8], step: usize) -> DecodedWhole {
    let mut decoder = BodyDecoder::new(BodyLength::Chunked, Some(1024));
    let mut body = Vec::new();
    let mut used = 0;
    let mut outcome = Ok(false);
    'pieces: for piece in data.chunks(step.min(data.len().max(1))) {
        let mut rest = piece;
        while !rest.is_empty() {
            let decoded = match decoder.decode(rest) {
                Ok(decoded) => decoded,
                Err(error) => {
                    outcome = Err(error);
                    break 'pieces;
                }
            };
            assert!(decoded.consumed <= rest.len(), "never more than there is");
            assert!(decoded.data.end <= decoded.consumed, "data is consumed");
            assert!(decoded.consumed > 0, "each call gets on");
            body.extend_from_slice(rest.get(decoded.data).unwrap_or_default());
            used += decoded.consumed;
            rest = rest.get(decoded.consumed..).unwrap_or_default();
            if decoded.is_complete {
                outcome = Ok(true);
                break 'pieces;
            }
        }
    }
    if outcome.is_err() {
        // Where in a piece an error is found is not counted.
        used = 0;
    }
    (body, decoder.trailers().to_vec(), used, outcome)
}
