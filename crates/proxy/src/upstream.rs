//! Room `upstream`: a placement becomes a lease on a connection to its target.

use std::{io, rc::Rc, time::Instant};

use clingfish_model::{ProtocolVersion, listener::RequestLimits};
use clingfish_upstream::{DialError, dial};

use crate::{
    clock,
    http2::lines::Share,
    stream::Stream,
    view::{GroupLocal, TargetLocal},
    wire::{self, Silence},
};

/// A connection to a target and the in-flight count that goes with it, from checkout to drop.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) line: Line,
    /// It has served a request before, so the target may be about to close it.
    pub(crate) reused: bool,
    flight: InFlight,
}

/// A connection to a target, by what is spoken on it.
#[derive(Debug)]
pub(crate) enum Line {
    /// HTTP/1: one request at a time.
    Bytes(Stream),
    /// HTTP/2: shared with other requests.
    Frames(Share),
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
        limits: &RequestLimits,
        now: Instant,
    ) -> Result<Self, DialError> {
        let flight = InFlight::begin(target, worker);
        let (line, reused) = match group.group.spec.protocol_version {
            ProtocolVersion::Http1 => match idle(target, wanted, now) {
                Some(stream) => (Line::Bytes(stream), true),
                None => (Line::Bytes(connect(target, group).await?), false),
            },
            ProtocolVersion::Http2 | ProtocolVersion::Grpc => {
                let (line, reused) = shared(target, group, wanted, limits, now).await?;
                (Line::Frames(line), reused)
            }
        };
        Ok(Self { line, reused, flight })
    }

    /// Keeps the connection for another request.
    pub(crate) fn give_back(self, now: Instant) {
        let target = Rc::clone(&self.flight.target);
        if let Line::Bytes(stream) = self.line {
            target.idle.borrow_mut().give(stream, now);
        }
    }
}

/// Dials, and takes note of how that went.
async fn connect(target: &TargetLocal, group: &GroupLocal) -> Result<Stream, DialError> {
    match dial(target.target.address, group.group.spec.connect_timeout).await {
        Ok(tcp) => {
            target.target.cell.connected();
            Ok(Stream::Plain(tcp))
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

/// A connection of HTTP/2 with room for another request; a new one where there is none.
async fn shared(
    target: &TargetLocal,
    group: &GroupLocal,
    wanted: Wanted,
    limits: &RequestLimits,
    now: Instant,
) -> Result<(Share, bool), DialError> {
    let lines = &target.lines;
    let mut dialing = None;
    // Whoever waits for another's dialing finds its connection, or else dials as well.
    for _ in 0..2 {
        if let Some(line) = lines.pick(now).filter(|_| wanted != Wanted::Fresh) {
            return Ok((line, true));
        }
        dialing = lines.dial_alone().await;
        if dialing.is_some() {
            break;
        }
    }
    let stream = connect(target, group).await?;
    let line = lines.open(stream, limits, now).await;
    drop(dialing);
    let address = target.target.address;
    let line =
        line.map_err(|error| DialError::Refused { address, source: io::Error::other(error) })?;
    Ok((line, false))
}

fn idle(target: &TargetLocal, wanted: Wanted, now: Instant) -> Option<Stream> {
    let is_usable = |stream: &Stream| match wanted {
        Wanted::Any => wire::silence(stream.tcp()) == Silence::Kept,
        Wanted::Certain => wire::peek(stream.tcp()) == Silence::Kept,
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
        target.lines.clear();
        group.group.refresh();
        tracing::info!(
            target_group = %group.group.spec.name,
            target.id = %target.target.id,
            "target ejected: connects fail"
        );
    }
}
