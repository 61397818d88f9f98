//! What the rooms of control tell each other: what is in force, and how far the process has come.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use clingfish_model::{DesiredState, Name, UnixMillis};
use clingfish_snapshot::Snapshot;
use tokio::sync::watch;

use crate::{
    admin::{COUNTED, InForce},
    clock,
    recorder::Memory,
};

/// How far the process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is in force yet.
    Starting,
    /// Listeners accept, but some target has not been checked yet.
    Checking,
    /// All is well.
    Ready,
    /// On the way out.
    Leaving,
    /// On the way out, while another process has taken over the addresses.
    Succeeded,
}

/// A snapshot that all workers use.
#[derive(Clone, Debug)]
pub(crate) struct Enforced {
    pub(crate) snapshot: Arc<Snapshot>,
    /// What it was made of.
    pub(crate) desired: Arc<DesiredState>,
    /// The revision since which that is desired.
    pub(crate) desired_since: u64,
    /// Where each listener really is.
    pub(crate) addresses: Vec<(Name, SocketAddr)>,
    pub(crate) admin: Arc<InForce>,
    pub(crate) at: UnixMillis,
}

/// Shared by all rooms; each field has one writer.
#[derive(Debug)]
pub(crate) struct Status {
    phase: watch::Sender<Phase>,
    enforced: watch::Sender<Option<Enforced>>,
    pub(crate) started_at: UnixMillis,
    pub(crate) reloads_applied: AtomicU64,
    pub(crate) reloads_refused: AtomicU64,
    pub(crate) upgrades_failed: AtomicU64,
    pub(crate) certificates_applied: AtomicU64,
    pub(crate) certificates_refused: AtomicU64,
    /// Files for TLS that have become unusable.
    pub(crate) certificates_kept: AtomicU64,
    /// The last hour of groups and targets.
    pub(crate) memory: Memory,
    /// Requests to the admin address, in the order of [`COUNTED`].
    pub(crate) admin_refused: [AtomicU64; COUNTED.len()],
}

impl Status {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
            enforced: watch::Sender::new(None),
            started_at: clock::wall(),
            reloads_applied: AtomicU64::new(0),
            reloads_refused: AtomicU64::new(0),
            upgrades_failed: AtomicU64::new(0),
            certificates_applied: AtomicU64::new(0),
            certificates_refused: AtomicU64::new(0),
            certificates_kept: AtomicU64::new(0),
            memory: Memory::default(),
            admin_refused: Default::default(),
        }
    }

    /// Tells everybody that all workers use this snapshot.
    pub(crate) fn enforce(&self, enforced: Enforced) {
        self.enforced.send_replace(Some(enforced));
        self.advance(Phase::Starting, Phase::Checking);
    }

    /// What all workers use; none before the first.
    pub(crate) fn enforced(&self) -> Option<Enforced> {
        self.enforced.borrow().clone()
    }

    /// What is in force for the admin address; none before the first.
    pub(crate) fn admin(&self) -> Option<Arc<InForce>> {
        self.enforced.borrow().as_ref().map(|enforced| Arc::clone(&enforced.admin))
    }

    /// Follows what all workers use.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Enforced>> {
        self.enforced.subscribe()
    }

    /// The first checks are done.
    pub(crate) fn checked(&self) {
        self.advance(Phase::Checking, Phase::Ready);
    }

    /// From now on `/readyz` says no.
    pub(crate) fn leave(&self) {
        self.phase.send_replace(Phase::Leaving);
    }

    /// From now on another process answers.
    pub(crate) fn succeed(&self) {
        self.phase.send_replace(Phase::Succeeded);
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn follow_phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    pub(crate) fn count_reload(&self, is_applied: bool) {
        let counter = if is_applied { &self.reloads_applied } else { &self.reloads_refused };
        counter.fetch_add(1, Relaxed);
    }

    /// Files for TLS have changed, and all of them were good, or not.
    pub(crate) fn count_certificates(&self, are_good: bool) {
        let (good, bad) = (&self.certificates_applied, &self.certificates_refused);
        if are_good { good } else { bad }.fetch_add(1, Relaxed);
    }

    /// Nobody turns back: who leaves does not become ready again.
    fn advance(&self, from: Phase, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let is_due = *phase == from;
            if is_due {
                *phase = to;
            }
            is_due
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_does_not_become_ready_again() {
        let status = Status::new();
        status.checked();
        assert_eq!(status.phase(), Phase::Starting, "not before something is in force");
        status.leave();
        status.checked();
        assert_eq!(status.phase(), Phase::Leaving);
    }
}
