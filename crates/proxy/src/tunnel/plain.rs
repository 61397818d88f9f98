//! A tunnel between two sockets, where nothing stands between them and the bytes: both directions in one future.
//!
//! Messages are short and there are many, so a tunnel costs what is done for each of them. Here that is to read, to write and to
//! wait for the next, and no buffer is borrowed unless the peer is slow.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    net::Shutdown,
    task::{Context, Poll, ready},
};

use clingfish_model::limits::BUFFER_BYTES;
use rustix::net::{RecvFlags, recv};
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

use super::{Means, Over};
use crate::{buffer::Buffer, wire};

/// One direction.
#[derive(Debug)]
pub(super) struct Way<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    means: Means<'a>,
    held: Option<Held>,
    has_ended: bool,
}

/// What came and could not go yet.
#[derive(Debug)]
struct Held {
    bytes: Buffer,
    /// How many of them have gone.
    gone: usize,
}

impl<'a> Way<'a> {
    /// What has been read already goes first.
    pub(super) fn new(
        from: &'a TcpStream,
        to: &'a TcpStream,
        first: &[u8],
        means: Means<'a>,
    ) -> Self {
        let mut way = Self { from, to, means, held: None, has_ended: false };
        way.hold(first);
        way
    }

    /// Passes on what there is. Ready at the end of this direction.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Over>> {
        self.turns(context).map_err(|_| Over)
    }

    fn turns(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whoever is woken looks at once. After that the reactor is asked, which also lets others have their turn where there is
        // always something to read.
        let mut is_woken = true;
        while !self.has_ended {
            if self.held.is_some() {
                ready!(self.to.poll_write_ready(context))?;
                self.pass_held()?;
            } else {
                if !is_woken {
                    ready!(self.from.poll_read_ready(context))?;
                }
                is_woken = false;
                self.pass()?;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Passes on what has come, as far as the peer takes it.
    fn pass(&mut self) -> io::Result<()> {
        let mut room = [MaybeUninit::uninit(); BUFFER_BYTES];
        let room = room.as_mut_slice();
        let came = wire::once(self.from, Interest::READABLE, || {
            let ((came, _), count) = recv(self.from, room, RecvFlags::empty())?;
            // Nothing is the end, which stays to be read.
            Ok((came, (1..BUFFER_BYTES).contains(&count)))
        })?;
        let Some(came) = came else { return Ok(()) };
        if came.is_empty() {
            return self.end();
        }
        let gone = self.send(came)?;
        self.hold(came.get(gone..).unwrap_or_default());
        Ok(())
    }

    /// Passes on what is held, as far as the peer takes it.
    fn pass_held(&mut self) -> io::Result<()> {
        let Some(mut held) = self.held.take() else { return Ok(()) };
        held.gone += self.send(held.bytes.get(held.gone..).unwrap_or_default())?;
        self.held = Some(held).filter(|held| held.gone < held.bytes.len());
        Ok(())
    }

    /// Sends once; gives how much the peer has taken.
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = wire::send(self.to, bytes)?;
        if let Some(count) = count {
            self.means.moved.update(|moved| moved + count as u64);
            self.means.set_deadline();
        }
        Ok(count.unwrap_or_default())
    }

    fn hold(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            let mut buffer = self.means.buffers.take();
            buffer.extend_from_slice(bytes);
            self.held = Some(Held { bytes: buffer, gone: 0 });
        }
    }

    /// Nothing more will come.
    fn end(&mut self) -> io::Result<()> {
        self.has_ended = true;
        self.means.half_open.set(true);
        self.means.set_deadline();
        match SockRef::from(self.to).shutdown(Shutdown::Write) {
            // Both sides have ended already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

/// Carries bytes both ways until both directions have ended or one has failed: then there is nobody left to tell.
pub(super) async fn run(mut up: Way<'_>, mut down: Way<'_>) -> Result<(), Over> {
    let deadline = up.means.deadline;
    poll_fn(|context| {
        let both = match (up.poll(context), down.poll(context)) {
            (Poll::Ready(Err(over)), _) | (_, Poll::Ready(Err(over))) => Poll::Ready(Err(over)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        };
        deadline.limit(both, context).map(|both| both.unwrap_or(Err(Over)))
    })
    .await
}
