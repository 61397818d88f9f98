//! Recent requests: a sample of what workers have served, and why each went where it went.

use clingfish_affinity::Verdict;
use clingfish_model::limits::RECENT_REQUESTS_MAX;
use clingfish_telemetry::{
    Recent,
    log::session_tag,
    recent::{KeptHead, Sample},
};
use serde_json::{Value, json};

use super::{explain::told, fault::Fault, wire};
use crate::{
    admin::routes::decoded,
    explain::{self, Known, Question},
    status::Enforced,
};

/// How many an answer has, unless it is asked for another number.
const REQUESTS: usize = 100;

/// Which requests are wanted.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    limit: usize,
    group: Option<String>,
    target: Option<String>,
    verdict: Option<Verdict>,
}

/// Those that are kept, newest first.
pub(super) fn list(recent: &Recent, query: Option<&str>) -> Result<Value, Fault> {
    let wanted = Wanted::of(query)?;
    let all = recent.all();
    let fitting = all.iter().filter(|sample| wanted.includes(sample)).take(wanted.limit);
    Ok(json!({
        "is_kept": recent.is_on(),
        "requests": fitting.map(|sample| row(sample)).collect::<Value>(),
    }))
}

/// What would become of one of them now, beside what became of it then.
pub(super) fn explain(recent: &Recent, now: &Enforced, id: &str) -> Result<Value, Fault> {
    let number: u64 =
        id.parse().map_err(|_| Fault::bad_request(format!("{id:?} is no number of a request")))?;
    let gone = || {
        Fault::not_found(format!(
            "request {number} is not kept: those that are, are in /v1/requests"
        ))
    };
    let sample = recent.find(number).ok_or_else(gone)?;
    let Some(head) = &sample.head else {
        let message = format!(
            "request {number} cannot be followed: it could not be read, or its head was too long to be kept"
        );
        return Err(Fault::conflict(message));
    };
    let listener = sample.listener.as_deref();
    if !now.snapshot.listeners.iter().any(|view| Some(view.listener.name.as_str()) == listener) {
        let message = format!("the listener of request {number} is no longer there");
        return Err(Fault::conflict(message));
    }
    let shown = line(&sample, head);
    let known =
        Known { peer: sample.client.ip(), server_name: head.server_name.as_deref(), shown: &shown };
    let question = Question {
        listener,
        head: &head.bytes,
        client: head.client,
        https: head.https,
        known: Some(known),
    };
    let story = explain::running(&now.snapshot, &question, explain::now());
    let story = story.map_err(|error| Fault::conflict(error.to_string()))?;
    let (then, now) = (sample.revision, now.snapshot.revision);
    let revision = json!({ "then": then, "now": now, "has_changed": then != now });
    let mut answer = told(&story);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("request".to_owned(), row(&sample));
        fields.insert("revision".to_owned(), revision);
    }
    Ok(answer)
}

/// The request as its story has it: nothing that may be secret.
fn line(sample: &Sample, head: &KeptHead) -> String {
    let scheme = if head.https { "https" } else { "http" };
    let query = if sample.has_query { "?…" } else { "" };
    let Sample { method, host, path, .. } = sample;
    format!("{method} {scheme}://{host}{path}{query} from {}", head.client)
}

fn row(sample: &Sample) -> Value {
    let micros = |span: std::time::Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let word = |word: &'static str| (!word.is_empty()).then_some(word);
    json!({
        "id": sample.id,
        "at": wire::time(sample.at),
        "type": sample.kind.as_str(),
        "protocol": sample.version.as_str(),
        "method": sample.method,
        "host": sample.host,
        "path": sample.path,
        "has_query": sample.has_query,
        "client": sample.client.to_string(),
        "listener": sample.listener,
        "rule": sample.rule,
        "action": word(sample.action),
        "target_group": sample.group,
        "target": sample.target,
        "verdict": sample.verdict.map(Verdict::as_str),
        "group_verdict": sample.group_verdict.map(Verdict::as_str),
        "status": sample.status,
        "target_status": sample.target_status,
        "error_reason": word(sample.error_reason),
        "duration_micros": micros(sample.duration),
        "target_response_micros": sample.target_response.map(micros),
        "received_bytes": sample.received_bytes,
        "sent_bytes": sample.sent_bytes,
        "tries": sample.tries,
        "session": sample.session.map(session_tag),
        "revision": sample.revision,
        "can_be_explained": sample.head.is_some(),
    })
}

impl Wanted {
    fn of(query: Option<&str>) -> Result<Self, Fault> {
        let mut wanted = Self { limit: REQUESTS, group: None, target: None, verdict: None };
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).into_owned();
            match &*decoded(key) {
                "limit" => {
                    let wrong = |_| Fault::bad_request(format!("limit is a number, not {value:?}"));
                    wanted.limit = value.parse::<usize>().map_err(wrong)?.min(RECENT_REQUESTS_MAX);
                }
                "target-group" => wanted.group = Some(value),
                "target" => wanted.target = Some(value),
                "verdict" => wanted.verdict = Some(verdict(&value)?),
                key => return Err(Fault::bad_request(format!("there is no parameter {key:?}"))),
            }
        }
        Ok(wanted)
    }

    fn includes(&self, sample: &Sample) -> bool {
        let is = |wanted: &Option<String>, found: &Option<Box<str>>| {
            wanted.as_deref().is_none_or(|wanted| found.as_deref() == Some(wanted))
        };
        is(&self.group, &sample.group)
            && is(&self.target, &sample.target)
            && self.verdict.is_none_or(|verdict| sample.verdict == Some(verdict))
    }
}

fn verdict(word: &str) -> Result<Verdict, Fault> {
    let found = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word);
    found.ok_or_else(|| {
        let words: Vec<_> = Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect();
        Fault::bad_request(format!("{word:?} is no verdict: there are {}", words.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_which_requests_are_wanted_or_what_is_wrong_with_it() {
        let usual = || Wanted { limit: REQUESTS, group: None, target: None, verdict: None };
        for (query, expected) in [
            ("", Some(usual())),
            ("limit=7", Some(Wanted { limit: 7, ..usual() })),
            ("limit=90000", Some(Wanted { limit: RECENT_REQUESTS_MAX, ..usual() })),
            ("target-group=a%20b", Some(Wanted { group: Some("a b".into()), ..usual() })),
            (
                "verdict=target_gone&target=a",
                Some(Wanted {
                    target: Some("a".into()),
                    verdict: Some(Verdict::TargetGone),
                    ..usual()
                }),
            ),
            ("limit=-1", None),
            ("limit=many", None),
            ("verdict=lost", None),
            ("group=web", None),
        ] {
            assert_eq!(Wanted::of(Some(query)).ok(), expected, "{query}");
        }
    }
}
