//! Self-tests of listeners: starts them, shows how far they are, and cancels them.

use std::sync::Arc;

use clingfish_model::limits::{CHECK_CLIENTS_MAX, CHECK_TEXT_BYTES_MAX};
use hyper::{
    StatusCode,
    header::{HeaderValue, LOCATION},
};
use serde_json::{Map, Value, json};

use super::{JSON, fault::Fault, wire};
use crate::{
    admin::{
        asked::{Answer, Asked},
        desk::Desk,
    },
    checks::{CheckPlan, Course, NoAim, NotBegun, Run, aim},
    status::Enforced,
};

const KEYS: [&str; 7] = ["listener", "host", "path", "identify", "websocket", "requests", "skip"];

/// Begins one; its answer tells where to look how far it is.
pub(super) fn start(desk: &Desk, asked: &Asked) -> Result<Answer, Fault> {
    let now = super::enforced(desk)?;
    let plan = plan(&now, &wire::object(&asked.body)?)?;
    let run = desk.tools.checks.begin(plan, &asked.author.name, &desk.status)?;
    let body = format!("{}\n", whole(&run));
    let answer = Answer::new(StatusCode::ACCEPTED, JSON, body);
    Ok(match HeaderValue::try_from(format!("/v1/checks/{}", run.id)) {
        Ok(place) => answer.with(LOCATION, place),
        Err(_) => answer,
    })
}

/// All that are remembered, the newest first, without their stories.
pub(super) fn all(desk: &Desk) -> Value {
    let all = desk.tools.checks.all();
    json!({ "checks": all.iter().rev().map(|run| head(run, &run.course())).collect::<Value>() })
}

pub(super) fn one(desk: &Desk, id: &str) -> Result<Value, Fault> {
    find(desk, id).map(|run| whole(&run))
}

/// Ends one that runs; of one that has ended, tells how.
pub(super) fn cancel(desk: &Desk, asked: &Asked, id: &str) -> Result<Value, Fault> {
    let run = find(desk, id)?;
    desk.tools.checks.cancel(&run, &asked.author.name);
    Ok(whole(&run))
}

fn find(desk: &Desk, id: &str) -> Result<Arc<Run>, Fault> {
    let found = id.parse().ok().and_then(|id| desk.tools.checks.find(id));
    let none = || {
        Fault::not_found(format!(
            "there is no check {id}: the last few of this process are remembered; see /v1/checks"
        ))
    };
    found.ok_or_else(none)
}

/// What a body asks for, on what is in force.
fn plan(now: &Enforced, fields: &Map<String, Value>) -> Result<CheckPlan, Fault> {
    wire::only(fields, &KEYS)?;
    let missing = || Fault::invalid("listener is missing: a name of /v1/listeners");
    let (listener, address) = aim(now, wire::text(fields, "listener")?.ok_or_else(missing)?)?;
    let text = |key| bounded(key, wire::text(fields, key)?);
    let path = text("path")?.unwrap_or_else(|| "/".to_owned());
    check_path("path", &path)?;
    let websocket = text("websocket")?;
    websocket.as_deref().map_or(Ok(()), |path| check_path("websocket", path))?;
    let host = text("host")?;
    host.as_deref().map_or(Ok(()), check_host)?;
    Ok(CheckPlan {
        listener: listener.name.clone(),
        address,
        is_tls: listener.tls.is_some(),
        host,
        path,
        identify: text("identify")?,
        websocket,
        requests: requests(fields.get("requests"))?,
        skip: skip(fields.get("skip"))?,
    })
}

/// A text that is not too long; an empty one is none.
fn bounded(key: &str, text: Option<&str>) -> Result<Option<String>, Fault> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.len() > CHECK_TEXT_BYTES_MAX => {
            Err(Fault::invalid(format!("{key} is longer than {CHECK_TEXT_BYTES_MAX} bytes")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn check_path(key: &str, path: &str) -> Result<(), Fault> {
    if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "{key} is a path of this listener, such as /cart: it begins with a slash, and other characters than printable ASCII are written as %XX"
    )))
}

/// A host cannot turn into more of a URL than that: where connections go is not for the body to say, whatever it holds.
fn check_host(host: &str) -> Result<(), Fault> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if host.bytes().all(is_fit) {
        return Ok(());
    }
    Err(Fault::invalid("host is a name, such as shop.example, with a port where clients say one"))
}

fn requests(value: Option<&Value>) -> Result<Option<usize>, Fault> {
    let wrong = || {
        Fault::invalid(format!("requests is a number of clients, from 4 to {CHECK_CLIENTS_MAX}"))
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            let number = number.filter(|number| (4..=CHECK_CLIENTS_MAX).contains(number));
            number.map(Some).ok_or_else(wrong)
        }
    }
}

fn skip(value: Option<&Value>) -> Result<Vec<String>, Fault> {
    let wrong = || Fault::invalid("skip is a list of promises, such as [\"parallel-first\"]");
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(names)) => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// What is known of one without its story.
fn head(run: &Run, course: &Course) -> Value {
    let plan = &run.plan;
    let count = |outcome: &str| {
        course
            .promises
            .iter()
            .filter(|promise| promise.get("outcome").is_some_and(|one| one == outcome))
            .count()
    };
    json!({
        "id": run.id,
        "state": course.state.as_str(),
        "who": &*run.who,
        "began_at": wire::time(run.began_at),
        "ended_at": course.ended_at.map(wire::time),
        "listener": plan.listener.as_str(),
        "url": plan.url(),
        "address": plan.address.to_string(),
        "identify": plan.identify,
        "kept": count("kept"),
        "broken": count("broken"),
        "could_not_tell": count("could-not-tell"),
        "error": course.error,
    })
}

/// All that is known of one.
fn whole(run: &Run) -> Value {
    // Once: it goes on meanwhile.
    let course = run.course();
    let mut value = head(run, &course);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("note".to_owned(), note(run).into());
        fields.insert("progress".to_owned(), course.lines.into());
        fields.insert("promises".to_owned(), course.promises.into());
        fields.insert("report".to_owned(), course.report.unwrap_or_default());
    }
    value
}

/// What a report does not tell by itself.
fn note(run: &Run) -> Option<&'static str> {
    run.plan.is_tls.then_some(
        "The certificate was not looked at: it is for the names that clients use. `clingfish check` does look at it.",
    )
}

impl From<NoAim> for Fault {
    fn from(reason: NoAim) -> Self {
        Self::invalid(reason.to_string())
    }
}

impl From<NotBegun> for Fault {
    fn from(reason: NotBegun) -> Self {
        match reason {
            NotBegun::Busy(id) => Self::conflict(format!(
                "check {id} still runs, and one runs at a time: wait for it, or DELETE /v1/checks/{id}"
            )),
            NotBegun::Unfit(why) => Self::invalid(why),
            NotBegun::Leaving => Self::unavailable("the process is shutting down"),
        }
    }
}
