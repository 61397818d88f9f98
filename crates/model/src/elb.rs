//! What AWS's API knows of resources beyond what acts here: ids, times, tags, and the neighbourhood that AWS has around a load balancer.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    ops::RangeInclusive,
    path::PathBuf,
};

use crate::{CertificateFiles, Name, Owner, ResourceId, UnixMillis};

/// What is kept of a resource for the API alone. All of it is empty where a person wrote the resource into the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its id in ARNs and logs; derived from its name where there is none.
    pub id: Option<ResourceId>,
    /// When the API made it.
    pub created: Option<UnixMillis>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// ELBv2 attributes that are kept and returned, and do not act; also those of a stickiness that is switched off.
    pub attributes: BTreeMap<String, String>,
}

impl Record {
    /// Most tags of a resource, as AWS.
    pub const TAGS_MAX: usize = 50;
    /// Most characters of a tag's key, as AWS.
    pub const TAG_KEY_CHARS_MAX: usize = 128;
    /// Most characters of a tag's value, as AWS.
    pub const TAG_VALUE_CHARS_MAX: usize = 256;
    /// Most attributes that are kept of a resource; AWS has fewer.
    pub const ATTRIBUTES_MAX: usize = 100;
    /// Most characters of an attribute's key or value. AWS: 256 of a key, and 1024 of values that are header fields.
    pub const ATTRIBUTE_CHARS_MAX: usize = 1024;

    /// Whether the API made the resource, so that the file says only what was asked for in another place.
    pub fn is_of_api(&self) -> bool {
        self.id.is_some() || self.created.is_some()
    }
}

/// Where AWS would put a load balancer. Kept and returned; only a subnet's address acts, by [`Aws::subnets`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// ELBv2: `Scheme`.
    pub scheme: BalancerScheme,
    /// Ids, at least two in different zones where the API made it.
    pub subnets: Vec<String>,
    /// Ids.
    pub security_groups: Vec<String>,
    /// ELBv2: `IpAddressType`.
    pub ip_address_type: IpAddressType,
}

/// Whether a load balancer is for everybody. Does not act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BalancerScheme {
    /// Everybody.
    #[default]
    InternetFacing,
    /// The own network.
    Internal,
}

impl BalancerScheme {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::InternetFacing, Self::Internal];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InternetFacing => "internet-facing",
            Self::Internal => "internal",
        }
    }
}

/// Which addresses AWS would give. Does not act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpAddressType {
    /// IPv4 alone.
    #[default]
    Ipv4,
    /// Both.
    Dualstack,
    /// Both, with no public IPv4 address.
    DualstackWithoutPublicIpv4,
    /// IPv6 alone; of target groups.
    Ipv6,
}

impl IpAddressType {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Ipv4, Self::Dualstack, Self::DualstackWithoutPublicIpv4, Self::Ipv6];
    /// Those of load balancers.
    pub const OF_BALANCERS: [Self; 3] =
        [Self::Ipv4, Self::Dualstack, Self::DualstackWithoutPublicIpv4];
    /// Those of target groups.
    pub const OF_GROUPS: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::DualstackWithoutPublicIpv4 => "dualstack-without-public-ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

/// How the API names targets of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetType {
    /// By their addresses.
    #[default]
    Ip,
    /// By ids of instances, which [`Aws::instances`] gives addresses.
    Instance,
}

impl TargetType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ip, Self::Instance];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Instance => "instance",
        }
    }
}

/// What the Classic API keeps of a load balancer. Listeners and target groups are made of it, one group for each listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classic {
    /// Ids of the registered instances, or IP addresses.
    pub instances: Vec<String>,
    /// Stickiness policies by their names, in use or not.
    pub policies: BTreeMap<String, ClassicPolicy>,
    /// Classic: `AvailabilityZones`, where it was made with zones in place of subnets.
    pub zones: Vec<String>,
}

/// A stickiness policy of the Classic API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassicPolicy {
    /// `LBCookieStickinessPolicyType`: seconds of life, or a browser's session.
    LbCookie(Option<u64>),
    /// `AppCookieStickinessPolicyType`: the application's cookie.
    AppCookie(String),
}

impl ClassicPolicy {
    /// Most policies of a load balancer, as AWS.
    pub const COUNT_MAX: usize = 100;
    /// Bounds of the seconds of [`Self::LbCookie`]: what a browser takes for ever, and more, is `i32::MAX`.
    pub const SECONDS: RangeInclusive<u64> = 1..=2_147_483_647;
}

/// What the Classic API keeps of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicListener {
    /// Port of the instances.
    pub instance_port: u16,
    /// Whether instances speak HTTPS.
    pub instance_tls: bool,
    /// Names of its policies; at most one of stickiness.
    pub policies: Vec<String>,
}

/// The neighbourhood: `[aws]`. A map that is there is complete: ids that it has not are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aws {
    /// Account and region of ARNs.
    pub owner: Owner,
    /// Where listeners made by the API accept, unless a subnet says otherwise; every IPv4 address by default.
    pub bind: IpAddr,
    /// The host name that load balancers answer as `DNSName`; the machine's own by default.
    pub dns_name: Option<String>,
    /// The folder whose subfolders stand for buckets of access logs; none: there are no buckets.
    pub buckets: Option<PathBuf>,
    /// Subnets by their ids.
    pub subnets: Option<BTreeMap<String, Subnet>>,
    /// Ids of security groups.
    pub security_groups: Option<Vec<String>>,
    /// Addresses of instances by their ids.
    pub instances: Option<BTreeMap<String, IpAddr>>,
    /// Certificates by their ARNs. Without this map no HTTPS listener can be made by the API.
    pub certificates: BTreeMap<String, CertificateFiles>,
    /// Trust stores by their ARNs: authorities and revocations.
    pub trust_stores: BTreeMap<String, TrustStore>,
}

impl Aws {
    /// VPC of subnets that name none.
    pub const VPC: &str = "vpc-00000000";
    /// Most entries of each of its maps and lists.
    pub const ENTRIES_MAX: usize = 10_000;
    /// Most characters of an id, an ARN or a region.
    pub const ID_CHARS_MAX: usize = 255;
}

impl Default for Aws {
    fn default() -> Self {
        Self {
            owner: Owner::default(),
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            dns_name: None,
            buckets: None,
            subnets: None,
            security_groups: None,
            instances: None,
            certificates: BTreeMap::new(),
            trust_stores: BTreeMap::new(),
        }
    }
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its availability zone.
    pub zone: Name,
    /// Its VPC; `vpc-00000000` by default.
    pub vpc: String,
    /// Where load balancers in it listen. Two that share a port need different ones.
    pub bind: Option<IpAddr>,
}

/// Files of a trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustStore {
    /// Certificates of authorities, in PEM.
    pub authorities: PathBuf,
    /// What those have revoked, in PEM.
    pub revocations: Option<PathBuf>,
}
