//! The address for operators.

mod host;

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    os::fd::AsFd as _,
    pin::pin,
    sync::Arc,
};

use clingfish_model::limits::{
    ACCEPT_BACKOFF, ADMIN_CONNECTION_AGE_MAX, ADMIN_CONNECTIONS_MAX, ADMIN_HEAD_BYTES_MAX,
    ADMIN_HEAD_WITHIN,
};
use clingfish_telemetry::text::CONTENT_TYPE;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE as CONTENT_TYPE_FIELD, HOST},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{metrics::Metrics, status::Phase};

const TEXT: &str = "text/plain; charset=utf-8";

const INDEX: &str = "Clingfish\n\n\
    /healthz  200 while the process lives\n\
    /readyz   200 while it wants requests, 503 before and after\n\
    /metrics  counts and gauges for Prometheus\n";

/// Answers operators. Dropping it, or the future of [`Self::run`], ends its connections.
#[derive(Debug)]
pub(crate) struct Admin {
    listener: TcpListener,
    desk: Arc<Desk>,
}

/// What an answer is made of.
#[derive(Debug)]
struct Desk {
    address: SocketAddr,
    metrics: Metrics,
}

/// An answer before HTTP.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    text: String,
}

impl Answer {
    fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, content_type: TEXT, text: text.into() }
    }
}

impl Admin {
    /// Listens at `bind`, on a socket that another process made for it where there is one.
    pub(crate) async fn bind(
        bind: SocketAddr,
        inherited: Option<StdListener>,
        metrics: Metrics,
    ) -> io::Result<Self> {
        let listener = match inherited {
            Some(socket) => {
                socket.set_nonblocking(true)?;
                TcpListener::from_std(socket)?
            }
            None => TcpListener::bind(bind).await?,
        };
        let address = listener.local_addr()?;
        Ok(Self { listener, desk: Arc::new(Desk { address, metrics }) })
    }

    /// A handle for the socket, for another process.
    pub(crate) fn lend(&self) -> io::Result<StdListener> {
        Ok(self.listener.as_fd().try_clone_to_owned()?.into())
    }

    /// Where it really listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.desk.address
    }

    /// Works from the moment that `opened` turns true until it is dropped, or another process answers.
    pub(crate) async fn run(self, mut opened: watch::Receiver<bool>) {
        if opened.wait_for(|opened| *opened).await.is_err() {
            return;
        }
        let room = Arc::new(Semaphore::new(ADMIN_CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        let mut phase = self.desk.metrics.status.follow_phase();
        loop {
            let place = tokio::select! {
                place = Arc::clone(&room).acquire_owned() => place,
                () = succeeded(&mut phase) => break,
            };
            let Ok(place) = place else {
                return;
            };
            // Those that have ended meanwhile.
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = succeeded(&mut phase) => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let desk = Arc::clone(&self.desk);
                    connections.spawn(async move {
                        serve(stream, desk).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin address cannot accept");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

/// Resolves when another process answers.
async fn succeeded(phase: &mut watch::Receiver<Phase>) {
    // An error means that the process ends, and this task with it.
    let _ = phase.wait_for(|phase| *phase == Phase::Succeeded).await;
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    let mut phase = desk.metrics.status.follow_phase();
    let service = service_fn(move |request| {
        let answer = desk.answer(&request);
        async move { Ok::<_, Infallible>(response(answer)) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(ADMIN_HEAD_WITHIN)
            .max_buf_size(ADMIN_HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = async {
        tokio::select! {
            _ = connection.as_mut() => return,
            // Whoever keeps a connection would go on asking the wrong process.
            () = succeeded(&mut phase) => connection.as_mut().graceful_shutdown(),
        }
        // Clients come and go as they like; what they break is their own connection.
        let _ = connection.await;
    };
    // The same holds for those that stay too long.
    let _ = tokio::time::timeout(ADMIN_CONNECTION_AGE_MAX, served).await;
}

impl Desk {
    fn answer(&self, request: &Request<Incoming>) -> Answer {
        let hosts = self.metrics.admin_hosts();
        let mut named =
            request.headers().get_all(HOST).iter().map(|value| value.to_str().unwrap_or(""));
        let authority = request.uri().authority().map(|authority| authority.as_str());
        if !named.by_ref().chain(authority).all(|host| host::is_ours(host, self.address, &hosts)) {
            return misdirected();
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/" | "/healthz" | "/readyz" | "/metrics" if !is_read => {
                Answer::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n")
            }
            "/" => Answer::text(StatusCode::OK, INDEX),
            "/healthz" => Answer::text(StatusCode::OK, "ok\n"),
            "/readyz" => readiness(self.metrics.phase()),
            "/metrics" => Answer {
                content_type: CONTENT_TYPE,
                ..Answer::text(StatusCode::OK, self.metrics.render())
            },
            _ => Answer::text(StatusCode::NOT_FOUND, "nothing here; see /\n"),
        }
    }
}

fn readiness(phase: Phase) -> Answer {
    let no = StatusCode::SERVICE_UNAVAILABLE;
    match phase {
        Phase::Starting => Answer::text(no, "starting\n"),
        Phase::Checking => Answer::text(no, "waiting for first health checks\n"),
        Phase::Ready => Answer::text(StatusCode::OK, "ready\n"),
        Phase::Leaving => Answer::text(no, "shutting down\n"),
        Phase::Succeeded => Answer::text(no, "another process has taken over\n"),
    }
}

fn misdirected() -> Answer {
    let text =
        "this Host is not the admin address's own; add it to hosts in [admin] if it should be\n";
    Answer::text(StatusCode::MISDIRECTED_REQUEST, text)
}

fn response(answer: Answer) -> Response<String> {
    let mut response = Response::new(answer.text);
    *response.status_mut() = answer.status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE_FIELD, hyper::header::HeaderValue::from_static(answer.content_type));
    fields.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    fields.insert("x-content-type-options", hyper::header::HeaderValue::from_static("nosniff"));
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        fields.insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}
