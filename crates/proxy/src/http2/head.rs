//! Heads of HTTP/2 in the one form that all rooms speak, and back.

use clingfish_h1::{
    BodyLength, HeadError, RequestFraming, ResponseFraming, ResponseKind,
    downgrade::{self, Pseudo},
};
use clingfish_model::{
    FieldId, Method, Version,
    head::{RequestParts, ResponseParts},
    listener::RequestLimits,
};
use http::{HeaderMap, Request, Response, StatusCode, Uri};

use super::fields::{self, Placing};

/// Judges a client's request and writes it into `bytes`, with its positions in `parts`. `ends` says that nothing follows.
pub(crate) fn read_request<B>(
    request: &Request<B>,
    ends: bool,
    limits: &RequestLimits,
    bytes: &mut Vec<u8>,
    parts: &mut RequestParts,
) -> Result<RequestFraming, HeadError> {
    let (uri, map) = (request.uri(), request.headers());
    let protocol = request.extensions().get::<h2::ext::Protocol>();
    let pseudo = Pseudo {
        method: request.method().as_str().as_bytes(),
        scheme: uri.scheme_str().map(str::as_bytes),
        authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
        path: uri.path_and_query().map(|path| path.as_str().as_bytes()),
        protocol: protocol.map(|protocol| protocol.as_str().as_bytes()),
    };
    measure(&pseudo, map, limits)?;
    let mut placing = Placing::begin(bytes, &mut parts.fields, limits.field_bytes_max);
    let judged =
        downgrade::judge(&pseudo, lines(map), |id, name, value| placing.take(id, name, value))?;
    placing.finish(map);
    // RFC 8441: what is an extended CONNECT here is a GET there.
    let method = if judged.upgrade.is_some() { b"GET" } else { pseudo.method };
    parts.method = Method::of(method);
    parts.method_name = fields::append(method, bytes);
    parts.path_and_query = fields::append(pseudo.path.unwrap_or_default(), bytes);
    parts.authority = fields::append(judged.authority, bytes);
    parts.version = Version::Http2;
    let body = match judged.content_length {
        _ if ends || judged.upgrade.is_some() => BodyLength::None,
        Some(length) => BodyLength::Known(length),
        None => BodyLength::Chunked,
    };
    Ok(RequestFraming {
        head_len: bytes.len(),
        body,
        persistent: true,
        expect_continue: judged.expect_continue,
        upgrade: judged.upgrade,
        desync: judged.desync,
    })
}

/// Names and values, in the map's order.
fn lines(map: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    map.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

/// The limits that hold for heads of HTTP/1, but for that on each field; that on the whole is the frame layer's.
fn measure(pseudo: &Pseudo<'_>, map: &HeaderMap, limits: &RequestLimits) -> Result<(), HeadError> {
    if pseudo.path.map_or(0, <[u8]>::len) > limits.request_line_bytes_max {
        Err(HeadError::StartLineTooLong)
    } else if map.len() > limits.fields_max {
        Err(HeadError::TooManyFields)
    } else {
        Ok(())
    }
}

/// Writes a target's response head into `bytes`, with its positions in `parts`. `ends` says that nothing follows.
pub(crate) fn read_response(
    response: &Response<()>,
    ends: bool,
    head_request: bool,
    limits: &RequestLimits,
    bytes: &mut Vec<u8>,
    parts: &mut ResponseParts,
) -> Result<ResponseFraming, HeadError> {
    let (status, map) = (response.status().as_u16(), response.headers());
    if status == 101 {
        // HTTP/2 has no such answer (RFC 9113 section 8.6).
        return Err(HeadError::UnaskedUpgrade);
    }
    if map.len() > limits.fields_max {
        return Err(HeadError::TooManyFields);
    }
    let mut placing = Placing::begin(bytes, &mut parts.fields, usize::MAX);
    let mut length = None;
    for (name, value) in lines(map) {
        let id = downgrade::judge_field(name, value)?;
        if id == FieldId::ContentLength && length.is_none() {
            length = str::from_utf8(value).ok().and_then(|length| length.parse().ok());
        }
        placing.take(id, name, value)?;
    }
    placing.finish(map);
    parts.status = status;
    parts.version = Version::Http2;
    let reason = response.status().canonical_reason().unwrap_or_default();
    parts.reason = fields::append(reason.as_bytes(), bytes);
    let kind =
        if (100..200).contains(&status) { ResponseKind::Interim } else { ResponseKind::Final };
    let body = match length {
        _ if ends || head_request || matches!(status, 100..=199 | 204 | 304) => BodyLength::None,
        Some(length) => BodyLength::Known(length),
        None => BodyLength::Chunked,
    };
    Ok(ResponseFraming { head_len: bytes.len(), body, persistent: true, kind })
}

/// A response for a client, its fields as lines.
pub(crate) fn response(status: u16, lines: &[u8]) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = fields::of_lines(lines);
    response
}

/// A request for a target, its fields as lines without Host. None where it is no URI to others, which the reading of its head
/// should have shown.
pub(crate) fn request(
    method: &[u8],
    scheme: &'static str,
    authority: &[u8],
    path_and_query: &[u8],
    lines: &[u8],
) -> Option<Request<()>> {
    let uri = Uri::builder().scheme(scheme).authority(authority);
    let uri = uri.path_and_query(path_and_query).build().ok()?;
    let mut request = Request::new(());
    *request.method_mut() = http::Method::from_bytes(method).ok()?;
    *request.uri_mut() = uri;
    *request.version_mut() = http::Version::HTTP_2;
    *request.headers_mut() = fields::of_lines(lines);
    Some(request)
}

/// Whether a request is gRPC's.
pub(crate) fn is_grpc(head: clingfish_model::RequestHead<'_>) -> bool {
    let content_type = head.value(FieldId::ContentType).unwrap_or_default();
    let parts = content_type.split_at_checked(b"application/grpc".len());
    parts.is_some_and(|(name, rest)| {
        name.eq_ignore_ascii_case(b"application/grpc")
            && matches!(rest, [] | [b'+' | b';' | b' ', ..])
    })
}
