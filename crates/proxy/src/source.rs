//! Where the bytes of a body come from, whatever version of HTTP brings them.

use std::{
    future::{pending, poll_fn},
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use clingfish_model::limits::{DRAIN_BYTES_MAX, LINGER, LINGER_IDLE, REPLAY_BYTES_MAX};
use h2::RecvStream;
use http::HeaderMap;
use tokio::net::TcpStream;

use crate::{
    buffer::{Buffer, BufferPool},
    clock,
    deadline::Deadline,
    http2::{self, Replying, fields},
    refusal::Refusal,
    stream::Reads,
    upload,
    wire::{self, AsTcp, WireError},
};

/// One side's incoming bytes.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// A connection of HTTP/1, or one that has changed protocols.
    Bytes(Reads<'a>),
    /// A stream of HTTP/2.
    Frames(Frames<'a>),
}

/// The incoming half of a stream of HTTP/2.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    stream: RecvStream,
    /// The other half, where the stream is a client's: who resets it is gone.
    reply: Option<&'a Replying>,
    kept: Kept,
    /// All of it has come, as far as anybody has asked: the stream is asked no more then.
    has_come: bool,
}

/// The beginning of a client's body, kept so that another target can be sent it when the first does not want it.
#[derive(Debug, Default)]
struct Kept {
    pieces: Vec<Bytes>,
    /// Of all pieces.
    bytes: usize,
    /// Pieces that have been passed on in this attempt.
    passed: usize,
    /// Bytes passed on for the second time, which the peer has been allowed to send again already.
    again: usize,
    /// How the body ended.
    end: Option<Box<HeaderMap>>,
    /// It is not all there any more, or nobody is to get it.
    is_lost: bool,
}

impl Kept {
    fn keep(&mut self, data: &Bytes) {
        self.bytes += data.len();
        if self.is_lost || self.bytes > REPLAY_BYTES_MAX {
            self.is_lost = true;
            self.pieces = Vec::new();
            self.passed = 0;
        } else {
            self.pieces.push(data.clone());
            self.passed += 1;
        }
    }

    /// The body has ended.
    fn end(&mut self, trailers: &HeaderMap) {
        if !self.is_lost {
            self.end = Some(Box::new(trailers.clone()));
        }
    }

    /// Whether nothing of what is kept comes next.
    fn is_passed(&self) -> bool {
        self.passed == self.pieces.len()
            && self.end.as_ref().is_none_or(|trailers| trailers.is_empty())
    }

    /// What comes next of what was passed on before.
    fn next(&mut self) -> Option<Piece> {
        match (self.pieces.get(self.passed), &self.end) {
            (Some(data), _) => {
                self.passed += 1;
                self.again += data.len();
                Some(Piece::Data(data.clone()))
            }
            (None, Some(trailers)) => Some(Piece::End(HeaderMap::clone(trailers))),
            (None, None) => None,
        }
    }
}

/// What came.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes as they are on the wire, framing included; none: the peer has closed its side.
    Raw(Buffer),
    /// Data alone. [`Source::release`] it once it has gone on, or the peer is not allowed to send more.
    Data(Bytes),
    /// The body of a stream has ended, with those trailers that may go further.
    End(HeaderMap),
}

