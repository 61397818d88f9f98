//! Carries a request body to the target, then watches whether the client is still there.

use std::{
    cell::Cell,
    future::{pending, poll_fn},
    io,
    mem::MaybeUninit,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clingfish_h1::{BodyDecoder, BodyError, BodyLength};
use clingfish_model::Timeouts;
use http::HeaderMap;
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

use crate::{
    buffer::{Buffer, BufferPool},
    clock,
    deadline::Deadline,
    http2::fields,
    refusal::Refusal,
    reply::{Egress, frame, frame_end},
    sink::{Ending, Sink},
    source::{Piece, Source},
    splice::PipePool,
    stream::Reads,
    wire::WireError,
};

/// Whom a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Target,
}

/// A request body on its way.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) decoder: BodyDecoder,
    /// Bytes that came behind the body: the next request.
    pub(crate) surplus: Vec<u8>,
    /// Most bytes that a body without framing around its data may have.
    bytes_max: u64,
}

/// How far an exchange has come: what its two directions tell each other.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The whole body has been read from the client.
    pub(crate) uploaded: Cell<bool>,
    /// The target's socket has taken the whole request: only then may another follow on that connection.
    pub(crate) delivered: Cell<bool>,
    /// Body bytes that came from the client.
    pub(crate) received: Cell<u64>,
    /// Something came from the client that cannot be sent to another target any more.
    pub(crate) spent: Cell<bool>,
    /// Whom the upload waits for.
    pub(crate) waits_for: Cell<Side>,
    /// The target has said something.
    pub(crate) heard: Cell<bool>,
    /// The client has got something of a final answer.
    pub(crate) committed: Cell<bool>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            uploaded: Cell::new(false),
            delivered: Cell::new(false),
            received: Cell::new(0),
            spent: Cell::new(false),
            waits_for: Cell::new(Side::Target),
            heard: Cell::new(false),
            committed: Cell::new(false),
        }
    }

    /// So many bytes of the body have come.
    fn count(&self, bytes: u64) {
        self.received.update(|received| received + bytes);
    }

    /// What a deadline that has fired means now.
    pub(crate) fn expired(&self, deadline: &Deadline) -> Refusal {
        if deadline.is_cut() {
            Refusal::Deregistered
        } else if !self.uploaded.get() && self.waits_for.get() == Side::Client {
            Refusal::BodyTimeout
        } else {
            Refusal::ResponseTimeout
        }
    }
}

/// What an upload needs beside the connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Means<'a> {
    pub(crate) buffers: &'a Rc<BufferPool>,
    pub(crate) pipes: &'a PipePool,
    pub(crate) deadline: &'a Deadline,
    pub(crate) timeouts: &'a Timeouts,
    /// How long the target may take.
    pub(crate) response_timeout: Duration,
    pub(crate) progress: &'a Progress,
    /// Bytes per second that a body must reach on average.
    pub(crate) rate_min: u64,
    /// How the body is framed for the target.
    pub(crate) egress: Egress,
}

impl Upload {
    pub(crate) fn new(length: BodyLength, bytes_max: Option<u64>) -> Self {
        Self {
            decoder: BodyDecoder::new(length, bytes_max),
            surplus: Vec::new(),
            bytes_max: bytes_max.unwrap_or(u64::MAX),
        }
    }

