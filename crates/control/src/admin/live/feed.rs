//! One stream: what of the news it is due, and until when.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use clingfish_model::limits::LIVE_ENDS_AT_AGE;
use hyper::{HeaderMap, header::HeaderValue};
use tokio::sync::watch;

use super::{
    super::{
        connection::succeeded,
        console::BY_CONSOLE,
        crowd::Place,
        desk::{Arrival, Desk},
    },
    news::News,
};
use crate::{clock, status::Phase};

/// Room for a stream, and its news.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(super) news: watch::Receiver<Option<Arc<News>>>,
    /// They count while the stream lasts.
    pub(super) _places: [Place; 2],
}

/// Who listens: everything that has to be judged again.
#[derive(Debug)]
pub(crate) struct Visitor {
    headers: HeaderMap,
    arrival: Arrival,
}

/// One stream's events.
#[derive(Debug)]
pub(crate) struct Feed {
    desk: Arc<Desk>,
    seat: Seat,
    visitor: Visitor,
    phase: watch::Receiver<Phase>,
    ends_at: Instant,
    sent: Sent,
}

/// The numbers of what was sent last. Zero is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sent {
    state: u64,
    tick: u64,
}

/// What to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    State,
    /// What has changed since the last tick.
    Changes,
    /// Everything: the client has nothing, or has missed something.
    Whole,
}

impl Sent {
    /// What is due to a client that has this, when there are those.
    fn due(self, state: u64, tick: u64) -> Due {
        if self.state != state {
            return Due::State;
        }
        match tick.checked_sub(self.tick) {
            Some(0) => Due::Nothing,
            Some(1) if self.tick > 0 => Due::Changes,
            _ => Due::Whole,
        }
    }
}

impl Visitor {
    pub(crate) fn new(mut headers: HeaderMap, arrival: Arrival) -> Self {
        // What goes on by itself is no person's doing: it keeps no session alive.
        if let Some(mark) = headers.get_mut(BY_CONSOLE) {
            *mark = HeaderValue::from_static("watch");
        }
        Self { headers, arrival }
    }
}

impl Feed {
    pub(crate) fn new(desk: &Arc<Desk>, seat: Seat, visitor: Visitor) -> Self {
        Self {
            phase: desk.status.follow_phase(),
            ends_at: visitor.arrival.since + LIVE_ENDS_AT_AGE,
            desk: Arc::clone(desk),
            seat,
            visitor,
            sent: Sent::default(),
        }
    }

    /// The next event; none where the stream is over: another process answers, it is too old, or its client may not look any more.
    pub(crate) async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            tokio::select! {
                () = succeeded(&mut self.phase) => return None,
                () = clock::until(Some(self.ends_at)) => return None,
                changed = self.seat.news.changed() => changed.ok()?,
            }
            if !self.desk.still_admits(&self.visitor.headers, self.visitor.arrival) {
                return None;
            }
            let news = self.seat.news.borrow_and_update().clone();
            // There are none yet, or none any more.
            let Some(news) = news else { continue };
            match self.sent.due(news.state.number, news.tick.number) {
                Due::Nothing => {}
                Due::State => {
                    self.sent.state = news.state.number;
                    // There may be more.
                    self.seat.news.mark_changed();
                    return Some((news.state.event.clone(), self));
                }
                Due::Changes => {
                    self.sent.tick = news.tick.number;
                    return Some((news.tick.changes.clone(), self));
                }
                Due::Whole => {
                    let whole = news.tick.whole(&self.desk.live.clerk).await;
                    self.sent.tick = news.tick.number;
                    return Some((whole.ok()?, self));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_last_one_gets_what_changed_and_everybody_else_gets_all() {
        for (sent, now, expected) in [
            ((0, 0), (1, 1), Due::State),
            ((1, 0), (1, 1), Due::Whole),
            ((1, 0), (1, 7), Due::Whole),
            ((1, 1), (1, 2), Due::Changes),
            ((1, 7), (1, 7), Due::Nothing),
            // It was too slow for one.
            ((1, 7), (1, 9), Due::Whole),
            ((1, 7), (2, 8), Due::State),
            ((2, 7), (2, 8), Due::Changes),
        ] {
            let due = Sent { state: sent.0, tick: sent.1 }.due(now.0, now.1);
            assert_eq!(due, expected, "has {sent:?} of {now:?}");
        }
    }
}
