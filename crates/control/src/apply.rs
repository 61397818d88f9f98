//! Makes what is desired what requests use: compile, open, publish, enforce.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use clingfish_affinity::KeyRing;
use clingfish_model::{DesiredState, Name, TargetAddress};
use clingfish_snapshot::{Doors, Inputs, OpenError, Publisher, Reader, Snapshot, compile};
use clingfish_telemetry::Registry;

use crate::{
    Configuration, Credentials,
    admin::InForce,
    certificates::Certificates,
    clock,
    status::{Enforced, Status},
};

/// The addresses of names, as last heard.
type Addresses = HashMap<String, Vec<IpAddr>>;

/// The snapshot that workers start on: what is desired, without the addresses of DNS names, which nobody has asked for yet.
/// Its revision follows those that the state directory remembers.
pub fn first_snapshot(
    configuration: &Configuration,
    ring: &Arc<KeyRing>,
    revision: u64,
    workers: usize,
) -> Arc<Snapshot> {
    let (desired, tls) = (&configuration.desired, configuration.certificates.material());
    let (addresses, now) = (&Addresses::new(), clock::now());
    Arc::new(compile(Inputs { desired, addresses, ring, tls, revision, workers, now }, None))
}

/// The only one that publishes. Owns what is in force.
#[derive(Debug)]
pub(crate) struct Applier<D> {
    desired: Arc<DesiredState>,
    desired_since: u64,
    certificates: Certificates,
    /// Who may use the APIs beside those that the file names.
    environment: Credentials,
    ring: Arc<KeyRing>,
    current: Arc<Snapshot>,
    publisher: Publisher,
    doors: D,
    workers: usize,
    registry: Arc<Registry>,
    status: Arc<Status>,
}

impl<D: Doors> Applier<D> {
    /// Begins with the snapshot that the workers were started on, which is published by [`Self::begin`].
    pub(crate) fn new(
        configuration: Configuration,
        environment: Credentials,
        first: Arc<Snapshot>,
        workers: usize,
        doors: D,
        registry: Arc<Registry>,
        status: Arc<Status>,
    ) -> Self {
        Self {
            desired: Arc::new(configuration.desired),
            desired_since: first.revision,
            certificates: configuration.certificates,
            environment,
            ring: Arc::clone(&first.ring),
            current: first,
            publisher: Publisher::default(),
            doors,
            workers,
            registry,
            status,
        }
    }

    pub(crate) fn desired(&self) -> &Arc<DesiredState> {
        &self.desired
    }

    /// The revision since which that is desired.
    pub(crate) fn desired_since(&self) -> u64 {
        self.desired_since
    }

    pub(crate) fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// What it all says of the admin address.
    pub(crate) fn admin(&self) -> Arc<InForce> {
        let (settings, parts) = (&self.desired.admin, self.certificates.admin());
        let previous = self.status.admin();
        Arc::new(InForce::new(
            settings,
            &self.environment,
            parts,
            &self.current.tickets,
            previous.as_deref(),
        ))
    }

    pub(crate) fn revision(&self) -> u64 {
        self.current.revision
    }

    /// What the next snapshot will have.
    pub(crate) fn next_revision(&self) -> u64 {
        self.current.revision + 1
    }

    pub(crate) fn reader(&self) -> Reader {
        self.publisher.reader()
    }

    /// Opens the first listeners, which do not accept before [`Self::begin`].
    pub(crate) fn open(&mut self) -> Result<(), Vec<OpenError>> {
        self.doors.open(&self.desired.listeners)
    }

    /// Puts the first snapshot in force; another one, where names brought addresses.
    pub(crate) fn begin(&mut self, addresses: &Addresses) {
        let next = if has_names(&self.desired) {
            Arc::new(self.compile(&self.desired, &self.certificates, addresses))
        } else {
            Arc::clone(&self.current)
        };
        self.put_in_force(next);
    }

    /// Opens what `desired` needs, which does not accept before [`Self::apply`]. All or nothing.
    pub(crate) fn prepare(&mut self, desired: &DesiredState) -> Result<(), Vec<OpenError>> {
        self.doors.open(&desired.listeners)
    }

    /// Closes what [`Self::prepare`] has opened for something that does not come.
    pub(crate) fn withdraw(&mut self) {
        self.doors.enforce(&self.current);
    }

