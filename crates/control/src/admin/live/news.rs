//! What there is to tell, made once for all who listen.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{sync::OnceCell, task::JoinError};

use super::{super::clerks::Clerks, sample::Sample};

/// The latest of everything.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub(super) state: State,
    pub(super) tick: Arc<Tick>,
}

/// What is in force, as an event.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) number: u64,
    pub(super) event: Bytes,
}

/// What was counted until a moment.
#[derive(Debug)]
pub(super) struct Tick {
    /// Each is one more than the one before.
    pub(super) number: u64,
    pub(super) sample: Arc<Sample>,
    /// What has changed since the one before, as an event.
    pub(super) changes: Bytes,
    /// All of it, as an event; made when the first asks for it.
    whole: OnceCell<Bytes>,
}

impl Tick {
    pub(super) fn new(number: u64, sample: Sample, before: Option<&Sample>) -> Self {
        let changes = before.map(|before| event("sample", &sample.since(before)));
        let (sample, changes) = (Arc::new(sample), changes.unwrap_or_default());
        Self { number, sample, changes, whole: OnceCell::new() }
    }

    /// All of it.
    pub(super) async fn whole(&self, clerk: &Clerks) -> Result<Bytes, JoinError> {
        let make = || {
            let sample = Arc::clone(&self.sample);
            clerk.make(move || event("sample", &sample.whole()))
        };
        self.whole.get_or_try_init(make).await.cloned()
    }
}

/// An event of that name. JSON has no line feeds of its own.
pub(super) fn event(name: &str, data: &serde_json::Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
