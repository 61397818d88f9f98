//! What the API calls a target: an id and a port.

use std::{fmt, net::IpAddr};

use clingfish_model::{Target, TargetAddress, TargetGroup, TargetId, elb::TargetType};

use super::Given;
use crate::v2::target_group::default_port;

/// An instance's id or an IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) port: u16,
}

impl Identity {
    /// That of an id and a port; an IP address in the one way to write it.
    pub(super) fn new(id: &str, port: u16) -> Self {
        let id = id.parse().map_or_else(|_| id.to_owned(), |address: IpAddr| address.to_string());
        Self { id, port }
    }

    /// What a request means; none where it gives no port and the group has none either.
    pub(super) fn given(given: &Given, group: &TargetGroup) -> Option<Self> {
        Some(Self::new(&given.id, given.port.or_else(|| default_port(group))?))
    }

    /// What a target of the group is called: as it was registered, or by its address where a person has written it.
    pub(super) fn of(target: &Target, group: &TargetGroup) -> Self {
        Self::of_instance(&target.id, &target.address, group).unwrap_or_else(|| {
            match &target.address {
                TargetAddress::Socket(address) => {
                    Self { id: address.ip().to_string(), port: address.port() }
                }
                TargetAddress::Host { name, port } => Self { id: name.clone(), port: *port },
            }
        })
    }

    /// The same where the target has an id as those have that were registered by instance: `i-1:80`.
    pub(super) fn of_instance(
        id: &TargetId,
        address: &TargetAddress,
        group: &TargetGroup,
    ) -> Option<Self> {
        let TargetAddress::Socket(address) = address else { return None };
        let (instance, port) = id.as_str().rsplit_once(':')?;
        let is_one = group.target_type == TargetType::Instance
            && port.parse() == Ok(address.port())
            && instance.parse::<IpAddr>().is_err()
            && !instance.starts_with('[');
        is_one.then(|| Self { id: instance.into(), port: address.port() })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, self.port)
    }
}
