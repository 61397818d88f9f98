//! The conductor: one request through all rooms, its effects in order. The only place that retries.

use std::rc::Rc;

use clingfish_affinity::{Claim, Reading, Verdict};
use clingfish_h1::{BodyLength, RequestFraming};
use clingfish_model::{Method, RequestHead, UnixMillis, limits::ATTEMPTS_MAX};
use clingfish_snapshot::{Circumstances, FirstHome, ListenerView, NoTarget, Placement, Tried};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::{
    answer::Answer,
    buffer::Buffer,
    clock,
    connection::{Connection, Next},
    deadline::Deadline,
    forward::{Facts, Forwarded, Trace},
    inbound::{self, Scratch},
    outcome::Outcome,
    receive::{Cut, Received, Receiver},
    refusal::Refusal,
    tunnel::Tunnel,
    upload::{Means, Progress, Upload},
    upstream::{Lease, Wanted},
    view::{GroupLocal, View},
    wire::{self, WireError},
    worker::Worker,
};

/// Serves requests until the connection has nothing more to say for now.
pub(crate) async fn serve(worker: &Rc<Worker>, connection: &mut Connection) -> Next {
    let mut input = worker.buffers.take();
    let mut scratch = worker.take_scratch();
    loop {
        let next = serve_one(worker, connection, &mut input, &mut scratch).await;
        if !matches!(next, Next::Idle) || input.is_empty() {
            worker.keep_scratch(scratch);
            return next;
        }
    }
}

/// One request, from its head to its log line.
async fn serve_one(
    worker: &Rc<Worker>,
    connection: &mut Connection,
    input: &mut Buffer,
    scratch: &mut Scratch,
) -> Next {
    let view = worker.view();
    let place = connection.door.listener.get();
    let Some(listener) = place.and_then(|at| view.snapshot.listeners.get(at)) else {
        // Its listener is gone, and with it everything that could be said.
        return Next::Close;
    };
    let closing = connection.is_over(worker, listener);
    let facts = Facts::new(connection.peer, connection.door.address, &listener.balancer);
    let mut outcome = Outcome::new(
        facts.peer,
        facts.local.port(),
        connection.id,
        listener.balancer_id,
    );
    let (mut reads, mut writes) = connection.tcp.split();
    let deadline = &connection.deadline;
    let balancer = &*listener.balancer;
    let parts = &mut scratch.request;
    let framing = match inbound::read_head(&mut reads, input, balancer, parts, deadline).await {
        Ok(Some(framing)) => framing,
        Ok(None) => return Next::Close,
        Err(refusal) => {
            let answered = Refused {
                refusal,
                head_only: false,
                keeps: false,
                deadline,
                balancer,
            };
            let next = answered.answer(&mut writes, worker, &mut outcome).await;
            outcome.finish(None, balancer, b"", worker);
            return next;
        }
    };
    let (bytes, rest) = input.split_at_checked(framing.head_len).unwrap_or_default();
    let head = RequestHead::new(bytes, &scratch.request);
    outcome.begin(head, facts.is_https(head));
    let exchange = Exchange {
        worker,
        view: &view,
        listener,
        deadline,
        facts,
        head,
        framing,
        rest,
        now: UnixMillis(outcome.created_at.0 / 1000),
        closing,
    };
    let mut notes = Notes {
        outcome: &mut outcome,
        first_home: &mut connection.first_home,
        response: &mut scratch.response,
        trace: &mut scratch.trace,
    };
    let end = exchange.run(&mut reads, &mut writes, &mut notes).await;
    deadline.runs_on(0);
    let (next, consumed, surplus) = match end {
        End::Answered {
            persistent,
            consumed,
            surplus,
        } => (
            if persistent { Next::Idle } else { Next::Linger },
            consumed,
            surplus,
        ),
        End::Refused { refusal, consumed } => {
            let keeps = framing.persistent && !closing && consumed.is_some();
            let head_only = head.method() == Method::Head;
            let answered = Refused {
                refusal,
                head_only,
                keeps,
                deadline,
                balancer,
            };
            let next = answered.answer(&mut writes, worker, &mut outcome).await;
            (next, consumed.unwrap_or_default(), Vec::new())
        }
        End::Broken => (Next::Reset, 0, Vec::new()),
        End::Upgraded {
            lease,
            from_client,
            from_target,
        } => {
            outcome.keep(head, balancer, &scratch.trace);
            let idle = balancer.timeouts.websocket_idle;
            let outcome = Box::new(outcome);
            return Next::Tunnel(Box::new(Tunnel {
                lease,
                from_client,
                from_target,
                idle,
                outcome,
            }));
        }
    };
    outcome.finish(Some(head), balancer, &scratch.trace, worker);
    input.consume(framing.head_len + consumed);
    input.extend_from_slice(&surplus);
    next
}

