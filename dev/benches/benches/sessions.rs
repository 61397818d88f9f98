//! The table of learned sessions with a million of them, which are looked up in random order, so that caches do not help.
//! What counts is CPU time of the thread, which holds where others use the machine as well.
//!
//! `cargo bench -p clingfish-benches --bench sessions`

use std::{hint::black_box, net::Ipv4Addr, num::NonZeroU32, sync::Barrier, thread, time::Duration};

use clingfish_model::{TargetHash, UnixMillis};
use clingfish_sessions::{ClientKey, Limits, Seed, SessionKey, Table};
use criterion::{
    Criterion, criterion_group, criterion_main,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use rustix::time::{ClockId, clock_gettime};

/// How many sessions are known.
const SESSIONS: u32 = 1_000_000;
const IDLE: Duration = Duration::from_secs(1800);
const START: UnixMillis = UnixMillis(1_764_429_704_000);
const TARGET: TargetHash = TargetHash([1; 16]);

fn seed() -> Seed {
    Seed::new([[1; 16], [2; 16]])
}

fn key(number: u32) -> SessionKey {
    SessionKey::of(&seed(), &number.to_be_bytes())
}

fn client(number: u32) -> ClientKey {
    ClientKey::of(&seed(), Ipv4Addr::from(number).into())
}

/// A table that knows a million sessions, each of a client of its own, and their keys in random order.
fn filled(sessions_max: u32) -> (Table, Vec<SessionKey>) {
    let limit = |number| NonZeroU32::new(number).expect("no limit of a benchmark is zero");
    let table =
        Table::new(Limits { sessions_max: limit(sessions_max), per_client_max: limit(1_000) });
    let mut keys: Vec<SessionKey> = (0..SESSIONS).map(key).collect();
    for (number, &key) in (0..).zip(&keys) {
        table.learn(key, TARGET, client(number), START, IDLE);
    }
    fastrand::Rng::with_seed(4).shuffle(&mut keys);
    (table, keys)
}

fn hashes(bench: &mut Criterion<CpuTime>) {
    let (seed, id) = (seed(), [b'a'; 40]);
    bench.bench_function("key of an id of 40 bytes", |bencher| {
        bencher.iter(|| SessionKey::of(&seed, black_box(&id)));
    });
}

fn looks(bench: &mut Criterion<CpuTime>) {
    let (table, keys) = filled(SESSIONS * 11 / 10);
    let bytes = table.memory_bytes() as u64 / table.len();
    println!("{} sessions, {bytes} bytes each", table.len());
    let mut known = keys.iter().cycle();
    let mut now = START;
    bench.bench_function("find, known", |bencher| {
        bencher.iter(|| {
            now = now + Duration::from_millis(1);
            let key = known.next().expect("a cycle has no end");
            table.find(*key, now, Duration::MAX)
        });
    });
    let mut numbers = SESSIONS..;
    let unknown: Vec<SessionKey> = numbers.by_ref().take(SESSIONS as usize).map(key).collect();
    let mut unknown = unknown.iter().cycle();
    bench.bench_function("find, unknown", |bencher| {
        bencher.iter(|| table.find(*unknown.next().expect("a cycle has no end"), now, IDLE));
    });
    bench.bench_function("learn, known", |bencher| {
        bencher.iter(|| {
            now = now + Duration::from_millis(1);
            let key = known.next().expect("a cycle has no end");
            table.learn(*key, TARGET, client(7), now, Duration::MAX)
        });
    });
    for workers in [1, 2] {
        bench.bench_function(&format!("find, known, {workers} at once"), |bencher| {
            bencher.iter_custom(|calls| at_once(workers, &table, &keys, calls));
        });
    }
}

/// CPU time of one of some workers for so many calls, side by side, each from its own place among the keys.
fn at_once(workers: usize, table: &Table, keys: &[SessionKey], calls: u64) -> Duration {
    let barrier = Barrier::new(workers);
    let work = |worker: usize| {
        let own = keys.iter().cycle().skip(worker * keys.len() / workers);
        barrier.wait();
        let start = CpuTime::now();
        for key in own.take(calls as usize) {
            black_box(table.find(*key, START, Duration::MAX));
        }
        CpuTime::now().saturating_sub(start)
    };
    let total: Duration = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|at| {
                scope.spawn({
                    let work = &work;
                    move || work(at)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("it does not panic")).sum()
    });
    total / workers as u32
}

/// CPU time of the thread.
struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now().saturating_sub(start)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn learns(bench: &mut Criterion<CpuTime>) {
    let mut numbers = SESSIONS..;
    let (table, _) = filled(SESSIONS);
    bench.bench_function("learn, new, one leaves", |bencher| {
        bencher.iter(|| {
            let number = numbers.next().expect("a benchmark is not that long");
            table.learn(key(number), TARGET, client(number), START, IDLE)
        });
    });
    drop(table);
    let (table, _) = filled(SESSIONS * 2);
    bench.bench_function("learn, new, of a client that holds its quota", |bencher| {
        bencher.iter(|| {
            let number = numbers.next().expect("a benchmark is not that long");
            table.learn(key(number), TARGET, client(7), START, IDLE)
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime).sample_size(40)
        .warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = hashes, looks, learns
}
criterion_main!(benches);
