//! What actions see of the world: desired state, what is observed of targets, and the time.

use std::net::SocketAddr;

use clingfish_model::{DesiredState, Name, TargetId, UnixMillis};

/// What an action decides by. It may be shown another one a moment later, when somebody has changed the file meanwhile.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// What was asked for so far.
    pub desired: &'a DesiredState,
    /// What is measured.
    pub observed: &'a dyn Observed,
    /// The wall clock.
    pub now: UnixMillis,
    /// Whether the API listens on loopback alone, so that targets may be there too.
    pub on_loopback: bool,
    /// The machine's own name, for `DNSName`.
    pub host_name: &'a str,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What is observed, by whoever does.
pub trait Observed: Sync {
    /// Targets of that group in the order of the file, then those that are leaving. One that has not been seen yet is missing.
    fn targets(&self, group: &Name) -> Vec<TargetSeen>;
}

/// One target as it is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSeen {
    /// Its id; of a DNS name, with the address that it stands for.
    pub id: TargetId,
    /// Where it is.
    pub address: SocketAddr,
    /// Its zone, where it has one.
    pub zone: Option<Name>,
    /// ELBv2's word for its state.
    pub state: &'static str,
    /// ELBv2's code for the reason, and its text, where there is a reason.
    pub reason: Option<(&'static str, String)>,
    /// Whether it fails more than its peers.
    pub is_anomalous: bool,
    /// Whether it gets less for that.
    pub is_mitigated: bool,
    /// Taken away, and still finishing what it runs.
    pub is_leaving: bool,
}
