//! The last hour of groups and targets.

use clingfish_affinity::Verdict;
use clingfish_model::UnixMillis;
use clingfish_telemetry::{
    History,
    history::{GroupSlice, Spread, TargetSlice},
};
use serde_json::{Map, Value, json};

use super::{
    fault::Fault,
    groups::{no_target, spec},
    history::parameter,
    wire,
};
use crate::status::{Enforced, Status};

pub(super) fn group(
    status: &Status,
    now: &Enforced,
    wanted: &str,
    query: Option<&str>,
) -> Result<Value, Fault> {
    let (name, from) = (&spec(now, wanted)?.name, after(query)?);
    let history = status.memory.history();
    Ok(hour(history.group(name.as_str(), from).map(of_group).collect()))
}

pub(super) fn target(
    status: &Status,
    now: &Enforced,
    wanted: &str,
    id: &str,
    query: Option<&str>,
) -> Result<Value, Fault> {
    let (name, from) = (&spec(now, wanted)?.name, after(query)?);
    let group = now.snapshot.group(name);
    let mut known =
        group.into_iter().flat_map(|group| crate::recorder::everybody(&now.snapshot, group));
    if !known.any(|target| target.id.as_str() == id) {
        return Err(no_target(id, wanted));
    }
    let history = status.memory.history();
    Ok(hour(history.target(name.as_str(), id, from).map(of_target).collect()))
}

fn after(query: Option<&str>) -> Result<UnixMillis, Fault> {
    Ok(UnixMillis(parameter(query, "after")?.unwrap_or_default()))
}

fn hour(slices: Vec<Value>) -> Value {
    json!({ "slice_seconds": History::SLICE.as_secs(), "slices": slices })
}

fn of_group((at, slice): (UnixMillis, &GroupSlice)) -> Value {
    let verdicts = Verdict::ALL.iter().zip(slice.verdicts).filter(|(_, count)| *count > 0);
    let verdicts: Map<String, Value> =
        verdicts.map(|(verdict, count)| (verdict.as_str().to_owned(), count.into())).collect();
    json!({
        "at": wire::time(at),
        "requests": slice.requests(),
        "verdicts": verdicts,
        "responses_5xx": slice.responses_5xx,
        "sessions_created": slice.sessions_created,
        "duration": spread(&slice.duration),
        "target_response": spread(&slice.target_response),
        "sessions": slice.live_sessions,
        "active_sessions": slice.active_sessions,
    })
}

fn of_target((at, slice): (UnixMillis, &TargetSlice)) -> Value {
    json!({
        "at": wire::time(at),
        "requests": slice.requests,
        "responses_5xx": slice.responses_5xx,
        "connect_failures": slice.connect_failures,
        "in_flight": slice.now.in_flight,
        "open_streams": slice.now.open_streams,
        "sessions": slice.now.live_sessions,
        "active_sessions": slice.now.active_sessions,
    })
}

fn spread(spread: &Spread) -> Option<Value> {
    let micros = |part| Some((spread.quantile(part)? * 1e6).round() as u64);
    Some(json!({
        "count": spread.count(),
        "p50": micros(0.5)?,
        "p90": micros(0.9)?,
        "p99": micros(0.99)?,
    }))
}
