//! What the body of an answer is: bytes that are there, or events as they come.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::live::Feed;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it is there.
    Whole(Bytes),
    /// It goes on until its feed ends.
    Events(Events),
}

/// Events, one after the other. The next one is looked for only while there is room to send it: who does not read misses some,
/// and nothing is kept for them.
pub(crate) struct Events {
    next: Option<Next>,
}

/// The next event, and where those after it come from.
type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Feed)>> + Send>>;

impl Events {
    /// What that feed tells.
    pub(crate) fn of(feed: Feed) -> Self {
        Self { next: Some(Box::pin(feed.next())) }
    }

    /// Nothing: for who wants the head only.
    pub(crate) fn none() -> Self {
        Self { next: None }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("is_over", &self.next.is_none()).finish()
    }
}

#[cfg(test)]
impl Content {
    /// What is there.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Events(_) => b"",
        }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match self.get_mut() {
            Self::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Self::Events(events) => {
                let Some(next) = &mut events.next else { return Poll::Ready(None) };
                let told = ready!(next.as_mut().poll(context));
                let (event, feed) = told.unzip();
                events.next = feed.map(|feed| -> Next { Box::pin(feed.next()) });
                event
            }
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Events(_) => SizeHint::default(),
        }
    }
}
