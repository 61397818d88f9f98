//! What happened within the last hour, in slices of ten seconds.
//!
//! Made of differences of what is counted anyway: requests pay nothing for it.

mod balance;
mod group;
mod pack;
mod spread;
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

use balance::Balance;
pub use group::GroupSlice;
pub use spread::Spread;
pub use target::{TargetNow, TargetSlice};
use track::{Nth, Track};

use crate::{
    Registry,
    meter::{GroupTotals, TargetTimes, TargetTotals},
    registry::GroupRow,
};
use target::PERMILLE;

/// What is true of targets now, by the names of their groups and their ids.
pub type Facts = HashMap<(Arc<str>, Arc<str>), TargetNow>;

/// An hour of all groups and targets, within bounds.
///
/// Slices are packed: one of a busy group or target has 40 to 60 bytes, one of a group without requests about ten, one of a healthy target
/// without requests and sessions none. An hour of a busy one so takes some 20 kB, and never more than [`HISTORY_TRACK_BYTES_MAX`].
///
/// Of more than [`HISTORY_GROUPS_MAX`] groups the rest have no history, and groups with whose targets there would be more than
/// [`HISTORY_TARGETS_MAX`] have none of their targets. So all of it takes some 25 MB where everything is busy, and 62 MB at the very most.
///
/// [`HISTORY_TRACK_BYTES_MAX`]: clingfish_model::limits::HISTORY_TRACK_BYTES_MAX
#[derive(Debug, Default)]
pub struct History {
    groups: BTreeMap<Arc<str>, Course>,
    /// The slice in which something was recorded last: those before it are over.
    last: Option<Nth>,
    /// How often somebody has looked since.
    looks: u32,
}

/// One group's hour.
#[derive(Debug, Default)]
struct Course {
    before: GroupTotals,
    slices: Track<GroupSlice>,
    targets: BTreeMap<Arc<str>, TargetCourse>,
    /// There was no room for its targets: what they have counted meanwhile did not happen in one slice.
    had_no_room: bool,
}

#[derive(Debug, Default)]
struct TargetCourse {
    before: (TargetTotals, TargetTimes),
    slices: Track<TargetSlice>,
    /// In how many of the looks health let no requests go there.
    out: u32,
    /// Requests of the latest slice.
    requests: u64,
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
    /// Requests; one that was retried is the last target's.
    Requests,
    /// Requests with that verdict; at a target those that it took.
    Verdict(Verdict),
    /// Answers with a status from 400 to 499.
    Responses4xx,
    /// Answers with a status of 500 or more.
    Responses5xx,
    /// The time, in seconds, within which that part of all requests was done: 0.99 is the slowest percent's.
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
    /// In which part of the slice health let no requests go there; of targets only.
    Out,
    /// Targets that are healthy; of groups only.
    Healthy,
    /// Requests of the busiest target against the average, by weight; of groups only.
    BalanceOfRequests,
    /// The same of sessions.
    BalanceOfSessions,
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

