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

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use http_body_util::Full;
    use hyper::{Request, body::Frame};

    use super::*;

    fn head(method: Method, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn zeros(length: usize) -> Full<Bytes> {
        Full::new(Bytes::from(vec![b'0'; length]))
    }

    /// A body of unknown length: what is left of it comes in pieces, and then its end, or nothing.
    struct Pieces {
        left: usize,
        then: Poll<Option<Result<Frame<Bytes>, std::io::Error>>>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            if self.left == 0 {
                return std::mem::replace(&mut self.then, Poll::Pending);
            }
            let length = self.left.min(64 * 1024);
            self.left -= length;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'0'; length])))))
        }
    }

    #[tokio::test]
    async fn a_body_is_of_a_type_that_is_taken_or_empty() {
        for (fields, length, expected) in [
            ([("content-type", "application/json")].as_slice(), 3, Ok(3)),
            (&[("content-type", "Application/JSON ; charset=utf-8")], 3, Ok(3)),
            (&[("content-type", "application/merge-patch+json")], 3, Ok(3)),
            (&[], 0, Ok(0)),
            (&[("content-type", "text/plain")], 0, Ok(0)),
            (&[], 3, Err(Refusal::ContentType(JSON))),
            (&[("content-type", "text/plain")], 3, Err(Refusal::ContentType(JSON))),
            (&[("content-type", "application/jsonp")], 3, Err(Refusal::ContentType(JSON))),
            (
                &[("content-type", "text/plain"), ("content-type", "application/json")],
                3,
                Err(Refusal::ContentType(JSON)),
            ),
            (
                &[("content-type", "application/json"), ("content-encoding", "gzip")],
                3,
                Err(Refusal::ContentType(JSON)),
            ),
        ] {
            let read = read(&head(Method::PUT, fields), zeros(length), JSON).await;
            assert_eq!(read.map(|body| body.len()), expected, "{fields:?}");
        }
    }

    #[tokio::test]
    async fn what_comes_with_a_get_is_not_read() {
        let get = head(Method::GET, &[]);
        assert_eq!(read(&get, zeros(3), FORM).await, Ok(Bytes::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_whole_and_bounded() {
        let post = head(Method::POST, &[("content-type", FORM)]);
        let max = ADMIN_BODY_BYTES_MAX;
        let length = |read: Result<Bytes, Refusal>| read.map(|body| body.len());
        assert_eq!(length(read(&post, zeros(max), FORM).await), Ok(max));
        assert_eq!(read(&post, zeros(max + 1), FORM).await, Err(Refusal::BodyTooLarge));
        let broken = || Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
        for (left, then, expected) in [
            (max, Poll::Ready(None), Ok(max)),
            (max + 1, Poll::Pending, Err(Refusal::BodyTooLarge)),
            (3, broken(), Err(Refusal::BodyBroken)),
            (3, Poll::Pending, Err(Refusal::BodyTooSlow)),
        ] {
            assert_eq!(length(read(&post, Pieces { left, then }, FORM).await), expected, "{left}");
        }
    }
}
