//! One try at one target: a lease, the request, and what comes back.

use std::{pin::pin, rc::Rc};

use clingfish_affinity::Reading;
use clingfish_h1::BodyLength;
use clingfish_snapshot::Placement;
use tokio::net::{
    TcpStream,
    tcp::{ReadHalf, WriteHalf},
};

use crate::{
    clock,
    exchange::{End, Exchange, Notes},
    forward::Forwarded,
    receive::{Received, Receiver},
    refusal::Refusal,
    serve::Used,
    upload::{self, Means, Progress, Upload},
    upstream::{Lease, Wanted},
    view::GroupLocal,
    wire::{self, WireError},
};

/// One try at one target.
pub(crate) struct Attempt<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) group: &'a Rc<GroupLocal>,
    pub(crate) reading: &'a Reading,
    pub(crate) placement: Placement,
}

/// Why an attempt failed, and what may be done about it.
pub(crate) struct Failure {
    pub(crate) refusal: Refusal,
    pub(crate) again: Again,
    pub(crate) consumed: Option<usize>,
}

/// Whether and where a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    /// It never got through.
    OnAnotherTarget,
    /// Only the old connection was at fault.
    OnNewConnection,
}

impl Attempt<'_> {
    /// Sends the request and passes the answer on, both at the same time.
    pub(crate) async fn run(
        &self,
        wanted: Wanted,
        reads: &mut ReadHalf<'_>,
        writes: &mut WriteHalf<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<End, Failure> {
        let mut lease = self.lease(wanted, reads.as_ref()).await?;
        let progress = Progress::new();
        let means = self.means(&progress);
        let body_max = self.exchange.listener.balancer.request_limits.body_bytes_max;
        let mut upload = Upload::new(self.exchange.framing.body, body_max);
        let reused = lease.reused;
        let (mut target_reads, mut target_writes) = lease.tcp.split();
        let consumed = self.send(&mut upload, &mut target_writes, means, reused, notes).await?;
        let receiver = Receiver {
            exchange: self.exchange,
            group: self.group,
            reading: self.reading,
            placement: self.placement,
            progress: &progress,
            means,
        };
        let received = {
            // Pinned here, since `select` moves what it is given, and these are large.
            let mut answer = pin!(receiver.run(&mut target_reads, writes, notes));
            let mut upload = pin!(upload.run(reads, &mut target_writes, means));
            tokio::select! {
                biased;
                received = &mut answer => received,
                refusal = &mut upload => Err(refusal),
            }
        };
        notes.outcome.received_bytes = self.received_bytes(&progress);
        match received {
            Ok(Received::Whole { reusable, persistent }) => {
                if reusable && progress.delivered.get() {
                    // Looked up when something last came, which is when the connection fell idle.
                    lease.give_back(self.exchange.worker.deadlines.latest());
                }
                let persistent = persistent && progress.uploaded.get();
                let used = Used { rest: consumed, surplus: upload.surplus };
                Ok(End::Answered { persistent, used })
            }
            Ok(Received::Upgraded { from_target }) => {
                let from_client = self.exchange.rest.get(consumed..).unwrap_or_default().to_vec();
                Ok(End::Upgraded { lease, from_client, from_target })
            }
            Err(refusal) if progress.committed.get() => {
                notes.outcome.reason = refusal.reason();
                Ok(End::Broken)
            }
            Err(refusal) => Err(self.failure(refusal, reused, &progress, consumed)),
        }
    }

    fn means<'m>(&'m self, progress: &'m Progress) -> Means<'m> {
        Means {
            buffers: &self.exchange.worker.buffers,
            pipes: &self.exchange.worker.pipes,
            deadline: self.exchange.deadline,
            timeouts: &self.exchange.listener.balancer.timeouts,
            response_timeout: self.group.group.spec.response_timeout,
            progress,
            chunked: self.exchange.framing.body == BodyLength::Chunked,
        }
    }

    fn received_bytes(&self, progress: &Progress) -> u64 {
        self.exchange.framing.head_len as u64 + progress.received.get()
    }

    /// Sends the head, and what has come of the body, in one go. Gives the bytes of the body's part.
    async fn send(
        &self,
        upload: &mut Upload,
        target: &mut WriteHalf<'_>,
        means: Means<'_>,
        reused: bool,
        notes: &mut Notes<'_>,
    ) -> Result<usize, Failure> {
        let mut out = means.buffers.take();
        self.write_head(notes.trace, &mut out);
        let consumed = upload.take(self.exchange.rest, means, &mut out).map_err(Failure::never)?;
        means.deadline.set(means.response_timeout);
        match wire::flush(target, &out, means.deadline, means.response_timeout).await {
            Ok(()) => {}
            Err(WireError::Expired) => {
                let refusal = means.progress.expired(means.deadline);
                return Err(self.failure(refusal, reused, means.progress, consumed));
            }
            Err(WireError::Broken) => {
                let refusal = Refusal::TargetClosed;
                return Err(self.failure(refusal, reused, means.progress, consumed));
            }
        }
        means.progress.delivered.set(means.progress.uploaded.get());
        let now = clock::now();
        self.exchange.worker.deadlines.observe(now);
        notes.outcome.sent = Some(now);
        notes.outcome.received_bytes = self.received_bytes(means.progress);
        Ok(consumed)
    }

    async fn lease(&self, wanted: Wanted, client: &TcpStream) -> Result<Lease, Failure> {
        let exchange = self.exchange;
        let target = self.group.targets.get(self.placement.target);
        let target = target.ok_or_else(|| Failure::never(Refusal::NoTarget))?;
        let cell = &target.target.cell;
        exchange.deadline.runs_on(cell.serial());
        if !cell.keeps_sessions() {
            // Nobody is healthy, so everybody is tried.
            self.group.meter.fail_open_requests.increment();
        }
        let meter = &exchange.worker.meter;
        let now = exchange.worker.deadlines.latest();
        let taken = tokio::select! {
            biased;
            taken = Lease::take(target, self.group, exchange.worker.index, wanted, now) => taken,
            // Nobody is left to dial for.
            gone = upload::watch(client) => return Err(Failure::never(gone)),
        };
        match taken {
            Ok(lease) if lease.reused => {
                meter.upstream_reuses.increment();
                Ok(lease)
            }
            Ok(lease) => {
                exchange.worker.deadlines.observe(clock::now());
                meter.upstream_connects.increment();
                Ok(lease)
            }
            Err(error) => {
                let consumed = exchange.has_no_body().then_some(0);
                let again = Again::OnAnotherTarget;
                Err(Failure { refusal: Refusal::Dial(error), again, consumed })
            }
        }
    }

    fn write_head(&self, trace: &[u8], out: &mut Vec<u8>) {
        let Exchange { head, framing, facts, .. } = *self.exchange;
        let balancer = &self.exchange.listener.balancer;
        let cuts = &self.reading.cuts;
        Forwarded { head, framing, balancer, facts, cuts, trace }.write(out);
    }

    /// Sorts out whether the request may be sent again: only where the target has not said a byte, nothing of it is lost,
    /// and doing it twice is as doing it once.
    fn failure(
        &self,
        refusal: Refusal,
        reused: bool,
        progress: &Progress,
        consumed: usize,
    ) -> Failure {
        let unheard = matches!(refusal, Refusal::TargetClosed) && !progress.heard.get();
        let whole = progress.uploaded.get() && !progress.spent.get();
        let again = match (unheard && whole && self.exchange.is_repeatable(), reused) {
            (false, _) => Again::Never,
            (true, true) => Again::OnNewConnection,
            (true, false) => Again::OnAnotherTarget,
        };
        Failure { refusal, again, consumed: whole.then_some(consumed) }
    }
}

impl Failure {
    pub(crate) fn none() -> Self {
        Self::never(Refusal::NoTarget)
    }

    pub(crate) fn never(refusal: Refusal) -> Self {
        Self { refusal, again: Again::Never, consumed: None }
    }

    pub(crate) fn end(self) -> End {
        End::Refused { refusal: self.refusal, consumed: self.consumed }
    }
}
