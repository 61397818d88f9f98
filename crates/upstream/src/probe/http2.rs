//! Checks over HTTP/2: a plain request, and a call of gRPC.

use std::net::SocketAddr;

use bytes::Bytes;
use clingfish_model::{HealthCheck, limits::DRAIN_BYTES_MAX, listener::RequestLimits};
use h2::{
    RecvStream,
    client::{Builder, SendRequest},
};
use http::{HeaderMap, Method, Request, Response, header, request};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Answer, AskError, FAREWELL, USER_AGENT};

/// gRPC's frame of an empty message: not compressed, no bytes.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// The answer of gRPC's health service where it is well: a frame of two bytes, field 1 of which is `SERVING`.
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 8, 1];

/// Gets the path, and gives what the head of the answer says.
pub(super) async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
    check: &HealthCheck,
) -> Result<Answer, AskError> {
    let head = head(Method::GET, address, check)?.body(()).map_err(|_| AskError::NoAnswer)?;
    exchange(stream, async |mut target| {
        let (answer, _) = target.send_request(head, true)?;
        Ok(read_head(&answer.await?, check))
    })
    .await
}

/// Calls the method with an empty message, and gives gRPC's status; HTTP's where that is not a success.
pub(super) async fn call(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    address: SocketAddr,
    check: &HealthCheck,
) -> Result<Answer, AskError> {
    let head = head(Method::POST, address, check)?
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .body(())
        .map_err(|_| AskError::NoAnswer)?;
    exchange(stream, async |mut target| {
        let (answer, mut message) = target.send_request(head, false)?;
        message.send_data(Bytes::from_static(&EMPTY_MESSAGE), true)?;
        let answer = answer.await?;
        if !answer.status().is_success() {
            return Ok(read_head(&answer, check));
        }
        grpc_answer(answer, check).await
    })
    .await
}

fn head(
    method: Method,
    address: SocketAddr,
    check: &HealthCheck,
) -> Result<request::Builder, AskError> {
    let scheme = if check.protocol.is_tls() { "https" } else { "http" };
    let uri = format!("{scheme}://{address}{}", check.path);
    Ok(Request::builder().method(method).uri(uri).header(header::USER_AGENT, USER_AGENT))
}

/// Runs one request on a connection of its own, and lets that end in order.
async fn exchange<T>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: impl AsyncFnOnce(SendRequest<Bytes>) -> Result<T, AskError>,
) -> Result<T, AskError> {
    let head_bytes_max = RequestLimits::default().response_head_bytes_max;
    let (target, connection) = Builder::new()
        .enable_push(false)
        .max_header_list_size(u32::try_from(head_bytes_max).unwrap_or(u32::MAX))
        .handshake::<_, Bytes>(stream)
        .await?;
    tokio::pin!(connection);
    let asked = async { request(target.ready().await?).await };
    let outcome = tokio::select! {
        biased;
        outcome = asked => outcome,
        ended = &mut connection => Err(ended.map_or_else(AskError::from, |()| AskError::NoAnswer)),
    };
    if outcome.is_ok() {
        // The outcome is all we want; how the connection comes to its end is not judged.
        let _ = tokio::time::timeout(FAREWELL, connection).await;
    }
    outcome
}

/// What the head says, of HTTP.
fn read_head(answer: &Response<RecvStream>, check: &HealthCheck) -> Answer {
    let has_drain_header = announces(answer.headers(), check);
    Answer { status: answer.status().as_u16(), has_drain_header }
}

fn announces(fields: &HeaderMap, check: &HealthCheck) -> bool {
    let mut fields = fields.iter();
    fields.any(|(name, value)| check.announcement.has_field(name.as_ref(), value.as_bytes()))
}

/// Reads to the end of a call. The status is in the trailers, or in the head where there is nothing else. A field that announces
/// a drain may be in either, and comes before what the health service says of itself.
async fn grpc_answer(
    answer: Response<RecvStream>,
    check: &HealthCheck,
) -> Result<Answer, AskError> {
    let (head, mut body) = answer.into_parts();
    let (mut message, mut seen) = (Vec::<u8>::new(), 0);
    while let Some(data) = body.data().await {
        let data = data?;
        seen += data.len() as u64;
        if seen > DRAIN_BYTES_MAX {
            return Err(AskError::TooLong);
        }
        body.flow_control().release_capacity(data.len())?;
        // A byte more than expected tells a longer message apart.
        let room = (SERVING.len() + 1).saturating_sub(message.len());
        message.extend(data.iter().take(room));
    }
    let trailers = body.trailers().await?.unwrap_or_default();
    let status = status_in(&trailers).or_else(|| status_in(&head.headers));
    let status = status.ok_or(AskError::NoGrpcStatus)?;
    let has_drain_header = announces(&head.headers, check) || announces(&trailers, check);
    let is_health = check.path == HealthCheck::GRPC_HEALTH_PATH;
    if is_health && status == 0 && message != SERVING && !has_drain_header {
        return Err(AskError::NotServing);
    }
    Ok(Answer { status, has_drain_header })
}

fn status_in(fields: &HeaderMap) -> Option<u16> {
    fields.get("grpc-status")?.to_str().ok()?.parse().ok()
}
