//! Load balancers and their listeners.

use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;

use std::collections::BTreeMap;

use crate::{
    Action, ListenerAttributes, ListenerTls, Name, Record, ResourceId, Rule,
    elb::{Classic, ClassicListener, Network},
};

/// A named set of listeners with attributes (ALB sense).
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// Unique among load balancers; `default` unless the file says otherwise.
    pub name: Name,
    /// How long each step of a client's request may take.
    pub timeouts: Timeouts,
    /// How large a request may be.
    pub request_limits: RequestLimits,
    /// Peers whose forwarding headers count, and which get no shared first home.
    pub trusted_proxies: Vec<IpNet>,
    /// Sends the client's Host unchanged. ELBv2: `routing.http.preserve_host_header.enabled`.
    ///
    /// True by default, unlike ALB's: applications build links from it.
    pub preserve_host_header: bool,
    /// Appends the client's port in X-Forwarded-For. ELBv2: `routing.http.xff_client_port.enabled`.
    pub xff_client_port: bool,
    /// What becomes of the X-Forwarded-For that clients send. ELBv2: `routing.http.xff_header_processing.mode`.
    pub xff_mode: XffMode,
    /// Adds X-Amzn-Tls-Version and X-Amzn-Tls-Cipher-Suite to requests that came by TLS; off by default.
    /// ELBv2: `routing.http.x_amzn_tls_version_and_cipher_suite.enabled`.
    pub tls_headers: bool,
    /// Drops request fields whose names have anything but letters, digits and hyphens; off by default.
    /// ELBv2: `routing.http.drop_invalid_header_fields.enabled`.
    pub drop_invalid_header_fields: bool,
    /// Brings paths into normal form before rules see them; on by default. See [`crate::path`].
    pub path_normalization: bool,
    /// Offers HTTP/2 to clients of TLS. ELBv2: `routing.http2.enabled`; true by default.
    pub http2: bool,
    /// What becomes of requests that parsers could read differently. ELBv2: `routing.http.desync_mitigation_mode`.
    pub desync_mode: DesyncMode,
    /// Adds `clingfish-verdict` and `clingfish-target` to responses; off by default.
    pub debug_header: bool,
    /// Where its requests are written down beside the access log of the process; nowhere by default. ELBv2: `access_logs.s3.*`.
    pub access_log: Option<BalancerLog>,
    /// What the API keeps of it.
    pub record: Record,
    /// Where AWS would put it.
    pub network: Network,
    /// The host name that it answers as `DNSName`, where it is not [`crate::elb::Aws::dns_name`].
    pub dns_name: Option<String>,
    /// What the Classic API keeps; none is an application load balancer.
    pub classic: Option<Classic>,
    /// Neither a table nor a listener of the file is about it: it is there only because there is always a `default`.
    pub implied: bool,
}

impl LoadBalancer {
    /// A load balancer with every default.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            timeouts: Timeouts::default(),
            request_limits: RequestLimits::default(),
            trusted_proxies: Vec::new(),
            preserve_host_header: true,
            xff_client_port: false,
            xff_mode: XffMode::Append,
            tls_headers: false,
            drop_invalid_header_fields: false,
            path_normalization: true,
            http2: true,
            desync_mode: DesyncMode::default(),
            debug_header: false,
            access_log: None,
            record: Record::default(),
            network: Network::default(),
            dns_name: None,
            classic: None,
            implied: false,
        }
    }

    /// The id for ARNs and logs.
    pub fn id(&self) -> ResourceId {
        self.record.id.unwrap_or_else(|| ResourceId::derive("app", self.name.as_str()))
    }
}

/// Files of one load balancer, laid out as ALB lays them out in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancerLog {
    folder: PathBuf,
    prefix: String,
}

impl BalancerLog {
    /// Longest prefix, in bytes.
    pub const PREFIX_BYTES_MAX: usize = 255;

    /// Checks and keeps an absolute folder, which stands for the bucket, and a prefix: names with slashes between, or nothing.
    pub fn new(
        folder: impl Into<PathBuf>,
        prefix: impl Into<String>,
    ) -> Result<Self, BadBalancerLog> {
        let (folder, prefix) = (folder.into(), prefix.into());
        let is_whole = !folder.as_os_str().as_encoded_bytes().contains(&0);
        if !folder.is_absolute() || !is_whole {
            return Err(BadBalancerLog::Folder { folder });
        }
        let legal = |c: u8| c.is_ascii_alphanumeric() || b"!-_.*'()".contains(&c);
        // A name that is only dots would lead elsewhere; AWSLogs begins what comes behind the prefix.
        let is_name = |name: &str| {
            !matches!(name, "" | "." | "..") && name != "AWSLogs" && name.bytes().all(legal)
        };
        let is_prefix = prefix.is_empty() || prefix.split('/').all(is_name);
        if prefix.len() > Self::PREFIX_BYTES_MAX || !is_prefix {
            return Err(BadBalancerLog::Prefix { prefix });
        }
        Ok(Self { folder, prefix })
    }

