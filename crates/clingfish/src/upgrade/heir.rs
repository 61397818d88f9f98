//! The new process' side: what it gets, and when it begins.

use std::net::TcpListener;

use anyhow::{Context, bail};
use clingfish_proxy::Inherited;

use super::{channel::Channel, estate::Estate, message::Message, program::VARIABLE};

/// Longest reason that is told, in bytes: it goes in one packet.
const REASON_BYTES_MAX: usize = 4096;

/// The process that this one takes over from.
#[derive(Debug)]
pub(crate) struct Predecessor {
    line: Channel,
}

impl Predecessor {
    /// Takes everything from the process that started this one for an upgrade; none if none did.
    pub(crate) async fn find() -> anyhow::Result<Option<(Self, Estate)>> {
        if std::env::var_os(VARIABLE).is_none() {
            return Ok(None);
        }
        let line = Channel::from_stdin().with_context(|| {
            format!("{VARIABLE} is set, but standard input is no line to another process")
        })?;
        let predecessor = Self { line };
        let estate = predecessor.estate().await;
        let estate = predecessor.told(estate).await?;
        Ok(Some((predecessor, estate)))
    }

    async fn estate(&self) -> anyhow::Result<Estate> {
        let mut estate = Estate::default();
        loop {
            let (message, socket) =
                self.line.receive().await?.context("the process before this one has gone")?;
            match (message, socket.map(TcpListener::from)) {
                (Message::Begin { generation }, None) => estate.generation = generation,
                (Message::Listener { bind, name }, Some(socket)) => {
                    estate.listeners.push(Inherited { name: Some(name), bind, socket });
                }
                (Message::Admin { bind }, Some(socket)) => estate.admin = Some((bind, socket)),
                (Message::Complete, None) => return Ok(estate),
                (message, socket) => {
                    bail!("the process before this one says {message:?} with {socket:?}")
                }
            }
        }
    }

    /// Passes a result on, and tells the predecessor of an error.
    pub(crate) async fn told<T>(&self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        if let Err(error) = &result {
            let mut reason = format!("{error:#}");
            reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
            // If it has gone, nobody needs to know.
            let _ = self.line.send(&Message::Failed { reason }, None).await;
        }
        result
    }

    /// Waits until this process is ready, then for the word to go, and then until it is open.
    pub(crate) async fn relieve(
        &self,
        until_ready: impl Future<Output = ()>,
        open: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        const GONE: &str = "the process before this one has given up or gone";
        tokio::select! {
            () = until_ready => {}
            // It says nothing before it knows that we are ready.
            _ = self.line.receive() => bail!(GONE),
        }
        self.line.send(&Message::Ready, None).await.context(GONE)?;
        match self.line.receive().await? {
            Some((Message::Go, _)) => {}
            Some((message, _)) => {
                bail!("the process before this one says {message:?} instead of go")
            }
            None => bail!(GONE),
        }
        open.await?;
        self.line.send(&Message::Accepting, None).await.context(GONE)
    }
}
