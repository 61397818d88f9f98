//! Room `preamble`: who the client is, by the PROXY header that a balancer of connections puts before its first byte.
//!
//! Before anything else of a connection, TLS included; and on the way to a target right after dialling.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    time::Duration,
};

use clingfish_model::target::ProxyProtocol;
use clingfish_proxy_protocol::{BYTES_MAX, Preamble, PreambleError, Version, read};
use clingfish_snapshot::ListenerView;
use clingfish_telemetry::PreambleRefusal;
use ipnet::IpNet;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    connection::Caller,
    deadline::{Deadline, Expired},
};

/// Bytes that are looked at first: all of a header but for long additions.
const FIRST_BYTES: usize = 256;

/// Takes the header in, and the client's address from it. False: the connection ends here, and it has been counted why.
pub(crate) async fn receive(
    caller: &mut Caller,
    listener: &ListenerView,
    tcp: &mut TcpStream,
) -> bool {
    let patience = listener.balancer.timeouts.head;
    let peer = caller.peer();
    let outcome = if is_among(peer.ip(), &listener.listener.proxy_protocol_from) {
        take(tcp, &caller.deadline, patience).await
    } else {
        Err(PreambleRefusal::NotAllowed)
    };
    match outcome {
        Ok(Preamble::Proxied { source, .. }) => caller.speaks_for(source),
        Ok(Preamble::Local) => {}
        Err(refusal) => {
            caller.worker().meter.preambles_refused.count(refusal);
            let (listener, reason) = (&listener.listener.name, refusal.as_str());
            tracing::debug!(%listener, %peer, reason, "connection closed for its PROXY header");
            return false;
        }
    }
    true
}

fn is_among(ip: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

/// Reads a header, and not a byte beyond it: what follows may be TLS.
async fn take(
    tcp: &mut TcpStream,
    deadline: &Deadline,
    patience: Duration,
) -> Result<Preamble, PreambleRefusal> {
    deadline.set_now(patience);
    let mut taken = Vec::new();
    let mut seen = vec![0; FIRST_BYTES];
    loop {
        let count = within(deadline.guard(pin!(tcp.peek(&mut seen))).await)?;
        if count == 0 {
            return Err(PreambleRefusal::Closed);
        }
        let known = taken.len();
        taken.extend(seen.iter().take(count));
        let outcome = read(&taken).map_err(refusal)?;
        // Without an end in sight all of it belongs to the header.
        let len = outcome.map_or(taken.len(), |(_, len)| len);
        let ours = seen.get_mut(..len.saturating_sub(known)).unwrap_or_default();
        within(deadline.guard(pin!(tcp.read_exact(ours))).await)?;
        if let Some((preamble, _)) = outcome {
            return Ok(preamble);
        }
        debug_assert!(taken.len() < BYTES_MAX, "longer headers are refused");
    }
}

fn within<T>(outcome: Result<io::Result<T>, Expired>) -> Result<T, PreambleRefusal> {
    match outcome {
        Err(_) => Err(PreambleRefusal::Timeout),
        Ok(Err(_)) => Err(PreambleRefusal::Closed),
        Ok(Ok(value)) => Ok(value),
    }
}

fn refusal(error: PreambleError) -> PreambleRefusal {
    match error {
        PreambleError::Missing => PreambleRefusal::Missing,
        PreambleError::TooLong => PreambleRefusal::TooLong,
        _ => PreambleRefusal::Malformed,
    }
}

/// The two ends of a client's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) client: SocketAddr,
    pub(crate) local: SocketAddr,
}

/// Tells a target on a new connection who the client is, if its group wants to know.
pub(crate) async fn send(tcp: &mut TcpStream, wanted: ProxyProtocol, ends: Ends) -> io::Result<()> {
    let version = match wanted {
        ProxyProtocol::Off => return Ok(()),
        ProxyProtocol::V1 => Version::V1,
        ProxyProtocol::V2 => Version::V2,
    };
    let mut bytes = Vec::new();
    Preamble::of(ends.client, ends.local).write(version, &mut bytes);
    // A new connection has room for some hundred bytes.
    tcp.write_all(&bytes).await
}
