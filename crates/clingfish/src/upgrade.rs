//! A new process takes over from a running one, and nobody notices.
//!
//! The old process starts the file at its own path and sends it a handle of every listening socket ([`channel`]). The new one
//! prepares everything, first health checks included, without accepting, and says that it is ready. Told to go it accepts, and says
//! so; only then does the old one stop. The sockets are one and the same in both, so that at no moment a connection finds
//! nobody, and none that waits is reset. Whatever goes wrong before that leaves the old process as it was.

mod asker;
mod channel;
mod command;
mod desk;
mod estate;
mod heir;
mod message;
mod program;

use std::{future::Future, io, os::fd::AsFd, pin::Pin, process::ExitStatus, time::Duration};

use anyhow::{Context, anyhow};
use tokio::process::Child;

pub(crate) use asker::Asker;
pub(crate) use command::run;
pub(crate) use desk::Desk;
pub(crate) use estate::Estate;
pub(crate) use heir::Predecessor;
pub(crate) use program::Program;

use crate::systemd;
use channel::Channel;
use message::Message;

/// How long a process that has let go of its line, or was killed, may take to end.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// The first process of a container or system, with which everything ends.
const INIT: u32 = 1;

/// The upgrades of this process: one at a time.
pub(crate) struct Upgrades {
    program: Program,
    running: Option<Pin<Box<dyn Future<Output = anyhow::Result<Heir>>>>>,
}

/// A process that was started to take over. Dropping it ends it, unless it has.
#[derive(Debug)]
pub(crate) struct Heir {
    child: Child,
    pid: u32,
    has_taken_over: bool,
}

impl Drop for Heir {
    fn drop(&mut self) {
        if !self.has_taken_over {
            // It fails only where it has ended already.
            let _ = self.child.start_kill();
        }
    }
}

impl Heir {
    /// The system's number for it.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for its end, and makes it end where it does not.
    async fn end(&mut self) -> io::Result<ExitStatus> {
        if let Ok(status) = tokio::time::timeout(END_PATIENCE, self.child.wait()).await {
            return status;
        }
        self.child.start_kill()?;
        self.child.wait().await
    }
}

impl Upgrades {
    /// None so far.
    pub(crate) fn new(program: Program) -> Self {
        Self { program, running: None }
    }

    /// Why there can be none now.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        if self.running.is_some() {
            return Some("another upgrade is under way");
        }
        if std::process::id() == INIT {
            return Some(
                "this is process 1, with whose end the whole container ends: run it under an init, or replace the container",
            );
        }
        None
    }

    /// Starts a new process and gives it the estate. What comes of it is told by [`Self::outcome`].
    pub(crate) fn begin(&mut self, estate: Estate, patience: Duration, asker: Asker) {
        let program = self.program.clone();
        self.running = Some(Box::pin(hand_over(program, estate, patience, asker)));
    }

    /// Waits for the end of what was begun; for ever where nothing was. Cancel-safe.
    pub(crate) async fn outcome(&mut self) -> anyhow::Result<Heir> {
        let Some(running) = &mut self.running else {
            return std::future::pending().await;
        };
        let outcome = running.await;
        self.running = None;
        outcome
    }
}

/// One upgrade from beginning to end, told to the operator, to systemd and to whoever asked.
async fn hand_over(
    program: Program,
    estate: Estate,
    patience: Duration,
    mut asker: Asker,
) -> anyhow::Result<Heir> {
    let path = program.path().display();
    tracing::info!(%path, sockets = estate.count(), "upgrade begins");
    systemd::reloading();
    let outcome = attempt(&program, &estate, patience, &mut asker).await;
    match &outcome {
        Ok(heir) => {
            systemd::main_process(heir.pid());
            tracing::info!(pid = heir.pid(), "upgrade: the new process has taken over");
            let pid = std::process::id();
            let text = format!(
                "process {} has taken over; process {pid} finishes what it has",
                heir.pid()
            );
            asker.succeed(&text).await;
        }
        Err(error) => {
            systemd::ready(&format!("an upgrade failed: {error:#}"));
            tracing::error!("upgrade failed, this process carries on: {error:#}");
            asker.fail(&format!("{error:#}")).await;
        }
    }
    outcome
}

async fn attempt(
    program: &Program,
    estate: &Estate,
    patience: Duration,
    asker: &mut Asker,
) -> anyhow::Result<Heir> {
    let (line, stdin) = Channel::pair().context("cannot make a line to the new process")?;
    let child = program
        .start(stdin)
        .with_context(|| format!("cannot start {}", program.path().display()))?;
    let pid = child.id().unwrap_or_default();
    let mut heir = Heir { child, pid, has_taken_over: false };
    asker.say(&format!("started process {pid}, waiting until it is ready")).await;
    match install(&line, estate, patience).await {
        Ok(()) => {
            heir.has_taken_over = true;
            Ok(heir)
        }
        Err(Installing::Line(error)) => Err(error.context("the new process was ended")),
        Err(Installing::Refused(reason)) => {
            let _ = heir.end().await;
            Err(anyhow!("the new process says: {reason}"))
        }
        Err(Installing::Gone) => match heir.end().await {
            Ok(status) => Err(anyhow!("the new process ended before it was ready: {status}")),
            Err(error) => Err(anyhow!(error).context("the new process ended before it was ready")),
        },
        Err(Installing::Late) => {
            Err(anyhow!("the new process was not ready within {patience:?} and was ended"))
        }
    }
}

/// Why a new process was not installed.
enum Installing {
    /// It says why itself.
    Refused(String),
    /// It has ended, or let go of the line.
    Gone,
    /// It takes too long.
    Late,
    /// Something else.
    Line(anyhow::Error),
}

impl From<io::Error> for Installing {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Gone,
            _ => Self::Line(error.into()),
        }
    }
}

/// Gives the new process everything, and returns when it accepts.
///
/// Once it has been told to go it may have clients, which would go with it: so its last step has a time of its own, whatever is left
/// of the time for getting ready.
async fn install(line: &Channel, estate: &Estate, patience: Duration) -> Result<(), Installing> {
    let late = |_| Installing::Late;
    tokio::time::timeout(patience, make_ready(line, estate)).await.map_err(late)??;
    tracing::info!("upgrade: the new process is ready");
    line.send(&Message::Go, None).await?;
    tokio::time::timeout(patience, expect(line, Message::Accepting)).await.map_err(late)?
}

async fn make_ready(line: &Channel, estate: &Estate) -> Result<(), Installing> {
    let given = give(line, estate).await;
    // Whoever hangs up may have said why before.
    if let Err(Installing::Line(error)) = given {
        return Err(Installing::Line(error));
    }
    expect(line, Message::Ready).await?;
    given
}

async fn give(line: &Channel, estate: &Estate) -> Result<(), Installing> {
    let generation = estate.generation + 1;
    line.send(&Message::Begin { generation }, None).await?;
    for (message, socket) in estate.inventory() {
        line.send(&message, Some(socket.as_fd())).await?;
    }
    Ok(line.send(&Message::Complete, None).await?)
}

async fn expect(line: &Channel, wanted: Message) -> Result<(), Installing> {
    match line.receive().await? {
        Some((message, _)) if message == wanted => Ok(()),
        Some((Message::Failed { reason }, _)) => Err(Installing::Refused(reason)),
        Some((message, _)) => {
            Err(Installing::Line(anyhow!("the new process says {message:?} instead of {wanted:?}")))
        }
        None => Err(Installing::Gone),
    }
}
