//! Connections of HTTP/2 to one target, for one worker: few, and each shared by many requests.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use clingfish_model::limits::{
    BUFFER_BYTES, H2_CONNECTION_WINDOW_BYTES, H2_SEND_BUFFER_BYTES_MAX, H2_STREAM_WINDOW_BYTES,
    H2_STREAMS_MAX, UPSTREAM_H2_CONNECTIONS_MAX,
};
use clingfish_model::listener::RequestLimits;
use h2::{
    SendStream,
    client::{Builder, ResponseFuture, SendRequest},
};
use http::Request;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};

use super::greeting::{Greeted, Greeting};

/// How long a connection without a request is kept.
const IDLE_MAX: Duration = Duration::from_secs(55);

/// One worker's connections to one target.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    open: RefCell<Vec<Line>>,
    dialing: Cell<bool>,
    dialed: Notify,
}

#[derive(Debug)]
struct Line {
    connection: Rc<Connection>,
    used: Instant,
}

/// A connection, which requests share.
#[derive(Debug)]
struct Connection {
    send: RefCell<SendRequest<Bytes>>,
    running: Cell<usize>,
    /// As many streams as the target allowed when it was asked last.
    streams_max: Cell<usize>,
    closed: Cell<bool>,
}

/// A share in a connection, for one request, from checkout to drop.
#[derive(Debug)]
pub(crate) struct Share(Rc<Connection>);

/// Tells that a connection has ended, be it by a panic.
struct Ending {
    connection: Weak<Connection>,
    greeting: Rc<Greeting>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.upgrade() {
            connection.closed.set(true);
        }
        self.greeting.settle(false);
    }
}

impl Connection {
    fn new(send: SendRequest<Bytes>) -> Self {
        let streams_max = Cell::new(send.current_max_send_streams());
        let (running, closed) = (Cell::new(0), Cell::new(false));
        Self { send: RefCell::new(send), running, streams_max, closed }
    }

    fn has_room(&self) -> bool {
        self.running.get() < self.streams_max.get().min(H2_STREAMS_MAX as usize)
    }

    /// Asks what the target allows now: where it matters, and now and then, for there may be many connections.
    fn measure(&self) {
        self.streams_max.set(self.send.borrow().current_max_send_streams());
    }

    /// Whether it takes further requests: it is open, and the target has not said GOAWAY. Requests that run finish there.
    fn takes_requests(&self) -> bool {
        !self.closed.get() && self.admit(&mut self.send.borrow_mut()).is_ok()
    }

    /// Makes the handle take a request.
    fn admit(&self, send: &mut SendRequest<Bytes>) -> Result<(), h2::Error> {
        match send.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => ready,
            // Its last stream waits for others to end. Another handle need not wait for that.
            Poll::Pending => {
                *send = send.clone();
                Ok(())
            }
        }
    }
}

impl Line {
    /// Takes it for a request.
    fn share(&mut self, now: Instant) -> Share {
        self.used = now;
        Share::of(&self.connection)
    }
}

impl Share {
    fn of(connection: &Rc<Connection>) -> Self {
        connection.running.update(|running| running + 1);
        Self(Rc::clone(connection))
    }

    /// Begins a stream with its head. `ends` says that there is no body.
    pub(crate) fn send(
        &self,
        request: Request<()>,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let mut send = self.0.send.borrow_mut();
        self.0.admit(&mut send)?;
        send.send_request(request, ends)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.running.update(|running| running - 1);
    }
}

/// The right to dial; others wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Dialing<'l>(&'l Lines);

impl Drop for Dialing<'_> {
    fn drop(&mut self) {
        self.0.dialing.set(false);
        self.0.dialed.notify_waiters();
    }
}

impl Lines {
    /// A connection that takes another request now. The busiest that has room: what goes out together costs one write, and those that
    /// are not needed any more come to rest. Where none has room and there may be no more of them, the least busy.
    pub(crate) fn pick(&self, now: Instant) -> Option<Share> {
        let mut open = self.open.borrow_mut();
        // Only the one that is wanted is asked whether it is open.
        while let Some(at) = busiest(&open) {
            let line = open.get_mut(at)?;
            if line.connection.takes_requests() {
                return Some(line.share(now));
            }
            open.remove(at);
        }
        open.retain(|line| line.connection.takes_requests());
        open.iter().for_each(|line| line.connection.measure());
        if let Some(at) = busiest(&open) {
            return Some(open.get_mut(at)?.share(now));
        }
        let is_full = open.len() >= UPSTREAM_H2_CONNECTIONS_MAX;
        let all = open.iter_mut().filter(|_| is_full);
        Some(all.min_by_key(|line| line.connection.running.get())?.share(now))
    }

    /// The right to open another connection, or else waits until whoever has it is done.
    pub(crate) async fn dial_alone(&self) -> Option<Dialing<'_>> {
        let done = self.dialed.notified();
        if self.dialing.replace(true) {
            done.await;
            return None;
        }
        Some(Dialing(self))
    }

    /// Takes up a connection: says hello, and serves it in a task of its own until it ends. None where the target does not
    /// greet as HTTP/2 does.
    pub(crate) async fn open<IO>(
        &self,
        io: IO,
        limits: &RequestLimits,
        now: Instant,
    ) -> Option<Share>
    where
        IO: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let greeting = Rc::new(Greeting::default());
        let (send, frames) = Builder::new()
            .enable_push(false)
            .initial_window_size(H2_STREAM_WINDOW_BYTES)
            .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
            .max_header_list_size(u32::try_from(limits.response_head_bytes_max).unwrap_or(u32::MAX))
            .max_send_buffer_size(H2_SEND_BUFFER_BYTES_MAX)
            .max_frame_size(BUFFER_BYTES as u32)
            .handshake(Greeted::new(io, &greeting))
            .await
            .ok()?;
        let connection = Rc::new(Connection::new(send));
        let share = Share::of(&connection);
        // It ends when nobody has a handle any more, so its task has none.
        let ending =
            Ending { connection: Rc::downgrade(&connection), greeting: Rc::clone(&greeting) };
        tokio::task::spawn_local(async move {
            // Requests hear of it by themselves.
            let _ = frames.await;
            drop(ending);
        });
        if !greeting.is_good().await {
            return None;
        }
        // One too many, as for a request that a shared connection refused, ends with its request.
        let mut open = self.open.borrow_mut();
        if open.len() < UPSTREAM_H2_CONNECTIONS_MAX {
            connection.measure();
            open.push(Line { connection, used: now });
        }
        Some(share)
    }

    /// Lets go of what is closed or has had nothing to do for long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.open.borrow_mut().retain(|Line { connection, used }| {
            connection.measure();
            let idle = now.saturating_duration_since(*used);
            !connection.closed.get() && (connection.running.get() > 0 || idle < IDLE_MAX)
        });
    }

    /// Lets go of all; requests that run finish.
    pub(crate) fn clear(&self) {
        self.open.borrow_mut().clear();
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }
}

/// The busiest of those that have room.
fn busiest(open: &[Line]) -> Option<usize> {
    let with_room = open.iter().enumerate().filter(|(_, line)| line.connection.has_room());
    Some(with_room.max_by_key(|(_, line)| line.connection.running.get())?.0)
}
