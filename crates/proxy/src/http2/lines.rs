//! Connections of HTTP/2 to one target, for one worker: few, and each shared by many requests.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use clingfish_model::limits::{
    BUFFER_BYTES, H2_CONNECTION_WINDOW_BYTES, H2_SEND_BUFFER_BYTES_MAX, H2_STREAM_WINDOW_BYTES,
    H2_STREAMS_MAX, UPSTREAM_H2_CONNECTIONS_MAX,
};
use clingfish_model::listener::RequestLimits;
use h2::client::{Builder, SendRequest};
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
    send: SendRequest<Bytes>,
    load: Rc<Load>,
    used: Instant,
}

impl Line {
    fn has_room(&self) -> bool {
        let streams_max = self.send.current_max_send_streams().min(H2_STREAMS_MAX as usize);
        self.load.running.get() < streams_max
    }
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Load {
    running: Cell<usize>,
    closed: Cell<bool>,
}

/// A share in a connection, for one request, from checkout to drop.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) send: SendRequest<Bytes>,
    load: Rc<Load>,
}

impl Line {
    /// Whether it takes further requests: it is open, and the target has not said GOAWAY. Requests that run finish there.
    fn takes_requests(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        !self.load.closed.get()
            && !matches!(self.send.poll_ready(&mut context), Poll::Ready(Err(_)))
    }

    /// Takes it for a request.
    fn share(&mut self, now: Instant) -> Share {
        self.used = now;
        Share::of(self)
    }
}

impl Share {
    fn of(line: &Line) -> Self {
        line.load.running.update(|running| running + 1);
        Self { send: line.send.clone(), load: Rc::clone(&line.load) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.load.running.update(|running| running - 1);
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
        loop {
            let with_room = open.iter().enumerate().filter(|(_, line)| line.has_room());
            let busiest = with_room.max_by_key(|(_, line)| line.load.running.get());
            let Some(at) = busiest.map(|(at, _)| at) else { break };
            // Only the one that is wanted is asked.
            let line = open.get_mut(at)?;
            if line.takes_requests() {
                return Some(line.share(now));
            }
            open.remove(at);
        }
        open.retain_mut(Line::takes_requests);
        let is_full = open.len() >= UPSTREAM_H2_CONNECTIONS_MAX;
        let all = open.iter_mut().filter(|_| is_full);
        Some(all.min_by_key(|line| line.load.running.get())?.share(now))
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
        let (send, connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(H2_STREAM_WINDOW_BYTES)
            .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
            .max_header_list_size(u32::try_from(limits.response_head_bytes_max).unwrap_or(u32::MAX))
            .max_send_buffer_size(H2_SEND_BUFFER_BYTES_MAX)
            .max_frame_size(BUFFER_BYTES as u32)
            .handshake(Greeted::new(io, &greeting))
            .await
            .ok()?;
        let line = Line { send, load: Rc::default(), used: now };
        let (share, load) = (Share::of(&line), Rc::clone(&line.load));
        let greets = Rc::clone(&greeting);
        tokio::task::spawn_local(async move {
            // Requests hear of it by themselves.
            let _ = connection.await;
            load.closed.set(true);
            greets.settle(false);
        });
        if !greeting.is_good().await {
            return None;
        }
        // One too many, as for a request that a shared connection refused, ends with its request.
        let mut open = self.open.borrow_mut();
        if open.len() < UPSTREAM_H2_CONNECTIONS_MAX {
            open.push(line);
        }
        Some(share)
    }

    /// Lets go of what is closed or has had nothing to do for long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.open.borrow_mut().retain(|line| {
            let idle = now.saturating_duration_since(line.used);
            !line.load.closed.get() && (line.load.running.get() > 0 || idle < IDLE_MAX)
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
