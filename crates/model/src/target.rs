//! Target groups and their targets.

use std::{fmt, net::SocketAddr, ops::RangeInclusive, time::Duration};

use crate::{
    Algorithm, CrossZone, GroupHash, HealthCheck, HealthThresholds, Name, Record, ResourceId,
    SlowStart, Stickiness, TargetHash, TargetId, TargetTls,
    elb::{IpAddressType, TargetType},
    stickiness::ForeignCookie,
};

/// Targets that serve the same thing, with the policy that spreads requests over them.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroup {
    /// Unique among target groups.
    pub name: Name,
    /// At most [`crate::limits::TARGETS_MAX`]; none is legal and answers 503.
    pub targets: Vec<Target>,
    /// What its targets speak.
    pub protocol_version: ProtocolVersion,
    /// How they are reached through TLS; none is without. ELBv2: `Protocol`, HTTPS or HTTP.
    pub tls: Option<TargetTls>,
    /// How a new session finds its target. ELBv2: `load_balancing.algorithm.type`.
    pub algorithm: Algorithm,
    /// How long a target takes to grow into its share; with [`Algorithm::RoundRobin`] only.
    pub slow_start: SlowStart,
    /// Whether targets of other zones take part.
    pub cross_zone: CrossZone,
    /// Whether and how sessions stay.
    pub stickiness: Stickiness,
    /// Cookies of other balancers that bring clients home; at most [`ForeignCookie::MAX`].
    pub imports: Vec<ForeignCookie>,
    /// How targets are probed.
    pub health_check: HealthCheck,
    /// How few of them may be healthy before all are tried.
    pub health_thresholds: HealthThresholds,
    /// How long a removed target may finish what runs; 0 to 3600 s, 300 s by default.
    /// ELBv2: `deregistration_delay.timeout_seconds`.
    pub deregistration_delay: Duration,
    /// How long a connect may take; 10 s by default, as ALB.
    pub connect_timeout: Duration,
    /// How long a target may take until the first byte of its answer, and between bytes; 60 s by default, as ALB's idle timeout.
    pub response_timeout: Duration,
    /// Whether each connection to a target begins with a PROXY header that names the client; no by default. Such connections
    /// serve one client. ELBv2: `proxy_protocol_v2.enabled`.
    pub proxy_protocol: ProxyProtocol,
    /// What the API keeps of it.
    pub record: Record,
    /// How the API names its targets.
    pub target_type: TargetType,
    /// ELBv2: `Port`, which targets have that are registered without one. None where the API did not make it.
    pub port: Option<u16>,
    /// ELBv2: `VpcId`. Kept and returned.
    pub vpc: Option<String>,
    /// ELBv2: `IpAddressType`. Kept and returned.
    pub ip_address_type: IpAddressType,
}

impl TargetGroup {
    /// Default of [`Self::deregistration_delay`].
    pub const DEREGISTRATION_DELAY: Duration = Duration::from_secs(300);
    /// Largest deregistration delay.
    pub const DEREGISTRATION_DELAY_MAX: Duration = Duration::from_secs(3600);
    /// Default of [`Self::connect_timeout`].
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Bounds of [`Self::connect_timeout`].
    pub const CONNECT_TIMEOUTS: RangeInclusive<Duration> =
        Duration::from_millis(10)..=Duration::from_secs(300);
    /// Default of [`Self::response_timeout`].
    pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);
    /// Bounds of [`Self::response_timeout`].
    pub const RESPONSE_TIMEOUTS: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(604_800);

    /// A group with every default.
    pub fn new(name: Name, targets: Vec<Target>) -> Self {
        Self {
            name,
            targets,
            protocol_version: ProtocolVersion::default(),
            tls: None,
            algorithm: Algorithm::RoundRobin,
            slow_start: SlowStart::default(),
            cross_zone: CrossZone::default(),
            stickiness: Stickiness::Off,
            imports: Vec::new(),
            health_check: HealthCheck::default(),
            health_thresholds: HealthThresholds::default(),
            deregistration_delay: Self::DEREGISTRATION_DELAY,
            connect_timeout: Self::CONNECT_TIMEOUT,
            response_timeout: Self::RESPONSE_TIMEOUT,
            proxy_protocol: ProxyProtocol::Off,
            record: Record::default(),
            target_type: TargetType::default(),
            port: None,
            vpc: None,
            ip_address_type: IpAddressType::default(),
        }
    }

    /// The id for ARNs and logs.
    pub fn id(&self) -> ResourceId {
        self.record.id.unwrap_or_else(|| ResourceId::derive("targetgroup", self.name.as_str()))
    }

    /// The bytes that tokens carry.
    pub fn hash(&self) -> GroupHash {
        GroupHash::of(&self.name)
    }
}

/// One address in a group, with a stable id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Unique in its group: configured, or else the address as written.
    pub id: TargetId,
    /// Where to connect.
    pub address: TargetAddress,
    /// Share of new sessions; 0 takes none.
    pub weight: Weight,
    /// Availability zone, which counts where [`TargetGroup::cross_zone`] is off.
    pub zone: Option<Name>,
    /// Keeps the sessions it has, takes no new ones.
    pub drain: bool,
    /// What a balancer before this one called it; see [`crate::stickiness::Scheme`]. None where that follows from the rest.
    pub known_as: Option<String>,
}

impl Target {
    /// The fixed hash of the id.
    pub fn hash(&self) -> TargetHash {
        self.id.hash()
    }
}

/// Where a target listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TargetAddress {
    /// One address.
    Socket(SocketAddr),
    /// A DNS name, which stands for as many targets as it has addresses.
    Host {
        /// As written, without a final dot; lower case is not enforced.
        name: String,
        /// Port of every address.
        port: u16,
    },
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Host { name, port } => write!(f, "{name}:{port}"),
        }
    }
}

/// A target's share of new sessions, 0 to 999, 1 by default; as ELBv2's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u16);

impl Weight {
    /// Largest weight.
    pub const MAX: u16 = 999;

    /// Checks and keeps a weight; `None` above [`Self::MAX`].
    pub fn new(weight: u64) -> Option<Self> {
        u16::try_from(weight).ok().filter(|weight| *weight <= Self::MAX).map(Self)
    }

    /// The bare number.
    pub fn value(self) -> u16 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self(1)
    }
}

/// What the targets of a group speak. ELBv2: `ProtocolVersion`; fixed for the life of a group there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// HTTP/2, for gRPC: health checks and errors of our own are gRPC's too.
    Grpc,
}

impl ProtocolVersion {
    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP1",
            Self::Http2 => "HTTP2",
            Self::Grpc => "GRPC",
        }
    }
}

/// Whether and how targets are told of the client before its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// They are not.
    Off,
    /// By one line of text.
    V1,
    /// In binary.
    V2,
}