    /// Takes the part of the body that came with the head, and appends it as the target gets it.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        means: &Means<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Refusal> {
        let mut rest = bytes;
        while !self.decoder.is_complete() && !rest.is_empty() {
            let decoded = self.decoder.decode(rest).map_err(Refusal::Body)?;
            let data = rest.get(decoded.data).unwrap_or_default();
            means.progress.count(data.len() as u64);
            frame(means.egress, data, out);
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        if self.decoder.is_complete() && !means.progress.uploaded.get() {
            means.progress.uploaded.set(true);
            frame_end(means.egress, self.decoder.trailers(), out);
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether the body ends with what has been taken.
    pub(crate) fn ending(&self, means: &Means<'_>) -> Ending<'_> {
        if means.progress.uploaded.get() {
            Ending::Closed(self.decoder.trailers())
        } else {
            Ending::Open
        }
    }

    /// Sends what has not been sent, then watches the client. Ends only when the exchange has to.
    pub(crate) async fn run(
        &mut self,
        client: &mut Source<'_>,
        target: &mut Sink<'_>,
        means: &Means<'_>,
    ) -> Refusal {
        if !means.progress.uploaded.get() {
            match self.send(client, target, means).await {
                Ok(()) => {}
                // What the target has to say about it is for the other direction to hear.
                Err(Ended::TargetGone) => return client.watch().await,
                Err(Ended::Refused(refusal)) => return refusal,
            }
            means.progress.delivered.set(true);
            means.progress.waits_for.set(Side::Target);
            means.deadline.push(means.response_timeout);
        }
        client.watch().await
    }

    async fn send(
        &mut self,
        client: &mut Source<'_>,
        target: &mut Sink<'_>,
        means: &Means<'_>,
    ) -> Result<(), Ended> {
        let mut pace = Pace::default();
        let (deadline, patience) = (means.deadline, means.response_timeout);
        while !means.progress.uploaded.get() {
            means.progress.waits_for.set(Side::Client);
            deadline.push(means.timeouts.idle);
            client.ready(deadline).await.map_err(|error| means.lost(error))?;
            let sent = if let Some(mut splice) =
                means.pipes.between(client, target, self.run_left(means))
            {
                means.progress.spent.set(true);
                let count = splice.fill(deadline).await.map_err(|error| means.lost(error))?;
                self.skip(count as u64, means)?;
                pace.turn(means)?;
                splice.flush(deadline, patience).await
            } else {
                let part = self.next(client, means).await?;
                pace.turn(means)?;
                let (ending, taken) = (self.ending(means), part.taken());
                let sent = match part {
                    Part::Framed(out, _) => target.flush(&out, ending, deadline, patience).await,
                    Part::Data(data) => target.pass(&data, ending, deadline, patience).await,
                    Part::End(trailers) => target.end(trailers, deadline, patience).await,
                };
                client.release(taken);
                sent
            };
            sent.map_err(|error| match error {
                WireError::Expired => Ended::Refused(means.progress.expired(deadline)),
                WireError::Broken => Ended::TargetGone,
            })?;
            pace.forgive();
        }
        Ok(())
    }

    /// How much may go past us: nothing that has to be framed anew.
    fn run_left(&self, means: &Means<'_>) -> u64 {
        if means.egress == Egress::Chunked { 0 } else { self.decoder.run_left() }
    }

    /// Takes a part of the body, and gives it as the target gets it.
    async fn next(&mut self, client: &mut Source<'_>, means: &Means<'_>) -> Result<Part, Ended> {
        let piece = client.next(means.buffers, false, means.deadline).await;
        let piece = piece.map_err(|error| means.lost(error))?;
        means.progress.spent.set(!client.is_repeatable());
        match piece {
            Piece::Raw(input) if input.is_empty() => Err(Ended::Refused(Refusal::BodyCut)),
            Piece::Raw(input) => {
                let mut out = means.buffers.take();
                let consumed = self.take(&input, means, &mut out)?;
                self.surplus.extend_from_slice(input.get(consumed..).unwrap_or_default());
                Ok(Part::Framed(out, 0))
            }
            Piece::Data(data) => {
                means.progress.count(data.len() as u64);
                if means.progress.received.get() > self.bytes_max {
                    return Err(Ended::Refused(Refusal::Body(BodyError::TooLarge)));
                }
                if means.egress != Egress::Chunked {
                    means.progress.uploaded.set(client.is_at_end());
                    return Ok(Part::Data(data));
                }
                let mut out = means.buffers.take();
                frame(means.egress, &data, &mut out);
                if client.is_at_end() {
                    means.progress.uploaded.set(true);
                    frame_end(means.egress, &[], &mut out);
                }
                Ok(Part::Framed(out, data.len()))
            }
            Piece::End(trailers) => {
                means.progress.uploaded.set(true);
                if means.egress != Egress::Chunked {
                    return Ok(Part::End(trailers));
                }
                let mut out = means.buffers.take();
                frame_end(means.egress, &fields::to_lines(&trailers), &mut out);
                Ok(Part::Framed(out, 0))
            }
        }
    }

    /// As [`Self::take`], for bytes that go past us.
    fn skip(&mut self, count: u64, means: &Means<'_>) -> Result<(), Refusal> {
        if count == 0 {
            return Err(Refusal::BodyCut);
        }
        self.decoder.skip(count);
        means.progress.count(count);
        means.progress.uploaded.set(self.decoder.is_complete());
        Ok(())
    }
}

impl Means<'_> {
    /// The target has stopped answering.
    pub(crate) fn cut(&self, error: WireError) -> Refusal {
        match error {
            WireError::Expired => self.progress.expired(self.deadline),
            WireError::Broken => Refusal::TargetClosed,
        }
    }

    /// The client has stopped sending.
    fn lost(&self, error: WireError) -> Refusal {
        match error {
            WireError::Expired => self.progress.expired(self.deadline),
            WireError::Broken => Refusal::ClientGone,
        }
    }
}

/// A part of a body, as the target gets it.
#[derive(Debug)]
enum Part {
    /// With what is around it; and how much of it the client may send again.
    Framed(Buffer, usize),
    /// As it came.
    Data(Bytes),
    /// None: it has ended, with these trailers.
    End(HeaderMap),
}

impl Part {
    /// How much the client may send again once it has gone on.
    fn taken(&self) -> usize {
        match self {
            Self::Framed(_, taken) => *taken,
            Self::Data(data) => data.len(),
            Self::End(_) => 0,
        }
    }
}

/// Why sending ended early.
#[derive(Debug)]
enum Ended {
    TargetGone,
    Refused(Refusal),
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// How fast a body comes, from its first byte on, not counting the time that the target took.
#[derive(Debug, Default)]
struct Pace {
    since: Option<Instant>,
    /// When the target's turn began.
    turned: Option<Instant>,
}

impl Pace {
    /// Something has come, and it is the target's turn.
    fn turn(&mut self, means: &Means<'_>) -> Result<(), Refusal> {
        // Once all has come, nobody asks how fast.
        self.turned = (means.rate_min > 0 && !means.progress.uploaded.get()).then(clock::now);
        if let Some(now) = self.turned {
            self.judge(means, now)?;
        }
        means.progress.waits_for.set(Side::Target);
        means.deadline.push(means.response_timeout);
        Ok(())
    }

    /// The target has taken it.
    fn forgive(&mut self) {
        if let (Some(since), Some(turned)) = (&mut self.since, self.turned) {
            *since += clock::now().saturating_duration_since(turned);
        }
    }

    fn judge(&mut self, means: &Means<'_>, now: Instant) -> Result<(), Refusal> {
        let took = now.saturating_duration_since(*self.since.get_or_insert(now));
        let wanted = means.rate_min.saturating_mul(took.as_secs());
        if took > Timeouts::BODY_RATE_GRACE
            && means.progress.received.get() < wanted
            // Both sides talk: the client may be waiting for its turn.
            && !means.progress.committed.get()
        {
            return Err(Refusal::BodyTimeout);
        }
        Ok(())
    }
}

/// Resolves when the client is certainly gone. A client that only closed its sending side still wants its answer, and one that
/// sends its next request early is not to be read yet.
pub(crate) async fn watch(client: &Reads<'_>) -> Refusal {
    let client = client.tcp();
    let mut byte = [MaybeUninit::uninit(); 1];
    while poll_fn(|context| client.poll_read_ready(context)).await.is_ok() {
        match client.try_io(Interest::READABLE, || SockRef::from(client).peek(&mut byte)) {
            // Readiness may be claimed where there is none.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
            // Its next request, or the end of what it sends: only an error is news from now on.
            Ok(_) => return watch_errors(client).await,
        }
    }
    Refusal::ClientGone
}

async fn watch_errors(client: &TcpStream) -> Refusal {
    match client.ready(Interest::ERROR).await {
        Ok(ready) if !ready.is_error() => pending().await,
        _ => Refusal::ClientGone,
    }
}
