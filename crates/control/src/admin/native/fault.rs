//! Why a request to the native API is not answered as it wishes.

use hyper::{
    StatusCode,
    header::{ALLOW, ETAG, HeaderValue},
};
use serde_json::json;

use super::{JSON, tag};
use crate::{
    admin::{asked::Answer, live::TooMany},
    change::NotMade,
};

/// An error: for programs a status and a code, for people a message.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Each by itself, where there are several.
    errors: Vec<String>,
    aside: Aside,
}

/// What a field of the answer says.
#[derive(Debug)]
enum Aside {
    Nothing,
    /// Which methods there are.
    Allowed(String),
    /// The revision since which is desired what is desired.
    Since(u64),
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), errors: Vec::new(), aside: Aside::Nothing }
    }

    /// What is asked for is not there.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The request is not one that can be understood.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// It is understood, and asks for what cannot be.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
    }

    /// Something is in the way.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// Something else is in force than the client believes.
    pub(super) fn precondition(since: u64) -> Self {
        let message = format!(
            "the configuration has changed since: it is \"{since}\" now; look again, then try again"
        );
        let fault = Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", message);
        Self { aside: Aside::Since(since), ..fault }
    }

    /// There are other methods there.
    pub(super) fn method(allowed: &str) -> Self {
        let message = format!("this method is not for this path: it has {allowed}");
        let fault = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message);
        Self { aside: Aside::Allowed(allowed.to_owned()), ..fault }
    }

    /// Nothing is in force yet.
    pub(super) fn starting() -> Self {
        Self::unavailable("Clingfish is still starting: wait for /readyz")
    }

    /// It cannot be done now.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// There are too many streams: of the one who asks, or in all.
    pub(super) fn too_many(streams: TooMany) -> Self {
        let status = match streams {
            TooMany::OfPeer => StatusCode::TOO_MANY_REQUESTS,
            TooMany::InAll => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, "too_many_streams", streams.to_string())
    }

    fn with_errors(self, errors: Vec<String>) -> Self {
        Self { errors, ..self }
    }

    pub(super) fn answer(self) -> Answer {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(fields) = error.as_object_mut().filter(|_| !self.errors.is_empty()) {
            fields.insert("errors".to_owned(), self.errors.into());
        }
        let answer = Answer::new(self.status, JSON, format!("{}\n", json!({ "error": error })));
        match self.aside {
            Aside::Nothing => answer,
            Aside::Since(since) => answer.with(ETAG, tag(since)),
            Aside::Allowed(methods) => match HeaderValue::try_from(methods) {
                Ok(methods) => answer.with(ALLOW, methods),
                Err(_) => answer,
            },
        }
    }
}

impl From<NotMade<Self>> for Fault {
    fn from(reason: NotMade<Self>) -> Self {
        match reason {
            NotMade::Refused(fault) => fault,
            NotMade::Invalid(errors) => Self::invalid(errors.join("; ")).with_errors(errors),
            NotMade::Refusal(errors) => Self::conflict(errors.join("; ")).with_errors(errors),
            NotMade::File(why) => {
                Self::new(StatusCode::CONFLICT, "file", format!("nothing has changed: {why}"))
            }
            NotMade::Leaving => Self::unavailable(
                "the process is shutting down, or too busy with other changes; try again",
            ),
        }
    }
}
