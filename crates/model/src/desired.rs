//! What was asked for, as one document.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;

use crate::{
    AccessKey, BearerToken, CertificateFiles, Listener, LoadBalancer, Name, TargetGroup, elb::Aws,
    tls::Anchor,
};

/// Everything that a configuration says. Whoever makes one checks the references between its parts and keeps to their
/// order.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredState {
    /// Process-wide settings; most take effect at start only.
    pub server: Server,
    /// The address for operators.
    pub admin: Admin,
    /// Where requests are written down.
    pub access_log: AccessLog,
    /// What AWS has around load balancers.
    pub aws: Aws,
    /// In order of their names; each listener's is among them.
    pub load_balancers: Vec<LoadBalancer>,
    /// In the order of the file.
    pub listeners: Vec<Listener>,
    /// In order of their names; each listener's is among them.
    pub target_groups: Vec<TargetGroup>,
}

impl DesiredState {
    /// Makes relative paths of certificates start at `folder`, which is the configuration file's.
    pub fn anchor(&mut self, folder: &Path) {
        self.listeners.iter_mut().for_each(|listener| listener.tls.anchor(folder));
        self.target_groups.iter_mut().for_each(|group| group.tls.anchor(folder));
        self.aws.anchor(folder);
        self.admin.tls.anchor(folder);
    }

    /// The target group of that name.
    pub fn target_group(&self, name: &Name) -> Option<&TargetGroup> {
        let found = self.target_groups.binary_search_by(|group| group.name.cmp(name));
        self.target_groups.get(found.ok()?)
    }

    /// The load balancer of that name.
    pub fn load_balancer(&self, name: &Name) -> Option<&LoadBalancer> {
        let found = self.load_balancers.binary_search_by(|balancer| balancer.name.cmp(name));
        self.load_balancers.get(found.ok()?)
    }
}

/// Settings of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Data plane threads; one per core by default. At start only.
    pub workers: Option<usize>,
    /// Client connections at the same time; 20,000 by default; fewer where descriptors are short.
    pub connections_max: u64,
    /// From SIGTERM until the listeners close, so that others notice `/readyz`; 0 s by default.
    pub shutdown_pause: Duration,
    /// From the closing of the listeners until what still runs is cut; 30 s by default.
    pub shutdown_deadline: Duration,
    /// Where this process is, for target groups whose [`TargetGroup::cross_zone`] is off.
    pub availability_zone: Option<Name>,
    /// How long a new process may take until it is ready to take over; 1 min by default.
    pub upgrade_timeout: Duration,
    /// From the moment when a new process took over until what still runs in the old one is cut; 1 h by default.
    pub upgrade_deadline: Duration,
}

impl Server {
    /// Most data plane threads.
    pub const WORKERS_MAX: usize = 256;
    /// Bounds of [`Self::connections_max`].
    pub const CONNECTIONS: RangeInclusive<u64> = 1..=10_000_000;
    /// Longest pause and deadline.
    pub const SHUTDOWN_MAX: Duration = Duration::from_secs(24 * 3600);
    /// Bounds of [`Self::upgrade_timeout`].
    pub const UPGRADE_TIMEOUT: RangeInclusive<Duration> =
        Duration::from_secs(1)..=Duration::from_secs(600);
}

impl Default for Server {
    fn default() -> Self {
        Self {
            workers: None,
            connections_max: 20_000,
            shutdown_pause: Duration::ZERO,
            shutdown_deadline: Duration::from_secs(30),
            availability_zone: None,
            upgrade_timeout: Duration::from_secs(60),
            upgrade_deadline: Duration::from_secs(3600),
        }
    }
}

/// The address for operators: metrics, health and APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// `127.0.0.1:9080` by default. At start only.
    pub bind: SocketAddr,
    /// Host names, beside the address itself and `localhost`, that requests may carry (DNS rebinding).
    pub hosts: Vec<String>,
    /// Who may sign requests to the ELB API; nobody by default.
    pub access_keys: Vec<AccessKey>,
    /// Who may use the native API; nobody by default.
    pub tokens: Vec<BearerToken>,
    /// What is shown to clients; none is HTTP.
    pub tls: Option<CertificateFiles>,
    /// Peers whose X-Forwarded-For says who asks.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether some requests are kept for a while, to be listed and explained; on by default.
    pub recent_requests: bool,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 9080)),
            hosts: Vec::new(),
            access_keys: Vec::new(),
            tokens: Vec::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            recent_requests: true,
        }
    }
}

/// Where and how requests are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// Where lines go.
    pub sink: LogSink,
    /// What a line looks like.
    pub format: LogFormat,
}

impl Default for AccessLog {
    fn default() -> Self {
        Self { sink: LogSink::Auto, format: LogFormat::Json }
    }
}

/// Where access log lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogSink {
    /// Standard output, unless that is a terminal.
    Auto,
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// A file, appended to, opened again on SIGUSR1.
    File(PathBuf),
}

/// What an access log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// ALB's fields in ALB's order, ours appended.
    Alb,
}
