//! A WebSocket that says everything back, with the name of the instance that holds it.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    app::Instance,
    limits::{ECHO_IDLE, MESSAGE_BYTES_MAX},
};

/// Answers 101 and hands the WebSocket to the task that owns the instance's connections.
pub(crate) async fn open(State(instance): State<Instance>, mut request: Request) -> Response {
    let Some(key) = wanted(request.headers()) else {
        return (StatusCode::BAD_REQUEST, "this is a WebSocket\n").into_response();
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = hyper::upgrade::on(&mut request);
    let tunnels = instance.tunnels.clone();
    if tunnels.try_send(Box::pin(hold(upgrade, instance))).is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let fields = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, fields, Body::empty()).into_response()
}

/// The key of a request that asks for a WebSocket of the one version that there is (RFC 6455, 4.2.1).
fn wanted(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_websocket = text(header::UPGRADE)?.eq_ignore_ascii_case("websocket")
        && text(header::SEC_WEBSOCKET_VERSION)? == "13";
    let key = text(header::SEC_WEBSOCKET_KEY)?;
    is_websocket.then(|| key.to_owned())
}

/// Waits for the upgrade, then echoes until either side ends it.
async fn hold(upgrade: OnUpgrade, mut instance: Instance) {
    let name = instance.name;
    let echoing = async {
        if let Ok(Ok(upgraded)) = time::timeout(ECHO_IDLE, upgrade).await {
            echo(upgraded, &name).await;
        }
    };
    tokio::select! {
        () = echoing => {}
        _ = instance.stop.changed() => {}
    }
}

async fn echo(upgraded: Upgraded, name: &str) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let io = TokioIo::new(upgraded);
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    while let Ok(Some(Ok(message))) = time::timeout(ECHO_IDLE, socket.next()).await {
        let Message::Text(text) = message else {
            // Pings and closes are answered by the library when it is polled again.
            continue;
        };
        let answer = Message::text(format!("{name} echoes: {text}"));
        if !matches!(time::timeout(ECHO_IDLE, socket.send(answer)).await, Ok(Ok(()))) {
            return;
        }
    }
}