    /// Makes `desired` what requests use, once it is prepared.
    pub(crate) fn apply(
        &mut self,
        desired: DesiredState,
        certificates: Certificates,
        addresses: &Addresses,
    ) -> u64 {
        let next = Arc::new(self.compile(&desired, &certificates, addresses));
        self.desired = Arc::new(desired);
        self.desired_since = next.revision;
        self.certificates = certificates;
        self.put_in_force(next);
        self.revision()
    }

    /// Takes addresses that have changed.
    pub(crate) fn apply_addresses(&mut self, addresses: &Addresses) {
        self.apply_known(addresses);
        tracing::info!(revision = self.revision(), "took changed addresses of names");
    }

    /// Takes a key ring that has changed.
    pub(crate) fn apply_ring(&mut self, ring: Arc<KeyRing>, addresses: &Addresses) {
        self.ring = ring;
        self.apply_known(addresses);
        tracing::info!(revision = self.revision(), "took a changed key ring");
    }

    /// Takes files for TLS that have changed.
    pub(crate) fn apply_certificates(&mut self, certificates: Certificates, addresses: &Addresses) {
        let is_same = self.certificates.is_same(&certificates);
        self.certificates = certificates;
        if !is_same {
            self.apply_known(addresses);
            tracing::info!(revision = self.revision(), "took changed certificates");
        }
    }

    /// The same desired state, with what is known about it now.
    fn apply_known(&mut self, addresses: &Addresses) {
        let next = Arc::new(self.compile(&self.desired, &self.certificates, addresses));
        self.put_in_force(next);
    }

    pub(crate) fn doors(&self) -> &D {
        &self.doors
    }

    /// Gives back the doors: nothing is applied any more.
    pub(crate) fn into_doors(self) -> D {
        self.doors
    }

    fn compile(
        &self,
        desired: &DesiredState,
        certificates: &Certificates,
        addresses: &Addresses,
    ) -> Snapshot {
        let (ring, workers, now) = (&self.ring, self.workers, clock::now());
        let tls = certificates.material();
        let revision = self.next_revision();
        let inputs = Inputs { desired, addresses, ring, tls, revision, workers, now };
        compile(inputs, Some(&self.current))
    }

    fn put_in_force(&mut self, next: Arc<Snapshot>) {
        self.registry.recent().turn(self.desired.admin.recent_requests);
        self.publisher.publish(Arc::clone(&next));
        self.doors.enforce(&next);
        for group in &next.groups {
            // A worker that still used the old snapshot may have ejected a target, and told the old group only.
            group.refresh();
        }
        let addresses = self.doors.addresses();
        let before = self.status.enforced().map(|enforced| enforced.addresses).unwrap_or_default();
        for (name, address) in addresses.iter().filter(|listener| !before.contains(listener)) {
            // People and tools look for exactly these words.
            tracing::info!("listener {name} listening on {address}");
        }
        self.forget_meters(&next);
        self.current = Arc::clone(&next);
        let admin = self.admin();
        self.status.enforce(Enforced {
            snapshot: next,
            desired: Arc::clone(&self.desired),
            desired_since: self.desired_since,
            addresses,
            admin,
            at: clock::wall(),
        });
    }

    /// Lets go of the counts of what is gone for good.
    fn forget_meters(&self, next: &Snapshot) {
        let now = clock::now();
        let mut kept: HashMap<&Name, Vec<&str>> = HashMap::new();
        for group in &next.groups {
            let ids = group.targets.iter().map(|target| target.id.as_str());
            kept.entry(&group.spec.name).or_default().extend(ids);
        }
        for leaving in next.leaving.iter().filter(|leaving| leaving.ends_at > now) {
            kept.entry(&leaving.group).or_default().push(leaving.target.id.as_str());
        }
        let kept: HashMap<&str, std::collections::HashSet<&str>> = kept
            .into_iter()
            .map(|(group, targets)| (group.as_str(), targets.into_iter().collect()))
            .collect();
        self.registry.retain(
            |group| kept.contains_key(group),
            |group, target| kept.get(group).is_some_and(|targets| targets.contains(target)),
        );
    }
}

fn has_names(desired: &DesiredState) -> bool {
    let mut targets = desired.target_groups.iter().flat_map(|group| &group.targets);
    targets.any(|target| matches!(target.address, TargetAddress::Host { .. }))
}
