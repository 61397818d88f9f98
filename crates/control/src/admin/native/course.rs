//! The last hour of groups and targets.

use std::collections::HashMap;

use clingfish_affinity::Verdict;
use clingfish_model::{
    Name, UnixMillis,
    limits::{HISTORY_SLICE, HISTORY_TARGETS_AT_ONCE_MAX},
};
use clingfish_snapshot::Target;
use clingfish_telemetry::{
    History,
    history::{GroupSlice, Spread, Subject, TargetSlice},
};
use serde_json::{Map, Value, json};

use super::{
    fault::Fault,
    groups::{no_target, spec},
    history::parameter,
    wire,
};
use crate::{
    recorder::everybody,
    status::{Enforced, Status},
};

pub(super) fn group(
    status: &Status,
    now: &Enforced,
    wanted: &str,
    query: Option<&str>,
) -> Result<Value, Fault> {
    let (group, after) = (&spec(now, wanted)?.name, after(query)?);
    let name = group.as_str();
    let targets = parameter(query, "targets")?;
    if targets.is_some_and(|targets| targets > HISTORY_TARGETS_AT_ONCE_MAX) {
        let much =
            format!("targets is at most {HISTORY_TARGETS_AT_ONCE_MAX}: ask for others one by one");
        return Err(Fault::bad_request(much));
    }
    let ids = targets.map(|count| {
        let first = usize::try_from(count).unwrap_or(usize::MAX);
        let ids = members(now, group).take(first).map(|target| target.id.as_str().to_owned());
        ids.collect::<Vec<_>>()
    });
    // Copied, so that the recorder does not wait for text to be written.
    let (hour, slices, courses) = {
        let history = status.memory.history();
        let hour = Hour::of(&history, Subject::Group(name), after);
        let slices: Vec<_> = history.group(name, after).collect();
        let course = |id: String| {
            let subject = Subject::Target { group: name, target: &id };
            let extent = history.extent(subject);
            let slices: HashMap<_, _> = history.target(name, &id, after).collect();
            (id, extent, slices)
        };
        let courses = ids.map(|ids| ids.into_iter().map(course).collect::<Vec<_>>());
        (hour, slices, courses)
    };
    let mut answer = hour.answer(slices.iter().map(of_group).collect());
    if let Some(courses) = courses {
        let column = |(id, extent, slices)| hour.columns(id, extent, &slices);
        answer.insert("targets".to_owned(), courses.into_iter().map(column).collect());
    }
    Ok(answer.into())
}

pub(super) fn target(
    status: &Status,
    now: &Enforced,
    wanted: &str,
    id: &str,
    query: Option<&str>,
) -> Result<Value, Fault> {
    let (name, after) = (&spec(now, wanted)?.name, after(query)?);
    if !members(now, name).any(|target| target.id.as_str() == id) {
        return Err(no_target(id, wanted));
    }
    let (hour, slices) = {
        let history = status.memory.history();
        let subject = Subject::Target { group: name.as_str(), target: id };
        let slices: Vec<_> = history.target(name.as_str(), id, after).collect();
        (Hour::of(&history, subject, after), slices)
    };
    Ok(hour.answer(slices.iter().map(of_target).collect()).into())
}

fn after(query: Option<&str>) -> Result<UnixMillis, Fault> {
    Ok(UnixMillis(parameter(query, "after")?.unwrap_or_default()))
}

/// Targets of a group in the order of their configuration, then those that leave.
fn members<'a>(now: &'a Enforced, group: &Name) -> impl Iterator<Item = &'a Target> {
    now.snapshot.group(group).into_iter().flat_map(|group| everybody(&now.snapshot, group))
}

/// Which time an answer is about; none where nothing has been recorded yet.
#[derive(Clone, Copy, Debug)]
struct Hour(Option<(UnixMillis, UnixMillis)>);

