//! Asks a target whether it is well.

use std::{io, net::SocketAddr, time::Duration};

use clingfish_h1::{BodyLength, HeadError, Progress, RequestContext, ResponseKind, parse_response};
use clingfish_health::CheckOutcome;
use clingfish_model::{
    HealthCheck,
    head::ResponseParts,
    limits::{DRAIN_BYTES_MAX, INTERIM_RESPONSES_MAX},
    listener::RequestLimits,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{DialError, dial};

/// What checks call themselves: applications that know ALB's keep them out of their logs by it.
pub const USER_AGENT: &str = "ELB-HealthChecker/2.0";

/// Bytes asked of the system at a time.
const READ_BYTES: usize = 4096;

/// How long the rest of an answer is awaited, so that the target sees an orderly end and not a reset.
const FAREWELL: Duration = Duration::from_millis(200);

/// Checks a target once, on a connection of its own that is closed afterwards, within [`HealthCheck::timeout`].
///
/// Dropping the future ends the check.
///
/// # Errors
///
/// When this process had no descriptor or port left for the check, which says nothing about the target.
pub async fn probe(address: SocketAddr, check: &HealthCheck) -> Result<CheckOutcome, DialError> {
    let address = SocketAddr::new(address.ip(), check.port.unwrap_or(address.port()));
    match tokio::time::timeout(check.timeout, ask(address, check)).await {
        Err(_) | Ok(Err(AskError::Dial(DialError::Timeout { .. }))) => Ok(CheckOutcome::Timeout),
        Ok(Err(AskError::Dial(error))) if !error.blames_target() => Err(error),
        Ok(Err(_)) => Ok(CheckOutcome::Failed),
        Ok(Ok(status)) => Ok(CheckOutcome::of_status(status, check)),
    }
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
}

async fn ask(address: SocketAddr, check: &HealthCheck) -> Result<u16, AskError> {
    let mut stream = dial(address, check.timeout).await?;
    stream.write_all(request(address, &check.path).as_bytes()).await?;
    let mut bytes = Vec::with_capacity(READ_BYTES);
    let mut parts = ResponseParts::default();
    for _ in 0..=INTERIM_RESPONSES_MAX {
        let framing = read_head(&mut stream, &mut bytes, &mut parts).await?;
        bytes.drain(..framing.head_len.min(bytes.len()));
        if framing.kind == ResponseKind::Final {
            let rest = rest(framing.body, bytes.len());
            // The status is all we want; how the rest comes to its end is not judged.
            let _ = tokio::time::timeout(FAREWELL, skip(&mut stream, rest)).await;
            return Ok(parts.status);
        }
    }
    Err(AskError::TooManyInterims)
}

fn request(address: SocketAddr, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {USER_AGENT}\r\nConnection: close\r\n\r\n"
    )
}

async fn read_head(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    parts: &mut ResponseParts,
) -> Result<clingfish_h1::ResponseFraming, AskError> {
    let limits = RequestLimits::default();
    let mut seen = 0;
    loop {
        match parse_response(bytes, seen, &limits, RequestContext::default(), parts)? {
            Progress::Complete(framing) => return Ok(framing),
            Progress::Partial => seen = bytes.len(),
        }
        bytes.reserve(READ_BYTES);
        if stream.read_buf(bytes).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}

/// Bytes of the body that are still to come, up to what we care to see.
fn rest(body: BodyLength, read: usize) -> u64 {
    match body {
        BodyLength::None => 0,
        BodyLength::Known(length) => length.saturating_sub(read as u64).min(DRAIN_BYTES_MAX),
        BodyLength::Chunked | BodyLength::UntilClose => DRAIN_BYTES_MAX,
    }
}

/// Reads and forgets up to so many bytes.
async fn skip(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    let mut rest = stream.take(bytes);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
