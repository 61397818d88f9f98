//! AWS's Query API: ELBv2 and Classic.

use std::sync::Arc;

use clingfish_elb::{
    Api, Call, Code, Error, Members, Plan, World, plan,
    query::Params,
    xml::{self, CONTENT_TYPE},
};
use clingfish_model::DesiredState;
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};
use tokio::task::JoinError;

use super::{
    asked::{Answer, Asked},
    desk::Desk,
    routes::elb_api,
};
use crate::{
    change::{Base, Ground, NotMade, Outline, Planned},
    clock,
    observed::Sighting,
    status::{Enforced, Status},
};

/// What AWS calls the number of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Answers a call.
pub(crate) async fn elb(desk: &Desk, asked: Asked) -> Answer {
    let query = asked.query.as_deref().unwrap_or_default();
    let params = Params::decode_both(query.as_bytes(), &asked.body);
    let call = match params.and_then(Call::of) {
        Ok(call) => call,
        Err(error) => return refused(elb_api(asked.query.as_deref(), &asked.body), &error),
    };
    let api = call.api;
    let answered = if call.is_read_only() {
        look(desk, call).await
    } else {
        change(desk, &asked.author.name, call).await
    };
    answered.unwrap_or_else(|error| refused(api, &error))
}

fn done(api: Api, action: &str, result: &Members) -> Answer {
    let id = request_id();
    let body = xml::response(api, action, result, &id);
    numbered(Answer::new(StatusCode::OK, CONTENT_TYPE, body), id)
}

/// An error as AWS's clients read it.
pub(crate) fn error(status: StatusCode, error: &Error) -> Answer {
    error_of(Api::V2, status, error)
}

fn refused(api: Api, error: &Error) -> Answer {
    let status = StatusCode::from_u16(error.code.status(api));
    error_of(api, status.unwrap_or(StatusCode::BAD_REQUEST), error)
}

fn error_of(api: Api, status: StatusCode, error: &Error) -> Answer {
    let id = request_id();
    numbered(Answer::new(status, CONTENT_TYPE, xml::error(api, error, &id)), id)
}

fn numbered(answer: Answer, id: String) -> Answer {
    match HeaderValue::try_from(id) {
        Ok(id) => answer.with(REQUEST_ID, id),
        Err(_) => answer,
    }
}

/// What actions see, but for what is desired, which a change may be about to replace.
#[derive(Clone, Debug)]
struct Outlook {
    status: Arc<Status>,
    on_loopback: bool,
    host_name: Arc<str>,
}

impl Outlook {
    fn of(desk: &Desk) -> Self {
        Self {
            status: Arc::clone(&desk.status),
            on_loopback: desk.address.ip().is_loopback(),
            host_name: Arc::clone(&desk.tools.host_name),
        }
    }

    fn enforced(&self) -> Result<Enforced, Error> {
        let starting = || Error::new(Code::ServiceUnavailable, "Clingfish is still starting");
        self.status.enforced().ok_or_else(starting)
    }

    fn show<T>(
        &self,
        desired: &DesiredState,
        to: impl FnOnce(&World<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let enforced = self.enforced()?;
        to(&World {
            desired,
            observed: &Sighting::of(&enforced.snapshot),
            now: clock::wall(),
            on_loopback: self.on_loopback,
            host_name: &self.host_name,
        })
    }
}

async fn look(desk: &Desk, call: Call) -> Result<Answer, Error> {
    let (outlook, api, action) = (Outlook::of(desk), call.api, call.action.clone());
    let desired = outlook.enforced()?.desired;
    let look = move || {
        let result = outlook.show(&desired, |world| {
            let Plan { edits, reply, .. } = plan(call, world)?;
            debug_assert!(edits.is_empty(), "whoever only looks changes nothing");
            reply(world)
        });
        result.map(|result| done(api, &action, &result))
    };
    let failed = |error: JoinError| Err(Error::new(Code::ServiceUnavailable, error.to_string()));
    desk.clerks.make(look).await.unwrap_or_else(failed)
}

async fn change(desk: &Desk, author: &str, call: Call) -> Result<Answer, Error> {
    let (outlook, api, action) = (Outlook::of(desk), call.api, call.action.clone());
    let before = outlook.clone();
    let planning = move |base: &Base| {
        let call = call.clone();
        let Plan { edits, touched, reply } =
            before.show(&base.desired, |world| plan(call, world))?;
        Ok(Planned { outline: Outline::Edits(edits), touched, with: reply })
    };
    let made = desk.tools.changes.make(author, &action, Ground::InForce, planning);
    let made = made.await.map_err(not_made)?;
    let result = outlook.show(&made.desired, |world| (made.with)(world))?;
    Ok(done(api, &action, &result))
}

fn not_made(reason: NotMade<Error>) -> Error {
    match reason {
        NotMade::Refused(error) => error,
        NotMade::Invalid(errors) => Error::validation(errors.join("; ")),
        NotMade::Refusal(errors) => {
            Error::new(Code::InvalidConfigurationRequest, errors.join("; "))
        }
        NotMade::File(why) => Error::new(Code::OperationNotPermitted, why),
        NotMade::Leaving => {
            let why = "the process is shutting down, or too busy with other changes; try again";
            Error::new(Code::ServiceUnavailable, why)
        }
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
