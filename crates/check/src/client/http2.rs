//! A connection that speaks HTTP/2: after ALPN, or over plain TCP by prior knowledge.

use bytes::Bytes;
use h2::client::{self, SendRequest};
use http::Request;
use tokio::task::JoinHandle;

use super::{
    Ask, Client, NoAnswer,
    dial::Io,
    http1::{fields, keep},
};
use crate::{answer::Answer, limits::BODY_BYTES_READ_MAX};

/// Fields that HTTP/2 does not have.
const OF_CONNECTIONS: &[&str] =
    &["connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// The connection and the task that moves its frames, which ends with it.
pub(crate) struct Connection {
    sender: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

impl Connection {
    pub(super) async fn open(io: Io) -> Result<Self, NoAnswer> {
        let (sender, connection) = client::handshake(io).await.map_err(|_| NoAnswer::NoHttp2)?;
        let driver = tokio::spawn(async move {
            // Whoever asks on it hears of its end.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    pub(crate) async fn is_open(&mut self) -> bool {
        match self.sender.clone().ready().await {
            Ok(sender) => {
                self.sender = sender;
                true
            }
            Err(_) => false,
        }
    }

    pub(super) async fn ask(&mut self, client: &Client, ask: &Ask) -> Result<Answer, NoAnswer> {
        let scheme = if client.url.https { "https" } else { "http" };
        let host = client.fields_of(ask).find(|(name, _)| *name == "host");
        let authority = host.map_or_else(|| client.url.authority(), |(_, value)| value.to_owned());
        let mut request = Request::builder()
            .method(ask.method.as_str())
            .uri(format!("{scheme}://{authority}{}", ask.path));
        for (name, value) in client.fields_of(ask) {
            if !OF_CONNECTIONS.contains(&name) {
                request = request.header(name, value);
            }
        }
        let request = request.body(()).map_err(|error| NoAnswer::Http(error.to_string()))?;
        let mut ready = self.sender.clone().ready().await.map_err(refused)?;
        let (response, mut stream) =
            ready.send_request(request, ask.body.is_empty()).map_err(failed)?;
        if !ask.body.is_empty() {
            stream.send_data(Bytes::from(ask.body.clone()), true).map_err(failed)?;
        }
        let (head, mut body) = response.await.map_err(refused)?.into_parts();
        let (mut kept, mut all) = (Vec::new(), 0);
        while let Some(data) = body.data().await {
            let data = data.map_err(failed)?;
            keep(&mut kept, &data);
            all += data.len();
            // The stream's window is ours to open again; it fails only when the stream has ended.
            let _ = body.flow_control().release_capacity(data.len());
            if all > BODY_BYTES_READ_MAX {
                return Err(NoAnswer::Http(format!(
                    "a body of more than {BODY_BYTES_READ_MAX} bytes"
                )));
            }
        }
        let body = String::from_utf8_lossy(&kept).into_owned();
        Ok(Answer { status: head.status.as_u16(), fields: fields(&head.headers), body })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Whoever speaks HTTP/1 alone ends the connection, or answers with something that is no frame.
fn refused(error: h2::Error) -> NoAnswer {
    if error.is_io() || error.is_go_away() && !error.is_remote() {
        NoAnswer::NoHttp2
    } else {
        failed(error)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn failed(error: h2::Error) -> NoAnswer {
    NoAnswer::Http(error.to_string())
}
