//! Whom this process never calls, judged by the address that a connection would go to.
//!
//! Names have become addresses before: a name that changes its mind between a check and a connect gains nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::OnceLock,
};

use clingfish_model::reach::{self, Forbidden};

/// What a process may connect to: anything but what [`reach::refuse`] names, and its own address for operators.
///
/// One for the whole process. To ask it takes no lock and allocates nothing.
#[derive(Debug, Default)]
pub struct Reach {
    /// None until it is known where the address for operators is.
    admin: OnceLock<SocketAddr>,
}

impl Reach {
    /// Takes the address for operators, as it really is, out of reach. The first one holds.
    pub fn spare(&self, admin: SocketAddr) {
        let _ = self.admin.set(admin);
    }

    /// Why nobody is called at that address; none where it may be.
    pub fn refuse(&self, address: SocketAddr) -> Option<Forbidden> {
        let admin = self.admin.get().is_some_and(|admin| leads_to(address, *admin));
        reach::refuse(address.ip()).or(admin.then_some(Forbidden::Admin))
    }
}

/// Whether whoever connects to `address` arrives at the socket of this machine that listens at `listening`.
fn leads_to(address: SocketAddr, listening: SocketAddr) -> bool {
    if address.port() != listening.port() {
        return false;
    }
    let (ip, here) = (reach::plain(address.ip()), reach::plain(listening.ip()));
    match here {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => ip.is_ipv4() && is_own(ip),
        // It may take both families.
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => is_own(ip),
        _ => ip == here,
    }
}

/// Whether an address is one of this machine's, at this moment. Asks the system, which sends nothing for it.
///
/// That costs a few microseconds, and is only asked about addresses whose port is that of the address for operators.
fn is_own(ip: IpAddr) -> bool {
    // Where sockets may be bound to anything (`ip_nonlocal_bind`), to be bound says nothing.
    let nobodys = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 0));
    let is_bound = || UdpSocket::bind((ip, 0)).is_ok() && UdpSocket::bind(nobodys).is_err();
    ip.is_loopback() || is_bound() || leaves_from(ip).is_ok_and(|from| from == ip)
}

/// The address that this machine would call `ip` from; its own calls itself.
fn leaves_from(ip: IpAddr) -> io::Result<IpAddr> {
    let any = match ip {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    // Looks up the route, and no more.
    socket.connect((ip, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(admin: &str, address: &str) -> Option<Forbidden> {
        let reach = Reach::default();
        reach.spare(admin.parse().unwrap());
        reach.refuse(address.parse().unwrap())
    }

    #[test]
    fn the_address_for_operators_is_out_of_reach_in_every_way_to_write_it() {
        for (admin, address, expected) in [
            ("127.0.0.1:9080", "127.0.0.1:9080", true),
            ("127.0.0.1:9080", "[::ffff:127.0.0.1]:9080", true),
            ("127.0.0.1:9080", "127.0.0.1:9081", false),
            ("127.0.0.1:9080", "127.0.0.2:9080", false),
            ("127.0.0.1:9080", "[::1]:9080", false),
            ("10.0.0.1:9080", "10.0.0.1:9080", true),
            ("10.0.0.1:9080", "10.0.0.2:9080", false),
            ("0.0.0.0:9080", "127.0.0.1:9080", true),
            ("0.0.0.0:9080", "127.0.0.77:9080", true),
            ("0.0.0.0:9080", "[::ffff:127.0.0.1]:9080", true),
            ("0.0.0.0:9080", "127.0.0.1:80", false),
            ("0.0.0.0:9080", "[::1]:9080", false),
            ("0.0.0.0:9080", "192.0.2.7:9080", false),
            ("[::]:9080", "[::1]:9080", true),
            ("[::]:9080", "127.0.0.1:9080", true),
            ("[::]:9080", "192.0.2.7:9080", false),
            ("[::]:9080", "[2001:db8::7]:9080", false),
        ] {
            let expected = expected.then_some(Forbidden::Admin);
            assert_eq!(refused(admin, address), expected, "{address} while admin is at {admin}");
        }
    }

    #[test]
    fn the_machines_own_addresses_lead_to_an_admin_that_has_every_address() {
        // The address that it would call others from, where it has one beside loopback.
        let Ok(own) = leaves_from(IpAddr::from([192, 0, 2, 1])) else { return };
        assert_eq!(refused("0.0.0.0:9080", &format!("{own}:9080")), Some(Forbidden::Admin));
        assert_eq!(refused("0.0.0.0:9080", &format!("{own}:9081")), None);
    }

    #[test]
    fn what_no_target_may_have_is_refused_before_the_admin_address_is_known() {
        let reach = Reach::default();
        let refuse = |address: &str| reach.refuse(address.parse().unwrap());
        assert_eq!(refuse("169.254.169.254:80"), Some(Forbidden::LinkLocal));
        assert_eq!(refuse("[fe80::1%3]:80"), Some(Forbidden::LinkLocal));
        assert_eq!(refuse("127.0.0.1:80"), None);
    }
}
