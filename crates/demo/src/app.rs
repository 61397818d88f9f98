//! One instance of the sample application: its port, its life, its connections.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;
use clingfish_model::limits::ACCEPT_BACKOFF;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
    time,
};

use crate::{
    Controls,
    limits::{CONNECTIONS_MAX, HEAD_WAIT, STOP_GRACE, TUNNELS_WAITING_MAX},
    pages,
    sessions::Sessions,
};

/// One instance of the sample application in this process, on a free loopback port.
///
/// Its sessions live in its memory: [`SampleApp::stop`] loses them, as the end of a process does. Must be
/// started and stopped inside a Tokio runtime. Dropping it closes everything at once.
#[derive(Debug)]
pub struct SampleApp {
    name: String,
    address: SocketAddr,
    controls: Controls,
    state: State,
}

#[derive(Debug)]
enum State {
    Running(Life),
    /// Bound, not listening: connects are refused, and nobody else gets the port meanwhile.
    Stopped(TcpSocket),
    /// Stopped, and the port could not be kept.
    Lost,
}

/// From one start to the next stop.
#[derive(Debug)]
struct Life {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A WebSocket that outlives the request that opened it.
pub(crate) type Tunnel = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the handlers of one life share.
#[derive(Clone)]
pub(crate) struct Instance {
    /// The instance's name, which it puts in every answer.
    pub(crate) name: Arc<str>,
    /// The lock protects the instance's memory and is held for one look or change, never over an await.
    sessions: Arc<Mutex<Sessions>>,
    /// The page's buttons.
    pub(crate) controls: Controls,
    /// Takes WebSockets to the task that owns every connection.
    pub(crate) tunnels: mpsc::Sender<Tunnel>,
    /// Turns true when the instance stops.
    pub(crate) stop: watch::Receiver<bool>,
}

impl Instance {
    /// Looks at the memory, or changes it.
    pub(crate) fn remember<T>(&self, look: impl FnOnce(&mut Sessions) -> T) -> T {
        look(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SampleApp {
    /// Starts an instance of that name, which is the header value and target id that it is known by.
    pub async fn start(name: &str, controls: Controls) -> io::Result<Self> {
        let socket = bound(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let mut app = Self {
            name: name.to_owned(),
            address: socket.local_addr()?,
            controls,
            state: State::Stopped(socket),
        };
        app.restart().await?;
        Ok(app)
    }

    /// Where it listens, or would.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The instance's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it accepts connections.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Stops listening, lets running requests finish for half a second, closes every connection and
    /// WebSocket, and forgets every session. Connects are refused from then on.
    ///
    /// Fails when the port could not be kept for [`SampleApp::restart`]. Not cancel-safe: a cancelled stop
    /// closes everything at once.
    pub async fn stop(&mut self) -> io::Result<()> {
        let State::Running(mut life) = std::mem::replace(&mut self.state, State::Lost) else {
            return Ok(());
        };
        self.controls.note_instance(&self.name, false);
        life.stop.send_replace(true);
        // Its only failure is to have been aborted, which ends it too.
        let _ = (&mut life.task).await;
        self.state = State::Stopped(bound(self.address)?);
        Ok(())
    }

    /// Starts again on the same port, with an empty memory. Does nothing while it runs.
    pub async fn restart(&mut self) -> io::Result<()> {
        let socket = match std::mem::replace(&mut self.state, State::Lost) {
            State::Stopped(socket) => socket,
            State::Lost => bound(self.address)?,
            running @ State::Running(_) => {
                self.state = running;
                return Ok(());
            }
        };
        let listener = socket.listen(1024)?;
        self.state = State::Running(self.live(listener));
        self.controls.note_instance(&self.name, true);
        Ok(())
    }

    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }

    fn live(&self, listener: TcpListener) -> Life {
        let (stop, stopped) = watch::channel(false);
        let (tunnels, waiting) = mpsc::channel(TUNNELS_WAITING_MAX);
        let router = pages::router(Instance {
            name: self.name.as_str().into(),
            sessions: Arc::default(),
            controls: self.controls.clone(),
            tunnels,
            stop: stopped.clone(),
        });
        let task = tokio::spawn(serve(listener, router, waiting, stopped));
        Life { stop, task }
    }
}

/// A socket that has the port and does not listen yet.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections of an earlier life may still linger on this port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Accepts until told to stop. Owns every connection and every WebSocket.
async fn serve(
    listener: TcpListener,
    router: Router,
    mut waiting: mpsc::Receiver<Tunnel>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if running.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    running.spawn(converse(stream, router.clone(), stop.clone()));
                }
                Err(_) => time::sleep(ACCEPT_BACKOFF).await,
            },
            Some(tunnel) = waiting.recv() => {
                running.spawn(tunnel);
            }
            Some(_) = running.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    let all = async { while running.join_next().await.is_some() {} };
    if time::timeout(STOP_GRACE, all).await.is_err() {
        running.shutdown().await;
    }
}

/// Serves one connection. Told to stop, it ends after the answer that it is writing.
async fn converse(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Small answers shall not wait for an acknowledgement; without it they are late, not wrong.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A client that went away is no news to anybody here.
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests;
