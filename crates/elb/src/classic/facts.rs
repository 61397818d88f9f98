//! What there is of a Classic load balancer, put together from all the places of the file that say it.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use clingfish_model::{
    HealthCheck, Listener, LoadBalancer, Name, TargetGroup,
    elb::{Classic, ClassicListener},
};

use super::health_check;
use crate::{World, v2::certificate};

/// A load balancer with all that its target groups are made of.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) name: Name,
    /// Instances, policies and zones.
    pub(super) classic: Classic,
    /// What is kept as text: also the health check and draining, for the time when there is no listener that would have them.
    pub(super) attributes: BTreeMap<String, String>,
    /// The same for all listeners. Its port is always there.
    pub(super) check: HealthCheck,
    pub(super) draining: Draining,
    pub(super) listeners: Vec<Front>,
}

/// `ConnectionDraining`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draining {
    pub(super) enabled: bool,
    /// Kept where it is not enabled.
    pub(super) seconds: u64,
}

/// A listener, and what its target group does for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Front {
    /// Tells it from the others.
    pub(super) bind: SocketAddr,
    /// ARN of the certificate; none speaks HTTP.
    pub(super) certificate: Option<String>,
    pub(super) classic: ClassicListener,
}

impl Facts {
    /// What the file says of that load balancer.
    pub(super) fn of(balancer: &LoadBalancer, world: &World<'_>) -> Self {
        let attributes = balancer.record.attributes.clone();
        let own: Vec<_> = listeners(balancer, world).collect();
        let first = own.first().and_then(|(listener, classic)| {
            Some((group_of(listener, world)?, classic.instance_port))
        });
        let check = match first {
            Some((group, port)) => {
                let check = group.health_check.clone();
                HealthCheck { port: check.port.or(Some(port)), ..check }
            }
            None => health_check::kept(&attributes).unwrap_or_else(|| health_check::default(80)),
        };
        let draining = Draining::of(&attributes, first.map(|(group, _)| group));
        let fronts = own.into_iter().map(|(listener, classic)| Front {
            bind: listener.bind,
            certificate: listener
                .tls
                .as_ref()
                .and_then(|tls| tls.certificates.first())
                .map(|files| certificate::arn(files, world)),
            classic: classic.clone(),
        });
        Self {
            name: balancer.name.clone(),
            classic: balancer.classic.clone().unwrap_or_default(),
            attributes,
            check,
            draining,
            listeners: fronts.collect(),
        }
    }

    /// The listener of that port.
    pub(super) fn listener(&mut self, port: u16) -> Option<&mut Front> {
        self.listeners.iter_mut().find(|one| one.bind.port() == port)
    }
}

impl Draining {
    /// Most seconds, as AWS.
    pub(super) const SECONDS_MAX: u64 = 3600;
    const ENABLED: &str = "connection_draining.enabled";
    const SECONDS: &str = "connection_draining.timeout";

    /// As AWS makes a load balancer.
    pub(super) const DEFAULT: Self = Self { enabled: false, seconds: 300 };

    /// What a group does, or else what is kept.
    fn of(attributes: &BTreeMap<String, String>, group: Option<&TargetGroup>) -> Self {
        let seconds = attributes.get(Self::SECONDS).and_then(|text| text.parse().ok());
        let seconds = seconds.unwrap_or(Self::DEFAULT.seconds);
        match group.map(|group| group.deregistration_delay) {
            Some(Duration::ZERO) => Self { enabled: false, seconds },
            Some(delay) => Self { enabled: true, seconds: delay.as_secs().max(1) },
            None => {
                let enabled = attributes.get(Self::ENABLED).is_some_and(|text| text == "true");
                Self { enabled, seconds }
            }
        }
    }

    /// Keeps it as text.
    pub(super) fn keep(self, attributes: &mut BTreeMap<String, String>) {
        attributes.insert(Self::ENABLED.into(), self.enabled.to_string());
        attributes.insert(Self::SECONDS.into(), self.seconds.to_string());
    }

    /// How long a group lets what runs come to its end.
    pub(super) fn delay_seconds(self) -> u64 {
        if self.enabled { self.seconds } else { 0 }
    }
}

/// Its listeners that the Classic API has words for.
pub(super) fn listeners<'a>(
    balancer: &LoadBalancer,
    world: &World<'a>,
) -> impl Iterator<Item = (&'a Listener, &'a ClassicListener)> {
    let all = world.desired.listeners.iter();
    all.filter(|listener| listener.load_balancer == balancer.name)
        .filter_map(|listener| Some((listener, listener.classic.as_ref()?)))
}

/// The group that a listener forwards to.
pub(super) fn group_of<'a>(listener: &Listener, world: &World<'a>) -> Option<&'a TargetGroup> {
    world.desired.target_group(listener.groups().next()?)
}
