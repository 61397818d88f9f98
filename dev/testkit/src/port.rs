//! Ports for those that must be told one before they listen.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Socket, Type};

/// A free port, on every address of IPv4, which the system gives to nobody who asks for any port as long as this lives.
///
/// Whoever asks for this very port can listen there.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reserved: Socket,
}

impl Port {
    /// Finds one.
    #[track_caller]
    pub fn reserve() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let reserved = bind(any_port).expect("a port is free");
        let address = reserved.local_addr().ok().and_then(|bound| bound.as_socket());
        Self { number: address.expect("it is bound").port(), _reserved: reserved }
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// This port of loopback.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }
}

/// A socket on this address that others of ours may share: one reserves the port, the other listens.
pub(crate) fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_reserved_port_refuses_clients_until_somebody_listens_there() {
        let port = Port::reserve();
        assert!(TcpStream::connect(port.address()).is_err());
        let listener = TcpListener::bind(port.address()).unwrap();
        assert_eq!(listener.local_addr().unwrap().port(), port.number());
        assert!(TcpStream::connect(port.address()).is_ok());
    }
}
