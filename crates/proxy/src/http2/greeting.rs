//! What a target says first. It shows whether the target speaks HTTP/2 at all.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// The type of the frame that both sides begin with (RFC 9113 section 3.4). It stands behind three bytes of length.
const SETTINGS: u8 = 4;
const TYPE_AT: usize = 3;

/// A target's connection, whose first frame somebody waits for.
#[derive(Debug)]
pub(super) struct Greeted<IO> {
    io: IO,
    greeting: Rc<Greeting>,
    /// Bytes that have come of the first frame.
    seen: usize,
}

/// The first frame.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    verdict: Cell<Option<bool>>,
    told: Notify,
}

impl Greeting {
    /// Whether the target has begun as HTTP/2 does, once that is known.
    pub(super) async fn is_good(&self) -> bool {
        loop {
            if let Some(verdict) = self.verdict.get() {
                return verdict;
            }
            self.told.notified().await;
        }
    }

    /// The first answer counts.
    pub(super) fn settle(&self, is_good: bool) {
        if self.verdict.get().is_none() {
            self.verdict.set(Some(is_good));
            self.told.notify_one();
        }
    }
}

impl<IO> Greeted<IO> {
    pub(super) fn new(io: IO, greeting: &Rc<Greeting>) -> Self {
        Self { io, greeting: Rc::clone(greeting), seen: 0 }
    }

    fn look(&mut self, came: &[u8]) {
        if self.seen > TYPE_AT {
            return;
        }
        match came.get(TYPE_AT - self.seen) {
            Some(kind) => self.greeting.settle(*kind == SETTINGS),
            // The end comes too early to be good.
            None if came.is_empty() => self.greeting.settle(false),
            None => {}
        }
        self.seen += came.len();
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Greeted<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let poll = Pin::new(&mut this.io).poll_read(context, buffer);
        if matches!(poll, Poll::Ready(Ok(()))) {
            this.look(buffer.filled().get(before..).unwrap_or_default());
        }
        poll
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Greeted<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_settings() {
        for (pieces, expected) in [
            (vec![b"\0\0\x06\x04\0\0\0\0\0".as_slice()], Some(true)),
            (vec![b"\0", b"\0\x06", b"\x04\0"], Some(true)),
            (vec![b"HTTP/1.1 400 Bad Request\r\n"], Some(false)),
            (vec![b"\0\0\x08\x06\0"], Some(false)),
            (vec![b"\0\0", b""], Some(false)),
            (vec![b"\0\0\x06"], None),
        ] {
            let greeting = Rc::new(Greeting::default());
            let mut greeted = Greeted::new((), &greeting);
            pieces.iter().for_each(|piece| greeted.look(piece));
            assert_eq!(greeting.verdict.get(), expected, "{pieces:?}");
        }
    }
}
