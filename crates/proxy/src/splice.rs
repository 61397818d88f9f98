//! Moves body bytes from socket to socket through a pipe, so that they never leave the kernel: splice(2).
//!
//! A turn fills an empty pipe and drains it whole. So EAGAIN says one thing at a time: on the way in that nothing has come,
//! on the way out that the peer takes no more for now.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Once,
    time::Duration,
};

use clingfish_model::limits::{PIPE_BYTES_MAX, PIPE_BYTES_MIN, PIPES_MAX, SPLICE_BYTES_MIN};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};
use tokio::{io::Interest, net::TcpStream, task::yield_now};

use crate::{
    deadline::Deadline,
    wire::{AsTcp, WireError},
};

/// One worker's pipes.
#[derive(Debug, Default)]
pub(crate) struct PipePool {
    idle: RefCell<Vec<Ends>>,
    /// Pipes in use.
    out: Cell<usize>,
    /// The system gave none; asked again after the next sweep.
    is_short: Cell<bool>,
}

/// Both ends of a pipe, and how much it was asked to hold.
#[derive(Debug)]
struct Ends {
    read: OwnedFd,
    write: OwnedFd,
    capacity: usize,
}

impl PipePool {
    /// What moves the next `left` bytes of a body between these two. None where buffers have to: for little, for what is not
    /// plain TCP on both sides, and where all [`PIPES_MAX`] are out or the system gives none.
    pub(crate) fn between<'a>(
        &'a self,
        from: &'a impl AsTcp,
        to: &'a impl AsTcp,
        left: u64,
    ) -> Option<Splice<'a>> {
        if left < SPLICE_BYTES_MIN || self.out.get() >= PIPES_MAX {
            return None;
        }
        let (from, to) = (from.as_tcp()?, to.as_tcp()?);
        let kept = self.idle.borrow_mut().pop();
        let ends = kept.or_else(|| self.open())?;
        self.out.update(|out| out + 1);
        Some(Splice { from, to, left, held: 0, ends: Some(ends), pool: self })
    }

    fn open(&self) -> Option<Ends> {
        if self.is_short.get() {
            return None;
        }
        match Ends::open() {
            Ok(ends) => Some(ends),
            Err(error) => {
                self.is_short.set(true);
                static SAID: Once = Once::new();
                SAID.call_once(|| {
                    tracing::warn!(%error, "no pipe for a large body: copying costs more");
                });
                None
            }
        }
    }

    /// Whether none lies idle.
    pub(crate) fn is_empty(&self) -> bool {
        self.idle.borrow().is_empty()
    }

    /// Lets go of half of what lies idle: pipes count against the descriptors of the process and the pages of its user.
    pub(crate) fn sweep(&self) {
        self.is_short.set(false);
        let mut idle = self.idle.borrow_mut();
        let half = idle.len() / 2;
        idle.truncate(half);
    }
}

impl Ends {
    /// As large as the system allows, between [`PIPE_BYTES_MIN`] and [`PIPE_BYTES_MAX`].
    fn open() -> io::Result<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let mut wanted = PIPE_BYTES_MAX;
        while wanted > PIPE_BYTES_MIN && fcntl_setpipe_size(&write, wanted).is_err() {
            wanted /= 2;
        }
        let capacity = fcntl_getpipe_size(&write)?;
        if capacity < PIPE_BYTES_MIN {
            return Err(io::Error::other("the pages that a user's pipes may hold are spent"));
        }
        Ok(Self { read, write, capacity })
    }
}

/// One turn: what has come, up to a pipe's capacity, goes on. The pipe returns to its pool when dropped, unless it still
/// holds bytes: nobody else may get those.
#[derive(Debug)]
pub(crate) struct Splice<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    /// Bytes of the body that are still to come, whatever else may follow on the connection.
    left: u64,
    /// Bytes in the pipe.
    held: usize,
    ends: Option<Ends>,
    pool: &'a PipePool,
}

