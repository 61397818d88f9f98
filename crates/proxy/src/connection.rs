//! A client's connection: small while it waits, one exchange after the other while it does not.

use std::{
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    pin::pin,
    rc::Rc,
    time::{Duration, Instant},
};

use clingfish_model::limits::{DRAIN_BYTES_MAX, LINGER, LINGER_IDLE};
use clingfish_snapshot::ListenerView;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    boxed::boxed,
    clock,
    deadline::Deadline,
    first_home::Remembered,
    serve,
    sink::Sink,
    source::Source,
    stream::Stream,
    tunnel::{self, Tunnel},
    view::View,
    wire::{self, Silence},
    worker::{Door, Worker},
};

/// What a client's connection keeps while nothing happens on it. Every byte counts: there may be many.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    pub(crate) caller: Caller,
    /// A home that no cookie carries yet.
    pub(crate) first_home: Remembered,
}

/// Who has connected, where, and since when: what holds for a connection whatever is spoken on it.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) door: Rc<Door>,
    pub(crate) deadline: Deadline,
    /// Stands for the connection in the log.
    pub(crate) id: u64,
    counted: Counted,
    /// Seconds from the worker's start until it was accepted.
    since: u32,
    peer_port: u16,
    peer_ip: IpAddr,
}

/// What becomes of a connection after an exchange.
#[derive(Debug)]
pub(crate) enum Next {
    /// Another request may follow.
    Idle,
    /// It ends, after the peer has had a chance to read what we said.
    Linger,
    /// It ends.
    Close,
    /// It ends so that the peer notices: what it got is not whole.
    Reset,
    /// It carries another protocol from now on.
    Tunnel(Box<Tunnel>),
}

/// Counts a connection from accept to end, however it ends.
#[derive(Debug)]
struct Counted(Rc<Worker>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.release();
        self.0.meter.connections_active.decrement();
        if std::thread::panicking() {
            self.0.meter.panics.increment();
        }
    }
}

impl Caller {
    /// Counts a connection that has been admitted.
    pub(crate) fn new(worker: &Rc<Worker>, door: &Rc<Door>, peer: SocketAddr) -> Self {
        let now = clock::now();
        worker.deadlines.observe(now);
        worker.meter.connections_accepted.increment();
        worker.meter.connections_active.increment();
        Self {
            door: Rc::clone(door),
            deadline: worker.deadlines.open(door.id),
            id: u64::from_ne_bytes(worker.entropy.borrow_mut().bytes()),
            counted: Counted(Rc::clone(worker)),
            since: worker.age(now),
            peer_port: peer.port(),
            peer_ip: peer.ip().to_canonical(),
        }
    }

    /// The worker that serves it.
    pub(crate) fn worker(&self) -> &Rc<Worker> {
        &self.counted.0
    }

    /// The listener that it came in by, if that is still open.
    pub(crate) fn listener<'v>(&self, view: &'v View) -> Option<&'v ListenerView> {
        view.snapshot.listeners.get(self.door.listener.get()?)
    }

    /// Whether the connection ends with its next answer.
    pub(crate) fn is_over(&self, listener: &ListenerView, now: Instant) -> bool {
        let worker = &self.counted.0;
        let age = worker.age(now).saturating_sub(self.since);
        worker.leaving.get().is_some()
            || u64::from(age) >= listener.balancer.timeouts.client_keep_alive.as_secs()
    }

    /// How long until it is over by its age; a second more than none.
    pub(crate) fn life_left(&self, listener: &ListenerView, now: Instant) -> Duration {
        let age = self.counted.0.age(now).saturating_sub(self.since);
        let life = listener.balancer.timeouts.client_keep_alive;
        life.saturating_sub(Duration::from_secs(age.into())) + Duration::from_secs(1)
    }

    /// The connection is somebody else's, for whom its peer speaks.
    pub(crate) fn speaks_for(&mut self, client: SocketAddr) {
        self.peer_ip = client.ip().to_canonical();
        self.peer_port = client.port();
    }

    /// Whose connection it is.
    pub(crate) fn peer(&self) -> SocketAddr {
        SocketAddr::new(self.peer_ip, self.peer_port)
    }
}

