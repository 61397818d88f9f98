//! What is true now, as the control plane knows it.

use std::{collections::BTreeMap, sync::Arc};

use clingfish_model::UnixMillis;

/// Facts beside the counts. `Default` is a process that has just started.
#[derive(Clone, Debug)]
pub struct Gauges {
    /// Which program this is.
    pub build: Build,
    /// Which process this is.
    pub process: Process,
    /// When the process started.
    pub started_at: UnixMillis,
    /// Whether `/readyz` says so.
    pub ready: bool,
    /// Data plane threads.
    pub workers: usize,
    /// Of the snapshot that requests use; 0 before the first.
    pub revision: u64,
    /// When that snapshot was published; none before the first.
    pub published_at: Option<UnixMillis>,
    /// Configurations taken and not taken since the start.
    pub reloads: Reloads,
    /// New processes that did not take over.
    pub upgrades_failed: u64,
    /// Names of that snapshot's target groups, those without targets included.
    pub target_groups: Vec<Arc<str>>,
    /// Listeners of that snapshot, with the addresses they really have.
    pub listeners: Vec<ListenerFact>,
    /// Keys of the key ring.
    pub keys: Vec<KeyFact>,
    /// Certificates with their keys.
    pub certificates: Vec<CertificateFact>,
    /// How many files for TLS are unusable, so that what they held before is in use.
    pub certificates_kept: u64,
    /// Files for TLS taken and not taken since the start.
    pub certificate_reloads: Reloads,
    /// Targets, those of one group together.
    pub targets: Vec<TargetFact>,
    /// Tables of learned sessions.
    pub learned: Vec<LearnedFact>,
    /// What became of access log lines.
    pub access_log: LogCounts,
    /// Requests refused at the admin address, by cause.
    pub admin_refused: Vec<(&'static str, u64)>,
}

impl Default for Gauges {
    fn default() -> Self {
        Self {
            build: Build::default(),
            process: Process::default(),
            started_at: UnixMillis(0),
            ready: false,
            workers: 0,
            revision: 0,
            published_at: None,
            reloads: Reloads::default(),
            upgrades_failed: 0,
            target_groups: Vec::new(),
            listeners: Vec::new(),
            keys: Vec::new(),
            certificates: Vec::new(),
            certificates_kept: 0,
            certificate_reloads: Reloads::default(),
            targets: Vec::new(),
            learned: Vec::new(),
            access_log: LogCounts::default(),
            admin_refused: Vec::new(),
        }
    }
}

/// ELBv2's word for a target that is well.
const HEALTHY: &str = "healthy";

impl Gauges {
    /// How many targets of each group are in each state. The healthy ones are always told: an alarm cannot watch what is absent.
    pub(crate) fn targets_by_state(&self) -> BTreeMap<(&str, &'static str), u64> {
        let mut counts: BTreeMap<_, _> =
            self.target_groups.iter().map(|group| ((&**group, HEALTHY), 0)).collect();
        for fact in &self.targets {
            *counts.entry((&*fact.group, fact.state)).or_default() += 1;
        }
        counts
    }
}

impl Gauges {
    /// How many targets of each group are so, groups without any included.
    pub(crate) fn targets_that(&self, are: fn(&TargetFact) -> bool) -> BTreeMap<&str, u64> {
        let mut counts: BTreeMap<&str, u64> =
            self.target_groups.iter().map(|group| (&**group, 0)).collect();
        for fact in self.targets.iter().filter(|fact| are(fact)) {
            *counts.entry(&*fact.group).or_default() += 1;
        }
        counts
    }
}

/// Which program this is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Build {
    /// Of the package: `0.1.0`.
    pub version: &'static str,
    /// Of the source; empty where it is not known.
    pub commit: &'static str,
}

/// Which process this is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The system's number for it.
    pub pid: u32,
    /// How many processes handed over from one to the next before it.
    pub generation: u64,
}

/// Configurations since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reloads {
    /// Became a snapshot.
    pub applied: u64,
    /// Were invalid and changed nothing.
    pub refused: u64,
}

/// What became of access log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Lines written.
    pub written: u64,
    /// Lines lost: the writer was behind, or could not write.
    pub lost: u64,
}

/// A table of learned sessions.
#[derive(Clone, Debug)]
pub struct LearnedFact {
    /// The target group that it is of.
    pub group: Arc<str>,
    /// How many sessions it has.
    pub sessions: u64,
    /// What has happened in it, by name.
    pub events: [(&'static str, u64); 10],
}

/// A listener that accepts.
#[derive(Clone, Debug)]
pub struct ListenerFact {
    /// Its name.
    pub listener: Arc<str>,
    /// Its load balancer's name.
    pub load_balancer: Arc<str>,
    /// Where it really accepts, with the port that the system chose.
    pub address: Arc<str>,
    /// The target group that it forwards to.
    pub target_group: Arc<str>,
}

/// A key of the key ring.
#[derive(Clone, Debug)]
pub struct KeyFact {
    /// Its number, as tokens carry it.
    pub id: Arc<str>,
    /// What it is used for: `sealing`, `pending` or `opening`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateFact {
    /// Its file.
    pub name: Arc<str>,
    /// Its last moment.
    pub expires_at: UnixMillis,
}

/// A target as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetFact {
    /// Its group's name.
    pub group: Arc<str>,
    /// Its id.
    pub target: Arc<str>,
    /// Where it listens.
    pub address: Arc<str>,
    /// ELBv2's word for its state.
    pub state: &'static str,
    /// ELBv2's reason code; empty where it is healthy.
    pub reason: &'static str,
    /// Whether health lets it get requests.
    pub is_routable: bool,
    /// Whether it fails more than its peers do.
    pub is_anomalous: bool,
    /// Whether it gets less because of that.
    pub is_mitigated: bool,
    /// How much of its weight it counts for: 1 is all.
    pub share: f64,
    /// Requests that run on it now.
    pub in_flight: u64,
    /// Sessions that were seen within the duration of the group's stickiness, and within five minutes.
    pub sessions: [u64; 2],
}
