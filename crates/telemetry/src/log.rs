//! The access log: one line for each request, written off the request path.
//!
//! A worker copies a [`Record`] into its own batch and formats nothing. Full batches, and what there is at each tick,
//! go to one writer thread over a bounded channel. Where that is full the batch is dropped and its lines are counted, and the
//! log says so in a line of its own. Emptied batches go back to their worker. A load balancer may have a log beside that of the process:
//! the writer knows its records by their id.

mod alb;
mod batch;
mod digits;
mod encode;
mod folder;
mod json;
mod output;
mod plan;
mod record;
mod session;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    mpsc::{Receiver, SyncSender, TrySendError},
};

use clingfish_model::limits::ACCESS_LOG_BATCH_BYTES_MAX;

pub use plan::{BalancerPlan, LogError, LogPlan};
pub use record::{Attempt, Facts, Kind, Record, Texts, UnixMicros};
pub use session::session_tag;
pub use writer::LogWriter;

use batch::Batch;

/// What workers, writer and readers of counts share. Nothing here is written per request.
#[derive(Debug, Default)]
struct Shared {
    /// A [`Scope`].
    scope: AtomicU8,
    written: AtomicU64,
    lost: AtomicU64,
}

/// Which requests records are kept of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Scope {
    Nothing,
    /// Those to load balancers with a log of their own.
    Apart,
    Everything,
}

impl Shared {
    fn set_scope(&self, scope: Scope) {
        self.scope.store(scope as u8, Relaxed);
    }
}

/// What goes to the writer thread.
#[derive(Debug)]
enum Message {
    Batch(Batch),
    /// Look at what the operator wants.
    Wake,
    /// Write what came before, then answer.
    Sync(SyncSender<()>),
}

/// One worker's end of the access log.
#[derive(Debug)]
pub struct AccessLog {
    shared: Arc<Shared>,
    batch: Batch,
    /// Lines lost that no batch has told the writer about.
    lost: u64,
    outgoing: SyncSender<Message>,
    emptied: Receiver<Batch>,
}

impl AccessLog {
    /// Whether a record of a request is kept; a caller may skip gathering it. `has_own` says whether its load balancer has a log of
    /// its own.
    pub fn wants(&self, has_own: bool) -> bool {
        let scope = self.shared.scope.load(Relaxed);
        scope == Scope::Everything as u8 || (has_own && scope == Scope::Apart as u8)
    }

    /// Takes one record. Never waits: see [`Self::flush`].
    pub fn push(&mut self, record: &Record<'_>) {
        if !self.wants(true) {
            return;
        }
        if self.batch.bytes() + Batch::bytes_of(record) > ACCESS_LOG_BATCH_BYTES_MAX {
            self.flush();
        }
        self.batch.push(record);
    }

    /// Hands over what there is. To be called at each tick of the worker, so that a quiet log is late by a tick at most.
    ///
    /// Drops and counts the records where the writer is behind.
    pub fn flush(&mut self) {
        if self.batch.is_empty() && self.lost == 0 {
            return;
        }
        let next = self.emptied.try_recv().unwrap_or_else(|_| self.batch.successor());
        let mut full = std::mem::replace(&mut self.batch, next);
        full.lost_before = std::mem::take(&mut self.lost);
        match self.outgoing.try_send(Message::Batch(full)) {
            Ok(()) => {}
            Err(TrySendError::Full(message) | TrySendError::Disconnected(message)) => {
                self.keep_count(message);
            }
        }
    }

    /// Takes back what the writer could not take: its room is used again, its lines are lost.
    fn keep_count(&mut self, message: Message) {
        if let Message::Batch(mut batch) = message {
            let lines = batch.lines();
            self.shared.lost.fetch_add(lines, Relaxed);
            self.lost = batch.lost_before + lines;
            batch.clear();
            self.batch = batch;
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests;
