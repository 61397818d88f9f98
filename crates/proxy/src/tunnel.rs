//! After a 101: bytes both ways, without a look inside, until both sides have ended.

use std::{cell::Cell, rc::Rc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::tcp::{ReadHalf, WriteHalf},
};

use crate::{
    buffer::BufferPool, connection::Connection, deadline::Deadline, outcome::Outcome,
    upstream::Lease, wire, worker::Worker,
};

/// How long one side may stay silent after the other has ended.
const HALF_OPEN_MAX: Duration = Duration::from_secs(30);

/// A connection that has changed protocols. Holds no buffers while nothing is said.
#[derive(Debug)]
pub(crate) struct Tunnel {
    pub(crate) lease: Lease,
    /// What came from the client behind its request head.
    pub(crate) from_client: Vec<u8>,
    /// What came from the target behind its response head.
    pub(crate) from_target: Vec<u8>,
    pub(crate) idle: Duration,
    pub(crate) outcome: Box<Outcome>,
}

/// Carries bytes until it ends, then writes the log line.
pub(crate) async fn run(worker: &Worker, connection: &mut Connection, mut tunnel: Tunnel) {
    let held = worker.meter.hold(|meter| &meter.tunnels_active);
    let (received, sent) = (Cell::new(0), Cell::new(0));
    {
        let (mut client_reads, mut client_writes) = connection.tcp.split();
        let (mut target_reads, mut target_writes) = tunnel.lease.tcp.split();
        let half_open = Cell::new(false);
        let means = |moved| Means {
            buffers: &worker.buffers,
            deadline: &connection.deadline,
            idle: tunnel.idle,
            half_open: &half_open,
            moved,
        };
        let up = means(&received).carry(&mut client_reads, &mut target_writes, &tunnel.from_client);
        let down = means(&sent).carry(&mut target_reads, &mut client_writes, &tunnel.from_target);
        // An error in one direction ends both: there is nobody left to tell.
        let _ = tokio::try_join!(up, down);
    }
    drop(held);
    tunnel.outcome.received_bytes += received.get();
    tunnel.outcome.sent_bytes += sent.get();
    tunnel.outcome.finish_tunnel(worker);
}

#[derive(Clone, Copy)]
struct Means<'a> {
    buffers: &'a Rc<BufferPool>,
    deadline: &'a Deadline,
    idle: Duration,
    half_open: &'a Cell<bool>,
    moved: &'a Cell<u64>,
}

/// The tunnel is over.
struct Over;

impl Means<'_> {
    async fn carry(
        self,
        from: &mut ReadHalf<'_>,
        to: &mut WriteHalf<'_>,
        first: &[u8],
    ) -> Result<(), Over> {
        self.set_deadline();
        self.pass(to, first).await?;
        loop {
            wire::readable(from.as_ref(), self.deadline).await.map_err(|_| Over)?;
            let mut buffer = self.buffers.take();
            match wire::fill(from, &mut buffer, self.deadline).await {
                Ok(0) => break,
                Ok(_) => self.pass(to, &buffer).await?,
                Err(_) => return Err(Over),
            }
            self.set_deadline();
        }
        self.half_open.set(true);
        self.set_deadline();
        to.shutdown().await.map_err(|_| Over)
    }

    async fn pass(self, to: &mut WriteHalf<'_>, bytes: &[u8]) -> Result<(), Over> {
        wire::flush(to, bytes, self.deadline, self.idle).await.map_err(|_| Over)?;
        self.moved.set(self.moved.get() + bytes.len() as u64);
        Ok(())
    }

    fn set_deadline(self) {
        let limit = if self.half_open.get() { self.idle.min(HALF_OPEN_MAX) } else { self.idle };
        self.deadline.set_now(limit);
    }
}
