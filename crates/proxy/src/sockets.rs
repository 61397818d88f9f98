//! Listening sockets: inherited ones first, new ones where there are too few.
//!
//! A socket that another process listened on may hold connections that nobody has accepted yet, and closing it would reset them.
//! So none that belongs to a listener is closed: where there are more than workers, all workers accept from those left over.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use clingfish_model::Name;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::sync::watch;

/// Connections that the kernel holds for us, at most what `somaxconn` allows.
const BACKLOG: i32 = 4096;

/// A listening socket that another process made.
#[derive(Debug)]
pub struct Inherited {
    /// The listener that it was made for, where the other process was one of ours.
    pub name: Option<Name>,
    /// What that listener's configuration said; the port may be 0.
    pub bind: SocketAddr,
    /// The socket.
    pub socket: TcpListener,
}

impl Inherited {
    /// Whether a listener wants this socket. Port 0 asks for any port, so there the name has to agree as well.
    fn is_for(&self, name: &Name, bind: SocketAddr) -> bool {
        self.bind == bind && (bind.port() != 0 || self.name.as_ref() == Some(name))
    }
}

/// What a start gets from whoever listened before it.
#[derive(Debug)]
pub struct Inheritance {
    /// Sockets that are used instead of new ones.
    pub sockets: Vec<Inherited>,
    /// Turns true when accepting may begin. Until then no socket is accepted from, and no new one listens: somebody else may still
    /// serve these addresses.
    pub opened: watch::Receiver<bool>,
}

impl Default for Inheritance {
    /// Nothing, and accepting begins at once.
    fn default() -> Self {
        Self { sockets: Vec::new(), opened: watch::channel(true).1 }
    }
}

/// The sockets of one listener.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// Where they really are.
    pub(crate) address: SocketAddr,
    /// One for each worker, or none at all.
    own: Vec<TcpListener>,
    /// Those from which all workers accept.
    shared: Vec<TcpListener>,
}

impl Sockets {
    /// Takes those that were inherited for this listener; none if there are none.
    pub(crate) fn inherit(
        name: &Name,
        bind: SocketAddr,
        workers: usize,
        inherited: &mut Vec<Inherited>,
    ) -> io::Result<Option<Self>> {
        let given: Vec<TcpListener> = inherited
            .extract_if(.., |socket| socket.is_for(name, bind))
            .map(|found| found.socket)
            .collect();
        let address = given.first().map(TcpListener::local_addr).transpose()?;
        address.map(|address| Self::adopt(address, given, workers)).transpose()
    }

    /// Binds new ones.
    ///
    /// SO_REUSEPORT would let us share a port with another process of the same user in silence, so where that is not meant, `probe`
    /// tries the address first with a socket without it.
    pub(crate) fn bind(wanted: SocketAddr, workers: usize, probe: bool) -> io::Result<Self> {
        if probe {
            drop(bind(wanted, false)?);
        }
        let mut address = wanted;
        let mut own = Vec::with_capacity(workers);
        for _ in 0..workers {
            let socket = bind(address, true)?;
            address = socket.local_addr()?.as_socket().unwrap_or(address);
            own.push(socket.into());
        }
        Ok(Self { address, own, shared: Vec::new() })
    }

    fn adopt(address: SocketAddr, mut given: Vec<TcpListener>, workers: usize) -> io::Result<Self> {
        let mut joins = true;
        for socket in &given {
            socket.set_nonblocking(true)?;
            joins &= SockRef::from(socket).reuse_port()?;
        }
        while joins && given.len() < workers {
            // Refused where another user made the first ones, such as systemd.
            match bind(address, true) {
                Ok(socket) => given.push(socket.into()),
                Err(_) => joins = false,
            }
        }
        let shared = given.split_off(if joins { workers } else { 0 });
        Ok(Self { address, own: given, shared })
    }

    /// Makes all of them listen; those that do already go on.
    pub(crate) fn listen(&self) -> io::Result<()> {
        self.all().try_for_each(|socket| SockRef::from(socket).listen(BACKLOG))
    }