/// What a request is decided by.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) worker: &'a Rc<Worker>,
    pub(crate) view: &'a View,
    pub(crate) listener: &'a ListenerView,
    pub(crate) deadline: &'a Deadline,
    pub(crate) facts: Facts,
    pub(crate) head: RequestHead<'a>,
    pub(crate) framing: RequestFraming,
    /// What came behind the head.
    rest: &'a [u8],
    pub(crate) now: UnixMillis,
    /// The connection ends with this request.
    pub(crate) closing: bool,
}

/// What a request leaves behind.
pub(crate) struct Notes<'a> {
    pub(crate) outcome: &'a mut Outcome,
    pub(crate) first_home: &'a mut Option<Box<FirstHome>>,
    pub(crate) response: &'a mut clingfish_model::head::ResponseParts,
    trace: &'a mut Vec<u8>,
}

/// How an exchange ended.
enum End {
    /// A target's answer went through, to its end.
    Answered {
        persistent: bool,
        /// Bytes of [`Exchange::rest`] that were of this request.
        consumed: usize,
        /// Bytes of the next request that came later.
        surplus: Vec<u8>,
    },
    /// The client has not got a byte yet.
    Refused {
        refusal: Refusal,
        /// As above, where the whole request has been read.
        consumed: Option<usize>,
    },
    /// The client got a part of an answer that has no end.
    Broken,
    /// The target has agreed to another protocol.
    Upgraded {
        lease: Lease,
        from_client: Vec<u8>,
        from_target: Vec<u8>,
    },
}

/// Why an attempt failed, and what may be done about it.
struct Failure {
    refusal: Refusal,
    again: Again,
    consumed: Option<usize>,
}

/// Whether and where a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Never,
    /// It never got through.
    OnAnotherTarget,
    /// Only the old connection was at fault.
    OnNewConnection,
}

impl Exchange<'_> {
    async fn run(
        &self,
        reads: &mut ReadHalf<'_>,
        writes: &mut WriteHalf<'_>,
        notes: &mut Notes<'_>,
    ) -> End {
        let Some(group) = self
            .listener
            .route(self.head)
            .and_then(|at| self.view.groups.get(at))
        else {
            return self.unread(Refusal::NoRule);
        };
        notes.outcome.group = Some(Rc::clone(group));
        let body_max = self.listener.balancer.request_limits.body_bytes_max;
        if let (BodyLength::Known(length), Some(max)) = (self.framing.body, body_max)
            && length > max
        {
            return self.unread(Refusal::BodyTooLarge);
        }
        group.budget.borrow_mut().earn();
        let reading = self.claim(group, notes.first_home);
        self.write_trace(notes.trace);
        let mut tried = Tried::default();
        let mut wanted = self.first_wish();
        let mut last = Failure::none();
        for attempt in 0..ATTEMPTS_MAX {
            if attempt > 0 && !group.retry(clock::now()) {
                break;
            }
            let placement = match self.place(group, &reading.claim, &tried) {
                Ok(placement) => placement,
                Err(NoTarget::AllTried) => break,
                Err(NoTarget::NoneRegistered) => return self.unread(Refusal::NoTarget),
            };
            notes.outcome.place(placement, &reading.claim);
            let attempt = Attempt {
                exchange: self,
                group,
                reading: &reading,
                placement,
            };
            match attempt.run(wanted, reads, writes, notes).await {
                Ok(end) => return end,
                Err(failure) => {
                    match failure.again {
                        Again::Never => return failure.end(),
                        Again::OnAnotherTarget => tried.add(placement.target),
                        Again::OnNewConnection => wanted = Wanted::Fresh,
                    }
                    last = failure;
                }
            }
        }
        last.end()
    }

    /// A refusal before any of the body was looked at.
    fn unread(&self, refusal: Refusal) -> End {
        let consumed = (self.framing.body == BodyLength::None).then_some(0);
        End::Refused { refusal, consumed }
    }

    fn claim(&self, group: &GroupLocal, first_home: &mut Option<Box<FirstHome>>) -> Reading {
        let fresh = first_home.take_if(|first| !first.is_fresh(self.now, FirstHome::WINDOW));
        drop(fresh);
        group.group.claim(
            self.head,
            first_home.as_deref(),
            &self.view.snapshot.ring,
            self.now,
            &mut self.worker.memo.borrow_mut(),
        )
    }

    fn place(
        &self,
        group: &GroupLocal,
        claim: &Claim,
        tried: &Tried,
    ) -> Result<Placement, NoTarget> {
        let mut cursor = group.cursor.get();
        let circumstances = Circumstances {
            now: self.now,
            random: self.worker.random(),
        };
        let placement = group.group.place(claim, circumstances, tried, &mut cursor);
        group.cursor.set(cursor);
        placement
    }

    /// What cannot be sent twice wants a connection that is certainly open.
    fn first_wish(&self) -> Wanted {
        if self.is_repeatable() {
            Wanted::Any
        } else {
            Wanted::Certain
        }
    }

    fn is_repeatable(&self) -> bool {
        self.head.method().is_idempotent()
    }

    fn write_trace(&self, out: &mut Vec<u8>) {
        let random = self.worker.entropy.borrow_mut().bytes();
        out.clear();
        let came = self.head.value(clingfish_model::FieldId::XAmznTraceId);
        Trace {
            now: self.now,
            random,
        }
        .write(came, out);
    }
}

