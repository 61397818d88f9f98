//! Room `upstream`: a placement becomes a lease on a connection to its target.

use std::{io, net::SocketAddr, rc::Rc, sync::Arc, time::Instant};

use clingfish_model::{
    ProtocolVersion, TargetGroup, limits::TLS_HANDSHAKE_WITHIN, listener::RequestLimits,
    target::ProxyProtocol,
};
use clingfish_upstream::{DialError, Reach, dial};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    clock,
    http2::lines::Share,
    preamble::{self, Ends},
    stream::{Socket, Stream},
    view::{GroupLocal, TargetLocal},
    wire::{self, Silence},
    worker::Worker,
};

/// A connection to a target and the in-flight count that goes with it, from checkout to drop.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) line: Line,
    /// It has served a request before, so the target may be about to close it.
    pub(crate) reused: bool,
    flight: InFlight,
}

/// A connection to a target, by what is spoken on it.
#[derive(Debug)]
pub(crate) enum Line {
    /// HTTP/1: one request at a time.
    Bytes(Stream),
    /// HTTP/2: shared with other requests.
    Frames(Share),
}

/// One request in flight, from creation to drop, however it ends.
#[derive(Debug)]
struct InFlight {
    target: Rc<TargetLocal>,
    worker: usize,
}

impl InFlight {
    fn begin(target: &Rc<TargetLocal>, worker: usize) -> Self {
        target.target.cell.begin(worker);
        Self { target: Rc::clone(target), worker }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.target.target.cell.end(self.worker);
    }
}

/// What kind of connection a request can do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Any: if it turns out to be closed, the request can be sent again.
    Any,
    /// One that the kernel says is open still: what it carries cannot be sent twice.
    Certain,
    /// A new one.
    Fresh,
}

impl Lease {
    /// Takes an idle connection, or dials.
    pub(crate) async fn take(
        target: &Rc<TargetLocal>,
        group: &GroupLocal,
        worker: &Worker,
        wanted: Wanted,
        limits: &RequestLimits,
        now: Instant,
        ends: Ends,
    ) -> Result<Self, DialError> {
        let flight = InFlight::begin(target, worker.index);
        let (line, reused) = match group.group.spec.protocol_version {
            ProtocolVersion::Http1 => match idle(target, wanted, now) {
                Some(stream) => (Line::Bytes(stream), true),
                None => {
                    // Boxed, as below: an exchange that finds a connection need not have room for making one.
                    let stream = Box::pin(connect(target, group, worker, Some(ends))).await;
                    (Line::Bytes(noted(stream, target, group)?), false)
                }
            },
            ProtocolVersion::Http2 | ProtocolVersion::Grpc => {
                let (line, reused) = shared(target, group, worker, wanted, limits, now).await?;
                (Line::Frames(line), reused)
            }
        };
        Ok(Self { line, reused, flight })
    }

    /// Keeps the connection for another request.
    pub(crate) fn give_back(self, now: Instant) {
        let target = Rc::clone(&self.flight.target);
        if let Line::Bytes(stream) = self.line {
            target.idle.borrow_mut().give(stream, now);
        }
    }
}

/// Dials, says who the client is where the group wants to know, and shakes hands.
async fn connect(
    target: &TargetLocal,
    group: &GroupLocal,
    worker: &Worker,
    ends: Option<Ends>,
) -> Result<Stream, DialError> {
    let reach = &worker.shared.reach;
    let tcp = call(target.target.address, &group.group.spec, reach, ends).await?;
    secure(tcp, target, group, worker.index).await
}

/// Takes note of how making a connection went.
fn noted<T>(
    connected: Result<T, DialError>,
    target: &TargetLocal,
    group: &GroupLocal,
) -> Result<T, DialError> {
    match &connected {
        Ok(_) => target.target.cell.connected(),
        Err(error) if error.blames_target() => {
            target.meter.connect_failures.increment();
            blame(target, group, error);
        }
        Err(_) => {}
    }
    connected
}

