//! Writes down every ten seconds what happened: the last hour of groups and targets.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clingfish_snapshot::{Group, LiveSessions, Snapshot, Target};
use clingfish_telemetry::{History, Registry, history::TargetNow};
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::{clock, status::Status};

/// How often it looks whether a slice is over, so that none is missed for being a little late.
const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// The last hour, for the one task that writes it and whoever reads.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Protects the slices. Taken on the control thread only, so that nobody ever waits.
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
            let now = clock::wall();
            if history.is_due(now) {
                history.record(now, &self.registry.totals(), &facts(&enforced.snapshot));
            }
        }
    }
}

fn facts(snapshot: &Snapshot) -> HashMap<(Arc<str>, Arc<str>), TargetNow> {
    let mut facts = HashMap::new();
    for group in &snapshot.groups {
        let name: Arc<str> = group.spec.name.as_str().into();
        for target in everybody(snapshot, group) {
            let id: Arc<str> = target.id.as_str().into();
            facts.insert((Arc::clone(&name), id), fact(group, target));
        }
    }
    facts
}

fn fact(group: &Group, target: &Target) -> TargetNow {
    let LiveSessions { in_duration, in_5m, .. } = group.live_sessions(target);
    let count = |sessions| u32::try_from(sessions).unwrap_or(u32::MAX);
    TargetNow {
        live_sessions: count(in_duration),
        active_sessions: count(in_5m),
        in_flight: target.cell.in_flight(),
        open_streams: target.cell.open_streams(),
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
