//! AWS's Query API: ELBv2 and Classic.

use clingfish_elb::{
    Api, Error,
    xml::{self, CONTENT_TYPE},
};
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::{
    asked::{Answer, Asked},
    desk::Desk,
    refusal::Refusal,
    routes::Place,
};

/// What AWS calls the number of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Answers a call.
pub(crate) async fn elb(_desk: &Desk, _asked: Asked) -> Answer {
    Refusal::UnknownAction.answer(Place::Elb)
}

/// An error as AWS's clients read it.
pub(crate) fn error(status: StatusCode, error: &Error) -> Answer {
    let id = request_id();
    let answer = Answer::new(status, CONTENT_TYPE, xml::error(Api::V2, error, &id));
    match HeaderValue::try_from(id) {
        Ok(id) => answer.with(REQUEST_ID, id),
        Err(_) => answer,
    }
}

/// A UUID of version 4.
pub(crate) fn request_id() -> String {
    let mut bytes = [0; 16];
    // It is a name for logs; without randomness it is one that others have too.
    let _ = getrandom::fill(&mut bytes);
    let number =
        u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{number:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_numbered_by_random_uuids() {
        let (one, other) = (request_id(), request_id());
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{one}");
        assert_eq!(&one[14..15], "4", "{one}");
        assert!("89ab".contains(&one[19..20]), "{one}");
    }
}
