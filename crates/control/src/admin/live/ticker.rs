//! The task that makes news, while somebody listens.

use std::sync::Arc;

use bytes::Bytes;
use clingfish_model::{UnixMillis, limits::LIVE_TICK};
use tokio::{
    task::JoinError,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    super::native,
    Live,
    news::{News, State, Tick, event},
    sample::Sample,
};
use crate::{
    metrics::Metrics,
    status::{Enforced, Phase},
};

/// The one task that makes news.
#[derive(Debug)]
pub(crate) struct Ticker {
    live: Arc<Live>,
    metrics: Metrics,
    /// Of the latest state and the latest tick: each has a number of its own as long as the process lives.
    numbers: (u64, u64),
}

/// What a state event was made of: the revision, when it was published, and the phase.
type Facts = (u64, UnixMillis, Phase);

impl Ticker {
    pub(crate) fn new(live: Arc<Live>, metrics: Metrics) -> Self {
        Self { live, metrics, numbers: (0, 0) }
    }

    /// Works until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            if !self.live.is_heard() {
                self.live.somebody.notified().await;
            }
            if let Err(error) = self.tell().await {
                tracing::warn!(%error, "the news for /v1/live cannot be made");
                sleep(LIVE_TICK).await;
            }
            self.live.news.send_replace(None);
        }
    }

    /// Tells everything as it changes, until nobody listens any more.
    async fn tell(&mut self) -> Result<(), JoinError> {
        // The first tick has none before it that anybody could have.
        self.numbers.1 += 1;
        let status = Arc::clone(&self.metrics.status);
        let (mut enforced, mut phase) = (status.follow(), status.follow_phase());
        let mut ticks = interval(LIVE_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<(Facts, News)> = None;
        while self.live.is_heard() {
            let is_tick = tokio::select! {
                _ = ticks.tick() => true,
                // An error means that the process ends, and this task with it.
                _ = enforced.changed() => false,
                _ = phase.changed() => false,
            };
            let Some(now) = status.enforced() else { continue };
            let facts = (now.snapshot.revision, now.at, status.phase());
            let is_same = told.as_ref().is_some_and(|(known, _)| *known == facts);
            let before = told.take().map(|(_, news)| news);
            let state = match &before {
                Some(news) if is_same => news.state.clone(),
                _ => self.state(now).await?,
            };
            let tick = match &before {
                Some(news) if !is_tick => Arc::clone(&news.tick),
                _ => self.tick(before.as_ref().map(|news| Arc::clone(&news.tick.sample))).await?,
            };
            let news = News { state, tick };
            self.live.news.send_replace(Some(Arc::new(news.clone())));
            told = Some((facts, news));
        }
        Ok(())
    }

    async fn state(&mut self, now: Enforced) -> Result<State, JoinError> {
        let metrics = self.metrics.clone();
        let make = move || event("state", &native::state(&metrics, &now));
        let event: Bytes = self.live.clerk.make(make).await?;
        self.numbers.0 += 1;
        Ok(State { number: self.numbers.0, event })
    }

    async fn tick(&mut self, before: Option<Arc<Sample>>) -> Result<Arc<Tick>, JoinError> {
        self.numbers.1 += 1;
        let (metrics, number) = (self.metrics.clone(), self.numbers.1);
        let make = move || Arc::new(Tick::new(number, Sample::of(&metrics), before.as_deref()));
        self.live.clerk.make(make).await
    }
}
