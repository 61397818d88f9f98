//! Which target is checked when.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use clingfish_health::{first_check_delay, second_check_delay};
use clingfish_model::{HealthCheck, Name};
use clingfish_snapshot::{Group, Snapshot, Target};

/// Every target of every group that some listener forwards to and whose checks are on. Pure: takes `now`, starts nothing.
#[derive(Debug, Default)]
pub(crate) struct Timetable {
    rows: HashMap<u64, Row>,
    queue: BTreeSet<(Instant, u64)>,
    unchecked: usize,
}

/// One life of one target.
#[derive(Debug)]
struct Row {
    subject: Subject,
    due: Instant,
    has_started: bool,
    is_checked: bool,
}

/// A target to be checked, with its group.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    group: Arc<Group>,
    index: usize,
    serial: u64,
    /// Where the check goes to.
    pub(crate) address: SocketAddr,
}

impl Subject {
    pub(crate) fn group(&self) -> &Group {
        &self.group
    }

    pub(crate) fn target(&self) -> Option<&Target> {
        self.group.targets.get(self.index)
    }

    /// How it is checked.
    pub(crate) fn check(&self) -> &HealthCheck {
        &self.group.spec.health_check
    }
}

impl Timetable {
    /// Follows a snapshot: new targets are checked soon, changed checks start over, targets that are gone are forgotten.
    pub(crate) fn follow(&mut self, snapshot: &Snapshot, now: Instant) {
        let mut present = HashSet::new();
        for subject in subjects(snapshot) {
            present.insert(subject.serial);
            self.enter(subject, now);
        }
        self.rows.retain(|serial, row| {
            let stays = present.contains(serial);
            if !stays {
                self.queue.remove(&(row.due, *serial));
                self.unchecked -= usize::from(!row.is_checked);
            }
            stays
        });
    }

    /// The next target whose check is due. Its following check is then due at the proper time after `now`.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Subject> {
        let &(due, serial) = self.queue.first()?;
        if due > now {
            return None;
        }
        self.queue.remove(&(due, serial));
        let row = self.rows.get_mut(&serial)?;
        let interval = row.subject.check().interval;
        let pause = match (row.has_started, row.subject.target()) {
            (false, Some(target)) => second_check_delay(target.hash, interval),
            _ => interval,
        };
        row.has_started = true;
        row.due = now + pause;
        self.queue.insert((row.due, serial));
        Some(row.subject.clone())
    }

    /// When the next check is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Notes that a check has ended. Gives the target as it is now, if the check was of that.
    pub(crate) fn finish(&mut self, checked: &Subject) -> Option<&Subject> {
        let row = self.rows.get_mut(&checked.serial)?;
        self.unchecked -= usize::from(!row.is_checked);
        row.is_checked = true;
        (row.subject.address == checked.address).then_some(&row.subject)
    }

    /// Whether every target has been checked at least once.
    pub(crate) fn is_all_checked(&self) -> bool {
        self.unchecked == 0
    }

    fn enter(&mut self, subject: Subject, now: Instant) {
        let serial = subject.serial;
        let delay = |subject: &Subject| {
            let interval = subject.check().interval;
            subject.target().map_or(interval, |target| first_check_delay(target.hash, interval))
        };
        let row = match self.rows.get_mut(&serial) {
            Some(row)
                if row.subject.check() == subject.check()
                    && row.subject.address == subject.address =>
            {
                row.subject = subject;
                return;
            }
            Some(row) => {
                self.queue.remove(&(row.due, serial));
                row.due = now + delay(&subject);
                row.has_started = false;
                row.subject = subject;
                row
            }
            None => {
                self.unchecked += 1;
                let due = now + delay(&subject);
                self.rows.entry(serial).or_insert(Row {
                    subject,
                    due,
                    has_started: false,
                    is_checked: false,
                })
            }
        };
        self.queue.insert((row.due, serial));
    }
}

/// The groups of a snapshot that some listener forwards to.
pub(crate) fn groups_in_use(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Group>> {
    let listeners = snapshot.listeners.iter();
    let used: HashSet<&Name> = listeners.flat_map(|view| view.listener.groups()).collect();
    snapshot.groups.iter().filter(move |group| used.contains(&group.spec.name))
}

fn subjects(snapshot: &Snapshot) -> impl Iterator<Item = Subject> {
    let checked = groups_in_use(snapshot).filter(|group| group.spec.health_check.enabled);
    checked.flat_map(|group| {
        group.targets.iter().enumerate().map(|(index, target)| Subject {
            group: Arc::clone(group),
            index,
            serial: target.cell.serial(),
            address: target.address,
        })
    })
}

#[cfg(test)]
mod tests;