impl Hour {
    /// Of what there is, the slices that end after that time.
    fn of(history: &History, subject: Subject<'_>, after: UnixMillis) -> Self {
        let slice = HISTORY_SLICE.as_millis() as u64;
        let whole = UnixMillis(after.0 - after.0 % slice);
        let hour = history.extent(subject).map(|(from, to)| (from.max(whole), to));
        Self(hour.filter(|(from, to)| from < to))
    }

    fn answer(self, slices: Vec<Value>) -> Map<String, Value> {
        let time = |at: Option<UnixMillis>| at.map(wire::time);
        let (from, to) = (self.0.map(|hour| hour.0), self.0.map(|hour| hour.1));
        let fields = [
            ("slice_seconds", History::SLICE.as_secs().into()),
            ("from", time(from).into()),
            ("to", time(to).into()),
            ("slices", slices.into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// A target in columns, with a number for each slice; null before it was there.
    fn columns(
        self,
        id: String,
        extent: Option<(UnixMillis, UnixMillis)>,
        slices: &HashMap<UnixMillis, TargetSlice>,
    ) -> Value {
        let column = |read: &dyn Fn(&TargetSlice) -> Value| -> Vec<Value> {
            let nothing = TargetSlice::default();
            let value = |at: UnixMillis| {
                let is_known = extent.is_some_and(|(from, _)| from <= at);
                if is_known { read(slices.get(&at).unwrap_or(&nothing)) } else { Value::Null }
            };
            self.begins().map(value).collect()
        };
        json!({
            "id": id,
            "requests": column(&|slice| slice.requests().into()),
            "responses_5xx": column(&|slice| slice.responses_5xx.into()),
            "sessions": column(&|slice| slice.live_sessions.into()),
            "out_permille": column(&|slice| slice.out_permille.into()),
            "state": column(&|slice| slice.state().as_str().into()),
        })
    }

    /// When each of its slices begins.
    fn begins(self) -> impl Iterator<Item = UnixMillis> {
        let step = HISTORY_SLICE.as_millis() as usize;
        let hour = self.0.into_iter().flat_map(move |(from, to)| (from.0..to.0).step_by(step));
        hour.map(UnixMillis)
    }
}

fn verdicts(counts: &[u32]) -> Map<String, Value> {
    let told = Verdict::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    told.map(|(verdict, count)| (verdict.as_str().to_owned(), (*count).into())).collect()
}

fn of_group((at, slice): &(UnixMillis, GroupSlice)) -> Value {
    json!({
        "at": wire::time(*at),
        "requests": slice.requests(),
        "verdicts": verdicts(&slice.verdicts),
        "responses_4xx": slice.responses_4xx,
        "responses_5xx": slice.responses_5xx,
        "sessions_created": slice.sessions_created,
        "duration": spread(&slice.duration),
        "target_response": spread(&slice.target_response),
        "sessions": slice.live_sessions,
        "active_sessions": slice.active_sessions,
        "health": {
            "targets": slice.targets,
            "healthy": slice.healthy,
            "unhealthy": slice.unhealthy,
            "draining": slice.draining,
            "routable": slice.routable,
        },
        "balance": {
            "requests": slice.balance_of_requests(),
            "sessions": slice.balance_of_sessions(),
        },
    })
}

fn of_target((at, slice): &(UnixMillis, TargetSlice)) -> Value {
    json!({
        "at": wire::time(*at),
        "requests": slice.requests(),
        "verdicts": verdicts(&slice.verdicts),
        "responses_4xx": slice.responses_4xx,
        "responses_5xx": slice.responses_5xx,
        "connect_failures": slice.connect_failures,
        "duration": spread(&slice.duration),
        "target_response": spread(&slice.target_response),
        "in_flight": slice.in_flight,
        "open_streams": slice.open_streams,
        "sessions": slice.live_sessions,
        "active_sessions": slice.active_sessions,
        "state": slice.state().as_str(),
        "out_permille": slice.out_permille,
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
