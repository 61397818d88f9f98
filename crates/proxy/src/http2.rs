//! HTTP/2: a client's connection, whose streams are served at the same time, each by an exchange like any other.

pub(crate) mod fields;
mod flood;
mod greeting;
pub(crate) mod head;
pub(crate) mod lines;
mod stream;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
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
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use http::{Request, Response};
use stream::Served;
use tokio::sync::Notify;

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

/// Streams of one connection that are served.
#[derive(Debug, Default)]
struct Streams {
    running: Cell<usize>,
    /// The last one has ended.
    at_rest: Notify,
}

/// One stream, from accept to end, however it ends.
struct Running(Rc<Streams>);

impl Running {
    fn begin(streams: &Rc<Streams>) -> Self {
        streams.running.update(|running| running + 1);
        Self(Rc::clone(streams))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.update(|running| running - 1);
        if self.0.running.get() == 0 {
            self.0.at_rest.notify_one();
        }
    }
}

/// Serves a client's connection until it ends: on its own, by its age or number of requests, by silence, or because its
/// listener or the process goes. Whatever ends it, streams that run may finish.
pub(crate) async fn serve(connection: Connection) {
    let Connection { stream, caller, .. } = connection;
    let (caller, tls) = (&caller, stream.facts().cloned());
    let first_home = Rc::new(Remembered::default());
    let worker = caller.worker();
    let view = worker.view();
    let Some(listener) = caller.listener(&view) else { return };
    caller.deadline.set_now(listener.balancer.timeouts.head);
    let (stream, verdict) = Watched::new(stream, &worker.deadlines);
    let handshake = builder(listener).handshake::<_, Bytes>(stream);
    let Ok(Ok(mut frames)) = caller.deadline.guard(handshake).await else { return };
    let streams = Rc::new(Streams::default());
    let (mut requests, mut leaving) = (0, false);
    loop {
        if !leaving && wants_end(caller, worker, requests) {
            leaving = true;
            frames.graceful_shutdown();
        }
        let is_idle = rest(caller, worker, &streams, leaving);
        let idle = is_idle.then(|| Idle::begin(worker));
        // All that have come are taken up before anybody waits again; their number is bounded by what runs at the same time.
        let next = poll_fn(|context| {
            let before = requests;
            while requests < H2_REQUESTS_MAX || leaving {
                match frames.poll_accept(context) {
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        let stream = Served::new(caller, tls.clone(), &first_home);
                        accept(stream, &streams, request, respond);
                        requests += 1;
                    }
                    Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Turn::Over),
                    Poll::Pending if verdict.is_flood() => return Poll::Ready(Turn::Flood),
                    // One that was idle, or is to take no more, has to be looked at.
                    Poll::Pending if is_idle && requests > before => break,
                    Poll::Pending => {
                        let over = caller.deadline.limit(Poll::<()>::Pending, context);
                        return over.map(|_| Turn::Silent);
                    }
                }
            }
            Poll::Ready(Turn::Stream)
        });
        let turn = tokio::select! {
            biased;
            turn = next => turn,
            () = streams.at_rest.notified() => Turn::Rest,
            () = worker.news.notified() => Turn::Rest,
        };
        caller.deadline.idles(false);
        drop(idle);
        match turn {
            Turn::Over => break,
            Turn::Stream | Turn::Rest => {}
            Turn::Flood => return cut_off(caller, &mut frames).await,
            // It has been asked to end, or it is at rest for too long.
            Turn::Silent if leaving => break,
            Turn::Silent => {
                leaving = true;
                frames.graceful_shutdown();
            }
        }
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
/// of its life, or never once it has been asked to end. True: none runs.
fn rest(caller: &Caller, worker: &Worker, streams: &Streams, leaving: bool) -> bool {
    let deadline = &caller.deadline;
    let view = worker.view();
    let listener = caller.listener(&view);
    if streams.running.get() > 0 {
        match listener.filter(|_| !leaving) {
            Some(listener) => deadline.set_now(caller.life_left(listener, clock::now())),
            None => deadline.clear(),
        }
        return false;
    }
    let idle = listener.map_or(Duration::ZERO, |listener| listener.balancer.timeouts.idle);
    deadline.idles(true);
    deadline.set_now(if leaving { idle.min(LEAVE_PATIENCE) } else { idle });
    true
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

fn accept(
    stream: Served,
    streams: &Rc<Streams>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let running = Running::begin(streams);
    // Boxed before the task is made: what moves into the task, and out of it at the end, is a pointer. The room first: what is made
    // before it is made elsewhere, and copied.
    let room = Box::new_uninit();
    let serving = Box::into_pin(Box::write(room, stream.serve(request, Replying::new(respond))));
    tokio::task::spawn_local(async move {
        let _running = running;
        serving.await;
    });
}