/// One try at one target.
struct Attempt<'a> {
    exchange: &'a Exchange<'a>,
    group: &'a Rc<GroupLocal>,
    reading: &'a Reading,
    placement: Placement,
}

impl Attempt<'_> {
    async fn run(
        &self,
        wanted: Wanted,
        reads: &mut ReadHalf<'_>,
        writes: &mut WriteHalf<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<End, Failure> {
        let exchange = self.exchange;
        let mut lease = self.lease(wanted).await?;
        let progress = Progress::new();
        let means = Means {
            buffers: &exchange.worker.buffers,
            deadline: exchange.deadline,
            timeouts: &exchange.listener.balancer.timeouts,
            response_timeout: self.group.group.spec.response_timeout,
            progress: &progress,
            chunked: exchange.framing.body == BodyLength::Chunked,
        };
        let body_max = exchange.listener.balancer.request_limits.body_bytes_max;
        let mut upload = Upload::new(exchange.framing.body, body_max);
        let mut out = exchange.worker.buffers.take();
        self.write_head(notes.trace, &mut out);
        let consumed = upload
            .take(exchange.rest, means, &mut out)
            .map_err(Failure::never)?;
        let reused = lease.reused;
        let (mut target_reads, mut target_writes) = lease.tcp.split();
        exchange.deadline.set(means.response_timeout);
        let sent = wire::flush(
            &mut target_writes,
            &out,
            exchange.deadline,
            means.response_timeout,
        );
        if let Err(error) = sent.await {
            let refusal = match error {
                WireError::Expired => progress.expired(exchange.deadline),
                WireError::Broken => Refusal::TargetClosed,
            };
            return Err(self.failure(refusal, reused, &progress, consumed));
        }
        drop(out);
        notes.outcome.sent = Some(clock::now());
        notes.outcome.received_bytes = exchange.framing.head_len as u64 + progress.received.get();
        let receiver = Receiver {
            exchange,
            group: self.group,
            reading: self.reading,
            placement: self.placement,
            progress: &progress,
            means,
        };
        let received = {
            let answer = receiver.run(&mut target_reads, writes, notes);
            let upload = upload.run(reads, &mut target_writes, means);
            tokio::select! {
                biased;
                received = answer => received,
                refusal = upload => Err(Cut::Refused(refusal)),
            }
        };
        notes.outcome.received_bytes = exchange.framing.head_len as u64 + progress.received.get();
        match received {
            Ok(Received::Whole {
                reusable,
                persistent,
            }) => {
                if reusable && progress.uploaded.get() {
                    lease.give_back();
                }
                let persistent = persistent && progress.uploaded.get();
                Ok(End::Answered {
                    persistent,
                    consumed,
                    surplus: upload.surplus,
                })
            }
            Ok(Received::Upgraded { from_target }) => {
                let from_client = exchange.rest.get(consumed..).unwrap_or_default().to_vec();
                Ok(End::Upgraded {
                    lease,
                    from_client,
                    from_target,
                })
            }
            Err(Cut::Refused(refusal)) if progress.committed.get() => {
                notes.outcome.reason = refusal.reason();
                Ok(End::Broken)
            }
            Err(Cut::Refused(refusal)) => Err(self.failure(refusal, reused, &progress, consumed)),
        }
    }

    async fn lease(&self, wanted: Wanted) -> Result<Lease, Failure> {
        let exchange = self.exchange;
        let target = self.group.targets.get(self.placement.target);
        let target = target.ok_or_else(|| Failure::never(Refusal::NoTarget))?;
        exchange.deadline.runs_on(target.target.cell.serial());
        let meter = &exchange.worker.meter;
        match Lease::take(target, self.group, exchange.worker.index, wanted).await {
            Ok(lease) if lease.reused => {
                meter.upstream_reuses.increment();
                Ok(lease)
            }
            Ok(lease) => {
                meter.upstream_connects.increment();
                Ok(lease)
            }
            Err(error) => {
                let consumed = (exchange.framing.body == BodyLength::None).then_some(0);
                let again = Again::OnAnotherTarget;
                Err(Failure {
                    refusal: Refusal::Dial(error),
                    again,
                    consumed,
                })
            }
        }
    }

    fn write_head(&self, trace: &[u8], out: &mut Vec<u8>) {
        let Exchange {
            head,
            framing,
            facts,
            ..
        } = *self.exchange;
        let balancer = &self.exchange.listener.balancer;
        let cuts = &self.reading.cuts;
        Forwarded {
            head,
            framing,
            balancer,
            facts,
            cuts,
            trace,
        }
        .write(out);
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
        Failure {
            refusal,
            again,
            consumed: whole.then_some(consumed),
        }
    }
}

