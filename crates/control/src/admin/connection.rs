//! One connection to the admin address, from its handshake to its end.

use std::{convert::Infallible, pin::pin, sync::Arc};

use clingfish_model::limits::{
    ADMIN_CONNECTION_AGE_MAX, ADMIN_FIRST_BYTE_WITHIN, ADMIN_HEAD_BYTES_MAX, ADMIN_HEAD_WITHIN,
    TLS_HANDSHAKE_WITHIN,
};
use hyper::{
    Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

use super::{
    asked::Answer,
    content::Content,
    desk::{Arrival, Desk},
    patient::Patient,
};
use crate::{clock, status::Phase};

/// Serves a connection until it ends, stays too long, or another process answers.
pub(crate) async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let Ok(peer) = stream.peer_addr() else {
        return;
    };
    let tls = desk.in_force().tls.clone();
    let arrival = Arrival { connected: peer.ip(), is_tls: tls.is_some(), since: clock::now() };
    let served = async {
        if !speaks_soon(&stream).await {
            return tracing::debug!(%peer, "not a byte in time at the admin address");
        }
        let stream = Patient::new(stream);
        let Some(tls) = tls else {
            return speak(stream, desk, arrival).await;
        };
        let accept = TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream);
        match tokio::time::timeout(TLS_HANDSHAKE_WITHIN, accept).await {
            Ok(Ok(stream)) => speak(stream, desk, arrival).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no handshake at the admin address"),
            Err(_) => tracing::debug!(%peer, "no handshake in time at the admin address"),
        }
    };
    // Clients come and go as they like, but do not stay for ever.
    let _ = tokio::time::timeout(ADMIN_CONNECTION_AGE_MAX, served).await;
}

/// Whether its client sends anything before long. The byte stays where it is.
async fn speaks_soon(stream: &TcpStream) -> bool {
    let mut byte = [0];
    let first = tokio::time::timeout(ADMIN_FIRST_BYTE_WITHIN, stream.peek(&mut byte)).await;
    matches!(first, Ok(Ok(1)))
}

pub(super) async fn speak<S>(stream: S, desk: Arc<Desk>, arrival: Arrival)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut phase = desk.metrics.status.follow_phase();
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(response(desk.answer(request, arrival).await)) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(ADMIN_HEAD_WITHIN)
            .max_buf_size(ADMIN_HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        // Whoever keeps a connection would go on asking the wrong process.
        () = succeeded(&mut phase) => connection.as_mut().graceful_shutdown(),
    }
    // What clients break is their own connection.
    let _ = connection.await;
}

/// Resolves when another process answers.
pub(crate) async fn succeeded(phase: &mut watch::Receiver<Phase>) {
    // An error means that the process ends, and this task with it.
    let _ = phase.wait_for(|phase| *phase == Phase::Succeeded).await;
}

fn response(answer: Answer) -> Response<Content> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.extend(answer.headers.into_iter().map(|(name, value)| (Some(name), value)));
    response
}
