//! One thing that happened, and its line in the audit log.

use clingfish_model::{
    UnixMillis,
    limits::{EVENT_RESOURCES_MAX, EVENT_TEXT_BYTES_MAX},
};
use serde_json::{Value, json};

use super::Diff;

/// Something that somebody changed, or tried to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The revision that it makes, or would have made.
    pub revision: u64,
    /// When it came.
    pub at: UnixMillis,
    /// Who did it: `access key AKIA…`, `token ci`, `file`, `loopback`.
    pub who: String,
    /// What was asked for: `ModifyTargetGroupAttributes`, `rollback 17`, `edit`.
    pub action: String,
    /// What it touches.
    pub resources: Vec<String>,
    /// What it changes in the file.
    pub diff: Diff,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is about to be made; or, of an earlier process, nobody wrote down whether it was.
    Intended,
    /// It was in force.
    Applied,
    /// It was not, and nothing has changed.
    Refused {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Applied => "applied",
            Self::Refused { .. } => "refused",
        }
    }

    /// Refused for that reason, of which what is too long is cut off.
    pub fn refused(reason: &str) -> Self {
        Self::Refused { reason: bounded(reason) }
    }
}

impl Event {
    /// Touches and changes nothing yet. Texts that are too long are cut off.
    pub fn new(revision: u64, at: UnixMillis, who: &str, action: &str) -> Self {
        let (who, action) = (bounded(who), bounded(action));
        Self { revision, at, who, action, resources: Vec::new(), diff: Diff::default() }
    }

    /// Touches these; of many, the first.
    #[must_use]
    pub fn touching<S: AsRef<str>>(mut self, resources: impl IntoIterator<Item = S>) -> Self {
        let first = resources.into_iter().take(EVENT_RESOURCES_MAX);
        self.resources = first.map(|resource| bounded(resource.as_ref())).collect();
        self
    }

    /// Changes the file from the one text to the other.
    #[must_use]
    pub fn changing(mut self, before: &[u8], after: &[u8]) -> Self {
        self.diff = Diff::between(before, after);
        self
    }
}

/// An event as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Counts events, those that were refused too.
    pub id: u64,
    /// What happened.
    pub event: Event,
    /// What came of it.
    pub outcome: Outcome,
}

impl Entry {
    /// As the audit log has it.
    pub fn to_json(&self) -> Value {
        let event = &self.event;
        let mut value = json!({
            "id": self.id,
            "revision": event.revision,
            "at": event.at.0,
            "who": event.who,
            "action": event.action,
            "resources": event.resources,
            "diff": event.diff.as_str(),
        });
        put_outcome(&mut value, &self.outcome);
        value
    }

    pub(super) fn to_line(&self) -> String {
        line(&self.to_json())
    }

    pub(super) fn read(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let resources = value.get("resources")?.as_array()?.iter();
        let event = Event {
            revision: number("revision")?,
            at: UnixMillis(number("at")?),
            who: text("who")?.to_owned(),
            action: text("action")?.to_owned(),
            resources: resources.filter_map(Value::as_str).map(str::to_owned).collect(),
            diff: Diff::kept(text("diff")?),
        };
        Some(Self { id: number("id")?, event, outcome: outcome(&value)? })
    }
}

/// The line that says later what came of the event with that id.
pub(super) fn outcome_line(id: u64, outcome: &Outcome, at: UnixMillis) -> String {
    let mut value = json!({ "ends": id, "at": at.0 });
    put_outcome(&mut value, outcome);
    line(&value)
}

pub(super) fn read_outcome(line: &str) -> Option<(u64, Outcome)> {
    let value: Value = serde_json::from_str(line).ok()?;
    Some((value.get("ends")?.as_u64()?, outcome(&value)?))
}

fn outcome(value: &Value) -> Option<Outcome> {
    let reason = value.get("reason").and_then(Value::as_str).unwrap_or_default();
    match value.get("outcome")?.as_str()? {
        "intended" => Some(Outcome::Intended),
        "applied" => Some(Outcome::Applied),
        "refused" => Some(Outcome::Refused { reason: reason.to_owned() }),
        _ => None,
    }
}

fn put_outcome(value: &mut Value, outcome: &Outcome) {
    let Some(fields) = value.as_object_mut() else { return };
    fields.insert("outcome".to_owned(), outcome.as_str().into());
    if let Outcome::Refused { reason } = outcome {
        fields.insert("reason".to_owned(), reason.as_str().into());
    }
}

/// JSON has no line breaks outside of strings, and in those they are escaped.
fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn bounded(text: &str) -> String {
    text.get(..text.floor_char_boundary(EVENT_TEXT_BYTES_MAX)).unwrap_or(text).to_owned()
}