impl Source<'_> {
    /// Waits until something may have come, without holding a buffer meanwhile.
    pub(crate) async fn ready(&self, deadline: &Deadline) -> Result<(), WireError> {
        match self {
            Self::Bytes(reads) => wire::readable(reads, deadline).await,
            // Who asks for the next piece waits for it.
            Self::Frames(_) => Ok(()),
        }
    }

    /// Takes what has come, or waits for it. `large` asks for a large buffer.
    pub(crate) async fn next(
        &mut self,
        buffers: &Rc<BufferPool>,
        large: bool,
        deadline: &Deadline,
    ) -> Result<Piece, WireError> {
        match self {
            Self::Bytes(reads) => {
                let mut buffer = if large { buffers.take_large() } else { buffers.take() };
                wire::fill(reads, &mut buffer, deadline).await?;
                Ok(Piece::Raw(buffer))
            }
            Self::Frames(frames) => frames.next(deadline).await,
        }
    }

    /// Lets the peer send as much again.
    pub(crate) fn release(&mut self, count: usize) {
        if let Self::Frames(frames) = self {
            frames.release(count);
        }
    }

    /// Waits for the end of a stream that has brought all it promised: who drops it before resets it, and a peer that is reset time
    /// and again for messages that were whole loses its connection.
    pub(crate) async fn finish(&mut self, deadline: &Deadline) {
        if let Self::Frames(frames) = self {
            while !frames.has_come() {
                match frames.next(deadline).await {
                    Ok(Piece::Data(data)) if data.is_empty() => {}
                    // Its end, or something that was not promised.
                    _ => return,
                }
            }
        }
    }

    /// Reads on for a while where a stream has had its answer before all of it came: who drops it resets it, and there are clients that
    /// lose the answer by that, which RFC 9113 section 8.1 forbids them. A connection of HTTP/1 lingers when it closes.
    pub(crate) async fn drain(&mut self, deadline: &Deadline) {
        if let Self::Frames(frames) = self {
            frames.drain(deadline).await;
        }
    }

    /// Whether it is certain that nothing more will come.
    pub(crate) fn is_at_end(&mut self) -> bool {
        match self {
            Self::Bytes(_) => false,
            Self::Frames(frames) => frames.is_at_end(),
        }
    }

    /// Whether all that has come is there to be passed on once more.
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Frames(frames) if !frames.kept.is_lost)
    }

    /// Begins again with what came first. Only where it [is all there](Self::is_repeatable), or nothing has come.
    pub(crate) fn rewind(&mut self) {
        if let Self::Frames(frames) = self {
            frames.kept.passed = 0;
        }
    }

    /// Resolves when the client is certainly gone.
    pub(crate) async fn watch(&self) -> Refusal {
        match self {
            Self::Bytes(reads) => upload::watch(reads).await,
            Self::Frames(Frames { reply: Some(reply), .. }) => reply.watch().await,
            Self::Frames(_) => pending().await,
        }
    }
}

impl<'a> Frames<'a> {
    /// A client's stream.
    pub(crate) fn of_client(stream: RecvStream, reply: &'a Replying) -> Self {
        Self { stream, reply: Some(reply), kept: Kept::default(), has_come: false }
    }

    /// A target's stream.
    pub(crate) fn of_target(stream: RecvStream) -> Self {
        let kept = Kept { is_lost: true, ..Kept::default() };
        Self { stream, reply: None, kept, has_come: false }
    }

    async fn next(&mut self, deadline: &Deadline) -> Result<Piece, WireError> {
        match deadline.guard(poll_fn(|context| self.poll_next(context))).await {
            Ok(piece) => piece.map_err(|error| http2::broken(&error)),
            Err(_) => Err(WireError::Expired),
        }
    }

    /// As [`Source::drain`].
    async fn drain(&mut self, deadline: &Deadline) {
        if self.has_come() {
            return;
        }
        self.kept = Kept { is_lost: true, ..Kept::default() };
        let ends_at = clock::now() + LINGER;
        let mut drained = 0;
        while drained < DRAIN_BYTES_MAX && clock::now() < ends_at {
            let flow = self.stream.flow_control();
            // What an attempt has not passed on as well. It fails where the stream is gone, as below.
            let _ = flow.release_capacity(flow.used_capacity());
            deadline.set_now(LINGER_IDLE);
            match self.next(deadline).await {
                Ok(Piece::Data(data)) => drained += data.len() as u64,
                _ => return,
            }
        }
    }

    /// As [`Source::release`].
    pub(crate) fn release(&mut self, count: usize) {
        let again = self.kept.again.min(count);
        self.kept.again -= again;
        // It fails where the stream is gone, whose next piece will say so.
        let _ = self.stream.flow_control().release_capacity(count - again);
    }

    /// As [`Source::is_at_end`].
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.has_come() && self.kept.is_passed()
    }

    /// Whether all of it has come.
    fn has_come(&mut self) -> bool {
        self.has_come = self.has_come || self.stream.is_end_stream();
        self.has_come
    }

    /// As [`Source::next`], without a deadline.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Piece, h2::Error>> {
        if let Some(piece) = self.kept.next() {
            return Poll::Ready(Ok(piece));
        }
        // Where its data has ended, the stream says so each time that it is asked.
        if let Some(data) = ready!(self.stream.poll_data(context)) {
            let data = data?;
            self.kept.keep(&data);
            return Poll::Ready(Ok(Piece::Data(data)));
        }
        let trailers = fields::trailers(ready!(self.stream.poll_trailers(context))?);
        self.kept.end(&trailers);
        self.has_come = true;
        Poll::Ready(Ok(Piece::End(trailers)))
    }
}

impl AsTcp for Source<'_> {
    fn as_tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Bytes(reads) => reads.as_tcp(),
            Self::Frames(_) => None,
        }
    }
}
