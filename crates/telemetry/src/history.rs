//! What happened within the last hour, in slices of ten seconds.
//!
//! Made of differences of what is counted anyway: requests pay nothing for it.

mod group;
mod target;
mod track;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use clingfish_affinity::Verdict;
use clingfish_model::{
    UnixMillis,
    limits::{HISTORY_GROUPS_MAX, HISTORY_SLICE, HISTORY_TARGETS_MAX},
};

pub use group::{GroupSlice, Spread};
pub use target::{TargetNow, TargetSlice};
use track::{Nth, Track};

use crate::{
    Totals,
    meter::{GroupTotals, TargetTotals},
    registry::GroupRow,
};

/// An hour of all groups and targets, within bounds: some 300 bytes for each slice in which a group has requests, 32 for each of a target.
///
/// Of more than [`HISTORY_GROUPS_MAX`] groups the rest have no history, and groups with whose targets there would be more than
/// [`HISTORY_TARGETS_MAX`] have none of their targets. So an hour takes 28 MB for groups and 12 MB for targets at the most, and 110 kB for a
/// group that is always busy.
#[derive(Debug, Default)]
pub struct History {
    groups: BTreeMap<Arc<str>, Course>,
    last: Option<Nth>,
}

/// One group's hour.
#[derive(Debug, Default)]
struct Course {
    before: GroupTotals,
    slices: Track<GroupSlice>,
    targets: BTreeMap<Arc<str>, TargetCourse>,
}

#[derive(Debug, Default)]
struct TargetCourse {
    before: TargetTotals,
    slices: Track<TargetSlice>,
}

/// Whose history.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A target group's.
    Group(&'a str),
    /// That of one of its targets.
    Target {
        /// The group.
        group: &'a str,
        /// The target's id.
        target: &'a str,
    },
}

/// What of it. Counts are those of a slice; what is true at a moment is that of its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// Requests; at a target with retries.
    Requests,
    /// Requests with that verdict; of groups only.
    Verdict(Verdict),
    /// Answers with a status of 500 or more.
    Responses5xx,
    /// The time, in seconds, within which that part of all requests was done: 0.99 is the slowest percent's. Of groups only.
    Duration(f64),
    /// The same of the time to the head of a target's answer.
    TargetResponse(f64),
    /// Sessions that began; of groups only.
    SessionsCreated,
    /// Connects that failed; of targets only.
    ConnectFailures,
    /// Sessions seen within the duration of stickiness.
    LiveSessions,
    /// Sessions seen within five minutes.
    ActiveSessions,
    /// Requests that run; of targets only.
    InFlight,
    /// Open streams; of targets only.
    OpenStreams,
}

/// A value, and the begin of the slice that it is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When the slice began.
    pub at: UnixMillis,
    /// None where there is nothing to tell, such as the duration of no request.
    pub value: Option<f64>,
}

impl History {
    /// Whether a slice has begun that was not there when something was recorded last.
    pub fn is_due(&self, now: UnixMillis) -> bool {
        self.last.is_none_or(|last| Nth::of(now) > last)
    }

    /// Takes what was counted so far as the end of the slice in which `now` is. Called again within a slice, or after a clock was set
    /// back, it does nothing.
    pub fn record(
        &mut self,
        now: UnixMillis,
        totals: &Totals,
        targets: &HashMap<(Arc<str>, Arc<str>), TargetNow>,
    ) {
        if !self.is_due(now) {
            return;
        }
        let nth = Nth::of(now);
        let is_first = self.last.is_none();
        self.last = Some(nth);
        let kept = totals.groups.iter().take(HISTORY_GROUPS_MAX);
        let (mut before, mut room) = (std::mem::take(&mut self.groups), HISTORY_TARGETS_MAX);
        for row in kept {
            let mut course = before.remove(&row.name).unwrap_or_default();
            let has_room = row.targets.len() <= room;
            room -= if has_room { row.targets.len() } else { 0 };
            course.record(nth, row, targets, has_room, is_first);
            self.groups.insert(Arc::clone(&row.name), course);
        }
    }

    /// Slices of a group with what happened in them, and when each began. Those without requests and sessions are absent.
    pub fn group(
        &self,
        group: &str,
        from: UnixMillis,
    ) -> impl Iterator<Item = (UnixMillis, &GroupSlice)> {
        self.groups.get(group).into_iter().flat_map(move |course| course.slices.since(from))
    }

    /// The same of a target.
    pub fn target(
        &self,
        group: &str,
        target: &str,
        from: UnixMillis,
    ) -> impl Iterator<Item = (UnixMillis, &TargetSlice)> {
        let course = self.groups.get(group).and_then(|course| course.targets.get(target));
        course.into_iter().flat_map(move |course| course.slices.since(from))
    }

    /// One value for each slice of the last hour from that time on.
    pub fn series(&self, subject: Subject<'_>, metric: Metric, from: UnixMillis) -> Vec<Point> {
        let Some(last) = self.last else { return Vec::new() };
        let known: HashMap<UnixMillis, Option<f64>> = match subject {
            Subject::Group(group) => {
                self.group(group, from).map(|(at, slice)| (at, slice.value(metric))).collect()
            }
            Subject::Target { group, target } => {
                let slices = self.target(group, target, from);
                slices.map(|(at, slice)| (at, slice.value(metric))).collect()
            }
        };
        let nothing = match metric {
            Metric::Duration(_) | Metric::TargetResponse(_) => None,
            _ => Some(0.0),
        };
        let point = |at| Point { at, value: known.get(&at).copied().unwrap_or(nothing) };
        last.hour().map(Nth::begin).filter(|at| *at + HISTORY_SLICE > from).map(point).collect()
    }

    /// How long a slice is.
    pub const SLICE: Duration = HISTORY_SLICE;
}

impl Course {
    fn record(
        &mut self,
        nth: Nth,
        row: &GroupRow,
        now: &HashMap<(Arc<str>, Arc<str>), TargetNow>,
        has_room: bool,
        is_first: bool,
    ) {
        let mut slice = GroupSlice::between(&self.before, &row.totals);
        let mut before = std::mem::take(&mut self.targets);
        for (id, totals) in &row.targets {
            let now =
                now.get(&(Arc::clone(&row.name), Arc::clone(id))).copied().unwrap_or_default();
            slice.add(&now);
            if has_room {
                let mut course = before.remove(id).unwrap_or_default();
                let of_target = TargetSlice::between(&course.before, totals, now);
                course.before = *totals;
                course.slices.push(nth, of_target, is_first);
                self.targets.insert(Arc::clone(id), course);
            }
        }
        self.before = row.totals.clone();
        self.slices.push(nth, slice, is_first);
    }
}

#[cfg(test)]
mod tests;