    /// Handles for one worker.
    pub(crate) fn of_worker(&self, worker: usize) -> io::Result<Vec<TcpListener>> {
        self.own.get(worker).into_iter().chain(&self.shared).map(TcpListener::try_clone).collect()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &TcpListener> {
        self.own.iter().chain(&self.shared)
    }
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        // An IPv6 wildcard means IPv6: whoever wants both writes both, as with every other pair of addresses.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpStream, os::fd::AsRawFd as _};

    use super::*;

    const ANY: &str = "127.0.0.1:0";

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    /// Sockets as another process would hand them over.
    fn handed_over(from: &Sockets, listener: &str, bind: SocketAddr) -> Vec<Inherited> {
        let socket = |socket: &TcpListener| Inherited {
            name: Some(name(listener)),
            bind,
            socket: socket.try_clone().unwrap(),
        };
        from.all().map(socket).collect()
    }

    #[test]
    fn every_inherited_socket_has_somebody_who_accepts_from_it() {
        for (before, workers) in [(1, 1), (2, 2), (1, 3), (4, 1), (5, 3)] {
            let bind = ANY.parse().unwrap();
            let old = Sockets::bind(bind, before, true).unwrap();
            old.listen().unwrap();
            let mut inherited = handed_over(&old, "web", bind);
            let new = Sockets::inherit(&name("web"), bind, workers, &mut inherited);
            let new = new.unwrap().expect("they are its own");
            assert!(inherited.is_empty());
            assert_eq!(new.address, old.address);
            assert_eq!(new.own.len(), workers, "{before} sockets for {workers} workers");
            assert_eq!(new.shared.len(), before.saturating_sub(workers));
            for worker in 0..workers {
                let handles = new.of_worker(worker).unwrap();
                assert_eq!(handles.len(), 1 + new.shared.len());
            }
            drop(old);
            new.listen().unwrap();
            for _ in 0..20 {
                TcpStream::connect(new.address).expect("it still listens");
            }
            let waiting =
                |socket: &TcpListener| std::iter::from_fn(|| socket.accept().ok()).count();
            assert_eq!(new.all().map(waiting).sum::<usize>(), 20, "none is lost");
        }
    }

    #[test]
    fn a_socket_that_cannot_be_joined_is_shared_by_all_workers() {
        let plain = TcpListener::bind(ANY).unwrap();
        let bind = plain.local_addr().unwrap();
        let descriptor = plain.as_raw_fd();
        let mut inherited = vec![Inherited { name: None, bind, socket: plain }];
        let sockets = Sockets::inherit(&name("web"), bind, 3, &mut inherited).unwrap().unwrap();
        assert!(sockets.own.is_empty());
        assert_eq!(
            sockets.all().map(|socket| socket.as_raw_fd()).collect::<Vec<_>>(),
            [descriptor]
        );
        assert!((0..3).all(|worker| sockets.of_worker(worker).unwrap().len() == 1));
    }

    #[test]
    fn a_listener_takes_its_own_sockets_only() {
        let real = TcpListener::bind(ANY).unwrap();
        let given = real.local_addr().unwrap();
        for (made_for, bound, wanted_by, wants, expected) in [
            (Some("web"), given, "web", given, true),
            (Some("web"), given, "renamed", given, true),
            (None, given, "web", given, true),
            (Some("web"), ANY.parse().unwrap(), "web", ANY.parse().unwrap(), true),
            (Some("web"), ANY.parse().unwrap(), "other", ANY.parse().unwrap(), false),
            (Some("web"), given, "web", ANY.parse().unwrap(), false),
            (None, given, "web", "127.0.0.2:1".parse().unwrap(), false),
        ] {
            let inherited = Inherited {
                name: made_for.map(name),
                bind: bound,
                socket: real.try_clone().unwrap(),
            };
            let fits = inherited.is_for(&name(wanted_by), wants);
            assert_eq!(fits, expected, "{made_for:?} {bound} for {wanted_by} {wants}");
        }
    }
}