impl Failure {
    fn none() -> Self {
        Self::never(Refusal::NoTarget)
    }

    fn never(refusal: Refusal) -> Self {
        Self {
            refusal,
            again: Again::Never,
            consumed: None,
        }
    }

    fn end(self) -> End {
        End::Refused {
            refusal: self.refusal,
            consumed: self.consumed,
        }
    }
}

/// A request that gets an answer of our own.
struct Refused<'a> {
    refusal: Refusal,
    head_only: bool,
    /// Another request may follow.
    keeps: bool,
    deadline: &'a Deadline,
    balancer: &'a clingfish_model::LoadBalancer,
}

impl Refused<'_> {
    async fn answer(
        self,
        writes: &mut WriteHalf<'_>,
        worker: &Worker,
        outcome: &mut Outcome,
    ) -> Next {
        outcome.refuse(&self.refusal);
        worker
            .meter
            .own_answers
            .count(self.refusal.status(), self.refusal.reason());
        if matches!(self.refusal, Refusal::ClientGone) {
            return Next::Close;
        }
        let mut out = worker.buffers.take();
        let (status, now) = (self.refusal.status(), UnixMillis(clock::wall().0 / 1000));
        Answer {
            status,
            head_only: self.head_only,
            closes: !self.keeps,
            now,
        }
        .write(&mut out);
        let patience = self.balancer.timeouts.idle;
        self.deadline.set(patience);
        if wire::flush(writes, &out, self.deadline, patience)
            .await
            .is_err()
        {
            return Next::Close;
        }
        outcome.sent_bytes = out.len() as u64;
        if self.keeps { Next::Idle } else { Next::Linger }
    }
}

/// Placement notes for the log.
impl Outcome {
    fn place(&mut self, placement: Placement, claim: &Claim) {
        let verdict = placement.verdict();
        self.attempt(placement.target);
        self.verdict = Some(verdict);
        self.session = claim.session();
        let home = claim.home().filter(|_| verdict == Verdict::Detour);
        let group = self.group.as_ref().map(|local| &local.group);
        self.home = home
            .and_then(|home| group?.find(home))
            .or(Some(placement.target));
    }
}
