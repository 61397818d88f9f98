//! Takes a target's answer and passes it on: interim heads, the head with its stamp, the body, whatever its length.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use clingfish_affinity::Reading;
use clingfish_h1::{
    Progress as Parsed, RequestContext, ResponseFraming, ResponseKind, parse_response,
};
use clingfish_model::{Method, ResponseHead, Version, limits::INTERIM_RESPONSES_MAX};
use clingfish_snapshot::{Placement, Presented};
use h2::{RecvStream, client::ResponseFuture};
use http::Response;

use crate::{
    buffer::Buffer,
    chosen_group::ChosenGroup,
    clock,
    exchange::{Exchange, Notes},
    first_home::Remembered,
    http2::head,
    identity::Watch,
    outcome::Outcome,
    presence::Present,
    refusal::Refusal,
    relay::{Body, Relay},
    reply::{Client, Egress, Reply},
    sink::Ending,
    source::{Frames, Source},
    stamp::is_shareable,
    stream::Reads,
    streams::{Streaming, begins_stream},
    upload::{Means, Progress},
    view::GroupLocal,
    wire::{self, WireError},
};

/// One answer on its way through.
#[derive(Clone, Copy)]
pub(crate) struct Receiver<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    pub(crate) group: &'a Rc<GroupLocal>,
    /// How it was chosen, where a rule keeps sessions with their group.
    pub(crate) chosen: Option<&'a ChosenGroup<'a>>,
    pub(crate) reading: &'a Reading,
    /// The id of the application that the request came with.
    pub(crate) presented: Option<&'a Presented<'a>>,
    pub(crate) placement: Placement,
    pub(crate) progress: &'a Progress,
    pub(crate) means: &'a Means<'a>,
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

/// A final answer whose head is on its way.
struct Begun<'a> {
    body: Body,
    /// The client's connection may serve another request.
    persistent: bool,
    /// What looks for an id in the body.
    watch: Option<Watch<'a>>,
}

/// Where the heads of a target's answer come from.
#[derive(Debug)]
pub(crate) enum Heads<'a> {
    /// A connection of HTTP/1.
    Bytes(Reads<'a>),
    /// A stream of HTTP/2.
    Frames { response: ResponseFuture, body: Option<RecvStream> },
}

