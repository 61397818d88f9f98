//! Finds the part of answers that names their target, by what differs between them.
//!
//! A part counts that has few distinct values, whose values come back after others came, and that keeps its value for a client
//! that keeps its cookies. So dates (which never come back), ids of requests (all distinct) and counters (unsteady) fall out.

use std::collections::BTreeMap;

use super::{Who, words};
use crate::answer::Answer;

/// Fields that differ for reasons of their own.
const IGNORED_FIELDS: &[&str] = &[
    "age",
    "cf-ray",
    "connection",
    "content-length",
    "content-security-policy",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "request-id",
    "server-timing",
    "set-cookie",
    "traceparent",
    "transfer-encoding",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-correlation-id",
    "x-envoy-upstream-service-time",
    "x-request-id",
    "x-response-time",
    "x-runtime",
    "x-trace-id",
    "clingfish-verdict",
];

/// Words in the names of parts that are made to name a target.
const TELLING: &[&str] = &[
    "target", "host", "server", "served", "instance", "backend", "node", "pod", "upstream",
    "worker", "app",
];

/// Words after which pages name a target.
const BEFORE: &[&str] = &["by", "from", "on"];

/// Keys of the JSON members that are looked at, at most.
const MEMBERS_MAX: usize = 200;

/// How deep members are looked at.
const DEPTH_MAX: usize = 4;

/// The part that names the target, if there is one: from one answer each of fresh clients, in order, and for some of these
/// clients the answers that they got when they came again.
pub fn guess(fresh: &[Answer], returning: &[Vec<Answer>]) -> Option<Who> {
    let all: Vec<&Answer> =
        fresh.iter().chain(returning.iter().flatten()).filter(|answer| answer.is_fine()).collect();
    let mut best: Option<(Rank, Who)> = None;
    for who in candidates(&all) {
        let Some(rank) = rank(&who, &all, fresh, returning) else { continue };
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, who));
        }
    }
    best.map(|(_, who)| who)
}

/// Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Clients with cookies whose value changed. None where stickiness works.
    unsteady: usize,
    is_number: bool,
    has_no_telling_name: bool,
    distinct: usize,
    /// Fields before members before words.
    kind: usize,
}

fn rank(who: &Who, all: &[&Answer], fresh: &[Answer], returning: &[Vec<Answer>]) -> Option<Rank> {
    let values: Vec<String> = all.iter().map(|answer| who.of(answer)).collect::<Option<_>>()?;
    let distinct = counts(&values);
    let enough = distinct.len() >= 2 && distinct.len() * 2 <= values.len();
    // Of these the order in time is known.
    let in_order: Vec<String> = fresh.iter().filter_map(|answer| who.of(answer)).collect();
    if !enough || !comes_back(&in_order, counts(&in_order).len()) {
        return None;
    }
    let steady = |answers: &&Vec<Answer>| {
        let mut names = answers.iter().filter_map(|answer| who.of(answer));
        let first = names.next();
        names.all(|name| Some(&name) == first.as_ref())
    };
    let (kind, name) = match who {
        Who::Header(name) => (0, name.as_str()),
        Who::Json(path) => (1, path.last().map_or("", String::as_str)),
        Who::After(before, _) => (2, before.as_str()),
        Who::Word(_) | Who::Regex(_) => (3, ""),
    };
    let name = name.to_ascii_lowercase();
    let is_telling = TELLING.iter().any(|word| name.contains(word)) || BEFORE.contains(&&*name);
    let is_number = values.iter().all(|value| value.parse::<f64>().is_ok());
    // A counter that starts again looks as targets in turn do.
    if is_number && !is_telling {
        return None;
    }
    Some(Rank {
        unsteady: returning.iter().filter(|answers| !steady(answers)).count(),
        is_number,
        has_no_telling_name: !is_telling,
        distinct: distinct.len(),
        kind,
    })
}

fn counts(values: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value.as_str()).or_default() += 1;
    }
    counts
}

/// Whether values come again after others did, as targets do and times do not.
fn comes_back(values: &[String], distinct: usize) -> bool {
    let changes = values.windows(2).filter(|pair| pair.first() != pair.last()).count();
    changes >= distinct
}

/// Every part that might be it: what differs between answers.
fn candidates(all: &[&Answer]) -> Vec<Who> {
    let Some(first) = all.first() else { return Vec::new() };
    let mut found: Vec<Who> = Vec::new();
    for (name, _) in &first.fields {
        if !IGNORED_FIELDS.contains(&name.as_str()) {
            found.push(Who::Header(name.clone()));
        }
    }
    let mut members = Vec::new();
    if let Ok(whole) = serde_json::from_str::<serde_json::Value>(&first.body) {
        collect(&whole, &mut Vec::new(), &mut members);
        found.extend(members.into_iter().map(Who::Json));
    } else {
        found.extend(differing_words(all));
    }
    found
}

/// Paths of all text and numbers in it.
fn collect(value: &serde_json::Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if found.len() >= MEMBERS_MAX || path.len() > DEPTH_MAX {
        return;
    }
    let mut descend = |key: String, inner: &serde_json::Value| {
        path.push(key);
        collect(inner, path, found);
        path.pop();
    };
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(key, inner)| descend(key.clone(), inner));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| descend(at.to_string(), inner));
        }
        serde_json::Value::String(_) | serde_json::Value::Number(_) => found.push(path.clone()),
        _ => {}
    }
}

/// Words that are not the same in all bodies, by their place and by the word before.
fn differing_words(all: &[&Answer]) -> Vec<Who> {
    let bodies: Vec<Vec<&str>> =
        all.iter().map(|answer| words::words(&answer.body).collect()).collect();
    let Some(first) = bodies.first() else { return Vec::new() };
    let mut found = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, word) in first.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| first.get(place));
        if bodies.iter().any(|body| body.get(place) != Some(word)) {
            found.push(Who::Word(place));
        }
        if let Some(before) = before {
            let nth = seen.entry(before).or_default();
            // Where the same word follows everywhere it names nobody; that costs a look at each body.
            let differs =
                all.iter().any(|answer| words::after(&answer.body, before, *nth) != Some(word));
            if differs {
                found.push(Who::After((*before).to_owned(), *nth));
            }
            *nth += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests;
