//! Asks a target whether it is well.

mod http1;
mod http2;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use clingfish_h1::HeadError;
use clingfish_health::CheckOutcome;
use clingfish_model::{
    CheckProtocol, HealthCheck, ProtocolVersion,
    limits::{DRAIN_BYTES_MAX, INTERIM_RESPONSES_MAX},
    target::ProxyProtocol,
};
use clingfish_proxy_protocol::{Preamble, Version};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::{DialError, Reach, dial};

/// What checks call themselves: applications that know ALB's keep them out of their logs by it.
pub const USER_AGENT: &str = "ELB-HealthChecker/2.0";

/// How long the rest of an answer is awaited, so that the target sees an orderly end and not a reset.
const FAREWELL: Duration = Duration::from_millis(200);

/// What a check of [`CheckProtocol::Https`] needs beside the target's address.
#[derive(Clone, Debug)]
pub struct CheckTls {
    /// Whose certificates count, and which version of HTTP is offered.
    pub config: Arc<ClientConfig>,
    /// What the target is asked for.
    pub name: ServerName<'static>,
}

/// Checks a target once, on a connection of its own that is closed afterwards, within [`HealthCheck::timeout`], if `reach` lets it.
///
/// Dropping the future ends the check.
///
/// # Errors
///
/// When this process had no descriptor or port left for the check, which says nothing about the target.
pub async fn probe(
    address: SocketAddr,
    check: &HealthCheck,
    tls: Option<CheckTls>,
    reach: &Reach,
) -> Result<CheckOutcome, DialError> {
    let address = SocketAddr::new(address.ip(), check.port.unwrap_or(address.port()));
    // Boxed: what it holds for HTTP/2 over TLS is large, and most checks need none of it.
    let asked = Box::pin(ask(address, check, tls, reach));
    match tokio::time::timeout(check.timeout, asked).await {
        Err(_) | Ok(Err(AskError::Dial(DialError::Timeout { .. }))) => Ok(CheckOutcome::Timeout),
        Ok(Err(AskError::Dial(DialError::Forbidden { .. }))) => Ok(CheckOutcome::Forbidden),
        Ok(Err(AskError::Dial(error))) if !error.blames_target() => Err(error),
        Ok(Err(_)) => Ok(CheckOutcome::Failed),
        Ok(Ok(outcome)) => Ok(outcome),
    }
}

/// What is judged of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    /// Of HTTP, or of gRPC.
    status: u16,
    /// It has the field that announces a drain.
    has_drain_header: bool,
}

/// Why a target gave no status.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Head(#[from] HeadError),
    #[error("more than {INTERIM_RESPONSES_MAX} interim responses")]
    TooManyInterims,
    #[error(transparent)]
    Http2(#[from] h2::Error),
    #[error("the connection ended without an answer")]
    NoAnswer,
    #[error("more than {DRAIN_BYTES_MAX} bytes")]
    TooLong,
    #[error("the answer has no status of gRPC")]
    NoGrpcStatus,
    #[error("the service does not say that it is serving")]
    NotServing,
}

/// The PROXY header of whoever speaks for itself, if the target expects one.
fn preamble(check: &HealthCheck) -> Vec<u8> {
    let version = match check.proxy_protocol {
        _ if check.port.is_some() || check.protocol == CheckProtocol::Tcp => None,
        ProxyProtocol::Off => None,
        ProxyProtocol::V1 => Some(Version::V1),
        ProxyProtocol::V2 => Some(Version::V2),
    };
    let mut bytes = Vec::new();
    if let Some(version) = version {
        Preamble::Local.write(version, &mut bytes);
    }
    bytes
}

async fn ask(
    address: SocketAddr,
    check: &HealthCheck,
    tls: Option<CheckTls>,
    reach: &Reach,
) -> Result<CheckOutcome, AskError> {
    let mut stream = dial(address, check.timeout, reach).await?;
    let preamble = preamble(check);
    if !preamble.is_empty() {
        stream.write_all(&preamble).await?;
    }
    match tls {
        _ if check.protocol == CheckProtocol::Tcp => Ok(CheckOutcome::Good),
        None => speak(stream, address, check).await,
        Some(CheckTls { config, name }) => {
            let stream = TlsConnector::from(config).connect(name, stream).await?;
            speak(stream, address, check).await
        }
    }
}

async fn speak(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
    check: &HealthCheck,
) -> Result<CheckOutcome, AskError> {
    let answer = match check.version {
        ProtocolVersion::Http1 => http1::ask(&mut stream, address, check).await?,
        ProtocolVersion::Http2 => http2::ask(stream, address, check).await?,
        ProtocolVersion::Grpc => http2::call(stream, address, check).await?,
    };
    Ok(CheckOutcome::of_answer(answer.status, answer.has_drain_header, check))
}

#[cfg(test)]
mod tests;
