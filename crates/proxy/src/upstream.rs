//! Room `upstream`: a placement becomes a lease on a connection to its target.

use std::{rc::Rc, time::Instant};

use clingfish_upstream::{DialError, dial};
use tokio::net::TcpStream;

use crate::{
    clock,
    view::{GroupLocal, TargetLocal},
    wire::{self, Silence},
};

/// A connection to a target and the in-flight count that goes with it, from checkout to drop.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) tcp: TcpStream,
    /// It has served a request before, so the target may be about to close it.
    pub(crate) reused: bool,
    flight: InFlight,
}

/// One request in flight, from creation to drop, however it ends.
#[derive(Debug)]
struct InFlight {
    target: Rc<TargetLocal>,
    worker: usize,
}

impl InFlight {
    fn begin(target: &Rc<TargetLocal>, worker: usize) -> Self {
        target.target.cell.begin(worker);
        Self { target: Rc::clone(target), worker }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.target.target.cell.end(self.worker);
    }
}

/// What kind of connection a request can do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any: if it turns out to be closed, the request can be sent again.
    Any,
    /// One that the kernel says is open still: what it carries cannot be sent twice.
    Certain,
    /// A new one.
    Fresh,
}

impl Lease {
    /// Takes an idle connection, or dials.
    pub(crate) async fn take(
        target: &Rc<TargetLocal>,
        group: &GroupLocal,
        worker: usize,
        wanted: Wanted,
        now: Instant,
    ) -> Result<Self, DialError> {
        let flight = InFlight::begin(target, worker);
        if let Some(tcp) = idle(target, wanted, now) {
            return Ok(Self { tcp, reused: true, flight });
        }
        match dial(target.target.address, group.group.spec.connect_timeout).await {
            Ok(tcp) => {
                target.target.cell.connected();
                Ok(Self { tcp, reused: false, flight })
            }
            Err(error) => {
                if error.blames_target() {
                    target.meter.connect_failures.increment();
                    blame(target, group);
                }
                Err(error)
            }
        }
    }

    /// Keeps the connection for another request.
    pub(crate) fn give_back(self, now: Instant) {
        let target = Rc::clone(&self.flight.target);
        target.idle.borrow_mut().give(self.tcp, now);
    }
}

fn idle(target: &TargetLocal, wanted: Wanted, now: Instant) -> Option<TcpStream> {
    let is_usable = |tcp: &TcpStream| match wanted {
        Wanted::Any => wire::silence(tcp) == Silence::Kept,
        Wanted::Certain => wire::peek(tcp) == Silence::Kept,
        Wanted::Fresh => false,
    };
    if wanted == Wanted::Fresh {
        return None;
    }
    target.idle.borrow_mut().take(now, is_usable)
}

/// A failed connect of real traffic counts against the target; several in a row eject it.
fn blame(target: &TargetLocal, group: &GroupLocal) {
    let ejected = target.target.cell.connect_failed(&group.group.spec.health_check, clock::now());
    if ejected {
        target.idle.borrow_mut().clear();
        group.group.refresh();
        tracing::info!(
            target_group = %group.group.spec.name,
            target.id = %target.target.id,
            "target ejected: connects fail"
        );
    }
}
