//! A visitor of the story: a small HTTP client with a cookie jar, over real connections.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, header},
};
use futures_util::{SinkExt, StreamExt};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinHandle, time};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

use crate::{
    limits::{ANSWER_BYTES_MAX, ANSWER_DEADLINE},
    pages,
};

/// The field in which Clingfish says why a request went where it went.
const VERDICT: &str = "clingfish-verdict";

/// The field in which Clingfish says where a request went.
const TARGET: &str = "clingfish-target";

/// Somebody with a browser, as far as the balancer can tell.
#[derive(Debug)]
pub(crate) struct Visitor {
    front: SocketAddr,
    origin: String,
    jar: Jar,
    line: Option<Line>,
    connections: u32,
}

/// A WebSocket to the front.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Who answered, by their own words. Says so when the balancer names another target.
    pub(crate) instance: String,
    /// The balancer's reason; `-` when it gives none.
    pub(crate) verdict: String,
    /// The body, without the line feed at its end.
    pub(crate) text: String,
}

/// Why there was no answer at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// Nothing, or nobody, within the deadline.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// A connection that ended early, or an answer that is none.
    #[error("not an HTTP answer: {0}")]
    Http(#[from] hyper::Error),
    /// A body that ended early, or that is too long.
    #[error("cannot read the body: {0}")]
    Body(axum::Error),
    /// A request that cannot be written.
    #[error("not a request: {0}")]
    Request(#[from] axum::http::Error),
    /// No WebSocket, or one that ended early.
    #[error("the WebSocket failed: {0}")]
    WebSocket(Box<tungstenite::Error>),
    /// The WebSocket closed without a word.
    #[error("the WebSocket closed")]
    Closed,
}

impl Visitor {
    /// Somebody who was never here before.
    pub(crate) fn new(front: SocketAddr) -> Self {
        Self {
            front,
            origin: format!("http://{front}"),
            jar: Jar::default(),
            line: None,
            connections: 0,
        }
    }

    /// Connections that this visitor has opened.
    pub(crate) fn connections(&self) -> u32 {
        self.connections
    }

    /// Closes the connection; the next request opens another.
    pub(crate) fn hang_up(&mut self) {
        self.line = None;
    }

    /// Loads a page.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, VisitError> {
        within_deadline(self.exchange(Method::GET, path, "")).await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Result<Answer, VisitError> {
        within_deadline(self.exchange(Method::POST, path, form)).await
    }

    /// Opens a WebSocket on a connection of its own, says something, and returns what it says back.
    pub(crate) async fn echo(&mut self, path: &str, text: &str) -> Result<Answer, VisitError> {
        within_deadline(self.converse(path, text)).await
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        form: &str,
    ) -> Result<Answer, VisitError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.front.to_string())
            .header(header::ORIGIN, &self.origin)
            .header(header::ACCEPT, "text/plain")
            .header(header::COOKIE, self.jar.field())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))?;
        let response = self.line().await?.sender.send_request(request).await?;
        let (mut answer, body) = self.note(response);
        let body = Body::new(body);
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await;
        let bytes = bytes.map_err(VisitError::Body)?;
        answer.text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        Ok(answer)
    }

    async fn converse(&mut self, path: &str, text: &str) -> Result<Answer, VisitError> {
        let (mut socket, mut answer) = self.open(path).await?;
        socket.send(text.into()).await?;
        let said = socket.next().await.ok_or(VisitError::Closed)??;
        answer.text = said.into_text()?.to_string();
        socket.close(None).await?;
        Ok(answer)
    }

    /// Opens a WebSocket on a connection of its own. No deadline: callers have one.
    pub(crate) async fn open(&mut self, path: &str) -> Result<(Socket, Answer), VisitError> {
        let stream = TcpStream::connect(self.front).await?;
        let request = Request::builder()
            .uri(format!("ws://{}{path}", self.front))
            .header(header::HOST, self.front.to_string())
            .header(header::COOKIE, self.jar.field())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, tungstenite::handshake::client::generate_key())
            .body(())?;
        let (socket, response) = client_async(request, stream).await?;
        self.connections += 1;
        let (answer, _) = self.note(response);
        Ok((socket, answer))
    }

    /// The connection, a new one when there is none that still lives.
    async fn line(&mut self) -> Result<&mut Line, VisitError> {
        if let Some(mut line) = self.line.take()
            && line.sender.ready().await.is_ok()
        {
            return Ok(self.line.insert(line));
        }
        let line = Line::open(self.front).await?;
        self.connections += 1;
        Ok(self.line.insert(line))
    }

    /// Keeps the cookies and reads the head.
    fn note<B>(&mut self, response: Response<B>) -> (Answer, B) {
        let (head, body) = response.into_parts();
        for value in head.headers.get_all(header::SET_COOKIE) {
            self.jar.keep(&String::from_utf8_lossy(value.as_bytes()));
        }
        (Answer::of(head.status, &head.headers), body)
    }
}