    /// Stands for the bucket. Absolute.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stands between the folder and `AWSLogs`; may be empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// A folder or prefix that no log may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBalancerLog {
    /// The folder.
    #[error("{folder:?} is not an absolute path")]
    Folder {
        /// What was written.
        folder: PathBuf,
    },
    /// The prefix.
    #[error(
        "{prefix:?} is not a prefix: use names of A-Z a-z 0-9 ! - _ . * ' ( ) with / between, none of them AWSLogs"
    )]
    Prefix {
        /// What was written.
        prefix: String,
    },
}

/// What becomes of the X-Forwarded-For that a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XffMode {
    /// The client's address is put behind it.
    Append,
    /// It goes through as it is; where there is none, none is made.
    Preserve,
    /// It is taken out.
    Remove,
}

impl XffMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Append, Self::Preserve, Self::Remove];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Preserve => "preserve",
            Self::Remove => "remove",
        }
    }
}

/// What becomes of requests that are not compliant, in ALB's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DesyncMode {
    /// All that can be read goes through; the class is logged and counted.
    Monitor,
    /// Severe ones are refused; ambiguous ones go through on connections that are closed behind them. The default.
    #[default]
    Defensive,
    /// Only compliant ones go through.
    Strictest,
}

impl DesyncMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Monitor, Self::Defensive, Self::Strictest];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Defensive => "defensive",
            Self::Strictest => "strictest",
        }
    }
}

/// How long each step of a client's side may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a whole request head, from its first byte; 15 s by default; 408.
    pub head: Duration,
    /// Between bytes of a body in either direction, and between requests; 60 s by default.
    /// ELBv2: `idle_timeout.timeout_seconds`.
    pub idle: Duration,
    /// Life of a client connection, after which its next response says `Connection: close`; 3600 s by default.
    /// ELBv2: `client_keep_alive.seconds`.
    pub client_keep_alive: Duration,
    /// For a WebSocket on which neither side says anything; one hour by default.
    pub websocket_idle: Duration,
    /// Bytes per second that a request body must reach on average once 10 s have gone by; 0 is off; 128 by default; 408.
    pub body_rate_min: u64,
}

impl Timeouts {
    /// Bounds of [`Self::head`].
    pub const HEAD: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(300);
    /// Bounds of [`Self::idle`]; ALB's begin at 1 s.
    pub const IDLE: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(4000);
    /// Bounds of [`Self::client_keep_alive`]; ALB's begin at 60 s.
    pub const CLIENT_KEEP_ALIVE: RangeInclusive<Duration> =
        Duration::from_secs(1)..=Duration::from_secs(604_800);
    /// Bounds of [`Self::websocket_idle`].
    pub const WEBSOCKET_IDLE: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(604_800);
    /// Bounds of [`Self::body_rate_min`].
    pub const BODY_RATES: RangeInclusive<u64> = 0..=1024 * 1024 * 1024;
    /// How long a body may take before its rate is judged.
    pub const BODY_RATE_GRACE: Duration = Duration::from_secs(10);
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            client_keep_alive: Duration::from_secs(3600),
            websocket_idle: Duration::from_secs(3600),
            body_rate_min: 128,
        }
    }
}

/// How large a request or response head, and a request body, may be. Sizes in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Request line; 16 KiB, as ALB; 414.
    pub request_line_bytes_max: usize,
    /// One field, name and value; 16 KiB, as ALB; 431.
    pub field_bytes_max: usize,
    /// Whole request head; 64 KiB, as ALB; 431.
    pub head_bytes_max: usize,
    /// Fields of a head; 100; at most [`crate::limits::FIELDS_MAX`]; 431.
    pub fields_max: usize,
    /// Whole response head; 32 KiB, as ALB; 502.
    pub response_head_bytes_max: usize,
    /// Request body; none by default, as ALB; 413.
    pub body_bytes_max: Option<u64>,
}