impl Receiver<'_> {
    /// Passes the answer on. What it notes in [`Progress`] tells how far it came, should it fail.
    pub(crate) async fn run(
        &self,
        mut target: Heads<'_>,
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<Received, Refusal> {
        // An answer may take its time; a buffer is borrowed only once there is something to put into it.
        let mut buffer = if let Heads::Bytes(reads) = &target {
            let ready = wire::readable(reads, self.exchange.deadline).await;
            ready.map_err(|error| self.means.cut(error))?;
            self.exchange.worker.buffers.take()
        } else {
            self.exchange.worker.buffers.none()
        };
        for _ in 0..INTERIM_RESPONSES_MAX {
            let framing = self.read_head(&mut target, &mut buffer, notes).await?;
            let now = clock::now();
            self.exchange.worker.deadlines.observe(now);
            let bytes = buffer.get(..framing.head_len).unwrap_or_default();
            let head = ResponseHead::new(bytes, notes.response);
            if framing.kind == ResponseKind::Interim {
                self.relay_interim(head, framing, client).await?;
                buffer.consume(framing.head_len);
                continue;
            }
            let mut out = self.exchange.worker.buffers.take();
            let begun = self.begin(framing, bytes, now, client, &mut out, notes)?;
            buffer.consume(framing.head_len);
            let watch = begun.watch.as_ref();
            let relay = Relay { means: self.means, body: begun.body, watch };
            if framing.kind == ResponseKind::SwitchingProtocols {
                relay.flush(client, &out, Ending::Open, notes).await?;
                return Ok(Received::Upgraded { from_target: buffer.to_vec() });
            }
            let streaming = if notes.outcome.begins_stream {
                let (worker, outcome) = (self.exchange.worker, &*notes.outcome);
                Some((Streaming::begin(worker, outcome), Present::begin(worker, outcome)))
            } else {
                None
            };
            let mut source = target.into_source().ok_or(Refusal::TargetClosed)?;
            let reusable = relay.run(&mut source, client, buffer, out, notes).await;
            drop(streaming);
            if let Some(watch) = watch {
                watch.tell(notes.outcome);
            }
            let reusable = reusable?;
            return Ok(Received::Whole { reusable, persistent: begun.persistent });
        }
        Err(Refusal::TooManyInterims)
    }

    /// Reads until a head is complete at the front of `buffer`.
    async fn read_head(
        &self,
        target: &mut Heads<'_>,
        buffer: &mut Buffer,
        notes: &mut Notes<'_>,
    ) -> Result<ResponseFraming, Refusal> {
        match target {
            Heads::Bytes(reads) => self.parse_head(reads, buffer, notes).await,
            Heads::Frames { response, body } => {
                self.await_head(response, body, buffer, notes).await
            }
        }
    }

    async fn parse_head(
        &self,
        target: &mut Reads<'_>,
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
                Err(error) => return Err(self.means.cut(error)),
            }
        }
    }

    async fn await_head(
        &self,
        response: &mut ResponseFuture,
        body: &mut Option<RecvStream>,
        buffer: &mut Buffer,
        notes: &mut Notes<'_>,
    ) -> Result<ResponseFraming, Refusal> {
        let next = poll_fn(|context| poll_head(response, context));
        let next = self.exchange.deadline.guard(next).await;
        let next = next.map_err(|_| self.means.cut(WireError::Expired))?;
        let (head, stream) = next.map_err(|error| Refusal::of_frames(&error))?;
        self.progress.heard.set(true);
        let ends = stream.as_ref().is_some_and(RecvStream::is_end_stream);
        *body = stream;
        if buffer.capacity() == 0 {
            *buffer = self.exchange.worker.buffers.take();
        }
        let limits = &self.exchange.listener.balancer.request_limits;
        let head_request = self.exchange.head.method() == Method::Head;
        head::read_response(&head, ends, head_request, limits, buffer, notes.response)
            .map_err(Refusal::BadResponse)
    }

    /// HTTP/1.0 knows no interim answers.
    async fn relay_interim(
        &self,
        head: ResponseHead<'_>,
        framing: ResponseFraming,
        client: &mut Client<'_>,
    ) -> Result<(), Refusal> {
        let version = self.exchange.head.version();
        if version == Version::Http10 {
            return Ok(());
        }
        let mut out = self.exchange.worker.buffers.take();
        let reply = Reply {
            head,
            framing,
            egress: Egress::Empty,
            client: version,
            persistent: true,
            attributes: &self.exchange.listener.listener.attributes,
            policy: None,
            group: None,
            stamped: None,
            wrapped: None,
            debug: None,
        };
        if let Some(replying) = client.replying() {
            reply.write_lines(&mut out);
            let sent = replying.interim(head::response(head.status(), &out));
            return sent.map_err(|_| Refusal::ClientGone);
        }
        reply.write(&mut out);
        let idle = self.means.timeouts.idle;
        self.progress.committed.set(true);
        let sent = client.sink.flush(&out, Ending::Open, self.exchange.deadline, idle).await;
        sent.map_err(|_| Refusal::ClientGone)?;
        // A whole interim head leaves room for any final one.
        self.progress.committed.set(false);
        Ok(())
    }

    /// Begins the answer with the last head, which is in `bytes`. What has been made for the head is gone before the body comes, which
    /// may take long.
    #[inline(always)]
    fn begin(
        &self,
        framing: ResponseFraming,
        bytes: &[u8],
        now: Instant,
        client: &Client<'_>,
        out: &mut Vec<u8>,
        notes: &mut Notes<'_>,
    ) -> Result<Begun<'_>, Refusal> {
        let head = ResponseHead::new(bytes, notes.response);
        notes.outcome.answer(head.status(), now);
        notes.outcome.begins_stream = self.group.group.binds() && begins_stream(head, framing.body);
        let persistent = self.exchange.framing.persistent
            && !self.exchange.closing
            && self.progress.uploaded.get();
        let egress = Egress::of(framing.body, self.exchange.head.version());
        let persistent = persistent && egress != Egress::UntilClose;
        let hearing = self.hearing(notes.outcome);
        if let Some(hearing) = hearing {
            self.hear(head, hearing, notes.outcome);
        }
        let watch = hearing.and_then(|hearing| self.watch(head, hearing));
        let mut reply =
            self.reply(head, framing, egress, persistent, notes.first_home, notes.outcome);
        reply.wrapped = hearing.and_then(|hearing| self.wrap(head, hearing, notes.outcome));
        self.send_head(&reply, client, out)?;
        notes.outcome.status = Some(head.status());
        let body = Body { length: framing.body, egress, persistent: framing.persistent };
        Ok(Begun { body, persistent, watch })
    }

    /// Sends the head where it is a frame of its own; else appends it to what goes out with the first of the body.
    fn send_head(
        &self,
        reply: &Reply<'_>,
        client: &Client<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        let Some(replying) = client.replying() else {
            reply.write(out);
            return Ok(());
        };
        reply.write_lines(out);
        // RFC 8441: agreeing to another protocol is a success like any other.
        let switches = reply.framing.kind == ResponseKind::SwitchingProtocols;
        let status = if switches { 200 } else { reply.head.status() };
        let ends = reply.egress == Egress::Empty && !switches;
        self.progress.committed.set(true);
        let begun = replying.begin(head::response(status, out), ends);
        out.clear();
        begun.map_err(|_| Refusal::ClientGone)
    }

    fn reply<'h>(
        &'h self,
        head: ResponseHead<'h>,
        framing: ResponseFraming,
        egress: Egress,
        persistent: bool,
        first_home: &Remembered,
        outcome: &mut Outcome,
    ) -> Reply<'h> {
        let debug = self.exchange.listener.balancer.debug_header;
        let target = self.group.targets.get(self.placement.target).filter(|_| debug);
        let stamped = self.stamp(head, first_home, outcome);
        let is_private = stamped.as_ref().is_some_and(|stamped| stamped.mark_private);
        let group = self.chosen.map(|chosen| {
            let now = self.answered(outcome);
            // What is marked private is nothing for shared caches any more.
            let is_shareable = || !is_private && is_shareable(head, now);
            Box::new(chosen.reply(self.exchange, first_home, is_shareable, now))
        });
        Reply {
            head,
            framing,
            egress,
            client: self.exchange.head.version(),
            persistent,
            attributes: &self.exchange.listener.listener.attributes,
            policy: self.group.group.policy.as_ref(),
            group,
            stamped,
            wrapped: None,
            debug: target.map(|target| (self.placement.verdict(), &target.target.id)),
        }
    }
}

impl<'a> Heads<'a> {
    /// Where the body comes from, once the last head is there.
    fn into_source(self) -> Option<Source<'a>> {
        match self {
            Self::Bytes(reads) => Some(Source::Bytes(reads)),
            Self::Frames { body, .. } => {
                body.map(|stream| Source::Frames(Frames::of_target(stream)))
            }
        }
    }
}

/// A head, and its body if it is the last.
type Head = (Response<()>, Option<RecvStream>);

/// The next head of a stream: an interim one, or the last with its body.
fn poll_head(
    response: &mut ResponseFuture,
    context: &mut Context<'_>,
) -> Poll<Result<Head, h2::Error>> {
    if let Poll::Ready(Some(interim)) = response.poll_informational(context) {
        return Poll::Ready(interim.map(|head| (head, None)));
    }
    Pin::new(response).poll(context).map_ok(|response| {
        let (parts, body) = response.into_parts();
        (Response::from_parts(parts, ()), Some(body))
    })
}