impl Connection {
    pub(crate) fn new(caller: Caller, stream: Stream) -> Self {
        Self { stream, caller, first_home: Remembered::default() }
    }

    /// A request that comes after the first cookie went out, and without it, is somebody else's: a proxy's connection carries many.
    pub(crate) fn forget_first_home(&self) {
        if !self.first_home.is_empty() && wire::silence(self.stream.tcp()) == Silence::Kept {
            self.first_home.forget();
        }
    }

    /// Waits for a request without holding a buffer. False: none will come.
    fn wait(&self) -> impl Future<Output = bool> {
        let caller = &self.caller;
        let worker = caller.worker();
        let view = worker.view();
        let listener = caller.listener(&view);
        let idle = listener.map_or_else(Default::default, |view| view.balancer.timeouts).idle;
        worker.meter.connections_idle.increment();
        caller.deadline.idles(true);
        caller.deadline.set(worker.leaving.get().map_or(idle, |patience| idle.min(patience)));
        poll_fn(|context| {
            wire::poll_readable(&self.stream, &self.caller.deadline, context).map(|outcome| {
                self.caller.deadline.idles(false);
                self.caller.worker().meter.connections_idle.decrement();
                outcome.is_ok()
            })
        })
    }
}

/// Serves a connection until it ends. What is large is boxed, because most of a connection's life is waiting.
#[expect(clippy::manual_async_fn, reason = "an async fn would keep its argument twice")]
pub(crate) fn run(mut connection: Connection) -> impl Future<Output = ()> {
    async move {
        while connection.wait().await {
            let next = boxed(|| serve::serve(&mut connection)).await;
            if !matches!(next, Next::Idle) {
                return Box::pin(end(&mut connection, next)).await;
            }
        }
    }
}

/// What is left to do on a connection that serves no further request.
async fn end(connection: &mut Connection, next: Next) {
    let worker = Rc::clone(connection.caller.worker());
    match next {
        Next::Idle | Next::Close => {}
        Next::Linger => linger(&worker, connection).await,
        Next::Reset => connection.stream.reset_on_drop(),
        Next::Tunnel(tunnel) => {
            let (reads, writes) = connection.stream.split();
            let (from, to) = (Source::Bytes(reads), Sink::Bytes(writes));
            tunnel::run(&worker, &connection.caller.deadline, from, to, *tunnel).await;
        }
    }
}

/// Reads on for a while after the last answer: closing with unread bytes would reset the connection, and the reset could
/// overtake the answer.
async fn linger(worker: &Worker, connection: &mut Connection) {
    let (mut reads, mut writes) = connection.stream.split();
    connection.caller.deadline.set_now(LINGER_IDLE);
    let Ok(Ok(())) = connection.caller.deadline.guard(pin!(writes.shutdown())).await else {
        return;
    };
    let ends_at = clock::now() + LINGER;
    let mut drained = 0;
    while drained < DRAIN_BYTES_MAX && clock::now() < ends_at {
        connection.caller.deadline.set_now(LINGER_IDLE);
        if wire::readable(&reads, &connection.caller.deadline).await.is_err() {
            return;
        }
        let mut sink = worker.buffers.take();
        match reads.read_buf(&mut *sink).await {
            Ok(count) if count > 0 => drained += count as u64,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_connection_fits_into_a_small_task() {
        fn size_of_future<F: Future>(_: fn(Connection) -> F) -> usize {
            size_of::<F>()
        }
        // Tokio adds 104 bytes and rounds up to a multiple of 128.
        let size = size_of_future(run);
        assert!(size <= 152, "{size} bytes");
    }
}
