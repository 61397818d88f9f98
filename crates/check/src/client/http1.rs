//! A connection that speaks HTTP/1.1.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

use super::{Ask, Client, NoAnswer, dial::Io};
use crate::{
    answer::Answer,
    limits::{BODY_BYTES_MAX, BODY_BYTES_READ_MAX},
};

/// The connection and the task that moves its bytes, which ends with it.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Connection {
    pub(super) async fn open(io: Io) -> Result<Self, NoAnswer> {
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(failed)?;
        let driver = tokio::spawn(async move {
            // Whoever asks on it hears of its end.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Whether the other side has not closed it.
    pub(crate) async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    pub(super) async fn ask(&mut self, client: &Client, ask: &Ask) -> Result<Answer, NoAnswer> {
        let mut request = Request::builder()
            .method(ask.method.as_str())
            .uri(&ask.path)
            .header(header::HOST, client.url.authority());
        for (name, value) in client.fields_of(ask) {
            if name != "host" {
                request = request.header(name, value);
            }
        }
        if let Some((_, host)) = client.fields_of(ask).find(|(name, _)| *name == "host")
            && let Some(headers) = request.headers_mut()
            && let Ok(host) = host.parse()
        {
            headers.insert(header::HOST, host);
        }
        let body = Full::new(Bytes::from(ask.body.clone()));
        let request = request.body(body).map_err(|error| NoAnswer::Http(error.to_string()))?;
        let response = self.sender.send_request(request).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let body = read(body).await?;
        Ok(Answer { status: head.status.as_u16(), fields: fields(&head.headers), body })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Fields as [`Answer`] has them.
pub(super) fn fields(headers: &http::HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Keeps the begin of a body and reads the rest, so that the connection can be used again.
async fn read(mut body: Incoming) -> Result<String, NoAnswer> {
    let (mut kept, mut all) = (Vec::new(), 0);
    // An event stream has no end to wait for.
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
        keep(&mut kept, &data);
        all += data.len();
        if all > BODY_BYTES_READ_MAX {
            return Err(NoAnswer::Http(format!("a body of more than {BODY_BYTES_READ_MAX} bytes")));
        }
    }
    Ok(String::from_utf8_lossy(&kept).into_owned())
}

/// Adds what still fits.
pub(super) fn keep(kept: &mut Vec<u8>, data: &[u8]) {
    let room = BODY_BYTES_MAX.saturating_sub(kept.len());
    kept.extend_from_slice(data.get(..room).unwrap_or(data));
}

fn failed(error: hyper::Error) -> NoAnswer {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    NoAnswer::Http(text)
}