impl Answer {
    /// Whether it came from an instance and is no error.
    pub(crate) fn is_fine(&self) -> bool {
        matches!(self.status, 101 | 200..=399)
    }

    fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let instance = text(pages::INSTANCE.as_str()).unwrap_or_else(|| "nobody".into());
        let instance = match text(TARGET) {
            Some(target) if target != instance => format!("{instance} (not {target})"),
            _ => instance,
        };
        Self {
            status: status.as_u16(),
            instance,
            verdict: text(VERDICT).unwrap_or_else(|| "-".into()),
            text: String::new(),
        }
    }
}

impl From<tungstenite::Error> for VisitError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

async fn within_deadline<T>(
    visit: impl Future<Output = Result<T, VisitError>>,
) -> Result<T, VisitError> {
    let answer = time::timeout(ANSWER_DEADLINE, visit).await;
    answer.unwrap_or(Err(VisitError::Late(ANSWER_DEADLINE)))
}

/// A client connection and the task that moves its bytes, which ends with it.
#[derive(Debug)]
struct Line {
    sender: SendRequest<Body>,
    driver: JoinHandle<Result<(), hyper::Error>>,
}

impl Line {
    async fn open(front: SocketAddr) -> Result<Self, VisitError> {
        let stream = TcpStream::connect(front).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        Ok(Self { sender, driver })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Cookies of one host, all paths, until the visitor leaves.
///
/// Keeps names and values and honours `Max-Age=0`; a browser's other rules do not matter to the story.
#[derive(Debug, Default)]
struct Jar {
    cookies: BTreeMap<String, String>,
}

impl Jar {
    /// Takes a `Set-Cookie` value.
    fn keep(&mut self, set_cookie: &str) {
        let mut parts = set_cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The value of a `Cookie` field.
    fn field(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Visitor {
        /// Goes elsewhere, with the same cookies.
        pub(crate) fn move_to(&mut self, front: SocketAddr) {
            self.hang_up();
            self.front = front;
            self.origin = format!("http://{front}");
        }

        /// Posts as a page of another site does.
        pub(crate) fn pretend_from(&mut self, origin: &str) {
            origin.clone_into(&mut self.origin);
        }
    }

    #[test]
    fn the_jar_keeps_the_last_value_until_it_is_taken_back() {
        let mut jar = Jar::default();
        for (set_cookie, field) in [
            ("sid=1; Path=/", "sid=1"),
            ("cling=x=y; Max-Age=60", "cling=x=y; sid=1"),
            ("sid=2", "cling=x=y; sid=2"),
            ("nonsense", "cling=x=y; sid=2"),
            ("cling=; max-age=0", "sid=2"),
        ] {
            jar.keep(set_cookie);
            assert_eq!(jar.field(), field, "after {set_cookie}");
        }
    }

    #[test]
    fn an_answer_says_when_balancer_and_instance_disagree() {
        for (instance, target, expected) in [
            (Some("a"), Some("a"), "a"),
            (Some("a"), None, "a"),
            (Some("a"), Some("b"), "a (not b)"),
            (None, None, "nobody"),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("x-instance", instance), (TARGET, target)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            let answer = Answer::of(StatusCode::OK, &headers);
            assert_eq!(answer.instance, expected);
        }
    }
}
