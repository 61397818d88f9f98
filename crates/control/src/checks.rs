//! Self-tests of listeners that somebody starts at the admin address: one at a time, the last few kept in memory.
//!
//! What tests is not here: the binary passes a [`Checker`] in. It is given addresses of our own listeners only, so that nobody can
//! have others asked by us.

mod aim;
mod attend;
mod checker;
mod run;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use clingfish_model::limits::CHECKS_KEPT_MAX;
use tokio::sync::oneshot;

pub(crate) use aim::{NoAim, aim};
pub use checker::{CheckPlan, CheckProgress, Checker, Checking};
use run::State;
pub(crate) use run::{Course, Run};

use crate::{clock, status::Status};
use attend::attend;

/// All self-tests that are remembered. Dropping it ends the one that runs.
#[derive(Debug)]
pub(crate) struct Checks {
    checker: Arc<dyn Checker>,
    /// Protects the list; never held while anybody waits.
    ledger: Mutex<Ledger>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Oldest first; only the newest may still run.
    runs: VecDeque<Arc<Run>>,
    last_id: u64,
    /// Ends the newest when it is dropped.
    stop: Option<oneshot::Sender<()>>,
}

/// Why no self-test begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotBegun {
    /// The one of that number still runs.
    Busy(u64),
    /// The checker cannot do what is asked for.
    Unfit(String),
    /// The process is on its way out.
    Leaving,
}

impl Checks {
    pub(crate) fn new(checker: Arc<dyn Checker>) -> Self {
        Self { checker, ledger: Mutex::default() }
    }

    /// Begins a self-test, unless another one runs. To be called on control's runtime.
    pub(crate) fn begin(
        &self,
        plan: CheckPlan,
        who: &Arc<str>,
        status: &Arc<Status>,
    ) -> Result<Arc<Run>, NotBegun> {
        if attend::is_leaving(status.phase()) {
            return Err(NotBegun::Leaving);
        }
        let mut ledger = self.ledger();
        if let Some(run) = ledger.runs.back().filter(|run| run.is_running()) {
            return Err(NotBegun::Busy(run.id));
        }
        let run = Arc::new(Run::new(ledger.last_id + 1, plan, Arc::clone(who), clock::wall()));
        let progress = CheckProgress::of(Arc::clone(&run));
        let checking = self.checker.prepare(&run.plan, progress).map_err(NotBegun::Unfit)?;
        ledger.last_id = run.id;
        let (stop, stopped) = oneshot::channel();
        ledger.stop = Some(stop);
        while ledger.runs.len() >= CHECKS_KEPT_MAX {
            ledger.runs.pop_front();
        }
        ledger.runs.push_back(Arc::clone(&run));
        attend(Arc::clone(&run), checking, stopped, status);
        Ok(run)
    }

    /// All that are remembered, oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Run>> {
        self.ledger().runs.iter().cloned().collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Arc<Run>> {
        self.ledger().runs.iter().find(|run| run.id == id).cloned()
    }

    /// Ends a self-test if it still runs.
    pub(crate) fn cancel(&self, run: &Run, who: &str) {
        let mut ledger = self.ledger();
        if run.end(State::Cancelled, Err(format!("cancelled by {who}")), clock::wall()) {
            // It is the newest, as it ran; whoever waits for this hears that it is gone.
            ledger.stop = None;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
