//! After a 101: bytes both ways, without a look inside, until both sides have ended.

mod plain;

use std::{cell::Cell, pin::pin, rc::Rc, time::Duration};

use clingfish_model::LoadBalancer;

use crate::{
    buffer::BufferPool,
    deadline::Deadline,
    exchange::Upgraded,
    outcome::Outcome,
    presence::Present,
    sink::{Ending, Sink},
    source::{Piece, Source},
    streams::Streaming,
    upstream::Line,
    wire::AsTcp as _,
    worker::Worker,
};

use plain::Way;

/// How long one side may stay silent after the other has ended.
const HALF_OPEN_MAX: Duration = Duration::from_secs(30);

/// A connection that has changed protocols. Holds no buffers while nothing is said.
#[derive(Debug)]
pub(crate) struct Tunnel {
    upgraded: Upgraded,
    idle: Duration,
    outcome: Box<Outcome>,
}

impl Tunnel {
    pub(crate) fn new(upgraded: Upgraded, balancer: &LoadBalancer, outcome: Outcome) -> Self {
        Self { upgraded, idle: balancer.timeouts.websocket_idle, outcome: Box::new(outcome) }
    }
}

/// Carries bytes until it ends, then writes the log line.
pub(crate) async fn run(
    worker: &Worker,
    deadline: &Deadline,
    mut client_from: Source<'_>,
    mut client_to: Sink<'_>,
    mut tunnel: Tunnel,
) {
    let held = worker.meter.hold(|meter| &meter.tunnels_active);
    let streaming = Streaming::begin(worker, &tunnel.outcome);
    let present = Present::begin(worker, &tunnel.outcome);
    let (received, sent) = (Cell::new(0), Cell::new(0));
    // Targets change protocols on connections of their own only.
    let Upgraded { lease, from_client, from_target } = &mut tunnel.upgraded;
    if let Line::Bytes(stream) = &mut lease.line {
        let (reads, writes) = stream.split();
        let (mut target_from, mut target_to) = (Source::Bytes(reads), Sink::Bytes(writes));
        let half_open = Cell::new(false);
        let means = |moved| Means {
            buffers: &worker.buffers,
            deadline,
            idle: tunnel.idle,
            half_open: &half_open,
            moved,
        };
        let (up, down) = (means(&received), means(&sent));
        up.set_deadline();
        let ends =
            (client_from.as_tcp(), client_to.as_tcp(), target_from.as_tcp(), target_to.as_tcp());
        if let (Some(client_from), Some(client_to), Some(target_from), Some(target_to)) = ends {
            let up = Way::new(client_from, target_to, from_client, up);
            let down = Way::new(target_from, client_to, from_target, down);
            let _ = plain::run(up, down).await;
        } else {
            let up = up.carry(&mut client_from, &mut target_to, from_client);
            let down = down.carry(&mut target_from, &mut client_to, from_target);
            // An error in one direction ends both: there is nobody left to tell.
            let _ = tokio::try_join!(up, down);
        }
    }
    drop((held, streaming, present));
    tunnel.outcome.received_bytes += received.get();
    tunnel.outcome.sent_bytes += sent.get();
    tunnel.outcome.finish_tunnel(worker);
}

#[derive(Clone, Copy, Debug)]
struct Means<'a> {
    buffers: &'a Rc<BufferPool>,
    deadline: &'a Deadline,
    idle: Duration,
    half_open: &'a Cell<bool>,
    moved: &'a Cell<u64>,
}

/// The tunnel is over.
#[derive(Debug)]
struct Over;

impl Means<'_> {
    async fn carry(
        self,
        from: &mut Source<'_>,
        to: &mut Sink<'_>,
        first: &[u8],
    ) -> Result<(), Over> {
        self.pass(to, first).await?;
        loop {
            from.ready(self.deadline).await.map_err(|_| Over)?;
            match from.next(self.buffers, false, self.deadline).await.map_err(|_| Over)? {
                Piece::Raw(bytes) if bytes.is_empty() => break,
                Piece::Raw(bytes) => self.pass(to, &bytes).await?,
                Piece::Data(data) => {
                    self.pass(to, &data).await?;
                    from.release(data.len());
                }
                Piece::End(_) => break,
            }
            self.set_deadline();
        }
        self.half_open.set(true);
        self.set_deadline();
        // Through TLS even a goodbye may have to wait for a peer that does not read.
        let ended = self.deadline.guard(pin!(to.shutdown())).await;
        ended.map_err(|_| Over)?.map_err(|_| Over)
    }

    async fn pass(self, to: &mut Sink<'_>, bytes: &[u8]) -> Result<(), Over> {
        to.flush(bytes, Ending::Open, self.deadline, self.idle).await.map_err(|_| Over)?;
        self.moved.set(self.moved.get() + bytes.len() as u64);
        Ok(())
    }

    fn set_deadline(self) {
        let limit = if self.half_open.get() { self.idle.min(HALF_OPEN_MAX) } else { self.idle };
        self.deadline.push(limit);
    }
}
