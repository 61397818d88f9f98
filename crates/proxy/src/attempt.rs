//! One try at one target: a lease, the request, and what comes back.

use std::{net::SocketAddr, pin::pin, rc::Rc};

use clingfish_affinity::Reading;
use clingfish_h1::{HeadError, desync::Treatment};
use clingfish_model::{Version, target::ProxyProtocol};
use clingfish_snapshot::{Placement, Presented};
use h2::client::ResponseFuture;

use crate::{
    chosen_group::ChosenGroup,
    clock,
    exchange::{End, Exchange, Notes, Upgraded},
    forward::Forwarded,
    http2::{head::is_grpc, lines::Share},
    preamble::Ends,
    receive::{Heads, Received, Receiver},
    refusal::Refusal,
    reply::{Client, Egress},
    serve::Used,
    sink::{Outflow, Sink},
    source::Source,
    upload::{Means, Progress, Upload},
    upstream::{Lease, Line, Wanted},
    view::GroupLocal,
    wire::{AsTcp as _, WireError},
};

/// One try at one target.
pub(crate) struct Attempt<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) group: &'a Rc<GroupLocal>,
    /// How it was chosen, where a rule keeps sessions with their group.
    pub(crate) chosen: Option<&'a ChosenGroup<'a>>,
    pub(crate) reading: &'a Reading,
    /// The id of the application that the request came with.
    pub(crate) presented: Option<&'a Presented<'a>>,
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
        source: &mut Source<'_>,
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<End, Failure> {
        source.rewind();
        let mut lease = self.lease(wanted, source).await?;
        let progress = Progress::new();
        let means = &self.means(&lease, &progress);
        let body_max = self.exchange.listener.balancer.request_limits.body_bytes_max;
        let mut upload = Upload::new(self.exchange.framing.body, body_max);
        let reused = lease.reused;
        let outflow = Outflow::default();
        let mut out = means.buffers.take();
        if matches!(lease.line, Line::Bytes(_)) {
            self.forwarded(notes).write(&mut out);
        }
        let consumed = upload.take(self.exchange.rest, means, &mut out).map_err(Failure::never)?;
        let (heads, mut sink) = match &mut lease.line {
            Line::Bytes(stream) => {
                let (reads, writes) = stream.split();
                (Heads::Bytes(reads), Sink::Bytes(writes))
            }
            Line::Frames(line) => {
                let ends = progress.uploaded.get() && out.is_empty();
                let response = self.open(line, &outflow, ends, notes)?;
                (Heads::Frames { response, body: None }, Sink::Frames(&outflow))
            }
        };
        self.send(&out, &upload, &mut sink, means, notes)
            .await
            .map_err(|refusal| self.failure(refusal, reused, &progress, source, consumed))?;
        drop(out);
        let receiver = Receiver {
            exchange: self.exchange,
            group: self.group,
            chosen: self.chosen,
            reading: self.reading,
            presented: self.presented,
            placement: self.placement,
            progress: &progress,
            means,
        };
        let received = {
            // Pinned here, since `select` moves what it is given, and these are large.
            let mut answer = pin!(receiver.run(heads, client, notes));
            let mut upload = pin!(upload.run(source, &mut sink, means));
            tokio::select! {
                biased;
                received = &mut answer => received,
                refusal = &mut upload => Err(refusal),
            }
        };
        notes.outcome.received_bytes = self.received_bytes(&progress);
        match received {
            Ok(Received::Whole { reusable, persistent }) => {
                let isolated = self.exchange.treatment() == Treatment::Isolate;
                if reusable && progress.delivered.get() && !isolated {
                    // It fell idle when something last came: that was then, or a tick later.
                    lease.give_back(self.exchange.worker.deadlines.latest());
                }
                let persistent = persistent && progress.uploaded.get();
                let used = Used { rest: consumed, surplus: upload.surplus };
                Ok(End::Answered { persistent, used })
            }
            Ok(Received::Upgraded { from_target }) => {
                let from_client = self.exchange.rest.get(consumed..).unwrap_or_default().to_vec();
                Ok(End::Upgraded(Upgraded { lease, from_client, from_target }))
            }
            Err(refusal) if progress.committed.get() => {
                notes.outcome.reason = refusal.reason();
                Ok(End::Broken)
            }
            Err(refusal) => Err(self.failure(refusal, reused, &progress, source, consumed)),
        }
    }

    fn means<'m>(&'m self, lease: &Lease, progress: &'m Progress) -> Means<'m> {
        let version = match lease.line {
            Line::Bytes(_) => Version::Http11,
            Line::Frames(_) => Version::Http2,
        };
        // Messages of gRPC come when there is something to say.
        let is_paced = !is_grpc(self.exchange.head);
        let timeouts = &self.exchange.listener.balancer.timeouts;
        let rate_min = if is_paced { timeouts.body_rate_min } else { 0 };
        Means {
            buffers: &self.exchange.worker.buffers,
            pipes: &self.exchange.worker.pipes,
            deadline: self.exchange.deadline,
            timeouts,
            response_timeout: self.group.group.spec.response_timeout,
            progress,
            rate_min,
            egress: Egress::of(self.exchange.framing.body, version),
        }
    }

    fn received_bytes(&self, progress: &Progress) -> u64 {
        self.exchange.framing.head_len as u64 + progress.received.get()
    }

    /// Begins a stream with the head. `ends` says that there is no body.
    fn open(
        &self,
        line: &Share,
        outflow: &Outflow,
        ends: bool,
        notes: &Notes<'_>,
    ) -> Result<ResponseFuture, Failure> {
        let scheme = if self.group.group.tls.is_some() { "https" } else { "http" };
        let request = self.forwarded(notes).request(self.exchange.worker, scheme);
        let request = request.ok_or_else(|| Failure::never(Refusal::Head(HeadError::BadTarget)))?;
        let (response, stream) = line.send(request, ends).map_err(|error| Failure {
            refusal: Refusal::of_frames(&error),
            again: Again::OnNewConnection,
            consumed: self.exchange.has_no_body().then_some(0),
        })?;
        outflow.begin(stream);
        Ok(response)
    }

    /// Sends the head, and what has come of the body, in one go.
    async fn send(
        &self,
        out: &[u8],
        upload: &Upload,
        target: &mut Sink<'_>,
        means: &Means<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        means.deadline.set(means.response_timeout);
        if !out.is_empty() {
            let ending = upload.ending(means);
            let sent = target.flush(out, ending, means.deadline, means.response_timeout).await;
            sent.map_err(|error| match error {
                WireError::Expired => means.progress.expired(means.deadline),
                WireError::Broken => Refusal::TargetClosed,
            })?;
        }
        means.progress.delivered.set(means.progress.uploaded.get());
        let now = clock::now();
        self.exchange.worker.deadlines.observe(now);
        notes.outcome.sent = Some(now);
        notes.outcome.received_bytes = self.received_bytes(means.progress);
        Ok(())
    }

    async fn lease(&self, wanted: Wanted, client: &Source<'_>) -> Result<Lease, Failure> {
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
        let limits = &exchange.listener.balancer.request_limits;
        let ends = Ends { client: exchange.facts.peer, local: self.local(client) };
        let worker = exchange.worker;
        let taking = Lease::take(target, self.group, worker, wanted, limits, now, ends);
        // Pinned here, since `select` moves what it is given.
        let mut taking = pin!(taking);
        let taken = tokio::select! {
            biased;
            taken = &mut taking => taken,
            // Nobody is left to dial for.
            gone = client.watch() => return Err(Failure::never(gone)),
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

    /// The address that the client connected to, as far as anybody is told: where its listener has every address, its connection
    /// knows which one it was.
    fn local(&self, client: &Source<'_>) -> SocketAddr {
        let local = self.exchange.facts.local;
        let is_told = self.group.group.spec.proxy_protocol != ProxyProtocol::Off;
        let exact = client.as_tcp().filter(|_| is_told && local.ip().is_unspecified());
        exact.and_then(|tcp| tcp.local_addr().ok()).unwrap_or(local)
    }

    fn forwarded<'f>(&'f self, notes: &'f Notes<'_>) -> Forwarded<'f> {
        let Exchange { head, framing, facts, .. } = *self.exchange;
        let balancer = &self.exchange.listener.balancer;
        let attributes = &self.exchange.listener.listener.attributes;
        let cuts = &self.reading.cuts;
        let (trace, ruling) = (&*notes.trace, notes.outcome.ruling.as_deref());
        let group = &*self.group.group;
        let presented = self.presented.map(|presented| (group, presented));
        Forwarded { head, framing, balancer, attributes, facts, cuts, presented, trace, ruling }
    }

    /// Sorts out whether the request may be sent again: only where the target has not said a byte, nothing of it is lost,
    /// and doing it twice is as doing it once.
    fn failure(
        &self,
        refusal: Refusal,
        reused: bool,
        progress: &Progress,
        source: &Source<'_>,
        consumed: usize,
    ) -> Failure {
        let unheard = matches!(refusal, Refusal::TargetClosed) && !progress.heard.get();
        // What comes in frames is asked for piece by piece, and kept from the first on.
        let is_kept = progress.uploaded.get() || source.is_repeatable();
        let whole = is_kept && !progress.spent.get();
        // A stream that the target refuses has not been looked at (RFC 9113 section 8.7): any method may go again.
        let untouched = matches!(refusal, Refusal::StreamRefused);
        let again = match whole {
            true if untouched => Again::OnNewConnection,
            true if unheard && self.exchange.is_repeatable() && reused => Again::OnNewConnection,
            true if unheard && self.exchange.is_repeatable() => Again::OnAnotherTarget,
            _ => Again::Never,
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
