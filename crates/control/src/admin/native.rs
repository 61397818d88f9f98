//! The native API, below `/v1`: what ELB has no words for. `docs/api.md` tells of it, [`OPENAPI`] is its contract.

mod change;
mod course;
mod explain;
mod fault;
mod groups;
mod history;
mod listeners;
mod overview;
mod route;
mod targets;
mod what_if;
mod wire;

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{ETAG, HeaderValue, LOCATION},
};
use serde_json::{Value, json};

use self::{
    fault::Fault,
    route::{Found, To},
};
use super::{
    asked::{Answer, Asked},
    desk::Desk,
};
use crate::status::Enforced;

const JSON: &str = "application/json";

/// The contract, as OpenAPI 3.1 writes it.
pub(crate) const OPENAPI: &str = include_str!("native/openapi.json");

/// Answers a request.
pub(crate) async fn v1(desk: &Desk, asked: Asked) -> Answer {
    let found = match route::find(&asked.method, &asked.path) {
        Ok(found) => found,
        Err(fault) => return fault.answer(),
    };
    answer(desk, &asked, &found).await.unwrap_or_else(|fault| fault.answer())
}

/// An error as clients of `/v1` read it.
pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = json!({ "error": { "code": code, "message": message } });
    Answer::new(status, JSON, format!("{body}\n"))
}

async fn answer(desk: &Desk, asked: &Asked, found: &Found) -> Result<Answer, Fault> {
    let now = || enforced(desk);
    let name = || found.name(0);
    match found.to {
        To::Index => Ok(whole(&overview::index(desk))),
        To::OpenApi => Ok(Answer::new(StatusCode::OK, JSON, OPENAPI)),
        To::State => now().map(|now| tagged(overview::state(desk, &now), now.desired_since)),
        To::LoadBalancers => shown(desk, listeners::balancers),
        To::LoadBalancer => shown_one(desk, |now| listeners::balancer(now, name()?)),
        To::Listeners => shown(desk, listeners::listeners),
        To::Listener => shown_one(desk, |now| listeners::listener(now, name()?)),
        To::TargetGroups => shown(desk, groups::groups),
        To::TargetGroup => {
            let name = name()?.to_owned();
            counted(desk, move |now| groups::group(now, &name)).await
        }
        To::Targets => {
            let name = name()?.to_owned();
            counted(desk, move |now| groups::targets(now, &name)).await
        }
        To::Target => {
            let (name, id) = (name()?.to_owned(), found.name(1)?.to_owned());
            counted(desk, move |now| groups::target(now, &name, &id)).await
        }
        To::GroupHistory => {
            course::group(desk, &now()?, name()?, asked.query.as_deref()).map(|hour| whole(&hour))
        }
        To::TargetHistory => {
            let query = asked.query.as_deref();
            course::target(desk, &now()?, name()?, found.name(1)?, query).map(|hour| whole(&hour))
        }
        To::Verdicts => Ok(whole(&overview::verdicts(desk))),
        To::Keys => now().map(|now| whole(&overview::keys(&now))),
        To::Explain => explain::explain(&now()?, &asked.body).map(|told| whole(&told)),
        To::WhatIf => what_if(desk, asked).await,
        To::Revisions => history::revisions(desk).await.map(|all| whole(&all)),
        To::Revision => history::revision(desk, found.number(0)?).await.map(|one| whole(&one)),
        To::Diff => history::diff(desk, asked.query.as_deref()).await.map(|diff| whole(&diff)),
        To::Events => history::events(desk, asked.query.as_deref()).await.map(|all| whole(&all)),
        To::Rollback => history::roll_back(desk, asked).await,
        To::ChangeGroup => groups::patch(desk, asked, name()?).await,
        To::ReplaceStickiness => groups::replace_stickiness(desk, asked, name()?).await,
        To::AddTarget => targets::add(desk, asked, name()?).await,
        To::ChangeTarget => targets::change(desk, asked, name()?, found.name(1)?).await,
        To::RemoveTarget => targets::remove(desk, asked, name()?, found.name(1)?).await,
    }
}

/// Tells what a change would do to sessions: the body names its method, its path and its body.
async fn what_if(desk: &Desk, asked: &Asked) -> Result<Answer, Fault> {
    let fields = wire::object(&asked.body)?;
    wire::only(&fields, &["method", "path", "body"])?;
    let text = |key| {
        let missing = || Fault::invalid(format!("{key} is missing: that of the change itself"));
        wire::text(&fields, key)?.ok_or_else(missing)
    };
    let no_method = |_| Fault::invalid("method is PATCH, PUT, POST or DELETE");
    let method = Method::from_bytes(text("method")?.as_bytes()).map_err(no_method)?;
    let body = fields.get("body").map(Value::to_string).unwrap_or_default();
    let change = Asked {
        method,
        path: text("path")?.to_owned(),
        query: None,
        headers: asked.headers.clone(),
        body: body.into(),
        author: asked.author.clone(),
        asks_only: true,
    };
    let found = route::find(&change.method, &change.path)?;
    match found.to {
        To::ChangeGroup
        | To::ReplaceStickiness
        | To::AddTarget
        | To::ChangeTarget
        | To::RemoveTarget => Box::pin(answer(desk, &change, &found)).await,
        _ => Err(Fault::invalid(format!("{} {} changes no sessions", change.method, change.path))),
    }
}

/// What is in force.
fn enforced(desk: &Desk) -> Result<Enforced, Fault> {
    desk.status.enforced().ok_or_else(Fault::starting)
}

fn shown(desk: &Desk, show: impl FnOnce(&Enforced) -> Value) -> Result<Answer, Fault> {
    shown_one(desk, |now| Ok(show(now)))
}

/// Something of desired state, with the tag that a change of it names.
fn shown_one(
    desk: &Desk,
    show: impl FnOnce(&Enforced) -> Result<Value, Fault>,
) -> Result<Answer, Fault> {
    let now = enforced(desk)?;
    Ok(tagged(show(&now)?, now.desired_since))
}

/// As [`shown_one`], for what counts learned sessions, which may be millions.
async fn counted(
    desk: &Desk,
    show: impl FnOnce(&Enforced) -> Result<Value, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    let now = enforced(desk)?;
    let since = now.desired_since;
    let counted = tokio::task::spawn_blocking(move || show(&now)).await;
    let value = counted.unwrap_or_else(|error| Err(Fault::unavailable(error.to_string())))?;
    Ok(tagged(value, since))
}

fn whole(value: &Value) -> Answer {
    Answer::new(StatusCode::OK, JSON, format!("{value}\n"))
}

fn tagged(value: Value, since: u64) -> Answer {
    whole(&value).with(ETAG, tag(since))
}

/// The tag of what is desired since a revision.
fn tag(since: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{since}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Something that a change has made, and where it is.
fn created(answer: Answer, place: &str) -> Answer {
    let answer = Answer { status: StatusCode::CREATED, ..answer };
    match HeaderValue::try_from(place) {
        Ok(place) => answer.with(LOCATION, place),
        Err(_) => answer,
    }
}

/// All tags that a request names in a field.
fn tags_in<'a>(headers: &'a HeaderMap, name: &hyper::header::HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or(""));
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

#[cfg(test)]
pub(crate) use route::ROUTES;
