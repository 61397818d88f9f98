//! `/v1/live`: what is true now and what was counted, told as it changes to all who listen.
//!
//! One task, the [`Ticker`], makes [`News`] while somebody listens, and each of them once for all. Every stream has a [`Feed`], which
//! decides what of the news it is due, and whether its client may still have it.

mod feed;
mod news;
mod sample;
mod ticker;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use clingfish_model::limits::{LIVE_STREAMS_MAX, LIVE_STREAMS_PER_PEER_MAX};
use tokio::sync::{Notify, watch};

pub(crate) use feed::{Feed, Seat, Visitor};
pub(crate) use ticker::Ticker;

use super::{clerks::Clerks, crowd::Crowd};
use news::News;

/// Who listens, and the latest news.
#[derive(Debug)]
pub(crate) struct Live {
    /// None while nobody listens, so that nobody begins with what is old.
    news: watch::Sender<Option<Arc<News>>>,
    /// Wakes the ticker.
    somebody: Notify,
    /// The mutex protects it from streams that begin at the same time.
    crowd: Mutex<Crowd>,
    /// Who makes news: streams wait for each other, and nobody else for them.
    clerk: Clerks,
}

/// Why there is no room for another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMany {
    /// One address has its share.
    #[error(
        "there are {LIVE_STREAMS_PER_PEER_MAX} streams to this address already; end one, or ask /v1/state and /metrics"
    )]
    OfPeer,
    /// There are as many as there may be.
    #[error(
        "there are {LIVE_STREAMS_MAX} streams already; try again later, or ask /v1/state and /metrics"
    )]
    InAll,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            news: watch::Sender::new(None),
            somebody: Notify::new(),
            crowd: Mutex::new(Crowd::new(LIVE_STREAMS_MAX, LIVE_STREAMS_PER_PEER_MAX)),
            clerk: Clerks::new(1),
        }
    }
}

impl Live {
    /// A seat for somebody at that address.
    pub(crate) fn join(&self, peer: IpAddr) -> Result<Seat, TooMany> {
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        let share = crowd.share(peer).ok_or(TooMany::OfPeer)?;
        let place = crowd.enter().ok_or(TooMany::InAll)?;
        let mut news = self.news.subscribe();
        // What is known is news to whoever has just come.
        news.mark_changed();
        self.somebody.notify_one();
        Ok(Seat { news, _places: [share, place] })
    }

    fn is_heard(&self) -> bool {
        self.news.receiver_count() > 0
    }
}

#[cfg(test)]
mod tests;
