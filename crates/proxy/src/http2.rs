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
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use clingfish_model::limits::{
    BUFFER_BYTES, H2_CONNECTION_WINDOW_BYTES, H2_REQUESTS_MAX, H2_RESETS_PENDING_MAX,
    H2_RESETS_PROVOKED_MAX, H2_SEND_BUFFER_BYTES_MAX, H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX,
    LEAVE_PATIENCE, LINGER_IDLE,
};
use clingfish_snapshot::ListenerView;
use flood::Watched;
use futures_util::stream::{FuturesUnordered, StreamExt};
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use http::{Request, Response};
use stream::Served;

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

/// Serves a client's connection until it ends: on its own, by its age or number of requests, by silence, or because its
/// listener or the process goes. Whatever ends it, streams that run may finish.
///
/// All streams run in the connection's own task, so that what a request needs is still in the processor's caches when it is taken up,
/// and answers that come together leave in one write.
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
    let Ok(Ok(mut frames)) = caller.deadline.guard(handshake).await else { return };
    let mut streams = FuturesUnordered::new();
    let (mut requests, mut leaving) = (0, false);
    loop {
        if !leaving && wants_end(caller, worker, requests) {
            leaving = true;
            frames.graceful_shutdown();
        }
        let is_idle = streams.is_empty();
        rest(caller, worker, is_idle, leaving);
        let idle = is_idle.then(|| Idle::begin(worker));
        let next = poll_fn(|context| {
            let before = requests;
            loop {
                // What they have to say leaves with the frames that are sent next.
                while let Poll::Ready(Some(())) = streams.poll_next_unpin(context) {}
                if streams.is_empty() && (!is_idle || requests > before) {
                    return Poll::Ready(Turn::Rest);
                }
                // All that have come are taken up before anybody waits again; their number is bounded by what runs at the same time.
                let known = requests;
                while requests < H2_REQUESTS_MAX || leaving {
                    match frames.poll_accept(context) {
                        Poll::Ready(Some(Ok((request, respond)))) => {
                            let stream = Served::new(caller, tls.as_ref(), &first_home);
                            streams.push(begin(stream, request, respond));
                            requests += 1;
                        }
                        Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Turn::Over),
                        Poll::Pending if verdict.is_flood() => return Poll::Ready(Turn::Flood),
                        Poll::Pending => break,
                    }
                }
                if requests > known {
                    continue;
                }
                // One that was idle, or is to take no more, has to be looked at.
                if (is_idle && requests > before) || (requests >= H2_REQUESTS_MAX && !leaving) {
                    return Poll::Ready(Turn::Stream);
                }
                let over = caller.deadline.limit(Poll::<()>::Pending, context);
                return over.map(|_| Turn::Silent);
            }
        });
        let turn = tokio::select! {
            biased;
            turn = next => turn,
            () = worker.news.notified() => Turn::Rest,
        };
        caller.deadline.idles(false);
        drop(idle);
        match turn {
            Turn::Over => break,
            Turn::Stream | Turn::Rest => {}
            Turn::Flood => {
                cut_off(caller, &mut frames).await;
                break;
            }
            // It has been asked to end, or it is at rest for too long.
            Turn::Silent if leaving => break,
            Turn::Silent => {
                leaving = true;
                frames.graceful_shutdown();
            }
        }
    }
    // Streams that run hear that their client is gone, each in its own way.
    drop(frames);
    while streams.next().await.is_some() {}
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
    /// Further streams are served.
    Stream,
    /// The client has gone.
    Over,
    /// No stream runs any more, or there is news for connections.
    Rest,
    /// Nothing has come in time.
    Silent,
    /// Too much has come that is of no use.
    Flood,
}

/// Ends a connection and all its streams, and says why.
async fn cut_off(caller: &Caller, frames: &mut Frames) {
    tracing::debug!(client = %caller.peer(), "HTTP/2 connection ended: it floods");
    frames.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
    caller.deadline.set_now(LINGER_IDLE);
    // Who does not take it in time has lost nothing.
    let _ = caller.deadline.guard(poll_fn(|context| frames.poll_closed(context))).await;
}

/// Whether a connection is to take no further requests.
fn wants_end(caller: &Caller, worker: &Worker, requests: u64) -> bool {
    let view = worker.view();
    let listener = caller.listener(&view);
    requests >= H2_REQUESTS_MAX
        || listener.is_none_or(|listener| caller.is_over(listener, clock::now()))
}

/// Sets when the connection is to be looked at if nothing else happens: while streams run, whose own deadlines count, at the end
/// of its life, or never once it has been asked to end.
fn rest(caller: &Caller, worker: &Worker, is_idle: bool, leaving: bool) {
    let deadline = &caller.deadline;
    let view = worker.view();
    let listener = caller.listener(&view);
    if !is_idle {
        match listener.filter(|_| !leaving) {
            Some(listener) => deadline.set_now(caller.life_left(listener, clock::now())),
            None => deadline.clear(),
        }
        return;
    }
    let idle = listener.map_or(Duration::ZERO, |listener| listener.balancer.timeouts.idle);
    deadline.idles(true);
    deadline.set_now(if leaving { idle.min(LEAVE_PATIENCE) } else { idle });
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

/// Begins a stream. Boxed, so that what joins the others is a pointer. The room first: what is made before it is made elsewhere,
/// and copied.
fn begin<'c>(
    stream: Served<'c>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Pin<Box<impl Future<Output = ()> + use<'c>>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, stream.serve(request, Replying::new(respond))))
}
