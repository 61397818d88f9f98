//! Who makes answers that may take long, so that the thread which checks targets and accepts connections never waits for one.

use std::sync::Arc;

use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

/// A few threads at the same time; further work waits its turn.
#[derive(Clone, Debug)]
pub(crate) struct Clerks(Arc<Semaphore>);

impl Clerks {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }

    /// Does that work elsewhere. An error means that it panicked, or that the process ends.
    pub(crate) async fn make<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        spawn_blocking(move || {
            // Kept until the work is done, even if nobody waits for it any more.
            let _turn = turn;
            work()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    };

    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_work_and_no_more_is_done_at_once_than_there_are_clerks() {
        let clerks = Clerks::new(2);
        let begun = Arc::new(AtomicUsize::new(0));
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let work = || {
            let (clerks, begun, gate) = (clerks.clone(), Arc::clone(&begun), Arc::clone(&gate));
            tokio::spawn(async move {
                let work = move || {
                    begun.fetch_add(1, Relaxed);
                    gate.lock().unwrap().recv().unwrap();
                };
                clerks.make(work).await
            })
        };
        let asked: Vec<_> = (0..5).map(|_| work()).collect();
        while begun.load(Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clerks.0.available_permits(), 0);
        // Whoever has lost patience frees nobody.
        asked[0].abort();
        tokio::task::yield_now().await;
        assert_eq!(begun.load(Relaxed), 2);
        for _ in 0..5 {
            go.send(()).unwrap();
        }
        for one in asked.into_iter().skip(1) {
            one.await.unwrap().unwrap();
        }
        assert_eq!(begun.load(Relaxed), 5);
    }
}
