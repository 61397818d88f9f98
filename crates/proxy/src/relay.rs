//! Passes the body of a target's answer on to the client, whatever either side's framing.

use std::{
    future::{Future, poll_fn},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use clingfish_h1::{BodyDecoder, BodyLength};
use clingfish_model::limits::BUFFER_BYTES;
use http::HeaderMap;

use crate::{
    buffer::Buffer,
    exchange::Notes,
    http2::{self, fields},
    identity::Watch,
    refusal::Refusal,
    reply::{Client, Egress, frame, frame_end},
    sink::{Ending, Outflow, Sink},
    source::{Frames, Piece, Source},
    splice::Splice,
    upload::Means,
    wire::WireError,
};

/// One body on its way to the client.
#[derive(Clone, Copy)]
pub(crate) struct Relay<'a> {
    pub(crate) means: &'a Means<'a>,
    pub(crate) body: Body,
    /// What looks for an id in it.
    pub(crate) watch: Option<&'a Watch<'a>>,
}

/// How a body comes and how it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    pub(crate) length: BodyLength,
    pub(crate) egress: Egress,
    /// The target's connection may serve another request behind it.
    pub(crate) persistent: bool,
}

impl Relay<'_> {
    /// Passes the body on, its first part together with the head in `out`. True if the target's connection may be used again.
    pub(crate) async fn run(
        &self,
        target: &mut Source<'_>,
        client: &mut Client<'_>,
        first: Buffer,
        mut out: Buffer,
        notes: &mut Notes<'_>,
    ) -> Result<bool, Refusal> {
        let deadline = self.means.deadline;
        if let (Source::Frames(frames), Sink::Frames(outflow)) = (&mut *target, &client.sink)
            && self.body.egress != Egress::Empty
        {
            // Their heads are frames of their own.
            drop((first, out));
            return self.pass_frames(frames, outflow, notes).await;
        }
        let mut decoder = BodyDecoder::new(self.body.length, None);
        let mut rest = self.decode(&mut decoder, &first, &mut out)?;
        // A head of frames without a body has ended already.
        if client.replying().is_none() || self.body.egress != Egress::Empty {
            self.flush(client, &out, ending(&decoder), notes).await?;
        }
        let mut is_large =
            matches!(self.body.egress, Egress::Length(length) if length > BUFFER_BYTES as u64);
        drop((first, out));
        while !decoder.is_complete() {
            deadline.push(self.means.response_timeout);
            target.ready(deadline).await.map_err(|error| self.means.cut(error))?;
            let left = if self.body.egress == Egress::Chunked { 0 } else { decoder.run_left() };
            let is_watched = self.watch.is_some_and(Watch::is_on);
            let left = if is_watched { 0 } else { left };
            if let Some(splice) = self.means.pipes.between(target, &client.sink, left) {
                self.splice(splice, &mut decoder, notes).await?;
                continue;
            }
            let buffers = self.means.buffers;
            let piece = target.next(buffers, is_large, deadline).await;
            match piece.map_err(|error| self.means.cut(error))? {
                Piece::Raw(input) => {
                    is_large |= input.len() >= BUFFER_BYTES;
                    rest = self.relay_raw(&mut decoder, input, client, notes).await?;
                }
                Piece::Data(data) => {
                    let ends = target.is_at_end();
                    self.relay_data(&data, ends.then_some(&[]), client, notes).await?;
                    target.release(data.len());
                    if ends {
                        return Ok(true);
                    }
                }
                Piece::End(trailers) if self.body.egress == Egress::Chunked => {
                    let lines = fields::to_lines(&trailers);
                    self.relay_data(&Bytes::new(), Some(&lines), client, notes).await?;
                    return Ok(true);
                }
                // Other bodies of HTTP/1 have ended, and know no trailers.
                Piece::End(_) => return Ok(true),
            }
        }
        target.finish(deadline).await;
        Ok(self.body.persistent && rest == 0)
    }

    /// From frames to frames: data that needs nothing around it. What is there goes on in one go, and all that outlasts a pause is what the
    /// client has not taken yet.
    fn pass_frames(
        &self,
        frames: &mut Frames<'_>,
        outflow: &Outflow,
        notes: &mut Notes<'_>,
    ) -> impl Future<Output = Result<bool, Refusal>> {
        self.means.deadline.push(self.means.response_timeout);
        let mut held = None;
        poll_fn(move |context| self.poll_frames(&mut held, frames, outflow, notes, context))
    }

    fn poll_frames(
        &self,
        held: &mut Option<Held>,
        frames: &mut Frames<'_>,
        outflow: &Outflow,
        notes: &mut Notes<'_>,
        context: &mut Context<'_>,
    ) -> Poll<Result<bool, Refusal>> {
        let Means { deadline, timeouts, response_timeout, .. } = *self.means;
        loop {
            if let Some(Held { rest, len, ends }) = held {
                let sent = outflow.poll_send(rest, *ends, deadline, timeouts.idle, context);
                ready!(sent).map_err(|_| Refusal::ClientGone)?;
                notes.outcome.sent_bytes += *len as u64;
                frames.release(*len);
                if *ends {
                    return Poll::Ready(Ok(true));
                }
                *held = None;
                deadline.push(response_timeout);
            }
            let piece = match ready!(deadline.limit(frames.poll_next(context), context)) {
                Ok(piece) => piece.map_err(|error| self.means.cut(http2::broken(&error)))?,
                Err(_) => return Poll::Ready(Err(self.means.cut(WireError::Expired))),
            };
            let trailers = match piece {
                Piece::Data(data) if !data.is_empty() => {
                    self.see(&data);
                    let (len, ends) = (data.len(), frames.is_at_end());
                    *held = Some(Held { rest: data, len, ends });
                    deadline.push(timeouts.idle);
                    continue;
                }
                Piece::End(trailers) => trailers,
                _ if frames.is_at_end() => HeaderMap::new(),
                _ => continue,
            };
            let ended = outflow.end(trailers);
            return Poll::Ready(ended.map(|()| true).map_err(|_| Refusal::ClientGone));
        }
    }

    /// Passes on what was read from a connection; gives how many bytes came behind the body's end.
    async fn relay_raw(
        &self,
        decoder: &mut BodyDecoder,
        input: Buffer,
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<usize, Refusal> {
        if input.is_empty() {
            // The end of a body that lasts until the target closes; too early for any other.
            decoder.close().map_err(Refusal::BadBody)?;
        }
        if self.body.egress != Egress::Chunked {
            return self.pass(decoder, &input, client, notes).await;
        }
        // With room for the framing around it.
        let buffers = self.means.buffers;
        let is_large = input.len() + CHUNK_ROOM > BUFFER_BYTES;
        let mut out = if is_large { buffers.take_large() } else { buffers.take() };
        let rest = self.decode(decoder, &input, &mut out)?;
        self.flush(client, &out, ending(decoder), notes).await?;
        Ok(rest)
    }

    /// Passes on what came in frames, and the end with its trailers as lines.
    async fn relay_data(
        &self,
        data: &Bytes,
        end: Option<&[u8]>,
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        self.see(data);
        let ending = end.map_or(Ending::Open, Ending::Closed);
        if self.body.egress != Egress::Chunked {
            return self.send(client, Data::Shared(data), ending, notes).await;
        }
        let mut out = self.means.buffers.take();
        frame(self.body.egress, data, &mut out);
        if let Some(trailers) = end {
            frame_end(self.body.egress, trailers, &mut out);
        }
        self.flush(client, &out, ending, notes).await
    }

    /// Passes data on from where it was read; gives the bytes that came behind the body's end.
    async fn pass(
        &self,
        decoder: &mut BodyDecoder,
        input: &[u8],
        client: &mut Client<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<usize, Refusal> {
        let mut rest = input;
        while !decoder.is_complete() && !rest.is_empty() {
            let decoded = decoder.decode(rest).map_err(Refusal::BadBody)?;
            let data = rest.get(decoded.data).unwrap_or_default();
            self.see(data);
            self.flush(client, data, ending(decoder), notes).await?;
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        if input.is_empty() {
            self.flush(client, &[], ending(decoder), notes).await?;
        }
        Ok(rest.len())
    }

    /// As a turn of [`Self::run`] with buffers.
    async fn splice(
        &self,
        mut splice: Splice<'_>,
        decoder: &mut BodyDecoder,
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        let deadline = self.means.deadline;
        let count = splice.fill(deadline).await.map_err(|error| self.means.cut(error))? as u64;
        if count == 0 {
            return decoder.close().map_err(Refusal::BadBody);
        }
        let idle = self.means.timeouts.idle;
        deadline.push(idle);
        splice.flush(deadline, idle).await.map_err(|_| Refusal::ClientGone)?;
        decoder.skip(count);
        notes.outcome.sent_bytes += count;
        Ok(())
    }

    /// Appends the data of `input` in the client's framing, and its end; gives the bytes that came behind it.
    fn decode(
        &self,
        decoder: &mut BodyDecoder,
        input: &[u8],
        out: &mut Buffer,
    ) -> Result<usize, Refusal> {
        let egress = self.body.egress;
        let mut rest = input;
        while !decoder.is_complete() && !rest.is_empty() {
            let decoded = decoder.decode(rest).map_err(Refusal::BadBody)?;
            let data = rest.get(decoded.data).unwrap_or_default();
            self.see(data);
            frame(egress, data, out);
            rest = rest.get(decoded.consumed..).unwrap_or_default();
        }
        if decoder.is_complete() {
            frame_end(egress, decoder.trailers(), out);
        }
        Ok(rest.len())
    }

    /// Shows data to whoever looks for an id in it, before the client has it.
    fn see(&self, data: &[u8]) {
        if let Some(watch) = self.watch {
            watch.see(data);
        }
    }

    /// Sends to the client what is ready, and the end where it comes with it.
    pub(crate) fn flush(
        &self,
        client: &mut Client<'_>,
        out: &[u8],
        ending: Ending<'_>,
        notes: &mut Notes<'_>,
    ) -> impl Future<Output = Result<(), Refusal>> {
        self.send(client, Data::Plain(out), ending, notes)
    }

    async fn send(
        &self,
        client: &mut Client<'_>,
        data: Data<'_>,
        ending: Ending<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Refusal> {
        let len = data.len();
        if len == 0 && (matches!(ending, Ending::Open) || client.replying().is_none()) {
            return Ok(());
        }
        let idle = self.means.timeouts.idle;
        let deadline = self.means.deadline;
        deadline.push(idle);
        // Before the first byte may have gone: from then on nothing else can be said on this connection.
        let was_committed = self.means.progress.committed.replace(true);
        let result = match data {
            Data::Plain(out) => client.sink.flush(out, ending, deadline, idle).await,
            Data::Shared(data) => client.sink.pass(data, ending, deadline, idle).await,
        };
        match result {
            Ok(()) => {
                notes.outcome.sent_bytes += len as u64;
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
}

/// Data of a stream that its client takes piece by piece.
struct Held {
    rest: Bytes,
    /// Of all of it.
    len: usize,
    /// It is the last.
    ends: bool,
}

/// What is sent to a client in one go.
#[derive(Clone, Copy)]
enum Data<'d> {
    Plain(&'d [u8]),
    /// Others hold it as well.
    Shared(&'d Bytes),
}

impl Data<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Shared(bytes) => bytes.len(),
        }
    }
}

/// Bytes around the data of a chunk, with an end behind it.
const CHUNK_ROOM: usize = 64;

/// Whether the body ends with what has been decoded.
fn ending(decoder: &BodyDecoder) -> Ending<'_> {
    if decoder.is_complete() { Ending::Closed(decoder.trailers()) } else { Ending::Open }
}
