use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use super::*;

/// A resolver that takes its time, and counts who asks at once.
#[derive(Debug, Default)]
struct Slow {
    takes: Duration,
    asking: AtomicUsize,
    asking_most: AtomicUsize,
}

impl Resolve for Arc<Slow> {
    async fn resolve(&self, _name: &str) -> Result<Resolved, ResolveError> {
        let asking = self.asking.fetch_add(1, Relaxed) + 1;
        self.asking_most.fetch_max(asking, Relaxed);
        tokio::time::sleep(self.takes).await;
        self.asking.fetch_sub(1, Relaxed);
        Ok(Resolved { addresses: vec![[10, 0, 0, 1].into()], valid_for: Duration::from_secs(60) })
    }
}

fn desired(names: usize) -> DesiredState {
    let targets: Vec<String> = (0..names).map(|at| format!("\"app{at}:80\"")).collect();
    let text = format!("[target_groups.web]\ntargets = [{}]\n", targets.join(","));
    clingfish_config::parse(&text).unwrap().0
}

fn slow(takes: Duration) -> (Arc<Slow>, Lookups<Arc<Slow>>) {
    let resolver = Arc::new(Slow { takes, ..Slow::default() });
    (Arc::clone(&resolver), Lookups::new(resolver))
}

#[tokio::test(start_paused = true)]
async fn a_start_goes_on_without_names_that_take_too_long_and_takes_them_later() {
    let (_, mut lookups) = slow(Duration::from_secs(7));
    let start = clock::now();
    lookups.settle(&desired(2), Duration::from_secs(5)).await;
    assert_eq!(clock::now() - start, Duration::from_secs(5));
    assert!(lookups.addresses().is_empty());
    lookups.change().await;
    assert_eq!(clock::now() - start, Duration::from_secs(7));
    assert_eq!(lookups.addresses().len(), 2, "answers that come together are one change");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_names_are_asked_for_at_once() {
    let (resolver, mut lookups) = slow(Duration::from_millis(100));
    lookups.settle(&desired(100), Duration::from_secs(5)).await;
    assert_eq!(lookups.addresses().len(), 100);
    assert_eq!(resolver.asking_most.load(Relaxed), LOOKUPS_RUNNING_MAX);
}

#[tokio::test(start_paused = true)]
async fn names_are_asked_for_again_when_their_answers_expire() {
    let (_, mut lookups) = slow(Duration::from_secs(1));
    let start = clock::now();
    lookups.settle(&desired(1), Duration::from_secs(5)).await;
    // The same answer over and over is no change.
    let waited = tokio::time::timeout(Duration::from_secs(600), lookups.change()).await;
    assert!(waited.is_err());
    assert!(lookups.names.next_due().is_none_or(|due| due > start + Duration::from_secs(540)));
}
