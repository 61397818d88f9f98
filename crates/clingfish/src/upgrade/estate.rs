//! What goes from one process to the next: listening sockets, and the number of the generation.

use std::os::fd::AsFd;
use std::{
    net::{SocketAddr, TcpListener},
    os::fd::BorrowedFd,
};

use clingfish_proxy::Inherited;

use super::message::Message;

/// Everything that a new process gets from the one before it, or from systemd; nothing by default.
#[derive(Debug, Default)]
pub(crate) struct Estate {
    /// Sockets of listeners; of systemd's also that of the admin address.
    pub(crate) listeners: Vec<Inherited>,
    /// The admin address's socket, and what its configuration said.
    pub(crate) admin: Option<(SocketAddr, TcpListener)>,
    /// How many processes handed over before.
    pub(crate) generation: u64,
}

impl Estate {
    /// How many sockets there are.
    pub(crate) fn count(&self) -> usize {
        self.listeners.len() + usize::from(self.admin.is_some())
    }

    /// Each socket, and what is said of it.
    pub(super) fn inventory(&self) -> impl Iterator<Item = (Message, BorrowedFd<'_>)> {
        let listeners = self.listeners.iter().filter_map(|socket| {
            let message = Message::Listener { bind: socket.bind, name: socket.name.clone()? };
            Some((message, socket.socket.as_fd()))
        });
        let admin = self.admin.iter();
        listeners
            .chain(admin.map(|(bind, socket)| (Message::Admin { bind: *bind }, socket.as_fd())))
    }

    /// Takes out the socket for the admin address; none if there is none for this one.
    pub(crate) fn take_admin(&mut self, bind: SocketAddr) -> Option<TcpListener> {
        if let Some((_, socket)) = self.admin.take_if(|(made_for, _)| *made_for == bind) {
            return Some(socket);
        }
        // systemd does not say which is which.
        let mut unnamed =
            self.listeners.extract_if(.., |socket| socket.name.is_none() && socket.bind == bind);
        unnamed.next().map(|found| found.socket)
    }
}

#[cfg(test)]
mod tests {
    use clingfish_model::Name;

    use super::*;

    #[test]
    fn the_admin_socket_is_known_by_its_address() {
        let (wanted, other) =
            ("127.0.0.1:9080".parse().unwrap(), "127.0.0.1:9081".parse().unwrap());
        let socket = || TcpListener::bind("127.0.0.1:0").unwrap();
        let inherited = |name: Option<&str>, bind| Inherited {
            name: name.map(|name| Name::new(name).unwrap()),
            bind,
            socket: socket(),
        };
        for (admin, listener, expected) in [
            (Some(wanted), None, true),
            (Some(other), None, false),
            (None, Some((None, wanted)), true),
            (None, Some((Some("web"), wanted)), false),
            (None, Some((None, other)), false),
            (None, None, false),
        ] {
            let mut estate = Estate {
                admin: admin.map(|bind| (bind, socket())),
                listeners: listener.map(|(name, bind)| inherited(name, bind)).into_iter().collect(),
                generation: 0,
            };
            let before = estate.count();
            assert_eq!(estate.take_admin(wanted).is_some(), expected, "{admin:?} {listener:?}");
            assert_eq!(estate.count(), before - usize::from(expected));
        }
    }
}
