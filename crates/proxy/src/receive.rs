//! Takes a target's answer and passes it on: interim heads, the head with its stamp, the body, whatever its length.

use std::rc::Rc;

use clingfish_affinity::{Judgement, Reading, Stamp, Verdict, cacheable, stamp};
use clingfish_h1::{
    BodyDecoder, BodyLength, Progress as Parsed, RequestContext, ResponseFraming, ResponseKind,
    parse_response,
};
use clingfish_model::{
    FieldId, Method, ResponseHead, Version,
    limits::{BUFFER_BYTES, INTERIM_RESPONSES_MAX},
};
use clingfish_snapshot::{FirstHome, Placement};
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::{
    buffer::Buffer,
    clock,
    exchange::{Exchange, Notes},
    outcome::Outcome,
    refusal::Refusal,
    reply::{self, Egress, Reply, Stamped},
    splice::Splice,
    upload::{Means, Progress},
    view::GroupLocal,
    wire::{self, WireError},
};

/// One answer on its way through.
#[derive(Clone, Copy)]
pub(crate) struct Receiver<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) group: &'a Rc<GroupLocal>,
    pub(crate) reading: &'a Reading,
    pub(crate) placement: Placement,
    pub(crate) progress: &'a Progress,
    pub(crate) means: Means<'a>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) enum Received {
    /// Went through to its end.
    Whole {
        /// The target's connection may serve another request.
        reusable: bool,
        /// So may the client's.
        persistent: bool,
    },
    /// The connection changes protocols.
    Upgraded {
        /// What came behind the head.
        from_target: Vec<u8>,
    },
}

