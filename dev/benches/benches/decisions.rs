//! How long decisions take, by CPU time of the thread: the cases whose names begin with `decide`.
//!
//! `cargo bench -p clingfish-benches --bench decisions`

use std::time::Duration;

use clingfish_benches::{Case, cases};
use criterion::{Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};

fn decisions(bench: &mut Criterion) {
    for case in cases().filter(|case| case.name.starts_with("decide")) {
        bench.bench_function(case.name, |bencher| {
            bencher.iter_custom(|calls| spent(case, calls));
        });
    }
}

/// The time of that many calls, without what the case prepares.
fn spent(case: Case, calls: u64) -> Duration {
    let calls = usize::try_from(calls).expect("a benchmark counts to what fits");
    let run = |calls| {
        let before = now();
        (case.run)(calls).expect("every case runs");
        now().saturating_sub(before)
    };
    let prepared = run(0);
    run(calls).saturating_sub(prepared)
}

/// CPU time of this thread.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = decisions
}
criterion_main!(benches);
