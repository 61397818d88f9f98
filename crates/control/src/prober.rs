//! Checks targets at their times and tells their groups what changed.

mod shares;
mod timetable;
mod tls;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use clingfish_health::{CheckOutcome, TargetHealth};
use clingfish_model::{
    Name,
    limits::{CHECKS_RUNNING_MAX, FIRST_CHECKS_PATIENCE},
};
use clingfish_snapshot::{Reader, Snapshot, Target};
use clingfish_telemetry::Registry;
use clingfish_upstream::{DialError, Reach, probe};
use tokio::{
    task::{JoinError, JoinSet},
    time::{MissedTickBehavior, interval},
};

use crate::{
    clock::{self, until},
    status::Status,
};
use shares::Shares;
pub(crate) use timetable::groups_in_use;
use timetable::{Subject, Timetable};
use tls::CheckClients;

/// How often targets without checks are asked whether their ejection is over.
const PAUSES_LOOKED_AT_EVERY: Duration = Duration::from_millis(500);

/// Places of a table of learned sessions that are looked at together with that: a table of a million is through in half a minute.
const SWEPT_AT_ONCE: usize = 16 * 1024;

/// How long changes of health are gathered before a group looks at all its targets again. The first one after a quiet time is
/// told at once; of 10,000 targets that come up together, each by itself would cost 10,000 looks.
const REFRESH_PAUSE: Duration = Duration::from_millis(20);

type Checked = (Subject, Result<CheckOutcome, DialError>);

/// The one task that checks targets. Dropping it ends all checks.
#[derive(Debug)]
pub(crate) struct Prober {
    reader: Reader,
    status: Arc<Status>,
    timetable: Timetable,
    shares: Shares,
    clients: CheckClients,
    reach: Arc<Reach>,
    running: JoinSet<Checked>,
    /// Groups in which some target's standing or share has changed.
    changed: HashSet<Name>,
    /// Not before that time are changes told again.
    quiet_until: Instant,
    /// When the first checks are no longer waited for; none before the first snapshot.
    patience_ends: Option<Instant>,
    is_short_of_descriptors: bool,
}

impl Prober {
    pub(crate) fn new(
        reader: Reader,
        status: Arc<Status>,
        registry: Arc<Registry>,
        reach: Arc<Reach>,
    ) -> Self {
        Self {
            reader,
            status,
            timetable: Timetable::default(),
            shares: Shares::new(registry),
            clients: CheckClients::default(),
            reach,
            running: JoinSet::new(),
            changed: HashSet::new(),
            quiet_until: clock::now(),
            patience_ends: None,
            is_short_of_descriptors: false,
        }
    }

