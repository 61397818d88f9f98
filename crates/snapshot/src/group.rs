//! A target group, compiled: who is in it, and whose turn it is.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use clingfish_affinity::{
    Policy,
    import::{Facts, Import},
};
use clingfish_balance::{Lottery, Schedule};
use clingfish_health::fail_open;
use clingfish_model::{
    Algorithm, CrossZone, GroupHash, Name, Stickiness, TargetAddress, TargetGroup, TargetHash,
    TargetId, Weight, limits::LIVE_SESSION_WINDOW, stickiness::ForeignCookie,
};

use crate::{Identity, Keys, Learned, LiveSessions, TargetCell, weighted::Standing};
use clingfish_tls::ClientTls;
use rustls::pki_types::ServerName;

/// Looked up for each request with a token: at a cost that does not grow.
type ByHash<T> = HashMap<TargetHash, T, BuildHasherDefault<AlreadyHashed>>;

/// A target group as requests see it.
#[derive(Debug)]
pub struct Group {
    /// As configured, DNS names included.
    pub spec: TargetGroup,
    /// What tokens carry.
    pub hash: GroupHash,
    /// How sessions stay by tokens of ours; none where they do not.
    pub policy: Option<Policy>,
    /// Cookies of other balancers that name homes here.
    pub imports: Vec<Import>,
    /// How keys find their targets; none where consistent hashing does not.
    pub keys: Option<Keys>,
    /// How the application's own ids name homes; none where tokens alone do.
    pub identity: Option<Box<Identity>>,
    /// What connections to targets are made with; none is without TLS.
    pub tls: Option<Arc<ClientTls>>,
    /// One for each address.
    pub targets: Vec<Target>,
    pub(crate) by_hash: ByHash<usize>,
    /// Targets that are leaving.
    pub(crate) leaving: ByHash<Arc<TargetCell>>,
    /// Whose targets alone take part; none where all do.
    zone: Option<Name>,
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
    /// Keeps its sessions, takes no new ones: the operator's word.
    pub drain: bool,
    /// What it is asked for and checked against in a TLS handshake; none without TLS. An IP address is not sent.
    pub server_name: Option<ServerName<'static>>,
    /// Which of the group's configured targets it comes from.
    pub origin: usize,
    /// What is observed of it.
    pub cell: Arc<TargetCell>,
}

/// Who may get new sessions now. Made anew when health changes, so that no request has to look for it.
#[derive(Debug, Default)]
pub struct Roster {
    /// Turns, as positions in [`Roster::members`].
    pub schedule: Schedule,
    /// Chances, likewise; empty but for [`Algorithm::WeightedRandom`].
    pub lottery: Lottery,
    /// Indices of targets.
    pub members: Vec<usize>,
    /// Weights of all that take the keys that fall to them, summed up.
    pub keyed_weight: u64,
    /// Too few are healthy: all that take new sessions are tried, and homes are honoured.
    pub fail_open: bool,
    /// All that are well have announced that they want to be drained: they get new sessions nevertheless, which is better than none.
    pub last_resort: bool,
    /// Whom the group as a whole can serve.
    pub standing: Standing,
}

impl Group {
    /// A group in a process of that zone.
    pub(crate) fn new(
        spec: TargetGroup,
        tls: Option<Arc<ClientTls>>,
        targets: Vec<Target>,
        leaving: Vec<Target>,
        own_zone: Option<&Name>,
        (previous, learned): (Option<&Self>, Option<Arc<Learned>>),
    ) -> Self {
        let by_hash =
            targets.iter().enumerate().map(|(index, target)| (target.hash, index)).collect();
        let hash = spec.hash();
        let policy = policy_of(&spec.stickiness, hash);
        let mut group = Self {
            imports: imports(&spec, &targets),
            keys: None,
            zone: own_zone.filter(|_| spec.cross_zone == CrossZone::Off).cloned(),
            identity: Identity::of(&spec.stickiness, &targets, learned).map(Box::new),
            spec,
            hash,
            policy,
            tls,
            targets,
            by_hash,
            leaving: leaving.into_iter().map(|target| (target.hash, target.cell)).collect(),
            roster: ArcSwap::default(),
            refreshing: Mutex::new(()),
        };
        group.keys = Keys::of(&group, previous);
        group.refresh();
        group
    }

    /// Whether sessions stay, by whatever means.
    pub fn is_sticky(&self) -> bool {
        self.spec.stickiness != Stickiness::Off
    }

    /// The same, at the price of a look.
    #[inline]
    pub fn binds(&self) -> bool {
        self.policy.is_some() || self.identity.is_some() || self.keys.is_some()
    }

    /// Whether a target gets new sessions, health aside.
    pub fn takes_new(&self, target: &Target) -> bool {
        !target.cell.announces_drain() && self.may_take_new(target)
    }

    /// The same by what is configured alone.
    fn may_take_new(&self, target: &Target) -> bool {
        !target.drain && target.weight.value() > 0 && self.has_in_zone(target)
    }

    /// How long a session counts as one of its target's after it was last seen.
    pub fn session_window(&self) -> Duration {
        self.spec.stickiness.duration().unwrap_or(LIVE_SESSION_WINDOW)
    }

