//! Where the bytes of a body come from, whatever version of HTTP brings them.

use std::{
    future::{pending, poll_fn},
    rc::Rc,
};

use bytes::Bytes;
use h2::RecvStream;
use tokio::net::TcpStream;

use crate::{
    buffer::{Buffer, BufferPool},
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
    pub(crate) stream: RecvStream,
    /// The other half, where the stream is a client's: who resets it is gone.
    pub(crate) reply: Option<&'a Replying>,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Bytes as they are on the wire, framing included; none: the peer has closed its side.
    Raw(Buffer),
    /// Data alone. [`Source::release`] it once it has gone on, or the peer is not allowed to send more.
    Data(Bytes),
    /// The body has ended.
    ///
    /// With trailers as field lines, those that may go further.
    End(Vec<u8>),
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
            // It fails where the stream is gone, whose next piece will say so.
            let _ = frames.stream.flow_control().release_capacity(count);
        }
    }

    /// Whether it is certain that nothing more will come.
    pub(crate) fn is_at_end(&self) -> bool {
        match self {
            Self::Bytes(_) => false,
            Self::Frames(frames) => frames.stream.is_end_stream(),
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

impl Frames<'_> {
    async fn next(&mut self, deadline: &Deadline) -> Result<Piece, WireError> {
        let stream = &mut self.stream;
        match deadline.guard(poll_fn(|context| stream.poll_data(context))).await {
            Err(_) => Err(WireError::Expired),
            Ok(Some(Ok(data))) => Ok(Piece::Data(data)),
            Ok(Some(Err(error))) => Err(http2::broken(&error)),
            Ok(None) => {
                match deadline.guard(poll_fn(|context| stream.poll_trailers(context))).await {
                    Err(_) => Err(WireError::Expired),
                    Ok(Ok(trailers)) => Ok(Piece::End(fields::trailers(trailers))),
                    Ok(Err(error)) => Err(http2::broken(&error)),
                }
            }
        }
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
