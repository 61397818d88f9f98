//! Where listeners that the API makes accept, and who is there already.

use std::net::{IpAddr, SocketAddr};

use clingfish_model::{Listener, LoadBalancer, listener::clash};

use super::balancer::network;
use crate::{Code, Error, World};

/// The address of a load balancer's listeners: that of its first subnet, else the one where it listens already, else `[aws] bind`.
pub(crate) fn address(balancer: &LoadBalancer, world: &World<'_>) -> IpAddr {
    let aws = &world.desired.aws;
    if !balancer.network.subnets.is_empty() {
        return network::bind(aws, &balancer.network);
    }
    let mut listeners = world.desired.listeners.iter();
    let own = listeners.find(|listener| listener.load_balancer == balancer.name);
    own.map_or(aws.bind, |listener| listener.bind.ip())
}

/// Refuses an address that a listener, other than this one, or the API itself has.
pub(crate) fn refuse_taken(
    bind: SocketAddr,
    own: Option<&Listener>,
    world: &World<'_>,
) -> Result<(), Error> {
    let desired = world.desired;
    let mut others =
        desired.listeners.iter().filter(|other| own.is_none_or(|own| own.name != other.name));
    let taker = if clash(desired.admin.bind, bind) {
        "the API itself".to_owned()
    } else {
        match others.find(|other| clash(other.bind, bind)) {
            Some(other) => {
                format!(
                    "the listener '{}' of the load balancer '{}'",
                    other.name, other.load_balancer
                )
            }
            None => return Ok(()),
        }
    };
    let message = format!(
        "Port '{}' of {} is taken by {taker}: use another port, or subnets with an address of their own",
        bind.port(),
        bind.ip()
    );
    Err(Error::new(Code::InvalidConfigurationRequest, message))
}
