//! Desired state and what is known about names becomes a snapshot; live cells are carried over.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Instant};

use clingfish_affinity::KeyRing;
use clingfish_model::{
    DesiredState, LoadBalancer, Name, TargetAddress, TargetGroup, TargetId,
    limits::{ADDRESSES_PER_NAME_MAX, LEAVING_MAX, TARGETS_MAX},
};

use clingfish_tls::{ClientTls, Material, TicketKeys};

use crate::{
    Group, Learned, Leaving, ListenerView, Loads, Routes, Snapshot, Target, TargetCell, tls,
};

/// What a snapshot is made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What was asked for; its references are known to hold.
    pub desired: &'a DesiredState,
    /// The last good answer for each DNS name.
    pub addresses: &'a HashMap<String, Vec<std::net::IpAddr>>,
    /// What seals and opens tokens.
    pub ring: &'a Arc<KeyRing>,
    /// What the files hold that listeners and groups name for TLS. Who has none there is not served.
    pub tls: &'a Material,
    /// The number of the snapshot, greater than that of the one before.
    pub revision: u64,
    /// Data plane threads: how many counts a cell needs.
    pub workers: usize,
    /// For the end of what leaves.
    pub now: Instant,
}

/// Compiles the successor of `previous`.
///
/// Targets keep their cells by group name and target id. Those that are gone leave within their group's deregistration delay.
pub fn compile(inputs: Inputs<'_>, previous: Option<&Snapshot>) -> Snapshot {
    let mut cells = carried_cells(previous);
    let mut groups: Vec<Draft> = Vec::new();
    for spec in &inputs.desired.target_groups {
        let tls = tls::client(spec, &inputs, previous);
        let targets = expand(spec, tls.as_deref(), &inputs, &mut cells, previous);
        groups.push(Draft { spec: spec.clone(), tls, targets });
    }
    let leaving = leaving(previous, &groups, inputs.now);
    let groups: Vec<Arc<Group>> = groups
        .into_iter()
        .map(|Draft { spec, tls, targets }| {
            let gone = leaving
                .iter()
                .filter(|left| left.group == spec.name)
                .map(|left| left.target.clone());
            let gone = gone.collect();
            let zone = inputs.desired.server.availability_zone.as_ref();
            let before = previous.and_then(|previous| previous.group(&spec.name));
            let learned = Learned::carried(&spec, inputs.ring, previous);
            Arc::new(Group::new(spec, tls, targets, gone, zone, (before, learned)))
        })
        .collect();
    let tickets = tls::tickets(inputs.ring, previous);
    Snapshot {
        revision: inputs.revision,
        server: inputs.desired.server.clone(),
        listeners: listeners(&inputs, &groups, &tickets, previous),
        groups,
        leaving,
        ring: Arc::clone(inputs.ring),
        tickets,
    }
}

/// A group in the making.
struct Draft {
    spec: TargetGroup,
    tls: Option<Arc<ClientTls>>,
    targets: Vec<Target>,
}

type Cells = HashMap<(Name, TargetId), Arc<TargetCell>>;

fn carried_cells(previous: Option<&Snapshot>) -> Cells {
    let Some(previous) = previous else {
        return Cells::new();
    };
    let staying = previous
        .groups
        .iter()
        .flat_map(|group| group.targets.iter().map(|target| (&group.spec.name, target)));
    let leaving = previous.leaving.iter().map(|left| (&left.group, &left.target));
    leaving
        .chain(staying)
        .map(|(group, target)| ((group.clone(), target.id.clone()), Arc::clone(&target.cell)))
        .collect()
}

