//! A connection whose client takes what it asked for, or has none.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use clingfish_model::limits::ADMIN_STALLED_MAX;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// Breaks where nothing could be written for [`ADMIN_STALLED_MAX`] though something was to be.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    /// Runs while a write waits.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, patience: None }
    }

    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.patience = None;
            return written;
        }
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(ADMIN_STALLED_MAX)));
        ready!(patience.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // A socket has nothing to flush, so that this says nothing about who reads.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_has_no_connection_any_more() {
        let (stream, _silent) = duplex(10);
        let mut patient = Patient::new(stream);
        let began = crate::clock::now();
        let refused = patient.write_all(&[0; 11]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        let waited = crate::clock::now().saturating_duration_since(began);
        assert!(waited >= ADMIN_STALLED_MAX, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_is_waited_for() {
        let (stream, mut slow) = duplex(10);
        let mut patient = Patient::new(stream);
        let reading = tokio::spawn(async move {
            let mut read = 0;
            while read < 100 {
                sleep(ADMIN_STALLED_MAX - Duration::from_secs(1)).await;
                read += slow.read(&mut [0; 10]).await.unwrap();
            }
        });
        patient.write_all(&[0; 100]).await.unwrap();
        reading.await.unwrap();
    }
}
