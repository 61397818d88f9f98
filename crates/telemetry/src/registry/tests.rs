use super::*;
use crate::{RequestEnd, Verdict};

/// One request at a target.
fn count(registry: &Registry, worker: usize, group: &str, target: &TargetMeter) {
    registry.group(worker, group).count(&RequestEnd::good(Verdict::Hit), Some(target));
}

#[test]
fn counts_of_all_workers_are_summed_by_name() {
    let registry = Registry::new(3);
    for worker in [2, 0, 1] {
        registry.worker(worker).requests.add(10);
        registry.group(worker, "web").retries.add(1 + worker as u64);
        count(&registry, worker, "web", &registry.target(worker, "web", "a"));
    }
    (0..7).for_each(|_| count(&registry, 1, "api", &registry.target(1, "api", "a")));
    let totals = registry.totals();
    assert_eq!(totals.workers.requests, 30);
    let names: Vec<_> = totals.groups.iter().map(|group| &*group.name).collect();
    assert_eq!(names, ["api", "web"]);
    assert_eq!(totals.groups[1].totals.retries, 6);
    assert_eq!(totals.groups[1].targets[0].1.requests(), 3);
    assert_eq!(totals.groups[0].targets[0].1.requests(), 7);
}

#[test]
fn a_name_that_stays_keeps_its_counts() {
    let registry = Registry::new(1);
    let kept = registry.target(0, "web", "kept");
    kept.connect_failures.add(5);
    registry.target(0, "web", "gone").connect_failures.add(1);
    registry.group(0, "old").retries.increment();
    registry.group(0, "web").retries.add(4);
    for round in 0..3 {
        registry.retain(|group| group == "web", |_, target| target == "kept");
        registry.target(0, "web", "kept").connect_failures.increment();
        kept.connect_failures.increment();
        let totals = registry.totals();
        assert_eq!(totals.groups.len(), 1, "round {round}");
        assert_eq!(totals.groups[0].totals.retries, 4, "round {round}");
        assert_eq!(totals.groups[0].targets.len(), 1, "round {round}");
        assert_eq!(totals.groups[0].targets[0].1.connect_failures, 5 + 2 * (round + 1));
    }
}

#[test]
fn readers_see_what_a_worker_counts_on_its_thread() {
    let registry = Arc::new(Registry::new(2));
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let registry = &registry;
            scope.spawn(move || {
                let meter = registry.worker(worker);
                (0..10_000).for_each(|_| meter.requests.increment());
            });
        }
    });
    assert_eq!(registry.totals().workers.requests, 20_000);
}