    /// How many sessions a target has; as of a few seconds ago.
    pub fn live_sessions(&self, target: &Target) -> LiveSessions {
        let (in_duration, in_5m) = target.cell.sessions().counts();
        LiveSessions { in_duration, in_5m, is_exact: self.learned().is_some() }
    }

    pub(crate) fn has_in_zone(&self, target: &Target) -> bool {
        self.spans(target.zone.as_ref())
    }

    /// Whether targets of that zone take part.
    pub fn spans(&self, zone: Option<&Name>) -> bool {
        self.zone.is_none() || self.zone.as_ref() == zone
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
        self.roster.store(Arc::new(Roster::of(self)));
    }

    /// Whether nobody is well that takes new sessions, but for some who have announced a drain.
    fn is_at_last_resort(&self) -> bool {
        let mut takers = self.targets.iter().filter(|target| self.may_take_new(target));
        let is_left = |target: &Target| self.takes_new(target) && target.cell.is_routable();
        takers.clone().any(|target| target.cell.announces_drain()) && !takers.any(is_left)
    }

    /// Whether too few are healthy of those that take new sessions; where nobody takes any, of those that keep theirs.
    fn is_failing_open(&self) -> bool {
        let is_healthy = |target: &&Target| target.cell.is_routable();
        let (takers, keepers): (Vec<&Target>, Vec<&Target>) = self
            .targets
            .iter()
            .filter(|target| self.has_in_zone(target))
            .partition(|target| self.takes_new(target));
        let registered = if takers.is_empty() { keepers } else { takers };
        let healthy = registered.iter().copied().filter(is_healthy).count();
        fail_open(healthy, registered.len(), self.spec.health_thresholds.routing)
    }
}

impl Roster {
    fn of(group: &Group) -> Self {
        let last_resort = group.is_at_last_resort();
        let fail_open = !last_resort && group.is_failing_open();
        let taken = |target: &Target| match last_resort {
            true => group.may_take_new(target) && target.cell.is_routable(),
            false => group.takes_new(target) && (fail_open || target.cell.is_routable()),
        };
        let members = group.targets.iter().enumerate().filter(|(_, target)| taken(target));
        let members: Vec<(usize, &Target)> = members.collect();
        let mut roster = Self { fail_open, last_resort, ..Self::default() };
        let takes_keys = |target: &&Target| group.may_take_new(target) && roster.keeps_keys(target);
        let keyed = group.targets.iter().filter(|_| group.keys.is_some()).filter(takes_keys);
        roster.keyed_weight = keyed.map(|target| u64::from(target.weight.value())).sum();
        let weigh = |target: &Target| target.cell.share().weigh(target.weight.value());
        let weights: Vec<u16> = members.iter().map(|(_, target)| weigh(target)).collect();
        let is_by_chance = matches!(group.spec.algorithm, Algorithm::WeightedRandom { .. });
        Self {
            standing: Standing::of(group),
            lottery: if is_by_chance { Lottery::new(&weights) } else { Lottery::default() },
            schedule: if is_by_chance { Schedule::default() } else { Schedule::new(&weights) },
            members: members.into_iter().map(|(index, _)| index).collect(),
            ..roster
        }
    }

    /// Whether a target takes the keys that fall to it, as far as its health goes, and what it has announced.
    pub fn keeps_keys(&self, target: &Target) -> bool {
        if target.cell.announces_drain() {
            self.last_resort
        } else {
            self.fail_open || target.cell.keeps_keys()
        }
    }
}

/// How the sessions of that group stay by tokens of ours; none where they do not.
pub fn policy_of(stickiness: &Stickiness, group: GroupHash) -> Option<Policy> {
    match stickiness {
        Stickiness::Off | Stickiness::Hash(_) => None,
        Stickiness::Route(_) | Stickiness::Wrap(_) => None,
        Stickiness::LbCookie(cookie) => Some(Policy::new(cookie, group)),
        Stickiness::AppCookie(app) => Some(Policy::following(app, group)),
        Stickiness::Header(header) => Some(Policy::in_header(header, group)),
        Stickiness::Learn(learn) => learn.cookie.as_ref().map(|cookie| Policy::new(cookie, group)),
    }
}

/// What the group imports. What has no value in one of them, which the configuration refuses, is left out.
fn imports(spec: &TargetGroup, targets: &[Target]) -> Vec<Import> {
    let facts = targets.iter().map(|target| {
        let origin = spec.targets.get(target.origin);
        let host = origin.and_then(|origin| match &origin.address {
            TargetAddress::Host { name, .. } => Some(name.as_str()),
            TargetAddress::Socket(_) => None,
        });
        Facts {
            target: target.hash,
            id: target.id.as_str(),
            index: target.origin,
            address: target.address,
            host,
            https: spec.tls.is_some(),
            foreign: origin.and_then(|origin| origin.known_as.as_deref()),
        }
    });
    let facts: Vec<Facts<'_>> = facts.collect();
    let import = |foreign: &ForeignCookie| {
        Import::new(&foreign.name, &foreign.scheme, Some(foreign.until), &facts).ok()
    };
    spec.imports.iter().filter_map(import).collect()
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
