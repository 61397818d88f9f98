//! What was changed, by whom, and the way back.

use clingfish_model::limits::EVENTS_KEPT_MAX;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::{change::make_on, fault::Fault, wire};
use crate::{
    admin::{
        asked::{Answer, Asked},
        desk::Desk,
        routes::decoded,
    },
    change::{Base, Ground, Outline},
    history::{Entry, History, masked},
};

/// How many events an answer has, unless it is asked for another number.
const EVENTS: usize = 100;

/// Parameters that a query may have.
const PARAMETERS: [&str; 5] = ["after", "limit", "from", "to", "targets"];

pub(super) async fn events(desk: &Desk, query: Option<&str>) -> Result<Value, Fault> {
    let after = parameter(query, "after")?;
    let limit = parameter(query, "limit")?.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.unwrap_or(EVENTS).min(EVENTS_KEPT_MAX);
    let entries = look(desk, move |history| history.events(after, limit)).await?;
    Ok(json!({ "events": entries.iter().map(event).collect::<Value>() }))
}

fn event(entry: &Entry) -> Value {
    let mut value = entry.to_json();
    if let Some(at) = value.get_mut("at") {
        *at = wire::time(entry.event.at);
    }
    value
}

pub(super) async fn revisions(desk: &Desk) -> Result<Value, Fault> {
    look(desk, |history| {
        let row = |revision: &u64| {
            let maker = history.maker(*revision).map(|entry| &entry.event);
            json!({
                "revision": revision,
                "at": maker.map(|event| wire::time(event.at)),
                "who": maker.map(|event| event.who.as_str()),
                "action": maker.map(|event| event.action.as_str()),
            })
        };
        json!({ "revisions": history.kept().iter().map(row).collect::<Value>() })
    })
    .await
}

pub(super) async fn revision(desk: &Desk, revision: u64) -> Result<Value, Fault> {
    let text = text(desk, revision).await?;
    let shown = masked(text.as_bytes());
    Ok(json!({ "revision": revision, "text": shown }))
}

pub(super) async fn diff(desk: &Desk, query: Option<&str>) -> Result<Value, Fault> {
    let (from, to) = (parameter(query, "from")?, parameter(query, "to")?);
    let (Some(from), Some(to)) = (from, to) else {
        return Err(Fault::bad_request("say which revisions: ?from=17&to=18"));
    };
    has_been(desk, from.max(to))?;
    let diff = look(desk, move |history| history.diff(from, to)).await?;
    let diff = diff.map_err(unreadable)?.ok_or_else(|| not_kept(from.min(to)))?;
    Ok(json!({ "from": from, "to": to, "diff": diff.as_str() }))
}

/// Puts the text of an older revision in force again, as a new revision.
pub(super) async fn roll_back(desk: &Desk, asked: &Asked) -> Result<Answer, Fault> {
    let fields = wire::object(&asked.body)?;
    wire::only(&fields, &["revision"])?;
    let revision = fields.get("revision").and_then(Value::as_u64);
    let missing =
        || Fault::invalid("revision is a number; see /v1/revisions for those that are kept");
    let revision = revision.ok_or_else(missing)?;
    let text = text(desk, revision).await?;
    let plan =
        move |_: &Base| Ok((Outline::Text(text.clone()), vec![format!("revision {revision}")]));
    // Never is this needed more than when the file has errors.
    let action = format!("rollback {revision}");
    let answer = make_on(Ground::Anything, desk, asked, &action, plan).await?;
    debug_assert_eq!(answer.status, StatusCode::OK);
    Ok(answer)
}

/// The text that was in force at a revision, as it was.
async fn text(desk: &Desk, revision: u64) -> Result<String, Fault> {
    has_been(desk, revision)?;
    let text = look(desk, move |history| history.text_at(revision)).await?;
    let text = text.map_err(unreadable)?.ok_or_else(|| not_kept(revision))?;
    String::from_utf8(text)
        .map_err(|_| Fault::conflict(format!("the text of revision {revision} is damaged")))
}

/// Refuses revisions that are still to come.
fn has_been(desk: &Desk, revision: u64) -> Result<(), Fault> {
    let newest = super::enforced(desk)?.snapshot.revision;
    if revision <= newest {
        return Ok(());
    }
    let message =
        format!("revision {revision} is still to come: the newest is {newest}; see /v1/revisions");
    Err(Fault::not_found(message))
}

/// Looks at the history on a thread for slow disks.
async fn look<T: Send + 'static>(
    desk: &Desk,
    work: impl FnOnce(&History) -> T + Send + 'static,
) -> Result<T, Fault> {
    let annals = desk.tools.annals.clone();
    let looked = desk.clerks.make(move || annals.with(|history| work(history)));
    let looked = looked.await.unwrap_or_else(|error| Err(error.to_string()));
    looked.map_err(|reason| Fault::unavailable(format!("there is no history: {reason}")))
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::unavailable(format!("the revision cannot be read: {error}"))
}

fn not_kept(revision: u64) -> Fault {
    let message = format!("revision {revision} is not kept; see /v1/revisions for those that are");
    Fault::not_found(message)
}

/// A number among a query's parameters.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Result<Option<u64>, Fault> {
    let mut found = None;
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !PARAMETERS.contains(&&*decoded(key)) {
            return Err(Fault::bad_request(format!("there is no parameter {key:?}")));
        }
        if decoded(key) == name {
            let number = decoded(value).parse().ok();
            let wrong = || Fault::bad_request(format!("{name} is a number, not {value:?}"));
            found = Some(number.ok_or_else(wrong)?);
        }
    }
    Ok(found)
}