impl Receiver<'_> {
    /// Passes the answer on. What it notes in [`Progress`] tells how far it came, should it fail.
    pub(crate) async fn run(
        &self,
        target: &mut ReadHalf<'_>,
        client: &mut WriteHalf<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<Received, Refusal> {
        // An answer may take its time; a buffer is borrowed only once there is something to put into it.
        let deadline = self.exchange.deadline;
        wire::readable(target.as_ref(), deadline).await.map_err(|error| self.cut(error))?;
        let mut buffer = self.exchange.worker.buffers.take();
        for _ in 0..INTERIM_RESPONSES_MAX {
            let framing = self.read_head(target, &mut buffer, notes).await?;
            let now = clock::now();
            self.exchange.worker.deadlines.observe(now);
            let bytes = buffer.get(..framing.head_len).unwrap_or_default();
            let head = ResponseHead::new(bytes, notes.response);
            if framing.kind == ResponseKind::Interim {
                self.relay_interim(head, framing, client).await?;
                buffer.consume(framing.head_len);
                continue;
            }
            notes.outcome.answer(head.status(), now);
            let persistent = self.exchange.framing.persistent
                && !self.exchange.closing
                && self.progress.uploaded.get();
            let egress = Egress::of(framing.body, self.exchange.head.version());
            let persistent = persistent && egress != Egress::UntilClose;
            let mut out = self.exchange.worker.buffers.take();
            let reply =
                self.reply(head, framing, egress, persistent, notes.first_home, notes.outcome);
            reply.write(&mut out);
            notes.outcome.status = Some(notes.response.status);
            buffer.consume(framing.head_len);
            if framing.kind == ResponseKind::SwitchingProtocols {
                self.flush(client, &out, notes).await?;
                return Ok(Received::Upgraded { from_target: buffer.to_vec() });
            }
            let body = Body { length: framing.body, egress, persistent: framing.persistent };
            let reusable = self.relay(target, client, buffer, out, body, notes).await?;
            return Ok(Received::Whole { reusable, persistent });
        }
        Err(Refusal::TooManyInterims)
    }

    /// Reads until a head is complete at the front of `buffer`.
    async fn read_head(
        &self,
        target: &mut ReadHalf<'_>,
        buffer: &mut Buffer,
        notes: &mut Notes<'_>,
    ) -> Result<ResponseFraming, Refusal> {
        let limits = &self.exchange.listener.balancer.request_limits;
        let context = RequestContext {
            head_request: self.exchange.head.method() == Method::Head,
            upgrade: self.exchange.framing.upgrade,
        };
        let mut seen = 0;
        loop {
            if !buffer.is_empty() {
                self.progress.heard.set(true);
                let parsed = parse_response(buffer, seen, limits, context, notes.response);
                match parsed.map_err(Refusal::BadResponse)? {
                    Parsed::Complete(framing) => return Ok(framing),
                    Parsed::Partial => seen = buffer.len(),
                }
            }
            if buffer.len() == buffer.capacity() {
                let len = buffer.len();
                buffer.reserve(len);
            }
            match wire::fill(target, buffer, self.exchange.deadline).await {
                Ok(0) => return Err(Refusal::TargetClosed),
                Ok(_) => {}
                Err(error) => return Err(self.cut(error)),
            }
        }
    }

    /// HTTP/1.0 knows no interim answers.
    async fn relay_interim(
        &self,
        head: ResponseHead<'_>,
        framing: ResponseFraming,
        client: &mut WriteHalf<'_>,
    ) -> Result<(), Refusal> {
        if self.exchange.head.version() == Version::Http10 {
            return Ok(());
        }
        let mut out = self.exchange.worker.buffers.take();
        Reply {
            head,
            framing,
            egress: Egress::Empty,
            client: self.exchange.head.version(),
            persistent: true,
            policy: None,
            stamped: None,
            debug: None,
        }
        .write(&mut out);
        let idle = self.means.timeouts.idle;
        self.progress.committed.set(true);
        let sent = wire::flush(client, &out, self.exchange.deadline, idle).await;
        sent.map_err(|_| Refusal::ClientGone)?;
        // A whole interim head leaves room for any final one.
        self.progress.committed.set(false);
        Ok(())
    }

    fn reply<'h>(
        &'h self,
        head: ResponseHead<'h>,
        framing: ResponseFraming,
        egress: Egress,
        persistent: bool,
        first_home: &mut Option<Box<FirstHome>>,
        outcome: &mut Outcome,
    ) -> Reply<'h> {
        let debug = self.exchange.listener.balancer.debug_header;
        let target = self.group.targets.get(self.placement.target).filter(|_| debug);
        Reply {
            head,
            framing,
            egress,
            client: self.exchange.head.version(),
            persistent,
            policy: self.group.group.policy.as_ref(),
            stamped: self.stamp(head, first_home, outcome),
            debug: target.map(|target| (self.placement.verdict(), &target.target.id)),
        }
    }

    /// The cookie of this answer, if it carries one.
    fn stamp<'h>(
        &'h self,
        head: ResponseHead<'_>,
        first_home: &mut Option<Box<FirstHome>>,
        outcome: &mut Outcome,
    ) -> Option<Stamped<'h>> {
        let policy = self.group.group.policy.as_ref()?;
        let judgement = self.placement.judgement?;
        let worker = self.exchange.worker;
        // Random bytes are fetched only for a session that may begin.
        let fresh = if judgement.verdict().keeps_session() {
            [0; 8]
        } else {
            worker.entropy.borrow_mut().bytes()
        };
        let binding = self.group.group.binding(self.placement.target, fresh)?;
        // Wall-clock time of the answer, without asking for it again.
        let took = outcome.answered.map(|at| at.saturating_duration_since(self.exchange.started));
        let now = self.exchange.now + took.unwrap_or_default();
        let is_shareable = || {
            let control = head.values(FieldId::CacheControl);
            let (expires, date) = (head.value(FieldId::Expires), head.value(FieldId::Date));
            cacheable::is_shareable(control, expires, date, now)
        };
        let Stamp::Write { token, mark_private } =
            stamp(&self.reading.claim, judgement, policy, binding, is_shareable, now)
        else {
            return None;
        };
        outcome.bound(token.session);
        if !judgement.verdict().keeps_session() {
            self.group.meter.sessions_created.increment();
        }
        if judgement == Judgement::Rehome(Verdict::New)
            && !policy.is_alb()
            && !self.exchange.facts.trusted
        {
            let (group, target, session) = (token.group, token.target, token.session);
            *first_home = Some(Box::new(FirstHome { group, target, session, since: now }));
        }
        let nonce = worker.entropy.borrow_mut().bytes();
        let sealed = policy.seal(&token, &self.exchange.view.snapshot.ring, nonce, now);
        let https = self.exchange.facts.is_https(self.exchange.head);
        Some(Stamped { policy, token, sealed, mark_private, https, now })
    }

    /// Passes the body on, its first part together with the head in `out`. True if the target's connection may be used again.
    async fn relay(
        &self,
        target: &mut ReadHalf<'_>,
        client: &mut WriteHalf<'_>,
        first: Buffer,
        mut out: Buffer,
        body: Body,
        notes: &mut Notes<'_>,
    ) -> Result<bool, Refusal> {
        let deadline = self.exchange.deadline;
        let mut decoder = BodyDecoder::new(body.length, None);
        let mut rest = frame(&mut decoder, body.egress, &first, &mut out)?;
        self.flush(client, &out, notes).await?;
        let mut is_large =
            matches!(body.egress, Egress::Length(length) if length > BUFFER_BYTES as u64);
        drop((first, out));
        while !decoder.is_complete() {
            deadline.set_now(self.means.response_timeout);
            wire::readable(target.as_ref(), deadline).await.map_err(|error| self.cut(error))?;
            let left = if body.egress == Egress::Chunked { 0 } else { decoder.run_left() };
            if let Some(splice) = self.means.pipes.between(target, client, left) {
                self.splice(splice, &mut decoder, notes).await?;
                continue;
            }
            let mut input = self.buffer(is_large);
            let count = wire::fill(target, &mut input, deadline).await;
            self.exchange.worker.deadlines.observe(clock::now());
            if count.map_err(|error| self.cut(error))? == 0 {
                // The end of a body that lasts until the target closes; too early for any other.
                decoder.close().map_err(Refusal::BadBody)?;
            }
            if body.egress == Egress::Chunked {
                // With room for the framing around it.
                let mut out = self.buffer(is_large || input.len() + CHUNK_ROOM > BUFFER_BYTES);
                rest = frame(&mut decoder, body.egress, &input, &mut out)?;
                self.flush(client, &out, notes).await?;
            } else {
                rest = self.pass(&mut decoder, &input, client, notes).await?;
            }
            is_large |= input.len() >= BUFFER_BYTES;
        }
        Ok(body.persistent && rest == 0)
    }

    fn buffer(&self, is_large: bool) -> Buffer {
        let buffers = &self.exchange.worker.buffers;
        if is_large { buffers.take_large() } else { buffers.take() }
    }

    /// Passes data on from where it was read; gives the bytes that came behind the body's end.
    async fn pass(
        &self,
        decoder: &mut BodyDecoder,
        input: &[u8],
        client: &mut WriteHalf<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<usize, Refusal> {
        let mut rest = input;
        while !decoder.is_complete() && !rest.is_empty() {
            let decoded = decoder.decode(rest).map_err(Refusal::BadBody)?;
            let data = rest.get(decoded.data).unwrap_or_default();
            self.flush(client, data, notes).await?;
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        Ok(rest.len())
    }

    /// As a turn of [`Self::relay`] with buffers.
    async fn splice(
        &self,
        mut splice: Splice<'_>,
        decoder: &mut BodyDecoder,
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        let deadline = self.exchange.deadline;
        let count = splice.fill(deadline).await;
        self.exchange.worker.deadlines.observe(clock::now());
        let count = count.map_err(|error| self.cut(error))? as u64;
        if count == 0 {
            return decoder.close().map_err(Refusal::BadBody);
        }
        let idle = self.means.timeouts.idle;
        deadline.set(idle);
        splice.flush(deadline, idle).await.map_err(|_| Refusal::ClientGone)?;
        decoder.skip(count);
        notes.outcome.sent_bytes += count;
        Ok(())
    }

    async fn flush(
        &self,
        client: &mut WriteHalf<'_>,
        out: &[u8],
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        if out.is_empty() {
            return Ok(());
        }
        let idle = self.means.timeouts.idle;
        self.exchange.deadline.set(idle);
        // Before the first byte may have gone: from then on nothing else can be said on this connection.
        let was_committed = self.progress.committed.replace(true);
        let result = wire::flush(client, out, self.exchange.deadline, idle).await;
        match result {
            Ok(()) => {
                notes.outcome.sent_bytes += out.len() as u64;
                Ok(())
            }
            Err(_) => {
                if !was_committed {
                    // Nothing of the answer arrived: ALB's 460, in the log only.
                    notes.outcome.status = Some(460);
                }
                Err(Refusal::ClientGone)
            }
        }
    }

    fn cut(&self, error: WireError) -> Refusal {
        match error {
            WireError::Expired => self.progress.expired(self.exchange.deadline),
            WireError::Broken => Refusal::TargetClosed,
        }
    }
}

/// Bytes around the data of a chunk, with an end behind it.
const CHUNK_ROOM: usize = 64;

/// How a body comes and how it goes.
#[derive(Clone, Copy, Debug)]
struct Body {
    length: BodyLength,
    egress: Egress,
    /// The target's connection may serve another request behind it.
    persistent: bool,
}

/// Appends the data of `input` in the client's framing, and its end; gives the bytes that came behind it.
fn frame(
    decoder: &mut BodyDecoder,
    egress: Egress,
    input: &[u8],
    out: &mut Buffer,
) -> Result<usize, Refusal> {
    let mut rest = input;
    while !decoder.is_complete() && !rest.is_empty() {
        let decoded = decoder.decode(rest).map_err(Refusal::BadBody)?;
        reply::frame(egress, rest.get(decoded.data).unwrap_or_default(), out);
        rest = rest.get(decoded.consumed..).unwrap_or_default();
    }
    if decoder.is_complete() {
        reply::frame_end(egress, decoder.trailers(), out);
    }
    Ok(rest.len())
}
