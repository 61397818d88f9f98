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

/// An error as clients of `/v1` read it.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = serde_json::json!({ "error": { "code": code, "message": message } });
    Answer::new(status, JSON, format!("{body}\n"))
}
