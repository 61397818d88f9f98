//! Opens connections to targets.

use std::{io, net::SocketAddr, time::Duration};

use clingfish_model::reach::Forbidden;
use tokio::net::TcpStream;

use crate::Reach;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// Nobody answered in time.
    #[error("no answer from {address} within {after:?}")]
    Timeout {
        /// Whom we called.
        address: SocketAddr,
        /// How long we waited.
        after: Duration,
    },
    /// The network or the target said no.
    #[error("cannot connect to {address}: {source}")]
    Refused {
        /// Whom we called.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The TLS handshake came to nothing.
    #[error("TLS handshake with {address} failed: {source}")]
    Handshake {
        /// Whom we called.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// The target does not speak what its group says.
    #[error("{address} does not speak HTTP/2")]
    NotHttp2 {
        /// Whom we called.
        address: SocketAddr,
    },
    /// Nobody is called there, whoever asks for it.
    #[error("{address} is never connected to: it is {why}")]
    Forbidden {
        /// Whom we did not call.
        address: SocketAddr,
        /// What it is.
        why: Forbidden,
    },
    /// This process has no descriptor or port left: not the target's fault.
    #[error("cannot connect to {address}, this process is out of resources: {source}")]
    Exhausted {
        /// Whom we called.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl DialError {
    /// A short stable word for logs and metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "connect_timeout",
            Self::Refused { .. } => "connect_refused",
            Self::Handshake { .. } => "tls_handshake_failed",
            Self::NotHttp2 { .. } => "target_not_http2",
            Self::Forbidden { .. } => "connect_forbidden",
            Self::Exhausted { .. } => "connect_exhausted",
        }
    }

    /// Whether it says something about the target.
    pub fn blames_target(&self) -> bool {
        !matches!(self, Self::Exhausted { .. })
    }
}

/// Connects within `limit`, without Nagle's delay, if `reach` lets it. Dropping the future gives up.
pub async fn dial(
    address: SocketAddr,
    limit: Duration,
    reach: &Reach,
) -> Result<TcpStream, DialError> {
    if let Some(why) = reach.refuse(address) {
        return Err(DialError::Forbidden { address, why });
    }
    match tokio::time::timeout(limit, TcpStream::connect(address)).await {
        Err(_) => Err(DialError::Timeout { address, after: limit }),
        Ok(Err(source)) if is_exhaustion(&source) => Err(DialError::Exhausted { address, source }),
        Ok(Err(source)) => Err(DialError::Refused { address, source }),
        Ok(Ok(stream)) => {
            // Without it small requests would wait for acknowledgements; a kernel that refuses it only costs time.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
    }
}

/// EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM.
fn is_exhaustion(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || matches!(error.raw_os_error(), Some(24 | 23 | 105 | 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_closed_port_refuses_and_blames_the_target() {
        let address = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let error = runtime()
            .block_on(dial(address, Duration::from_secs(5), &Reach::default()))
            .unwrap_err();
        assert_eq!(error.reason(), "connect_refused");
        assert!(error.blames_target());
    }

    #[test]
    fn an_open_port_connects() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream =
            runtime().block_on(dial(address, Duration::from_secs(5), &Reach::default())).unwrap();
        assert!(stream.nodelay().unwrap());
    }

    #[test]
    fn forbidden_addresses_are_not_called_and_blame_the_target() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let reach = Reach::default();
        reach.spare(listener.local_addr().unwrap());
        for address in ["169.254.169.254:80".parse().unwrap(), listener.local_addr().unwrap()] {
            let dialled = runtime().block_on(dial(address, Duration::from_secs(5), &reach));
            let error = dialled.unwrap_err();
            assert_eq!(error.reason(), "connect_forbidden", "{address}");
            assert!(error.blames_target());
        }
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn running_out_of_descriptors_is_our_own_fault() {
        assert!(is_exhaustion(&io::Error::from_raw_os_error(24)));
        assert!(!is_exhaustion(&io::Error::from_raw_os_error(111)));
    }
}
