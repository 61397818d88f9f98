//! Counts the sessions of all targets, every few seconds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clingfish_model::limits::{
    ACTIVE_SESSION_WINDOW, SESSIONS_COUNTED_AT_ONCE, SESSIONS_COUNTED_EVERY, TARGETS_MAX,
};
use clingfish_snapshot::{Group, Learned, Reader, Snapshot, Target};
use tokio::{
    task::yield_now,
    time::{MissedTickBehavior, interval},
};

use crate::{clock, recorder::everybody};

/// The one task that collects what workers have seen of sessions.
#[derive(Debug)]
pub(crate) struct Census {
    reader: Reader,
    /// The moment from which sketches count.
    began: Instant,
}

impl Census {
    pub(crate) fn new(reader: Reader) -> Self {
        Self { reader, began: clock::now() }
    }

    /// Works until it is dropped.
    pub(crate) async fn run(self) {
        let mut rounds = interval(SESSIONS_COUNTED_EVERY);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            if let Some(snapshot) = self.reader.current() {
                self.count(&snapshot).await;
            }
        }
    }

    async fn count(&self, snapshot: &Snapshot) {
        for group in &snapshot.groups {
            let targets: Vec<&Target> = everybody(snapshot, group).collect();
            match group.learned() {
                Some(learned) => count_learned(group, learned, &targets),
                None => self.collect(group, &targets).await,
            }
            yield_now().await;
        }
    }

    async fn collect(&self, group: &Group, targets: &[&Target]) {
        let window = group.session_window();
        for some in targets.chunks(SESSIONS_COUNTED_AT_ONCE) {
            let now = self.age();
            some.iter().for_each(|target| target.cell.sessions().collect(now, window));
            yield_now().await;
        }
    }

    fn age(&self) -> Duration {
        clock::now().saturating_duration_since(self.began)
    }
}

/// The table knows each session.
fn count_learned(group: &Group, learned: &Arc<Learned>, targets: &[&Target]) {
    let now = clock::wall();
    let [in_duration, in_5m] = [group.session_window(), ACTIVE_SESSION_WINDOW]
        .map(|window| learned.table.count_by_target(now, window, TARGETS_MAX).by_target);
    for target in targets {
        let of = |counts: &std::collections::HashMap<_, u64>| {
            counts.get(&target.hash).copied().unwrap_or_default()
        };
        target.cell.sessions().set(of(&in_duration), of(&in_5m));
    }
}
