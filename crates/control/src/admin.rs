//! The address for operators: pages for everybody, and the APIs for those who may use them.
//!
//! A request is judged in this order: its [`host`] is ours, it has a [place](routes), no browser sends it for [another
//! site](origin), its sender may [ask](access), and its [`body`] is whole. Then it is [`Asked`](asked::Asked) of [`elb`] or [`native`].

mod access;
mod asked;
mod body;
mod clerks;
mod connection;
mod console;
mod content;
mod crowd;
mod credentials;
mod desk;
mod elb;
mod failures;
mod host;
mod in_force;
mod live;
mod native;
mod origin;
mod patient;
mod peer;
mod refusal;
mod routes;
mod sessions;
mod site;
mod token;

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    os::fd::AsFd as _,
    sync::Arc,
};

use clingfish_model::limits::{
    ACCEPT_BACKOFF, ADMIN_CONNECTIONS_MAX, ADMIN_CONNECTIONS_PER_PEER_MAX,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

pub use credentials::{Credentials, EnvironmentError};
pub use site::Asset;
pub use token::FreshToken;

pub(crate) use in_force::InForce;
pub(crate) use refusal::COUNTED;
pub(crate) use site::Site;

#[cfg(test)]
pub(crate) use native::{OPENAPI, ROUTES};

use crate::metrics::Metrics;
use connection::{serve, succeeded};
use crowd::Crowd;
use desk::Desk;
use live::Ticker;

pub(crate) use desk::Tools;

/// Answers operators. Dropping it, or the future of [`Self::run`], ends its connections.
#[derive(Debug)]
pub(crate) struct Admin {
    listener: TcpListener,
    desk: Arc<Desk>,
}

impl Admin {
    /// Listens at `bind`, on a socket that another process made for it where there is one.
    pub(crate) async fn bind(
        bind: SocketAddr,
        inherited: Option<StdListener>,
        metrics: Metrics,
        first: Arc<InForce>,
        tools: Tools,
    ) -> io::Result<Self> {
        let listener = match inherited {
            Some(socket) => {
                socket.set_nonblocking(true)?;
                TcpListener::from_std(socket)?
            }
            None => TcpListener::bind(bind).await?,
        };
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(address, metrics, first, tools));
        Ok(Self { listener, desk })
    }

    /// A handle for the socket, for another process.
    pub(crate) fn lend(&self) -> io::Result<StdListener> {
        Ok(self.listener.as_fd().try_clone_to_owned()?.into())
    }

    /// Who makes the news for those who listen.
    pub(crate) fn ticker(&self) -> Ticker {
        Ticker::new(Arc::clone(&self.desk.live), self.desk.metrics.clone())
    }

    /// Tells an operator where it is, and who may do what.
    pub(crate) fn announce(&self) {
        // People and tools look for exactly these words.
        tracing::info!("admin listening on {}", self.address());
        self.desk.announce();
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
        let mut crowd = Crowd::new(ADMIN_CONNECTIONS_MAX, ADMIN_CONNECTIONS_PER_PEER_MAX);
        let mut connections = JoinSet::new();
        let mut phase = self.desk.metrics.status.follow_phase();
        loop {
            let place = tokio::select! {
                place = crowd.wait() => place,
                () = succeeded(&mut phase) => break,
            };
            // Those that have ended meanwhile.
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = succeeded(&mut phase) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Some(share) = crowd.share(peer.ip()) else {
                        tracing::debug!(%peer, "too many connections to the admin address");
                        continue;
                    };
                    let desk = Arc::clone(&self.desk);
                    connections.spawn(async move {
                        serve(stream, desk).await;
                        drop((place, share));
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
