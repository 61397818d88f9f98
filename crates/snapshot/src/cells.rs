//! What is observed of a target: health and load. Carried from snapshot to snapshot by group and target id.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use clingfish_balance::Share;
use clingfish_health::{AfterFailure, CheckOutcome, State, TargetHealth, after_connect_failure};
use clingfish_model::HealthCheck;

use crate::Attendance;

/// The live facts of one target.
#[derive(Debug)]
pub struct TargetCell {
    serial: u64,
    standing: AtomicU8,
    connect_failures: AtomicU32,
    /// Its deregistration delay is over.
    departed: AtomicBool,
    /// Of its weight, in parts of 64. Written by the control plane alone, read when a roster is made.
    share: AtomicU8,
    /// It fails more than its peers do.
    anomalous: AtomicBool,
    /// Protects the state machine of checks and ejections; taken by the prober, by a worker at the moment of an ejection, and
    /// by whoever reports health. Never on the way of a request that goes well.
    health: Mutex<TargetHealth>,
    load: Loads,
    streams: Loads,
    sessions: Attendance,
    /// Of its whole group.
    group_load: Arc<Loads>,
    /// It was there when the process started: whether it is well was known to the process before.
    from_start: bool,
}

/// Unhealthy, or ejected.
const OUT: u8 = 0;
/// Not checked yet.
const UNCHECKED: u8 = 1;
/// Well, and wants to be drained: keeps what it has.
const DRAINING: u8 = 2;
/// Takes everything.
const ROUTABLE: u8 = 3;

fn standing(health: &TargetHealth) -> u8 {
    match health.state() {
        State::Initial => UNCHECKED,
        State::Draining => DRAINING,
        _ if health.is_routable() => ROUTABLE,
        _ => OUT,
    }
}

/// Requests in flight, a count for each worker: each writes its own, whoever wants the sum reads all.
#[derive(Debug)]
pub struct Loads(Box<[Load]>);

/// Requests in flight from one worker, on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Load(AtomicU32);

impl Loads {
    /// Nothing in flight from that many workers.
    pub fn new(workers: usize) -> Self {
        Self((0..workers.max(1)).map(|_| Load::default()).collect())
    }

    /// All of them.
    pub fn sum(&self) -> u32 {
        self.0.iter().map(|Load(count)| count.load(Relaxed)).sum()
    }

    fn begin(&self, worker: usize) {
        if let Some(Load(count)) = self.0.get(worker) {
            count.store(count.load(Relaxed).saturating_add(1), Relaxed);
        }
    }

    fn end(&self, worker: usize) {
        if let Some(Load(count)) = self.0.get(worker) {
            let before = count.load(Relaxed);
            debug_assert!(before > 0, "in-flight count went below zero");
            count.store(before.saturating_sub(1), Relaxed);
        }
    }
}

impl TargetCell {
    /// A target that nobody has seen yet, in a group of its own.
    pub fn new(workers: usize, check: &HealthCheck) -> Self {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        let health = TargetHealth::new(check);
        Self {
            serial: SERIAL.fetch_add(1, Relaxed),
            standing: AtomicU8::new(standing(&health)),
            connect_failures: AtomicU32::new(0),
            departed: AtomicBool::new(false),
            share: AtomicU8::new(Share::FULL.parts()),
            anomalous: AtomicBool::new(false),
            health: Mutex::new(health),
            load: Loads::new(workers),
            streams: Loads::new(workers),
            sessions: Attendance::new(workers),
            group_load: Arc::new(Loads::new(workers)),
            from_start: false,
        }
    }

    /// The same in a group of that load, which counts what the target has in flight too.
    pub fn in_group(mut self, group_load: Arc<Loads>, from_start: bool) -> Self {
        self.group_load = group_load;
        self.from_start = from_start;
        self
    }

    /// What its whole group has in flight.
    pub fn group_load(&self) -> &Arc<Loads> {
        &self.group_load
    }

    /// The sessions that live on it.
    pub fn sessions(&self) -> &Attendance {
        &self.sessions
    }

    /// Unique in the process, never 0: tells apart two targets that had the same id one after the other.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether it is well: it may get requests, though of one that drains only those of sessions that it has.
    pub fn is_routable(&self) -> bool {
        self.standing.load(Relaxed) >= DRAINING
    }

    /// Whether it takes new sessions, as far as it itself goes.
    pub fn takes_sessions(&self) -> bool {
        self.standing.load(Relaxed) == ROUTABLE
    }

    /// Whether it is well and has announced by its health check that it wants to be drained.
    pub fn announces_drain(&self) -> bool {
        self.standing.load(Relaxed) == DRAINING
    }

