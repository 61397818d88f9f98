//! A client's connection: small while it waits, one exchange after the other while it does not.

use std::{net::SocketAddr, rc::Rc, time::Instant};

use clingfish_model::limits::{DRAIN_BYTES_MAX, LINGER};
use clingfish_snapshot::{FirstHome, ListenerView};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    clock,
    deadline::Deadline,
    serve,
    tunnel::{self, Tunnel},
    view::View,
    wire,
    worker::{Door, Worker},
};

/// What a client's connection keeps while nothing happens on it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) tcp: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) door: Rc<Door>,
    pub(crate) deadline: Deadline,
    pub(crate) since: Instant,
    /// A home that no cookie carries yet.
    pub(crate) first_home: Option<Box<FirstHome>>,
    /// Stands for the connection in the log.
    pub(crate) id: u64,
    _counted: Counted,
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

impl Connection {
    pub(crate) fn new(
        worker: &Rc<Worker>,
        door: &Rc<Door>,
        tcp: TcpStream,
        peer: SocketAddr,
    ) -> Self {
        worker.meter.connections_accepted.increment();
        worker.meter.connections_active.increment();
        Self {
            tcp,
            peer,
            door: Rc::clone(door),
            deadline: worker.deadlines.open(),
            since: clock::now(),
            first_home: None,
            id: u64::from_ne_bytes(worker.entropy.borrow_mut().bytes()),
            _counted: Counted(Rc::clone(worker)),
        }
    }

    /// The listener that it came in by, if that is still open.
    pub(crate) fn listener<'v>(&self, view: &'v View) -> Option<&'v ListenerView> {
        view.snapshot.listeners.get(self.door.listener.get()?)
    }

    /// Whether it ends with its next answer.
    pub(crate) fn is_over(&self, worker: &Worker, listener: &ListenerView) -> bool {
        let age_max = listener.balancer.timeouts.client_keep_alive;
        worker.leaving.get().is_some()
            || clock::now().saturating_duration_since(self.since) >= age_max
    }

    /// Notes that it waits for a request, and for how long it may.
    fn begin_wait(&self, worker: &Worker) {
        let view = worker.view();
        let listener = self.listener(&view);
        let idle = listener.map_or_else(Default::default, |view| view.balancer.timeouts).idle;
        worker.meter.connections_idle.increment();
        self.deadline.idles(true);
        self.deadline.set(worker.leaving.get().map_or(idle, |patience| idle.min(patience)));
    }

    fn end_wait(&self, worker: &Worker) {
        self.deadline.idles(false);
        worker.meter.connections_idle.decrement();
    }
}

/// Serves a connection until it ends. What is large is boxed, because most of a connection's life is waiting.
pub(crate) async fn run(worker: Rc<Worker>, mut connection: Box<Connection>) {
    loop {
        connection.begin_wait(&worker);
        let came = wire::readable(&connection.tcp, &connection.deadline).await;
        connection.end_wait(&worker);
        if came.is_err() {
            return;
        }
        match Box::pin(serve::serve(&worker, &mut connection)).await {
            Next::Idle => {}
            Next::Close => return,
            Next::Linger => return Box::pin(linger(&worker, &mut connection)).await,
            Next::Reset => {
                // Zero makes the kernel send a reset; a kernel that cannot sends an early end, which is visible as well.
                let _ = socket2::SockRef::from(&connection.tcp)
                    .set_linger(Some(std::time::Duration::ZERO));
                return;
            }
            Next::Tunnel(tunnel) => {
                return Box::pin(tunnel::run(&worker, &mut connection, *tunnel)).await;
            }
        }
    }
}

/// Reads on for a while after the last answer: closing with unread bytes would reset the connection, and the reset could
/// overtake the answer.
async fn linger(worker: &Worker, connection: &mut Connection) {
    connection.deadline.set(LINGER);
    let Ok(Ok(())) = connection.deadline.guard(connection.tcp.shutdown()).await else {
        return;
    };
    let mut sink = worker.buffers.take();
    let mut drained = 0;
    while drained < DRAIN_BYTES_MAX {
        sink.clear();
        match connection.deadline.guard(connection.tcp.read_buf(&mut *sink)).await {
            Ok(Ok(count)) if count > 0 => drained += count as u64,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_connection_is_small() {
        let size = size_of_val_of(run);
        eprintln!("future {size}, connection {}", size_of::<Connection>());
        assert!(size <= 128, "{size} bytes in the task");
        assert!(size_of::<Connection>() <= 160, "{} bytes beside it", size_of::<Connection>());
    }

    fn size_of_val_of<F: Future>(_: fn(Rc<Worker>, Box<Connection>) -> F) -> usize {
        size_of::<F>()
    }
}