impl Splice<'_> {
    /// Takes what has come; 0 is the end.
    pub(crate) async fn fill(&mut self, deadline: &Deadline) -> Result<usize, WireError> {
        let Some(ends) = &self.ends else { return Ok(0) };
        let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(ends.capacity);
        loop {
            let ready =
                poll_fn(|context| deadline.limit(self.from.poll_read_ready(context), context));
            ready.await.map_err(|_| WireError::Expired)??;
            let moved =
                self.from.try_io(Interest::READABLE, || splice(self.from, &ends.write, count));
            if let Some(moved) = unless_later(moved)? {
                self.held = moved;
                self.left -= moved as u64;
                return Ok(moved);
            }
        }
    }

    /// Passes it on whole; each piece that the peer takes gives it `patience` for the next.
    ///
    /// If more is to come, whoever else has something to do goes first. Meanwhile the peer takes what it has been sent, so the next turn
    /// waits less.
    pub(crate) async fn flush(
        &mut self,
        deadline: &Deadline,
        patience: Duration,
    ) -> Result<(), WireError> {
        let Some(ends) = &self.ends else { return Ok(()) };
        while self.held > 0 {
            let ready =
                poll_fn(|context| deadline.limit(self.to.poll_write_ready(context), context));
            ready.await.map_err(|_| WireError::Expired)??;
            let moved =
                self.to.try_io(Interest::WRITABLE, || splice(&ends.read, self.to, self.held));
            match unless_later(moved)? {
                Some(0) => return Err(WireError::Broken),
                Some(moved) => self.held -= moved,
                None => continue,
            }
            if self.held > 0 {
                deadline.push(patience);
            }
        }
        if self.left > 0 {
            yield_now().await;
        }
        Ok(())
    }
}

impl Drop for Splice<'_> {
    fn drop(&mut self) {
        self.pool.out.update(|out| out - 1);
        if let Some(ends) = self.ends.take().filter(|_| self.held == 0) {
            self.pool.idle.borrow_mut().push(ends);
        }
    }
}

fn splice(from: impl AsFd, to: impl AsFd, count: usize) -> io::Result<usize> {
    let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
    Ok(rustix::pipe::splice(from, None, to, None, count, flags)?)
}

/// `None`: not now, and readiness is awaited anew.
fn unless_later(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tokio::net::TcpListener;

    use super::*;
    use crate::{clock, deadline::Deadlines, stream::Stream};

    /// Our end of a connection, and the peer's.
    async fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Stream::Plain(near), listener.accept().await.unwrap().0)
    }

    fn run(test: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn a_pipe_that_still_holds_bytes_is_closed() {
        run(async {
            let pool = PipePool::default();
            let deadline = Rc::new(Deadlines::new(clock::now())).open(1);
            let (mut target, mut client) = (pair().await, pair().await);
            target.1.try_write(b"body of one").unwrap();
            let (from, _keeps) = target.0.split();
            let (_reads, to) = client.0.split();
            let mut splice = pool.between(&from, &to, SPLICE_BYTES_MIN).unwrap();
            assert_eq!(splice.fill(&deadline).await.unwrap(), 11);
            drop(splice);
            assert_eq!((pool.out.get(), pool.idle.borrow().len()), (0, 0));

            target.1.try_write(b"of another").unwrap();
            let mut splice = pool.between(&from, &to, SPLICE_BYTES_MIN).unwrap();
            splice.fill(&deadline).await.unwrap();
            splice.flush(&deadline, Duration::ZERO).await.unwrap();
            drop(splice);
            assert_eq!((pool.out.get(), pool.idle.borrow().len()), (0, 1));
            client.1.readable().await.unwrap();
            let mut came = [0; 64];
            let count = client.1.try_read(&mut came).unwrap();
            assert_eq!(&came[..count], b"of another");
        });
    }

    #[test]
    fn others_go_first_behind_each_pipe() {
        run(async {
            let pool = PipePool::default();
            let deadline = Rc::new(Deadlines::new(clock::now())).open(1);
            let (mut target, mut client) = (pair().await, pair().await);
            target.1.try_write(b"a body").unwrap();
            let ((from, _a), (_b, to)) = (target.0.split(), client.0.split());
            let mut splice = pool.between(&from, &to, SPLICE_BYTES_MIN).unwrap();
            splice.fill(&deadline).await.unwrap();
            to.as_tcp().unwrap().writable().await.unwrap();
            let other = tokio::spawn(async {});
            splice.flush(&deadline, Duration::ZERO).await.unwrap();
            assert!(other.is_finished(), "nothing but politeness kept the body from going on");
        });
    }

    #[test]
    fn pipes_are_few_and_not_for_little() {
        run(async {
            let pool = PipePool::default();
            let (mut target, mut client) = (pair().await, pair().await);
            let ((from, _a), (_b, to)) = (target.0.split(), client.0.split());
            assert!(pool.between(&from, &to, SPLICE_BYTES_MIN - 1).is_none());
            let take = || pool.between(&from, &to, SPLICE_BYTES_MIN);
            let out: Vec<Option<Splice<'_>>> = (0..=PIPES_MAX).map(|_| take()).collect();
            assert_eq!(out.iter().flatten().count(), PIPES_MAX);
            drop(out);
            assert!(take().is_some());
            pool.sweep();
            assert_eq!(pool.idle.borrow().len(), PIPES_MAX / 2);
        });
    }
}
