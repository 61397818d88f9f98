//! A check over HTTP/1.1.

use std::{io, net::SocketAddr};

use clingfish_h1::{BodyLength, Progress, RequestContext, ResponseKind, parse_response};
use clingfish_model::{
    HealthCheck, ResponseHead,
    head::ResponseParts,
    limits::{DRAIN_BYTES_MAX, INTERIM_RESPONSES_MAX},
    listener::RequestLimits,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Answer, AskError, FAREWELL, USER_AGENT};

/// Bytes asked of the system at a time.
const READ_BYTES: usize = 4096;

/// Gets the path, and gives what the final answer says.
pub(super) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    address: SocketAddr,
    check: &HealthCheck,
) -> Result<Answer, AskError> {
    stream.write_all(request(address, &check.path).as_bytes()).await?;
    stream.flush().await?;
    let mut bytes = Vec::with_capacity(READ_BYTES);
    let mut parts = ResponseParts::default();
    for _ in 0..=INTERIM_RESPONSES_MAX {
        let framing = read_head(stream, &mut bytes, &mut parts).await?;
        let head = ResponseHead::new(&bytes, &parts);
        let has_drain_header =
            head.fields().any(|field| check.announcement.has_field(field.name, field.value));
        bytes.drain(..framing.head_len.min(bytes.len()));
        if framing.kind == ResponseKind::Final {
            let rest = rest(framing.body, bytes.len());
            // The head is all we want; how the rest comes to its end is not judged.
            let _ = tokio::time::timeout(FAREWELL, skip(stream, rest)).await;
            return Ok(Answer { status: parts.status, has_drain_header });
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
    stream: &mut (impl AsyncRead + Unpin),
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
async fn skip(stream: &mut (impl AsyncRead + Unpin), bytes: u64) -> io::Result<()> {
    let mut rest = stream.take(bytes);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}