impl RequestLimits {
    /// Bounds of every size of a head or its parts: below, browsers' own requests fail; above, one head could hold a worker's memory.
    pub const HEAD_BYTES: RangeInclusive<usize> = 1024..=1024 * 1024;
    /// Bounds of [`Self::body_bytes_max`]. Not 0: to some that is none, to some no limit.
    pub const BODY_BYTES: RangeInclusive<u64> = 1..=1 << 40;
    /// Bounds of [`Self::fields_max`].
    pub const FIELDS: RangeInclusive<usize> = 1..=crate::limits::FIELDS_MAX;
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 16 * 1024,
            field_bytes_max: 16 * 1024,
            head_bytes_max: 64 * 1024,
            fields_max: 100,
            response_head_bytes_max: 32 * 1024,
            body_bytes_max: None,
        }
    }
}

/// Address and protocol that accepts clients.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Unique among listeners: configured, or else derived from the address.
    pub name: Name,
    /// The load balancer whose attributes hold.
    pub load_balancer: Name,
    /// Where to accept; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// What is done with a request that meets no rule; nothing answers 404, until there is something to serve.
    pub default_action: Option<Action>,
    /// In the order of their priorities, of which each is there once.
    pub rules: Vec<Rule>,
    /// What is done to header fields of this listener's requests and responses.
    pub attributes: ListenerAttributes,
    /// Who must begin each connection with a PROXY header that says whose it is; nobody may, where this is empty.
    pub proxy_protocol_from: Vec<IpNet>,
    /// What an HTTPS listener shows; none is HTTP. ELBv2: `Protocol`.
    pub tls: Option<ListenerTls>,
    /// Takes HTTP/2 without TLS from clients that begin with it (RFC 9113 section 3.3); off by default.
    pub h2c: bool,
    /// What the API keeps of it.
    pub record: Record,
    /// Tags of its default rule.
    pub default_rule_tags: BTreeMap<String, String>,
    /// What the Classic API keeps of it.
    pub classic: Option<ClassicListener>,
}

impl Listener {
    /// A listener with every default, which answers 404 to everything.
    pub fn new(name: Name, load_balancer: Name, bind: SocketAddr) -> Self {
        Self {
            name,
            load_balancer,
            bind,
            default_action: None,
            rules: Vec::new(),
            attributes: ListenerAttributes::default(),
            proxy_protocol_from: Vec::new(),
            tls: None,
            h2c: false,
            record: Record::default(),
            default_rule_tags: BTreeMap::new(),
            classic: None,
        }
    }

    /// Whether connections begin with a PROXY header.
    pub fn has_proxy_protocol(&self) -> bool {
        !self.proxy_protocol_from.is_empty()
    }

    /// Everything that it may do with a request: the default action first, then those of the rules.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.default_action.iter().chain(self.rules.iter().map(Rule::action))
    }

    /// The groups that it forwards to, some perhaps more than once.
    pub fn groups(&self) -> impl Iterator<Item = &Name> {
        self.actions().flat_map(Action::groups).map(|one| &one.group)
    }

    /// The id for ARNs and logs.
    pub fn id(&self) -> ResourceId {
        self.record.id.unwrap_or_else(|| ResourceId::derive("listener", self.name.as_str()))
    }
}

/// Whether two listening addresses cannot both be had. Port 0 is always free; the families are apart.
pub fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    let (ip, other) = (a.ip(), b.ip());
    a.port() == b.port()
        && a.port() != 0
        && ip.is_ipv4() == other.is_ipv4()
        && (ip == other || ip.is_unspecified() || other.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_of_a_load_balancer_stays_in_its_folder() {
        for (folder, prefix, expected) in [
            ("/var/log/elb/bucket", "", true),
            ("/var/log/elb/bucket", "web", true),
            ("/var/log/elb/bucket", "shop/web-1", true),
            ("var/log", "web", false),
            ("", "web", false),
            ("/var\0", "web", false),
            ("/var", "/web", false),
            ("/var", "web/", false),
            ("/var", "a//b", false),
            ("/var", "..", false),
            ("/var", "a/../../etc", false),
            ("/var", "a b", false),
            ("/var", "AWSLogs", false),
            ("/var", &"x".repeat(256), false),
        ] {
            assert_eq!(BalancerLog::new(folder, prefix).is_ok(), expected, "{folder:?} {prefix:?}");
        }
    }

    #[test]
    fn the_wildcard_clashes_with_every_address_of_its_family() {
        for (a, b, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80", true),
            ("127.0.0.1:80", "0.0.0.0:80", true),
            ("[::]:80", "[::1]:80", true),
            ("127.0.0.1:80", "127.0.0.2:80", false),
            ("127.0.0.1:80", "127.0.0.1:81", false),
            ("127.0.0.1:0", "127.0.0.1:0", false),
            ("0.0.0.0:80", "[::]:80", false),
        ] {
            let (a, b) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(clash(a, b), expected, "{a} {b}");
            assert_eq!(clash(b, a), expected, "{b} {a}");
        }
    }
}
