//! Where the bytes of a message go, whatever version of HTTP takes them.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use clingfish_model::limits::BUFFER_BYTES;
use h2::{Reason, SendStream};
use http::HeaderMap;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    deadline::Deadline,
    http2::{self, fields},
    stream::Writes,
    wire::{self, AsTcp, WireError},
};

/// One side's outgoing bytes.
#[derive(Debug)]
pub(crate) enum Sink<'a> {
    /// A connection of HTTP/1, or one that has changed protocols: takes bytes with their framing.
    Bytes(Writes<'a>),
    /// A stream of HTTP/2: takes data alone.
    Frames(&'a Outflow),
}

/// The outgoing half of a stream of HTTP/2, once it has begun. Its owner writes to it while another part of the exchange watches
/// whether the peer resets it: each has it for the time of one poll.
#[derive(Debug, Default)]
pub(crate) struct Outflow {
    pub(crate) stream: RefCell<Option<SendStream<Bytes>>>,
    /// Its first data goes with its head.
    is_ahead: Cell<bool>,
}

/// Largest data that goes with a head before the peer is known to take it: one frame.
const AHEAD_BYTES_MAX: usize = BUFFER_BYTES;

/// Whether a message ends with these bytes. HTTP/1 has said so in them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending<'t> {
    /// More follows.
    Open,
    /// It ends, with trailers as field lines, or none.
    Closed(&'t [u8]),
}

impl Sink<'_> {
    /// Sends everything; each piece that the peer takes gives it `patience` for the next.
    pub(crate) async fn flush(
        &mut self,
        bytes: &[u8],
        ending: Ending<'_>,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        match self {
            Self::Bytes(writes) => wire::flush(writes, bytes, deadline, patience).await,
            Self::Frames(outflow) => {
                let bytes = Bytes::copy_from_slice(bytes);
                outflow.pass(bytes, ending, deadline, patience).await
            }
        }
    }

    /// As [`Self::flush`], for bytes that others hold as well: frames take them as they are.
    pub(crate) async fn pass(
        &mut self,
        bytes: &Bytes,
        ending: Ending<'_>,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        match self {
            Self::Bytes(writes) => wire::flush(writes, bytes, deadline, patience).await,
            Self::Frames(outflow) => outflow.pass(bytes.clone(), ending, deadline, patience).await,
        }
    }

    /// Ends a message behind its data, with trailers where the other side sends frames as well. A body of HTTP/1 ends by its framing.
    pub(crate) async fn end(
        &mut self,
        trailers: HeaderMap,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        match self {
            Self::Bytes(writes) => wire::flush(writes, &[], deadline, patience).await,
            Self::Frames(outflow) => outflow.end(trailers),
        }
    }

    /// Ends what this side sends.
    pub(crate) async fn shutdown(&mut self) -> Result<(), WireError> {
        match self {
            Self::Bytes(writes) => Ok(writes.shutdown().await?),
            Self::Frames(outflow) => outflow.end(HeaderMap::new()),
        }
    }
}

impl AsTcp for Sink<'_> {
    fn as_tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Bytes(writes) => writes.as_tcp(),
            Self::Frames(_) => None,
        }
    }
}

impl Outflow {
    /// The stream has begun. To one that its peer has not heard of yet no window is given, and data which waited for one would go out
    /// behind the head, with a write of its own: the first of it does not ask.
    pub(crate) fn begin(&self, stream: SendStream<Bytes>) {
        self.stream.replace(Some(stream));
        self.is_ahead.set(true);
    }

    /// Tells the peer that the message has no end.
    pub(crate) fn reset(&self, reason: Reason) {
        if let Some(stream) = self.stream.borrow_mut().as_mut() {
            stream.send_reset(reason);
        }
    }

    async fn pass(
        &self,
        bytes: Bytes,
        ending: Ending<'_>,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        let (had_none, mut rest) = (bytes.is_empty(), bytes);
        let ends_with_data = matches!(ending, Ending::Closed(trailers) if trailers.is_empty());
        poll_fn(|context| self.poll_send(&mut rest, ends_with_data, deadline, patience, context))
            .await?;
        match ending {
            Ending::Closed(trailers) if had_none || !trailers.is_empty() => {
                self.end(fields::of_lines(trailers))
            }
            _ => Ok(()),
        }
    }

    /// Ends the message, with trailers or none. They need no room.
    pub(crate) fn end(&self, trailers: HeaderMap) -> Result<(), WireError> {
        if trailers.is_empty() {
            return self.send(Bytes::new(), true);
        }
        self.change(|stream| stream.send_trailers(trailers))
    }

    /// Sends all of `rest`, and with the last of it the end, if that `ends` the message; each piece that the peer takes gives it `patience`
    /// for the next. Pending while it takes none.
    pub(crate) fn poll_send(
        &self,
        rest: &mut Bytes,
        ends: bool,
        deadline: &Deadline,
        patience: Duration,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), WireError>> {
        while !rest.is_empty() {
            let room = deadline.limit(self.poll_room(rest.len(), context), context);
            let room = ready!(room).map_err(|_| WireError::Expired)??;
            let now = rest.split_to(room.min(rest.len()));
            self.send(now, ends && rest.is_empty())?;
            if !rest.is_empty() {
                deadline.push(patience);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// How many of `wanted` bytes the peer takes now; pending while it takes none.
    fn poll_room(
        &self,
        wanted: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<usize, WireError>> {
        if self.is_ahead.take() && wanted <= AHEAD_BYTES_MAX {
            return Poll::Ready(Ok(wanted));
        }
        let mut outflow = self.stream.borrow_mut();
        let Some(stream) = outflow.as_mut() else { return Poll::Ready(Err(WireError::Broken)) };
        stream.reserve_capacity(wanted);
        loop {
            // What was granted before is not told again.
            match stream.capacity() {
                0 => {}
                room => return Poll::Ready(Ok(room)),
            }
            match ready!(stream.poll_capacity(context)) {
                Some(Ok(0)) => {}
                Some(Ok(room)) => return Poll::Ready(Ok(room)),
                Some(Err(error)) => return Poll::Ready(Err(http2::broken(&error))),
                None => return Poll::Ready(Err(WireError::Broken)),
            }
        }
    }

    fn send(&self, data: Bytes, ends: bool) -> Result<(), WireError> {
        self.change(|stream| stream.send_data(data, ends))
    }

    fn change(
        &self,
        change: impl FnOnce(&mut SendStream<Bytes>) -> Result<(), h2::Error>,
    ) -> Result<(), WireError> {
        let mut outflow = self.stream.borrow_mut();
        let stream = outflow.as_mut().ok_or(WireError::Broken)?;
        change(stream).map_err(|error| http2::broken(&error))
    }
}
