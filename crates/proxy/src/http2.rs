//! HTTP/2: a client's connection, whose streams are served at the same time, each by an exchange like any other.

pub(crate) mod fields;
mod flood;
mod greeting;
pub(crate) mod head;
pub(crate) mod lines;
mod stream;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use clingfish_model::limits::{
    BUFFER_BYTES, H2_CONNECTION_WINDOW_BYTES, H2_REQUESTS_MAX, H2_RESETS_PENDING_MAX,
    H2_RESETS_PROVOKED_MAX, H2_SEND_BUFFER_BYTES_MAX, H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX,
    LEAVE_PATIENCE, LINGER_IDLE,
};
use clingfish_snapshot::ListenerView;
use clingfish_tls::PeerFacts;
use flood::{Verdict, Watched};
use futures_util::stream::{FuturesUnordered, StreamExt};
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use http::{Request, Response};

use crate::{
    clock,
    connection::{Caller, Connection},
    first_home::Remembered,
    refusal::Refusal,
    sink::Outflow,
    stream::Stream,
    wire::WireError,
    worker::Worker,
};

/// What every client of HTTP/2 says first (RFC 9113 section 3.4). No method begins so.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the client of a stream gets: heads here, data by the [`Outflow`].
#[derive(Debug)]
pub(crate) struct Replying {
    respond: RefCell<SendResponse<Bytes>>,
    pub(crate) outflow: Outflow,
}

/// What a peer's reset or a broken connection means to whoever reads or writes.
pub(crate) fn broken(_: &h2::Error) -> WireError {
    WireError::Broken
}

impl Replying {
    fn new(respond: SendResponse<Bytes>) -> Self {
        Self { respond: RefCell::new(respond), outflow: Outflow::default() }
    }

    /// Sends an interim head.
    pub(crate) fn interim(&self, response: Response<()>) -> Result<(), WireError> {
        self.respond.borrow_mut().send_informational(response).map_err(|error| broken(&error))
    }

    /// Sends the head of the answer; `ends` says that nothing follows.
    pub(crate) fn begin(&self, response: Response<()>, ends: bool) -> Result<(), WireError> {
        let stream = self.respond.borrow_mut().send_response(response, ends);
        self.outflow.begin(stream.map_err(|error| broken(&error))?);
        Ok(())
    }

    /// Turns the request away before anything was done for it: it may be sent again elsewhere.
    pub(crate) fn refuse(&self) {
        self.respond.borrow_mut().send_reset(Reason::REFUSED_STREAM);
    }

    /// Resolves when the client has reset the stream, or is gone.
    pub(crate) async fn watch(&self) -> Refusal {
        let reset = poll_fn(|context| match self.outflow.stream.borrow_mut().as_mut() {
            Some(stream) => stream.poll_reset(context).map(drop),
            None => self.respond.borrow_mut().poll_reset(context).map(drop),
        });
        reset.await;
        Refusal::ClientGone
    }
}

/// A client's connection as frames.
type Frames = h2::server::Connection<Watched<Stream>, Bytes>;

/// A client's connection and the streams that run on it.
///
/// They run in the connection's own task: what a request needs is still in the processor's caches when it is taken up, and answers that
/// come together leave in one write.
struct Serving<'c> {
    frames: Frames,
    verdict: Rc<Verdict>,
    caller: &'c Caller,
    tls: Option<&'c Rc<PeerFacts>>,
    first_home: &'c Remembered,
    streams: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + 'c>>>,
    /// All that have come.
    requests: u64,
    /// The client has been told that no further ones are taken.
    leaving: bool,
}

/// Serves a client's connection until it ends: on its own, by its age or number of requests, by silence, or because its
/// listener or the process goes. Whatever ends it, streams that run may finish.
pub(crate) async fn serve(connection: Connection) {
    let Connection { stream, caller, .. } = connection;
    let (caller, tls) = (&caller, stream.facts().cloned());
    let first_home = Remembered::default();
    let worker = caller.worker();
    let view = worker.view();
    let Some(listener) = caller.listener(&view) else { return };
    caller.deadline.set_now(listener.balancer.timeouts.head);
    let (stream, verdict) = Watched::new(stream, &worker.deadlines);
    let handshake = builder(listener).handshake::<_, Bytes>(stream);
    let Ok(Ok(frames)) = caller.deadline.guard(handshake).await else { return };
    drop(view);
    let serving = Serving {
        frames,
        verdict,
        caller,
        tls: tls.as_ref(),
        first_home: &first_home,
        streams: FuturesUnordered::new(),
        requests: 0,
        leaving: false,
    };
    serving.run().await;
}