    /// Takes note of the targets to which health lets no requests go at this moment, once every few seconds.
    pub fn look<'a>(&mut self, out: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.looks += 1;
        for (group, target) in out {
            let course = self.groups.get_mut(group);
            if let Some(course) = course.and_then(|course| course.targets.get_mut(target)) {
                course.out += 1;
            }
        }
    }

    /// Takes what was counted since the last time for what happened in the slice that has just ended. Called again within a slice, or
    /// after a clock was set back, it does nothing.
    pub fn record(&mut self, now: UnixMillis, registry: &Registry, targets: &Facts) {
        if !self.is_due(now) {
            return;
        }
        let current = Nth::of(now);
        let moment = Moment {
            ended: current.previous(),
            is_first: self.last.is_none(),
            looks: std::mem::take(&mut self.looks),
            targets,
        };
        self.last = Some(current);
        let totals = registry.totals();
        let kept = totals.groups.iter().take(HISTORY_GROUPS_MAX);
        let (mut before, mut room) = (std::mem::take(&mut self.groups), HISTORY_TARGETS_MAX);
        for row in kept {
            let mut course = before.remove(&row.name).unwrap_or_default();
            if row.targets.len() <= room {
                room -= row.targets.len();
                course.record_targets(row, registry.times(&row.name), &moment);
            } else {
                course.targets.clear();
                course.had_no_room = true;
            }
            course.record(row, &moment);
            self.groups.insert(Arc::clone(&row.name), course);
        }
    }

    /// From when to when there is history: a slice in between that is absent is one in which there was nothing.
    pub fn extent(&self, subject: Subject<'_>) -> Option<(UnixMillis, UnixMillis)> {
        let last = self.last?.previous();
        let begins = match subject {
            Subject::Group(group) => self.groups.get(group)?.slices.begins(last),
            Subject::Target { group, target } => {
                self.groups.get(group)?.targets.get(target)?.slices.begins(last)
            }
        };
        Some((begins?.begin(), last.begin() + HISTORY_SLICE))
    }

    /// Slices of a group with what happened in them, and when each began. Those without targets, requests and sessions are absent.
    pub fn group(
        &self,
        group: &str,
        from: UnixMillis,
    ) -> impl Iterator<Item = (UnixMillis, GroupSlice)> {
        self.groups.get(group).into_iter().flat_map(move |course| course.slices.since(from))
    }

    /// The same of a target; absent are those in which it was healthy and had neither requests nor sessions.
    pub fn target(
        &self,
        group: &str,
        target: &str,
        from: UnixMillis,
    ) -> impl Iterator<Item = (UnixMillis, TargetSlice)> {
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
            Metric::Duration(_)
            | Metric::TargetResponse(_)
            | Metric::BalanceOfRequests
            | Metric::BalanceOfSessions => None,
            _ => Some(0.0),
        };
        let point = |at| Point { at, value: known.get(&at).copied().unwrap_or(nothing) };
        last.previous()
            .hour()
            .map(Nth::begin)
            .filter(|at| *at + HISTORY_SLICE > from)
            .map(point)
            .collect()
    }

    /// How long a slice is.
    pub const SLICE: Duration = HISTORY_SLICE;
}

/// What is the same for all groups that are recorded together.
#[derive(Debug)]
struct Moment<'a> {
    /// The slice that is over.
    ended: Nth,
    is_first: bool,
    looks: u32,
    targets: &'a Facts,
}

impl Moment<'_> {
    fn of(&self, group: &Arc<str>, target: &Arc<str>) -> Option<&TargetNow> {
        self.targets.get(&(Arc::clone(group), Arc::clone(target)))
    }
}

impl Course {
    fn record(&mut self, row: &GroupRow, moment: &Moment<'_>) {
        let mut slice = GroupSlice::between(&self.before, &row.totals);
        let (mut requests, mut sessions) = (Balance::default(), Balance::default());
        for (id, _) in &row.targets {
            let Some(now) = moment.of(&row.name, id) else { continue };
            slice.add(now);
            if now.takes_sessions() {
                let course = self.targets.get(id);
                requests.add(course.map_or(0, |course| course.requests), now.weight);
                sessions.add(now.live_sessions.into(), now.weight);
            }
        }
        slice.balance_of_requests = requests.permille();
        slice.balance_of_sessions = sessions.permille();
        self.before = row.totals.clone();
        self.slices.push(moment.ended, slice, moment.is_first);
    }

    fn record_targets(
        &mut self,
        row: &GroupRow,
        mut times: BTreeMap<Arc<str>, TargetTimes>,
        moment: &Moment<'_>,
    ) {
        let mut before = std::mem::take(&mut self.targets);
        for (id, totals) in &row.targets {
            let mut course = before.remove(id).unwrap_or_default();
            let after = (*totals, times.remove(id).unwrap_or_default());
            let mut slice = TargetSlice::between(&course.before, &after);
            course.requests = slice.requests();
            if let Some(now) = moment.of(&row.name, id) {
                slice = slice.with(now, course.out_permille(moment.looks, now));
            }
            (course.before, course.out) = (after, 0);
            course.slices.push(moment.ended, slice, moment.is_first || self.had_no_room);
            self.targets.insert(Arc::clone(id), course);
        }
        self.had_no_room = false;
    }
}

impl TargetCourse {
    /// In how many of a thousand parts of a slice health let no requests go there, as far as somebody has looked.
    fn out_permille(&self, looks: u32, now: &TargetNow) -> u32 {
        let (out, looks) =
            if looks == 0 { (u32::from(!now.is_routable), 1) } else { (self.out, looks) };
        out.min(looks) * PERMILLE / looks
    }
}

#[cfg(test)]
mod tests;
