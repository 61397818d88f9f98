//! The body of a request: whole, of a type that is taken, and not too long in any way.

use bytes::Bytes;
use clingfish_model::limits::{ADMIN_BODY_BYTES_MAX, ADMIN_BODY_WITHIN};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    Method,
    body::Body,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
    http::request::Parts,
};

use super::refusal::Refusal;

/// Media types of forms, as the Query API has them.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// Media types that the native API takes, as `Accept` lists them.
pub(crate) const JSON: &str = "application/json, application/merge-patch+json";

/// Reads a body of one of the types in `taken`. GET and HEAD have none; what comes with them nevertheless is not read.
pub(crate) async fn read<B>(head: &Parts, body: B, taken: &'static str) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if matches!(head.method, Method::GET | Method::HEAD) || body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if !is_taken(head, taken) {
        return Err(Refusal::ContentType(taken));
    }
    if body.size_hint().lower() > ADMIN_BODY_BYTES_MAX as u64 {
        return Err(Refusal::BodyTooLarge);
    }
    let body = Limited::new(body, ADMIN_BODY_BYTES_MAX).collect();
    match tokio::time::timeout(ADMIN_BODY_WITHIN, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        Ok(Err(_)) => Err(Refusal::BodyBroken),
        Err(_) => Err(Refusal::BodyTooSlow),
    }
}

/// Whether it is of one of these types, and not packed.
fn is_taken(head: &Parts, taken: &str) -> bool {
    let is_plain = |coding: &[u8]| coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
    let mut fields = head.headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return false;
    };
    let media = field.to_str().unwrap_or("").split(';').next().unwrap_or("").trim();
    taken.split(", ").any(|one| one.eq_ignore_ascii_case(media))
        && head.headers.get_all(CONTENT_ENCODING).iter().all(|field| is_plain(field.as_bytes()))
}
