//! What is true now, as `/metrics` tells it.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed};

use clingfish_balance::Share;
use clingfish_health::Registration;
use clingfish_model::{Action, Listener};
use clingfish_snapshot::{Group, Snapshot, Target};
use clingfish_telemetry::{
    Gauges, LogWriter, Registry, render,
    text::{
        Build, CertificateFact, KeyFact, LearnedFact, ListenerFact, LogCounts, Process, Reloads,
        TargetFact,
    },
};
use clingfish_tls::Certified;

use crate::{
    admin::COUNTED,
    clock,
    keys::KeyState,
    observed::Sighting,
    status::{Enforced, Phase, Status},
};

/// Gathers facts from where they are.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) status: Arc<Status>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) log: Arc<Mutex<LogWriter>>,
    pub(crate) build: Build,
    pub(crate) process: Process,
    pub(crate) workers: usize,
}

impl Metrics {
    pub(crate) fn phase(&self) -> Phase {
        self.status.phase()
    }

    /// The whole page.
    pub(crate) fn render(&self) -> String {
        render(&self.registry, &self.gauges())
    }

    fn gauges(&self) -> Gauges {
        let process = Gauges {
            build: self.build,
            process: self.process,
            upgrades_failed: self.status.upgrades_failed.load(Relaxed),
            started_at: self.status.started_at,
            ready: self.phase() == Phase::Ready,
            workers: self.workers,
            reloads: Reloads {
                applied: self.status.reloads_applied.load(Relaxed),
                refused: self.status.reloads_refused.load(Relaxed),
            },
            certificates_kept: self.status.certificates_kept.load(Relaxed),
            certificate_reloads: Reloads {
                applied: self.status.certificates_applied.load(Relaxed),
                refused: self.status.certificates_refused.load(Relaxed),
            },
            access_log: self.log_counts(),
            admin_refused: self.admin_refused(),
            ..Gauges::default()
        };
        match self.status.enforced() {
            None => process,
            Some(enforced) => Gauges {
                revision: enforced.snapshot.revision,
                published_at: Some(enforced.at),
                target_groups: group_names(&enforced.snapshot),
                listeners: listeners(&enforced),
                keys: keys(&enforced.snapshot),
                certificates: certificates(&enforced),
                targets: targets(&enforced.snapshot),
                learned: learned(&enforced.snapshot),
                ..process
            },
        }
    }

    fn admin_refused(&self) -> Vec<(&'static str, u64)> {
        let counts = self.status.admin_refused.iter().map(|count| count.load(Relaxed));
        COUNTED.into_iter().zip(counts).collect()
    }

    fn log_counts(&self) -> LogCounts {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).counts()
    }
}

fn group_names(snapshot: &Snapshot) -> Vec<Arc<str>> {
    snapshot.groups.iter().map(|group| group.spec.name.as_str().into()).collect()
}

fn listeners(enforced: &Enforced) -> Vec<ListenerFact> {
    let fact = |view: &clingfish_snapshot::ListenerView| {
        let name = &view.listener.name;
        let (_, address) = enforced.addresses.iter().find(|(listener, _)| listener == name)?;
        Some(ListenerFact {
            listener: name.as_str().into(),
            load_balancer: view.balancer.name.as_str().into(),
            address: address.to_string().into(),
            target_group: default_group(&view.listener).into(),
        })
    };
    enforced.snapshot.listeners.iter().filter_map(fact).collect()
}

/// The group of the default action; empty where requests are spread over several, or none gets them.
fn default_group(listener: &Listener) -> &str {
    match listener.default_action.as_ref().map(Action::groups) {
        Some([only]) => only.group.as_str(),
        _ => "",
    }
}

fn keys(snapshot: &Snapshot) -> Vec<KeyFact> {
    let (ring, now) = (&snapshot.ring, clock::wall());
    ring.keys()
        .iter()
        .map(|key| (key, KeyState::of(key, ring, now)))
        .filter(|(_, state)| *state != KeyState::Retired)
        .map(|(key, state)| KeyFact {
            id: key.id().to_string().into(),
            state: state.as_str(),
            created_at: key.created(),
        })
        .collect()
}

/// Each certificate once, whoever uses it.
fn certificates(enforced: &Enforced) -> Vec<CertificateFact> {
    let snapshot = &enforced.snapshot;
    let shown = snapshot.listeners.iter().filter_map(|view| view.tls.as_ref());
    let shown = shown.chain(&enforced.admin.tls).flat_map(|tls| tls.certificates());
    let ours = snapshot.groups.iter().filter_map(|group| group.tls.as_ref()?.certificate());
    let fact = |certified: &Arc<Certified>| CertificateFact {
        name: Arc::clone(&certified.name),
        expires_at: certified.not_after,
    };
    let mut facts: Vec<CertificateFact> = shown.chain(ours).map(fact).collect();
    facts.sort();
    // A file in two uses is read twice, perhaps with a new certificate in between.
    facts.dedup_by(|next, first| next.name == first.name);
    facts
}

fn learned(snapshot: &Snapshot) -> Vec<LearnedFact> {
    let fact = |group: &Arc<Group>| {
        let counts = group.learned()?.table.counts();
        Some(LearnedFact {
            group: group.spec.name.as_str().into(),
            sessions: counts.sessions(),
            events: [
                ("found", counts.found),
                ("missed", counts.missed),
                ("learned", counts.learned),
                ("renewed", counts.renewed),
                ("moved", counts.moved),
                ("refused", counts.refused),
                ("forgotten", counts.forgotten),
                ("expired", counts.expired),
                ("evicted_full", counts.evicted_full),
                ("evicted_quota", counts.evicted_quota),
            ],
        })
    };
    snapshot.groups.iter().filter_map(fact).collect()
}

/// Targets of all groups, leaving ones included, those of one group together.
pub(crate) fn targets(snapshot: &Snapshot) -> Vec<TargetFact> {
    let sighting = Sighting::of(snapshot);
    let mut facts = Vec::new();
    for sighted in snapshot.groups.iter().filter_map(|group| sighting.group(&group.spec.name)) {
        let group = sighted.group;
        let name: Arc<str> = group.spec.name.as_str().into();
        let staying = group.targets.iter();
        facts
            .extend(staying.map(|target| fact(&name, group, target, sighted.registration(target))));
        let leaving = sighted.leaving.iter();
        facts.extend(leaving.map(|target| fact(&name, group, target, Registration::Draining)));
    }
    facts
}

fn fact(name: &Arc<str>, group: &Group, target: &Target, registration: Registration) -> TargetFact {
    let (state, reason) = target.cell.health().report(registration);
    let share = target.cell.share();
    let sessions = group.live_sessions(target);
    TargetFact {
        group: Arc::clone(name),
        target: target.id.as_str().into(),
        address: target.address.to_string().into(),
        state: state.as_str(),
        reason: reason.map_or("", |reason| reason.code()),
        is_routable: target.cell.is_routable(),
        is_anomalous: target.cell.is_anomalous(),
        is_mitigated: group.spec.algorithm.mitigates_anomalies() && share < Share::FULL,
        share: f64::from(share.parts()) / f64::from(Share::FULL.parts()),
        in_flight: target.cell.in_flight().into(),
        sessions: [sessions.in_duration, sessions.in_5m],
    }
}
