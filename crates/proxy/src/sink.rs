//! Where the bytes of a message go, whatever version of HTTP takes them.

use std::{cell::RefCell, future::poll_fn, task::Poll, time::Duration};

use bytes::Bytes;
use h2::{Reason, SendStream};
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
pub(crate) struct Outflow(pub(crate) RefCell<Option<SendStream<Bytes>>>);

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
            Self::Frames(outflow) => outflow.flush(bytes, ending, deadline, patience).await,
        }
    }

    /// Ends what this side sends.
    pub(crate) async fn shutdown(&mut self) -> Result<(), WireError> {
        match self {
            Self::Bytes(writes) => Ok(writes.shutdown().await?),
            Self::Frames(outflow) => outflow.send(Bytes::new(), true),
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
    /// The stream has begun.
    pub(crate) fn begin(&self, stream: SendStream<Bytes>) {
        self.0.replace(Some(stream));
    }

    /// Tells the peer that the message has no end.
    pub(crate) fn reset(&self, reason: Reason) {
        if let Some(stream) = self.0.borrow_mut().as_mut() {
            stream.send_reset(reason);
        }
    }

    async fn flush(
        &self,
        bytes: &[u8],
        ending: Ending<'_>,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        let mut rest = bytes;
        let ends_with_data = matches!(ending, Ending::Closed(trailers) if trailers.is_empty());
        while !rest.is_empty() {
            let room = self.room(rest.len(), deadline).await?;
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.send(Bytes::copy_from_slice(now), ends_with_data && later.is_empty())?;
            rest = later;
            if !rest.is_empty() {
                deadline.set_now(patience);
            }
        }
        match ending {
            Ending::Closed([]) if bytes.is_empty() => self.send(Bytes::new(), true),
            Ending::Closed(trailers) if !trailers.is_empty() => {
                let trailers = fields::of_lines(trailers);
                self.change(|stream| stream.send_trailers(trailers))
            }
            _ => Ok(()),
        }
    }

    /// Waits until the peer takes some of `wanted` bytes, and says how many.
    async fn room(&self, wanted: usize, deadline: &Deadline) -> Result<usize, WireError> {
        self.change(|stream| {
            stream.reserve_capacity(wanted);
            Ok(())
        })?;
        let granted = poll_fn(|context| {
            let mut outflow = self.0.borrow_mut();
            let Some(stream) = outflow.as_mut() else { return Poll::Ready(None) };
            // What was granted before is not told again.
            loop {
                match (stream.capacity(), stream.poll_capacity(context)) {
                    (0, Poll::Ready(Some(Ok(0)))) => {}
                    (0, poll) => return poll,
                    (room, _) => return Poll::Ready(Some(Ok(room))),
                }
            }
        });
        match deadline.guard(granted).await {
            Err(_) => Err(WireError::Expired),
            Ok(Some(Ok(room))) => Ok(room),
            Ok(Some(Err(error))) => Err(http2::broken(&error)),
            Ok(None) => Err(WireError::Broken),
        }
    }

    fn send(&self, data: Bytes, ends: bool) -> Result<(), WireError> {
        self.change(|stream| stream.send_data(data, ends))
    }

    fn change(
        &self,
        change: impl FnOnce(&mut SendStream<Bytes>) -> Result<(), h2::Error>,
    ) -> Result<(), WireError> {
        let mut outflow = self.0.borrow_mut();
        let stream = outflow.as_mut().ok_or(WireError::Broken)?;
        change(stream).map_err(|error| http2::broken(&error))
    }
}
