//! Writes down every ten seconds what happened: the last hour of groups and targets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clingfish_health::Registration;
use clingfish_snapshot::{Group, LiveSessions, Snapshot, Target};
use clingfish_telemetry::{
    History, Registry,
    history::{Facts, TargetNow},
};
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::{clock, observed::Sighting, status::Status};

/// How often it looks who is healthy, and whether a slice is over, so that none is missed for being a little late.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// The last hour, for the one task that writes it and whoever reads.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Protects the slices. Taken to record, and by clerks while they copy what an answer is made of.
    history: Mutex<History>,
}

impl Memory {
    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        // A panic half-way leaves an hour with a gap.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one task that writes history.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) status: Arc<Status>,
    pub(crate) registry: Arc<Registry>,
}

impl Recorder {
    /// Works until it is dropped.
    pub(crate) async fn run(self) {
        let mut looks = interval(LOOKS_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let Some(enforced) = self.status.enforced() else { continue };
            let mut history = self.status.memory.history();
            history.look(out(&enforced.snapshot));
            let now = clock::wall();
            if history.is_due(now) {
                history.record(now, &self.registry, &facts(&enforced.snapshot));
            }
        }
    }
}

/// Targets to which health lets no requests go, and their groups.
fn out(snapshot: &Snapshot) -> impl Iterator<Item = (&str, &str)> {
    snapshot.groups.iter().flat_map(|group| {
        let out = group.targets.iter().filter(|target| !target.cell.is_routable());
        out.map(|target| (group.spec.name.as_str(), target.id.as_str()))
    })
}

fn facts(snapshot: &Snapshot) -> Facts {
    let sighting = Sighting::of(snapshot);
    let mut facts = HashMap::new();
    for sighted in snapshot.groups.iter().filter_map(|group| sighting.group(&group.spec.name)) {
        let name: Arc<str> = sighted.group.spec.name.as_str().into();
        let mut note = |target: &Target, registration| {
            let id = target.id.as_str().into();
            facts.insert((Arc::clone(&name), id), fact(sighted.group, target, registration));
        };
        sighted.leaving.iter().for_each(|target| note(target, Registration::Draining));
        let staying = sighted.group.targets.iter();
        staying.for_each(|target| note(target, sighted.registration(target)));
    }
    facts
}

fn fact(group: &Group, target: &Target, registration: Registration) -> TargetNow {
    let LiveSessions { in_duration, in_5m, .. } = group.live_sessions(target);
    let count = |sessions| u32::try_from(sessions).unwrap_or(u32::MAX);
    TargetNow {
        live_sessions: count(in_duration),
        active_sessions: count(in_5m),
        in_flight: target.cell.in_flight(),
        open_streams: target.cell.open_streams(),
        state: target.cell.health().report(registration).0,
        is_routable: target.cell.is_routable(),
        weight: target.weight.value(),
    }
}

/// Targets of a group, leaving ones included.
pub(crate) fn everybody<'a>(
    snapshot: &'a Snapshot,
    group: &'a Group,
) -> impl Iterator<Item = &'a Target> {
    let leaving = snapshot.leaving.iter().filter(|left| left.group == group.spec.name);
    group.targets.iter().chain(leaving.map(|left| &left.target))
}