/// Shakes hands where the group speaks TLS.
async fn secure(
    tcp: TcpStream,
    target: &TargetLocal,
    group: &GroupLocal,
    worker: usize,
) -> Result<Stream, DialError> {
    let address = target.target.address;
    let (Some(tls), Some(name)) = (&group.group.tls, &target.target.server_name) else {
        return match group.group.spec.tls {
            None => Ok(Stream::Plain(tcp)),
            // Without what it takes, nothing rather than anything in the clear.
            Some(_) => {
                Err(DialError::Handshake { address, source: io::ErrorKind::NotFound.into() })
            }
        };
    };
    let connector = TlsConnector::from(Arc::clone(tls.config(worker)));
    let handshake = connector.connect(name.clone(), Socket::new(tcp));
    match tokio::time::timeout(TLS_HANDSHAKE_WITHIN, handshake).await {
        // To ALB that is a handshake that failed, 502, rather than a connect that took too long.
        Err(_) => Err(DialError::Handshake { address, source: io::ErrorKind::TimedOut.into() }),
        Ok(Err(source)) => Err(DialError::Handshake { address, source }),
        Ok(Ok(io)) => {
            let is_http2 = io.get_ref().1.alpn_protocol() == Some(b"h2");
            if group.group.spec.protocol_version != ProtocolVersion::Http1 && !is_http2 {
                return Err(DialError::NotHttp2 { address });
            }
            Ok(Stream::tls(io, None))
        }
    }
}

async fn call(
    address: SocketAddr,
    spec: &TargetGroup,
    reach: &Reach,
    ends: Option<Ends>,
) -> Result<TcpStream, DialError> {
    let mut tcp = dial(address, spec.connect_timeout, reach).await?;
    match ends {
        Some(ends) if spec.proxy_protocol != ProxyProtocol::Off => {
            let told = preamble::send(&mut tcp, spec.proxy_protocol, ends).await;
            told.map(|()| tcp).map_err(|source| DialError::Refused { address, source })
        }
        _ => Ok(tcp),
    }
}

/// A connection of HTTP/2 with room for another request; a new one where there is none.
async fn shared(
    target: &TargetLocal,
    group: &GroupLocal,
    worker: &Worker,
    wanted: Wanted,
    limits: &RequestLimits,
    now: Instant,
) -> Result<(Share, bool), DialError> {
    let lines = &target.lines;
    let mut patience_ends = None;
    // Whoever waits for another's dialing finds its connection, or dials the next one, so that a crowd does not open one each.
    // Where that came to nothing, or takes too long, all who waited dial.
    let dialing = loop {
        if let Some(line) = lines.pick(now).filter(|_| wanted != Wanted::Fresh) {
            return Ok((line, true));
        }
        let patience_ends =
            *patience_ends.get_or_insert_with(|| clock::now() + group.group.spec.connect_timeout);
        let dialing = lines.dial_alone().await;
        if dialing.is_some() || lines.is_empty() || clock::now() >= patience_ends {
            break dialing;
        }
    };
    let line = Box::pin(open(target, group, worker, limits, now)).await;
    drop(dialing);
    Ok((noted(line, target, group)?, false))
}

/// Another connection of HTTP/2, once the target has shown that it speaks it.
async fn open(
    target: &TargetLocal,
    group: &GroupLocal,
    worker: &Worker,
    limits: &RequestLimits,
    now: Instant,
) -> Result<Share, DialError> {
    // It carries many clients, so it can name none.
    let stream = connect(target, group, worker, None).await?;
    let (address, after) = (target.target.address, group.group.spec.connect_timeout);
    match tokio::time::timeout(after, target.lines.open(stream, limits, now)).await {
        Ok(line) => line.ok_or(DialError::NotHttp2 { address }),
        Err(_) => Err(DialError::Timeout { address, after }),
    }
}

fn idle(target: &TargetLocal, wanted: Wanted, now: Instant) -> Option<Stream> {
    let is_usable = |stream: &Stream| match wanted {
        Wanted::Any => wire::silence(stream.tcp()) == Silence::Kept,
        Wanted::Certain => wire::peek(stream.tcp()) == Silence::Kept,
        Wanted::Fresh => false,
    };
    if wanted == Wanted::Fresh {
        return None;
    }
    target.idle.borrow_mut().take(now, is_usable)
}

/// A failed connect of real traffic counts against the target; several in a row eject it.
fn blame(target: &TargetLocal, group: &GroupLocal, error: &DialError) {
    let ejected = target.target.cell.connect_failed(&group.group.spec.health_check, clock::now());
    if ejected {
        target.idle.borrow_mut().clear();
        target.lines.clear();
        group.group.refresh();
        tracing::info!(
            target_group = %group.group.spec.name,
            target.id = %target.target.id,
            %error,
            "target ejected: connects fail"
        );
    }
}