    /// Works until it is dropped.
    pub(crate) async fn run(mut self) {
        let mut enforced = self.status.follow();
        enforced.mark_changed();
        let mut pauses = interval(PAUSES_LOOKED_AT_EVERY);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake_at = self.work(clock::now());
            tokio::select! {
                Some(checked) = self.running.join_next() => {
                    self.take(checked);
                    while let Some(checked) = self.running.try_join_next() {
                        self.take(checked);
                    }
                }
                Ok(()) = enforced.changed() => {
                    let snapshot = enforced.borrow_and_update().as_ref().map(|e| Arc::clone(&e.snapshot));
                    if let Some(snapshot) = snapshot {
                        self.follow(&snapshot, clock::now());
                    }
                }
                _ = pauses.tick() => {
                    self.end_pauses(clock::now());
                    self.sweep();
                }
                () = until(wake_at) => {}
            }
        }
    }

    /// Does what is due now, and says when something is due again.
    fn work(&mut self, now: Instant) -> Option<Instant> {
        while self.running.len() < CHECKS_RUNNING_MAX
            && let Some(subject) = self.timetable.take_due(now)
        {
            let target = subject.target();
            let tls = target.and_then(|target| self.clients.tls(subject.group(), target));
            let reach = Arc::clone(&self.reach);
            self.running.spawn(async move {
                let outcome = probe(subject.address, subject.check(), tls, &reach).await;
                (subject, outcome)
            });
        }
        if self.shares.next_due().is_some_and(|at| at <= now)
            && let Some(snapshot) = self.reader.current()
        {
            self.changed.extend(self.shares.work(&snapshot, now));
        }
        if !self.changed.is_empty() && self.quiet_until <= now {
            self.quiet_until = now + REFRESH_PAUSE;
            self.refresh_changed(now);
        }
        // Only once something is in force, and after rosters know what the checks found.
        let is_patient = self.patience_ends.is_none_or(|ends| now < ends);
        let is_known = self.timetable.is_all_checked() && self.changed.is_empty();
        if self.patience_ends.is_some() && (is_known || !is_patient) {
            self.status.checked();
        }
        let may_start = self.running.len() < CHECKS_RUNNING_MAX;
        let due = self.timetable.next_due().filter(|_| may_start);
        let refresh = (!self.changed.is_empty()).then_some(self.quiet_until);
        let patience = self.patience_ends.filter(|_| is_patient);
        [due, refresh, patience, self.shares.next_due()].into_iter().flatten().min()
    }

    fn follow(&mut self, snapshot: &Snapshot, now: Instant) {
        self.timetable.follow(snapshot, now);
        self.shares.follow(snapshot, now);
        // Slow starts learn of every target at once, whether anything has changed or not.
        self.changed.extend(groups_in_use(snapshot).map(|group| group.spec.name.clone()));
        // Now, and without the pause after it: what the first checks find must not wait.
        self.refresh_changed(now);
        let longest = groups_in_use(snapshot).map(|group| group.spec.health_check.timeout).max();
        self.patience_ends.get_or_insert(now + FIRST_CHECKS_PATIENCE + longest.unwrap_or_default());
    }

    fn take(&mut self, checked: Result<Checked, JoinError>) {
        match checked {
            Ok((subject, Ok(outcome))) => {
                self.is_short_of_descriptors = false;
                self.judge(&subject, outcome);
            }
            Ok((_, Err(error))) => {
                if !std::mem::replace(&mut self.is_short_of_descriptors, true) {
                    tracing::warn!(%error, "checks are left out");
                }
            }
            Err(error) => tracing::error!(%error, "a check broke"),
        }
    }

    fn judge(&mut self, checked: &Subject, outcome: CheckOutcome) {
        let Some(subject) = self.timetable.finish(checked) else {
            return;
        };
        let Some(target) = subject.target() else {
            return;
        };
        let before = target.cell.health();
        let has_changed = target.cell.observe(outcome, subject.check());
        tell(&subject.group().spec.name, target, before);
        if has_changed {
            self.changed.insert(subject.group().spec.name.clone());
        }
    }

    /// Lets ejected targets return that no check can bring back.
    /// Drops learned sessions that have expired, a part of each table at a time.
    fn sweep(&self) {
        let Some(snapshot) = self.reader.current() else { return };
        for group in &snapshot.groups {
            group.sweep(clock::wall(), SWEPT_AT_ONCE);
        }
    }

    fn end_pauses(&mut self, now: Instant) {
        let Some(snapshot) = self.reader.current() else {
            return;
        };
        for group in groups_in_use(&snapshot).filter(|group| !group.spec.health_check.enabled) {
            for target in &group.targets {
                let before = target.cell.health();
                if target.cell.end_pause(now) {
                    tell(&group.spec.name, target, before);
                    self.changed.insert(group.spec.name.clone());
                }
            }
        }
    }

    fn refresh_changed(&mut self, now: Instant) {
        let changed = std::mem::take(&mut self.changed);
        let Some(snapshot) = self.reader.current() else {
            return;
        };
        for group in snapshot.groups.iter().filter(|group| changed.contains(&group.spec.name)) {
            self.shares.settle(group, now);
            group.refresh();
        }
    }
}

/// Logs a change of state.
fn tell(group: &Name, target: &Target, before: TargetHealth) {
    let health = target.cell.health();
    let (from, to) = (before.state(), health.state());
    if from == to {
        return;
    }
    let reason = health.reason().map_or("", |reason| reason.code());
    tracing::info!(
        target_group = %group,
        target.id = %target.id,
        from = from.as_str(),
        to = to.as_str(),
        reason,
        "health changed"
    );
}

#[cfg(test)]
mod tests;