impl Serving<'_> {
    async fn run(mut self) {
        let (caller, worker) = (self.caller, self.caller.worker());
        loop {
            if !self.leaving && self.wants_end() {
                self.leave();
            }
            let is_idle = self.streams.is_empty();
            self.rest(is_idle);
            let idle = is_idle.then(|| Idle::begin(worker));
            let turn = tokio::select! {
                biased;
                turn = poll_fn(|context| self.poll(is_idle, context)) => turn,
                () = worker.news.notified() => Turn::Look,
            };
            caller.deadline.idles(false);
            drop(idle);
            match turn {
                Turn::Look => {}
                Turn::Over => break,
                Turn::Flood => {
                    self.cut_off().await;
                    break;
                }
                // It has been asked to end, or it is at rest for too long.
                Turn::Silent if self.leaving => break,
                Turn::Silent => self.leave(),
            }
        }
        // Streams that run hear that their client is gone, each in its own way.
        let Self { frames, mut streams, .. } = self;
        drop(frames);
        while streams.next().await.is_some() {}
    }

    /// Goes on with everything that can go on.
    fn poll(&mut self, was_idle: bool, context: &mut Context<'_>) -> Poll<Turn> {
        let before = self.requests;
        loop {
            // What they have to say leaves with the frames that are sent next.
            while let Poll::Ready(Some(())) = self.streams.poll_next_unpin(context) {}
            let known = self.requests;
            // All that have come are taken up before anybody waits again; their number is bounded by what runs at the same time.
            while self.requests < H2_REQUESTS_MAX || self.leaving {
                match self.frames.poll_accept(context) {
                    Poll::Ready(Some(Ok((request, respond)))) => self.begin(request, respond),
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Turn::Over),
                    Poll::Pending if self.verdict.is_flood() => return Poll::Ready(Turn::Flood),
                    Poll::Pending => break,
                }
            }
            if self.requests == known {
                break;
            }
        }
        let is_full = self.requests >= H2_REQUESTS_MAX && !self.leaving;
        let has_turned =
            self.streams.is_empty() != was_idle || (was_idle && self.requests > before);
        if is_full || has_turned {
            return Poll::Ready(Turn::Look);
        }
        self.caller.deadline.limit(Poll::<()>::Pending, context).map(|_| Turn::Silent)
    }

    fn begin(&mut self, request: Request<RecvStream>, respond: SendResponse<Bytes>) {
        self.requests += 1;
        let stream = stream::begin(self.caller, self.tls, self.first_home, request, respond);
        self.streams.push(stream);
    }

    fn leave(&mut self) {
        self.leaving = true;
        self.frames.graceful_shutdown();
    }

    /// Whether no further requests are to be taken.
    fn wants_end(&self) -> bool {
        let view = self.caller.worker().view();
        let listener = self.caller.listener(&view);
        self.requests >= H2_REQUESTS_MAX
            || listener.is_none_or(|listener| self.caller.is_over(listener, clock::now()))
    }

    /// Sets when the connection is to be looked at if nothing else happens: while streams run, whose own deadlines count, at the end
    /// of its life, or never once it has been asked to end.
    fn rest(&self, is_idle: bool) {
        let (caller, deadline) = (self.caller, &self.caller.deadline);
        let view = caller.worker().view();
        let listener = caller.listener(&view);
        if !is_idle {
            return match listener.filter(|_| !self.leaving) {
                Some(listener) => deadline.set_now(caller.life_left(listener, clock::now())),
                None => deadline.clear(),
            };
        }
        let idle = listener.map_or(Duration::ZERO, |listener| listener.balancer.timeouts.idle);
        deadline.idles(true);
        deadline.set_now(if self.leaving { idle.min(LEAVE_PATIENCE) } else { idle });
    }

    /// Ends the connection and all its streams, and says why.
    async fn cut_off(&mut self) {
        let deadline = &self.caller.deadline;
        tracing::debug!(client = %self.caller.peer(), "HTTP/2 connection ended: it floods");
        self.frames.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        deadline.set_now(LINGER_IDLE);
        // Who does not take it in time has lost nothing.
        let _ = deadline.guard(poll_fn(|context| self.frames.poll_closed(context))).await;
    }
}

/// Counts a connection while no stream of it runs.
struct Idle<'w>(&'w Worker);

impl<'w> Idle<'w> {
    fn begin(worker: &'w Worker) -> Self {
        worker.meter.connections_idle.increment();
        Self(worker)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.meter.connections_idle.decrement();
    }
}

/// What a connection waits for.
enum Turn {
    /// It has become idle or busy, may take no more, or there is news: it has to be looked at.
    Look,
    /// The client has gone.
    Over,
    /// Nothing has come in time.
    Silent,
    /// Too much has come that is of no use.
    Flood,
}

fn builder(listener: &ListenerView) -> Builder {
    let limits = &listener.balancer.request_limits;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(H2_STREAMS_MAX)
        .initial_window_size(H2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
        .max_frame_size(BUFFER_BYTES as u32)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        .max_send_buffer_size(H2_SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(H2_RESETS_PENDING_MAX)
        .max_local_error_reset_streams(Some(H2_RESETS_PROVOKED_MAX))
        .enable_connect_protocol();
    builder
}
