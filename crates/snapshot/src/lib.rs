//! The compiled view of desired state that requests use, and the observed cells that outlive it.
//!
//! Rank 2. [`Publisher`] is the only one that makes a new [`Snapshot`] current; everything else here does no I/O, reads no
//! clock and draws no randomness. [`view`] is the pure conductor of a request: [`ListenerView::route`],
//! then [`Group::claim`] and [`Group::place`].

pub mod attendance;
pub mod cells;
pub mod compile;
pub mod doors;
pub mod group;
pub mod identity;
pub mod keys;
pub mod publisher;
pub mod reads;
pub mod route;
pub mod view;
pub mod weighted;

mod tls;

pub use attendance::{Attendance, LiveSessions};
pub use cells::{Loads, TargetCell};
pub use compile::{Inputs, compile};
pub use doors::{Doors, OpenError};
pub use group::{Group, Roster, Target, policy_of};
pub use identity::{Identity, Learned, Presented};
pub use keys::Keys;
pub use publisher::{Publisher, Reader};
pub use reads::Reads;
pub use route::{Chosen, Routed, Routes};
pub use view::{Circumstances, FirstHome, NoTarget, Placement, Tried};
pub use weighted::{GroupChoice, Share, Standing, StickyGroups, choose};

use std::{sync::Arc, time::Instant};

use clingfish_affinity::KeyRing;
use clingfish_model::{Listener, LoadBalancer, Name, ResourceId, desired::Server};
use clingfish_tls::{ServerTls, TicketKeys};

/// Desired state, compiled. Immutable but for the cells and rosters that it refers to.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts snapshots from 1, over restarts too where a state directory remembers.
    pub revision: u64,
    /// Process settings.
    pub server: Server,
    /// In the order of the file.
    pub listeners: Vec<ListenerView>,
    /// In order of their names.
    pub groups: Vec<Arc<Group>>,
    /// Targets that were taken away and may still finish what they run.
    pub leaving: Vec<Leaving>,
    /// What seals and opens tokens.
    pub ring: Arc<KeyRing>,
    /// What seals and opens TLS session tickets, made of the ring.
    pub tickets: Arc<TicketKeys>,
}

/// A listener with what its requests need.
#[derive(Clone, Debug)]
pub struct ListenerView {
    /// As configured.
    pub listener: Listener,
    /// The load balancer's id; a hash, so not worked out for each request.
    pub balancer_id: ResourceId,
    /// Attributes of its load balancer.
    pub balancer: Arc<LoadBalancer>,
    /// Its rules and its default action.
    pub routes: Routes,
    /// What an HTTPS listener accepts connections with; the same from snapshot to snapshot while nothing about it changes.
    pub tls: Option<Arc<ServerTls>>,
}

/// A target that is no longer wanted.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// The group that it was of.
    pub group: Name,
    /// What it was.
    pub target: Target,
    /// When what it still runs is cut.
    pub ends_at: Instant,
}

impl Snapshot {
    /// The listener of that name.
    pub fn listener(&self, name: &Name) -> Option<&ListenerView> {
        self.listeners.iter().find(|view| view.listener.name == *name)
    }

    /// The target group of that name.
    pub fn group(&self, name: &Name) -> Option<&Group> {
        self.groups.iter().find(|group| group.spec.name == *name).map(Arc::as_ref)
    }

    /// What the group of that name has in flight; none where nothing is left of it.
    fn load_of(&self, name: &Name) -> Option<Arc<Loads>> {
        let staying = self.group(name).and_then(|group| group.targets.first());
        let leaving = || self.leaving.iter().find(|left| left.group == *name);
        let target = staying.or_else(|| leaving().map(|left| &left.target))?;
        Some(Arc::clone(target.cell.group_load()))
    }
}
