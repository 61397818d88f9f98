//! A target group, compiled: who is in it, and whose turn it is.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use clingfish_affinity::Policy;
use clingfish_balance::Schedule;
use clingfish_health::fail_open;
use clingfish_model::{GroupHash, Name, Stickiness, TargetGroup, TargetHash, TargetId, Weight};

use crate::TargetCell;

/// Looked up for each request with a token: at a cost that does not grow.
type ByHash<T> = HashMap<TargetHash, T, BuildHasherDefault<AlreadyHashed>>;

/// A target group as requests see it.
#[derive(Debug)]
pub struct Group {
    /// As configured, DNS names included.
    pub spec: TargetGroup,
    /// What tokens carry.
    pub hash: GroupHash,
    /// How sessions stay; none where they do not.
    pub policy: Option<Policy>,
    /// One for each address.
    pub targets: Vec<Target>,
    pub(crate) by_hash: ByHash<usize>,
    /// Targets that are leaving.
    pub(crate) leaving: ByHash<Arc<TargetCell>>,
    roster: ArcSwap<Roster>,
    /// Serialises [`Group::refresh`], so that an older look at the cells never replaces a newer one.
    refreshing: Mutex<()>,
}

/// One address, with its live cell.
#[derive(Clone, Debug)]
pub struct Target {
    /// Unique in the group; `name@address` for one of a DNS name.
    pub id: TargetId,
    /// What tokens carry.
    pub hash: TargetHash,
    /// Where to connect.
    pub address: SocketAddr,
    /// Share of new sessions.
    pub weight: Weight,
    /// Availability zone.
    pub zone: Option<Name>,
    /// Keeps its sessions, takes no new ones.
    pub drain: bool,
    /// What is observed of it.
    pub cell: Arc<TargetCell>,
}

/// Who may get new sessions now. Made anew when health changes, so that no request has to look for it.
#[derive(Debug)]
pub struct Roster {
    /// Turns, as positions in [`Roster::members`].
    pub schedule: Schedule,
    /// Indices of targets.
    pub members: Vec<usize>,
    /// Routable targets, draining ones included.
    pub healthy: usize,
    /// Nobody is healthy, or nobody who takes new sessions: all of those are tried, and homes are honoured.
    pub fail_open: bool,
}

impl Group {
    pub(crate) fn new(spec: TargetGroup, targets: Vec<Target>, leaving: Vec<Target>) -> Self {
        let by_hash =
            targets.iter().enumerate().map(|(index, target)| (target.hash, index)).collect();
        let roster = ArcSwap::from_pointee(Roster::of(&targets));
        let hash = spec.hash();
        let policy = match &spec.stickiness {
            Stickiness::Off => None,
            Stickiness::LbCookie(cookie) => Some(Policy::new(cookie, hash)),
        };
        let leaving = leaving.into_iter().map(|target| (target.hash, target.cell)).collect();
        Self { spec, hash, policy, targets, by_hash, leaving, roster, refreshing: Mutex::new(()) }
    }

    /// The index of the target that a token names.
    pub fn find(&self, target: TargetHash) -> Option<usize> {
        self.by_hash.get(&target).copied()
    }

    /// Who may get new sessions now.
    pub fn roster(&self) -> arc_swap::Guard<Arc<Roster>> {
        self.roster.load()
    }

    /// Looks at all cells again, after the health of one has changed.
    pub fn refresh(&self) {
        let _one_at_a_time = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        self.roster.store(Arc::new(Roster::of(&self.targets)));
    }
}

impl Roster {
    fn of(targets: &[Target]) -> Self {
        let is_healthy = |target: &&Target| target.cell.is_routable();
        let takes_new = |target: &&Target| !target.drain && target.weight.value() > 0;
        let takers = || targets.iter().filter(takes_new);
        let healthy = targets.iter().filter(is_healthy).count();
        let fail_open = fail_open(healthy, targets.len())
            || fail_open(takers().filter(is_healthy).count(), takers().count());
        let members: Vec<(usize, &Target)> = targets
            .iter()
            .enumerate()
            .filter(|(_, target)| takes_new(target) && (fail_open || is_healthy(target)))
            .collect();
        let weights: Vec<u16> = members.iter().map(|(_, target)| target.weight.value()).collect();
        Self {
            schedule: Schedule::new(&weights),
            members: members.into_iter().map(|(index, _)| index).collect(),
            healthy,
            fail_open,
        }
    }
}

/// Takes eight bytes of a [`TargetHash`] as they are: they are a hash already, and clients cannot choose them, because only
/// what a valid token names is ever looked up.
#[derive(Debug, Default)]
pub(crate) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}
