//! A WebSocket: its handshake, and the first thing that it says.

use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, header};
use tokio::time::timeout;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, Message, handshake::client::generate_key},
};

use super::{Ask, Client, NoAnswer, dial::Io, http1::fields};
use crate::{answer::Answer, limits::WEBSOCKET_DEADLINE};

/// What is said where nothing is heard.
const WORDS: &str = "clingfish check";

/// A WebSocket that opened, or what came in its place.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    /// Whether it opened.
    pub(crate) is_open: bool,
    /// The head of the answer; its body is the first message.
    pub(crate) answer: Answer,
}

pub(super) async fn greet(client: &Client, io: Io, ask: &Ask) -> Result<Hello, NoAnswer> {
    let scheme = if client.url.https { "wss" } else { "ws" };
    let mut request = Request::builder()
        .uri(format!("{scheme}://{}{}", client.url.authority(), ask.path))
        .header(header::HOST, client.url.authority())
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key());
    if !ask.fields.iter().any(|(name, _)| name == "origin") {
        request = request.header(header::ORIGIN, client.url.origin());
    }
    for (name, value) in client.fields_of(ask) {
        if name != "host" {
            request = request.header(name, value);
        }
    }
    let request = request.body(()).map_err(|error| NoAnswer::Http(error.to_string()))?;
    match client_async(request, io).await {
        Ok((mut socket, response)) => {
            let mut answer = Answer {
                status: response.status().as_u16(),
                fields: fields(response.headers()),
                body: String::new(),
            };
            let mut heard = timeout(WEBSOCKET_DEADLINE / 4, socket.next()).await.ok();
            if heard.is_none() && socket.send(Message::text(WORDS)).await.is_ok() {
                heard = timeout(WEBSOCKET_DEADLINE, socket.next()).await.ok();
            }
            if let Some(Some(Ok(message))) = heard
                && let Ok(text) = message.into_text()
            {
                answer.body = text.to_string();
            }
            // It is over in any case.
            let _ = timeout(WEBSOCKET_DEADLINE / 4, socket.close(None)).await;
            Ok(Hello { is_open: true, answer })
        }
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            let answer = Answer {
                status: response.status().as_u16(),
                fields: fields(response.headers()),
                body: String::from_utf8_lossy(body).into_owned(),
            };
            Ok(Hello { is_open: false, answer })
        }
        Err(error) => Err(NoAnswer::Http(error.to_string())),
    }
}
