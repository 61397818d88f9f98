//! A target that answers every call with the message that it got, and with status 0.

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use h2::{RecvStream, server::SendResponse};
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::TcpStream;

/// Serves one connection of HTTP/2.
pub(crate) async fn serve(tcp: TcpStream, target: &'static str) -> Result<()> {
    let mut builder = h2::server::Builder::new();
    builder.max_concurrent_streams(1024).initial_connection_window_size(1 << 20);
    let mut connection = builder.handshake::<_, Bytes>(tcp).await?;
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        tokio::task::spawn_local(async move { answer(request, respond, target).await.ok() });
    }
    Ok(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    target: &'static str,
) -> Result<()> {
    let mut body = request.into_body();
    let mut message = BytesMut::new();
    while let Some(bytes) = body.data().await {
        let bytes = bytes?;
        body.flow_control().release_capacity(bytes.len())?;
        message.extend_from_slice(&bytes);
    }
    let mut head = Response::new(());
    let fields = head.headers_mut();
    fields.insert("content-type", HeaderValue::from_static("application/grpc"));
    fields.insert("x-target", HeaderValue::from_static(target));
    let mut stream = respond.send_response(head, false).context("no head could be sent")?;
    stream.send_data(message.freeze(), false)?;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    Ok(stream.send_trailers(trailers)?)
}
