//! systemd, where it is the one that started us: sockets that it made, and what it likes to be told.
//!
//! Without it (no `LISTEN_FDS`, no `NOTIFY_SOCKET`) all of this does nothing.

use std::{io, net::TcpListener};

use anyhow::Context;
use clingfish_proxy::Inherited;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio::time::Interval;

/// The sockets that systemd made for us. To be called once, before there are other threads: it clears the variables.
pub(crate) fn sockets() -> anyhow::Result<Vec<Inherited>> {
    let mut passed = ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..passed.len() {
        let socket = passed.take_tcp_listener(index);
        let socket = socket.and_then(|socket| socket.ok_or(io::ErrorKind::NotFound.into()));
        let socket = socket.and_then(listening).with_context(|| {
            format!("systemd passed a socket, number {index}, that cannot be used")
        })?;
        let bind = socket.local_addr().context("systemd passed a socket without an address")?;
        sockets.push(Inherited { name: None, bind, socket });
    }
    Ok(sockets)
}

/// With `Accept=yes` systemd passes connections, not listeners.
fn listening(socket: TcpListener) -> io::Result<TcpListener> {
    match rustix::net::sockopt::socket_acceptconn(&socket)? {
        true => Ok(socket),
        false => Err(io::Error::other("it does not listen: Accept= must be no")),
    }
}

/// Serving, with a few words for `systemctl status`.
pub(crate) fn ready(status: &str) {
    // Another line would be another message.
    let status = status.replace('\n', "; ");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// Busy with a reload or an upgrade until [`ready`] or [`main_process`].
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "systemd is not told of a reload"),
    }
}

/// Another process is the one that counts from now on, and it is ready. Whoever calls this says nothing any more afterwards.
pub(crate) fn main_process(pid: u32) {
    let status = format!("process {pid} has taken over");
    tell(&[
        NotifyState::MainPid(pid),
        NotifyState::Ready,
        NotifyState::Watchdog,
        NotifyState::Status(&status),
    ]);
}

/// On the way out.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Alive.
pub(crate) fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// Says when [`watchdog`] is to be called; never where nobody watches.
#[derive(Debug)]
pub(crate) struct Watchdog(Option<Interval>);

impl Default for Watchdog {
    fn default() -> Self {
        let interval = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        Self(interval.filter(|interval| !interval.is_zero()).map(tokio::time::interval))
    }
}

impl Watchdog {
    /// Waits until it is time. Cancel-safe.
    pub(crate) async fn due(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => std::future::pending().await,
        }
    }

    /// Never again.
    pub(crate) fn stop(&mut self) {
        self.0 = None;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
