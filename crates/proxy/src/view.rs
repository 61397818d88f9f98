//! What one worker adds to the snapshot: positions, idle connections and counters of its own.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Instant,
};

use clingfish_balance::Cursor;
use clingfish_model::{
    Name, ResourceId, TargetId, limits::UPSTREAM_IDLE_MAX, target::ProxyProtocol,
};
use clingfish_sessions::{Mark, Sightings};
use clingfish_snapshot::{Group, Snapshot, Target};
use clingfish_telemetry::{GroupMeter, Registry, TargetMeter, recent::Pace};
use clingfish_upstream::IdlePool;

use crate::{http2::lines::Lines, retry::RetryBudget, stream::Stream};

/// One snapshot as one worker uses it. A request holds one from begin to end.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) snapshot: Arc<Snapshot>,
    /// In the order of the snapshot's groups.
    pub(crate) groups: Vec<Rc<GroupLocal>>,
}

/// A worker's share of a target group.
#[derive(Debug)]
pub(crate) struct GroupLocal {
    pub(crate) group: Arc<Group>,
    /// For logs; a hash, so not worked out for each request.
    pub(crate) id: ResourceId,
    pub(crate) meter: Arc<GroupMeter>,
    /// Whose turn it is.
    pub(crate) cursor: Cell<Cursor>,
    pub(crate) budget: RefCell<RetryBudget>,
    /// When a request of it is next kept for those who ask about recent ones.
    pub(crate) pace: Pace,
    /// In the order of the group's targets.
    pub(crate) targets: Vec<Rc<TargetLocal>>,
}

/// A worker's share of a target.
#[derive(Debug)]
pub(crate) struct TargetLocal {
    pub(crate) target: Target,
    pub(crate) meter: Arc<TargetMeter>,
    pub(crate) idle: RefCell<IdlePool<Stream>>,
    /// Connections of HTTP/2.
    pub(crate) lines: Lines,
    /// Where this worker notes the target's sessions; there once it has seen one.
    sightings: OnceCell<Arc<Sightings>>,
}

impl View {
    /// Takes up a snapshot; positions, budgets, idle connections and counters of what stays are kept.
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        previous: Option<&Self>,
        registry: &Registry,
        worker: usize,
        now: Instant,
    ) -> Self {
        let mut old: HashMap<&Name, &Rc<GroupLocal>> = previous
            .iter()
            .flat_map(|view| &view.groups)
            .map(|group| (&group.group.spec.name, group))
            .collect();
        let groups = snapshot
            .groups
            .iter()
            .map(|group| {
                let old = old.remove(&group.spec.name).map(Rc::as_ref);
                Rc::new(GroupLocal::new(group, old, registry, worker, now))
            })
            .collect();
        Self { snapshot, groups }
    }

    /// Whether the target of that serial number is in a group.
    pub(crate) fn has(&self, serial: u64) -> bool {
        let mut targets = self.groups.iter().flat_map(|group| &group.targets);
        targets.any(|local| local.target.cell.serial() == serial)
    }
}

impl GroupLocal {
    fn new(
        group: &Arc<Group>,
        old: Option<&Self>,
        registry: &Registry,
        worker: usize,
        now: Instant,
    ) -> Self {
        let mut known: HashMap<&TargetId, &Rc<TargetLocal>> = old
            .iter()
            .flat_map(|old| &old.targets)
            .map(|target| (&target.target.id, target))
            .collect();
        // Connections that have not said who their client is are no use to a group that now wants to know.
        let is_same =
            old.is_some_and(|old| old.group.spec.proxy_protocol == group.spec.proxy_protocol);
        let targets = group
            .targets
            .iter()
            .map(|target| match known.remove(&target.id) {
                Some(same) if is_same && same.target.address == target.address => Rc::clone(same),
                _ => Rc::new(TargetLocal::new(group, target, registry, worker)),
            })
            .collect();
        // Workers begin at different targets, so that the first sessions do not all meet at one.
        let first_turn = Cursor(worker as u64);
        let budget = old.map(|old| old.budget.replace(RetryBudget::new(now)));
        Self {
            meter: registry.group(worker, group.spec.name.as_str()),
            cursor: Cell::new(old.map_or(first_turn, |old| old.cursor.get())),
            budget: RefCell::new(budget.unwrap_or_else(|| RetryBudget::new(now))),
            pace: Pace::new(now),
            id: group.spec.id(),
            group: Arc::clone(group),
            targets,
        }
    }

    /// Takes one retry out of the budget, if there is one.
    pub(crate) fn retry(&self, now: Instant) -> bool {
        let granted = self.budget.borrow_mut().spend(now);
        let meter = if granted { &self.meter.retries } else { &self.meter.retries_refused };
        meter.increment();
        granted
    }
}

impl TargetLocal {
    fn new(group: &Group, target: &Target, registry: &Registry, worker: usize) -> Self {
        // A connection that names a client is nobody else's.
        let shares = group.spec.proxy_protocol == ProxyProtocol::Off;
        let idle_max = if shares { UPSTREAM_IDLE_MAX } else { 0 };
        Self {
            meter: registry.target(worker, group.spec.name.as_str(), target.id.as_str()),
            idle: RefCell::new(IdlePool::new(idle_max, IdlePool::<Stream>::AGE_MAX)),
            lines: Lines::default(),
            sightings: OnceCell::new(),
            target: target.clone(),
        }
    }

    /// A session of the target was seen by this worker.
    #[inline]
    pub(crate) fn saw(&self, session: Mark, worker: usize) {
        let sightings =
            self.sightings.get_or_init(|| self.target.cell.sessions().sightings(worker));
        sightings.add(session);
    }
}
