//! The native API, below `/v1`: what ELB has no words for. `docs/api.md` tells of it, [`OPENAPI`] is its contract.

mod change;
mod checks;
mod course;
mod explain;
mod fault;
mod groups;
mod history;
mod listeners;
mod live;
mod overview;
mod requests;
mod route;
mod targets;
mod what_if;
mod wire;

use std::sync::Arc;

use hyper::{
    HeaderMap, Method, StatusCode,
    header::{ETAG, HeaderValue, LOCATION},
};
use serde_json::{Value, json};

use self::{
    fault::Fault,
    route::{Found, Look, To},
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
pub(crate) async fn v1(desk: &Arc<Desk>, asked: Asked) -> Answer {
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

async fn answer(desk: &Arc<Desk>, asked: &Asked, found: &Found) -> Result<Answer, Fault> {
    let name = || found.name(0);
    match found.to {
        To::Index => Ok(whole(&overview::index(desk))),
        To::OpenApi => Ok(Answer::new(StatusCode::OK, JSON, OPENAPI)),
        To::Look(wanted) => look(desk, asked, found, wanted).await,
        To::Verdicts => {
            let metrics = desk.metrics.clone();
            made(desk, move || Ok(overview::verdicts(&metrics))).await
        }
        To::Live => live::open(desk, asked),
        To::Keys => enforced(desk).map(|now| whole(&overview::keys(&now))),
        To::WhatIf => what_if(desk, asked).await,
        To::StartCheck => checks::start(desk, asked),
        To::Checks => Ok(whole(&checks::all(desk))),
        To::Check => checks::one(desk, name()?).map(|one| whole(&one)),
        To::CancelCheck => checks::cancel(desk, asked, name()?).map(|one| whole(&one)),
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

/// Shows something of what is in force, which may be much.
async fn look(desk: &Desk, asked: &Asked, found: &Found, wanted: Look) -> Result<Answer, Fault> {
    let now = enforced(desk)?;
    let tag = wanted.has_tag().then(|| tag(now.desired_since));
    let (metrics, found) = (desk.metrics.clone(), found.clone());
    let (query, body) = (asked.query.clone(), asked.body.clone());
    let work = move || {
        let (now, status, query) = (&now, &metrics.status, query.as_deref());
        let name = || found.name(0);
        match wanted {
            Look::State => Ok(state(&metrics, now)),
            Look::LoadBalancers => Ok(listeners::balancers(now)),
            Look::LoadBalancer => listeners::balancer(now, name()?),
            Look::Listeners => Ok(listeners::listeners(now)),
            Look::Listener => listeners::listener(now, name()?),
            Look::TargetGroups => Ok(groups::groups(now)),
            Look::TargetGroup => groups::group(now, name()?),
            Look::Targets => groups::targets(now, name()?),
            Look::Target => groups::target(now, name()?, found.name(1)?),
            Look::GroupHistory => course::group(status, now, name()?, query),
            Look::TargetHistory => course::target(status, now, name()?, found.name(1)?, query),
            Look::Explain => explain::explain(now, &body),
            Look::Requests => requests::list(metrics.registry.recent(), query),
            Look::Request => requests::explain(metrics.registry.recent(), now, name()?),
        }
    };
    let answer = made(desk, work).await?;
    Ok(match tag {
        Some(tag) => answer.with(ETAG, tag),
        None => answer,
    })
}

/// Tells what a change would do to sessions: the body names its method, its path and its body.
async fn what_if(desk: &Arc<Desk>, asked: &Asked) -> Result<Answer, Fault> {
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
        arrival: asked.arrival,
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

/// An answer that may take a while to make.
async fn made(
    desk: &Desk,
    work: impl FnOnce() -> Result<Value, Fault> + Send + 'static,
) -> Result<Answer, Fault> {
    let made = desk.clerks.make(move || work().map(|value| whole(&value))).await;
    made.unwrap_or_else(|error| Err(Fault::unavailable(error.to_string())))
}

fn whole(value: &Value) -> Answer {
    Answer::new(StatusCode::OK, JSON, format!("{value}\n"))
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

pub(super) use overview::state;

#[cfg(test)]
pub(crate) use route::ROUTES;