    /// Whether it keeps the sessions it has: routable, drained or not, or not checked yet.
    pub fn keeps_sessions(&self) -> bool {
        self.standing.load(Relaxed) != OUT
    }

    /// Whether it takes the keys that fall to it: routable, or not checked yet since a start. One that was added later has to pass a
    /// check first, since nothing of those keys is there yet.
    pub fn keeps_keys(&self) -> bool {
        match self.standing.load(Relaxed) {
            ROUTABLE => true,
            UNCHECKED => self.from_start,
            _ => false,
        }
    }

    /// What is known of its health.
    pub fn health(&self) -> TargetHealth {
        *self.lock()
    }

    /// Takes the outcome of a check; true if its standing changed, so that rosters must be made anew.
    pub fn observe(&self, outcome: CheckOutcome, check: &HealthCheck) -> bool {
        let mut health = self.lock();
        health.observe(outcome, check);
        if matches!(outcome, CheckOutcome::Good | CheckOutcome::Announced) {
            self.connect_failures.store(0, Relaxed);
        }
        self.settle(&health)
    }

    /// Takes a changed policy: checks, or announcements of drains, switched on or off.
    pub fn reconfigure(&self, check: &HealthCheck) {
        let mut health = self.lock();
        health.reconfigure(check);
        self.settle(&health);
    }

    /// A connect of real traffic failed; true if that ejected the target.
    pub fn connect_failed(&self, check: &HealthCheck, now: Instant) -> bool {
        let in_a_row = self.connect_failures.fetch_add(1, Relaxed).saturating_add(1);
        match after_connect_failure(in_a_row) {
            AfterFailure::Keep => false,
            AfterFailure::Eject => {
                let mut health = self.lock();
                health.eject(check, now);
                self.settle(&health)
            }
        }
    }

    /// Ends an ejection whose pause is over, where no check would; true if the target is routable again.
    pub fn end_pause(&self, now: Instant) -> bool {
        let mut health = self.lock();
        if health.end_pause(now).is_some() {
            self.connect_failures.store(0, Relaxed);
        }
        self.settle(&health)
    }

    /// A connect of real traffic went well.
    pub fn connected(&self) {
        // Read first: the line stays shared between cores as long as all is well.
        if self.connect_failures.load(Relaxed) != 0 {
            self.connect_failures.store(0, Relaxed);
        }
    }

    /// Whether it left its group and its time to finish is over.
    pub fn has_departed(&self) -> bool {
        self.departed.load(Relaxed)
    }

    /// Notes that its deregistration delay is over, or that it is wanted again.
    pub fn depart(&self, departed: bool) {
        self.departed.store(departed, Relaxed);
    }

    /// How much of its weight it counts for.
    pub fn share(&self) -> Share {
        Share::from_parts(self.share.load(Relaxed))
    }

    /// Sets how much of its weight it counts for; true if that is something else than before, so that rosters must be made anew.
    pub fn set_share(&self, share: Share) -> bool {
        self.share.swap(share.parts(), Relaxed) != share.parts()
    }

    /// Whether it fails more than its peers do.
    pub fn is_anomalous(&self) -> bool {
        self.anomalous.load(Relaxed)
    }

    /// Notes whether it fails more than its peers do; true if that is something else than before.
    pub fn set_anomalous(&self, anomalous: bool) -> bool {
        self.anomalous.swap(anomalous, Relaxed) != anomalous
    }

    /// One more request in flight from that worker. The worker is the only writer of its counts.
    pub fn begin(&self, worker: usize) {
        self.load.begin(worker);
        self.group_load.begin(worker);
    }

    /// One request less in flight from that worker.
    pub fn end(&self, worker: usize) {
        self.load.end(worker);
        self.group_load.end(worker);
    }

    /// Requests in flight from all workers.
    pub fn in_flight(&self) -> u32 {
        self.load.sum()
    }

    /// One more stream is open from that worker: a WebSocket, or events.
    pub fn stream_begins(&self, worker: usize) {
        self.streams.begin(worker);
    }

    /// One stream less is open from that worker.
    pub fn stream_ends(&self, worker: usize) {
        self.streams.end(worker);
    }

    /// Open streams of all workers' clients.
    pub fn open_streams(&self) -> u32 {
        self.streams.sum()
    }

    fn settle(&self, health: &TargetHealth) -> bool {
        let after = standing(health);
        self.standing.swap(after, Relaxed) != after
    }

    fn lock(&self) -> MutexGuard<'_, TargetHealth> {
        // A panic in between leaves a valid, if old, state.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
