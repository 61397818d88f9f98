//! Where self-tests go: to listeners of our own, at the addresses where they really are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use clingfish_model::{Listener, MutualAuthentication, Name};

use super::CheckPlan;
use crate::status::Enforced;

/// Why a listener cannot be tested from here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAim {
    #[error("there is no listener {0:?}; see /v1/listeners")]
    Unknown(String),
    #[error(
        "the listener {0} wants a PROXY header from whom it knows: run `clingfish check` on the balancer before it"
    )]
    ProxyProtocol(Name),
    #[error("the listener {0} wants certificates of clients, and a self-test has none")]
    ClientCertificate(Name),
}

/// The listener of that name, and where this machine reaches it.
pub(crate) fn aim<'a>(
    now: &'a Enforced,
    wanted: &str,
) -> Result<(&'a Listener, SocketAddr), NoAim> {
    let mut all = now.desired.listeners.iter();
    let listener = all.find(|listener| listener.name.as_str() == wanted);
    let unknown = || NoAim::Unknown(wanted.to_owned());
    let listener = listener.ok_or_else(unknown)?;
    let name = || listener.name.clone();
    if listener.has_proxy_protocol() {
        return Err(NoAim::ProxyProtocol(name()));
    }
    let mutual = listener.tls.as_ref().map(|tls| &tls.mutual);
    if matches!(mutual, Some(MutualAuthentication::Verify(_))) {
        return Err(NoAim::ClientCertificate(name()));
    }
    Ok((listener, address(now, &listener.name).ok_or_else(unknown)?))
}

/// Whether what a plan is for is still there.
pub(super) fn is_there(plan: &CheckPlan, now: &Enforced) -> bool {
    address(now, &plan.listener) == Some(plan.address)
}

fn address(now: &Enforced, name: &Name) -> Option<SocketAddr> {
    let mut all = now.addresses.iter();
    all.find(|(known, _)| known == name).map(|(_, address)| within_reach(*address))
}

/// Whoever listens on all addresses listens on loopback.
fn within_reach(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        for (bound, expected) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
        ] {
            assert_eq!(within_reach(bound.parse().unwrap()).to_string(), expected, "{bound}");
        }
    }
}