/// One target for each address of each configured target.
fn expand(
    spec: &TargetGroup,
    tls: Option<&ClientTls>,
    inputs: &Inputs<'_>,
    cells: &mut Cells,
    previous: Option<&Snapshot>,
) -> Vec<Target> {
    let mut targets = Vec::with_capacity(spec.targets.len());
    if spec.tls.is_some() != tls.is_some() {
        // Better no target than one that is spoken to in the clear.
        return targets;
    }
    let group_load = previous.and_then(|previous| previous.load_of(&spec.name));
    let group_load = group_load.unwrap_or_else(|| Arc::new(Loads::new(inputs.workers)));
    for (origin, wanted) in spec.targets.iter().enumerate() {
        for (id, address) in addresses(wanted, inputs) {
            if targets.len() >= TARGETS_MAX {
                return targets;
            }
            let key = (spec.name.clone(), id.clone());
            let cell = match cells.remove(&key) {
                Some(cell) => {
                    cell.reconfigure(&spec.health_check);
                    cell.depart(false);
                    cell
                }
                None => {
                    let cell = TargetCell::new(inputs.workers, &spec.health_check);
                    Arc::new(cell.in_group(Arc::clone(&group_load), previous.is_none()))
                }
            };
            let host = match &wanted.address {
                TargetAddress::Host { name, .. } => Some(name.as_str()),
                TargetAddress::Socket(_) => None,
            };
            targets.push(Target {
                server_name: tls.map(|tls| tls.name_of(host, address.ip())),
                hash: id.hash(),
                id,
                address,
                weight: wanted.weight,
                zone: wanted.zone.clone(),
                drain: wanted.drain,
                origin,
                cell,
            });
        }
    }
    targets
}

fn addresses(wanted: &clingfish_model::Target, inputs: &Inputs<'_>) -> Vec<(TargetId, SocketAddr)> {
    let (name, port) = match &wanted.address {
        TargetAddress::Socket(address) => return vec![(wanted.id.clone(), *address)],
        TargetAddress::Host { name, port } => (name, *port),
    };
    // The id of a host target without one of its own is `host:port` as written; its name is what comes before the port.
    let written = wanted.address.to_string();
    let prefix = if wanted.id.as_str() == written { name.as_str() } else { wanted.id.as_str() };
    let known = inputs.addresses.get(name).map(Vec::as_slice).unwrap_or_default();
    known
        .iter()
        .take(ADDRESSES_PER_NAME_MAX)
        .map(|ip| SocketAddr::new(*ip, port))
        .filter_map(|address| Some((TargetId::new(format!("{prefix}@{address}")).ok()?, address)))
        .collect()
}

/// What the previous snapshot had, or was letting go, and the new one has not; at most [`LEAVING_MAX`], those that end last.
fn leaving(previous: Option<&Snapshot>, groups: &[Draft], now: Instant) -> Vec<Leaving> {
    let Some(previous) = previous else {
        return Vec::new();
    };
    let kept: std::collections::HashSet<u64> = groups
        .iter()
        .flat_map(|group| group.targets.iter().map(|target| target.cell.serial()))
        .collect();
    let just_gone = previous.groups.iter().flat_map(|group| {
        group.targets.iter().map(|target| Leaving {
            group: group.spec.name.clone(),
            target: target.clone(),
            ends_at: now + group.spec.deregistration_delay,
        })
    });
    let mut leaving: Vec<Leaving> = previous
        .leaving
        .iter()
        .filter(|left| left.ends_at > now)
        .cloned()
        .chain(just_gone)
        .filter(|left| !kept.contains(&left.target.cell.serial()))
        .collect();
    let surplus = leaving.len().saturating_sub(LEAVING_MAX);
    if surplus > 0 {
        leaving.sort_by_key(|left| left.ends_at);
        leaving.drain(..surplus);
    }
    leaving
}

fn listeners(
    inputs: &Inputs<'_>,
    groups: &[Arc<Group>],
    tickets: &Arc<TicketKeys>,
    previous: Option<&Snapshot>,
) -> Vec<ListenerView> {
    let desired = inputs.desired;
    let balancers: HashMap<&Name, Arc<LoadBalancer>> = desired
        .load_balancers
        .iter()
        .map(|balancer| (&balancer.name, Arc::new(balancer.clone())))
        .collect();
    let indices: HashMap<&Name, usize> =
        groups.iter().enumerate().map(|(index, group)| (&group.spec.name, index)).collect();
    desired
        .listeners
        .iter()
        .filter_map(|listener| {
            let balancer = balancers.get(&listener.load_balancer)?;
            let tls = match &listener.tls {
                // Better no listener than one that answers in the clear.
                Some(_) => Some(tls::server(&listener.name, inputs.tls, tickets, previous)?),
                None => None,
            };
            Some(ListenerView {
                tls,
                balancer_id: balancer.id(),
                balancer: Arc::clone(balancer),
                routes: Routes::new(listener, |wanted| indices.get(wanted).copied()),
                listener: listener.clone(),
            })
        })
        .collect()
}
