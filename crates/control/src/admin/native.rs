//! The native API, below `/v1`.

use hyper::StatusCode;

use super::{
    asked::{Answer, Asked},
    desk::Desk,
    refusal::Refusal,
    routes::Place,
};

const JSON: &str = "application/json";

/// Answers a request.
pub(crate) async fn v1(_desk: &Desk, _asked: Asked) -> Answer {
    Refusal::NotFound.answer(Place::Native)
}

/// An error as clients of `/v1` read it. `code` and `message` need no escaping.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"{message}\"}}}}\n");
    Answer::new(status, JSON, body)
}
