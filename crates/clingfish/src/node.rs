//! One running Clingfish: data plane, control plane and log, from start to the end of a graceful way out.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread::available_parallelism,
    time::Duration,
};

use anyhow::Context;
use clingfish_control::{
    Annals, Asset, Build, Configuration, Control, Credentials, KeyFile, Process, Reach, Reloader,
    Setup, StateDir, first_snapshot,
};
use clingfish_model::{
    desired::Server,
    limits::{DESCRIPTORS_RESERVED, LEAVE_PATIENCE},
};
use clingfish_proxy::{Inheritance, Workers};
use clingfish_telemetry::{LogPlan, LogWriter, Registry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Notify, watch};

use crate::{checker::SelfTest, cli, keys, upgrade::Estate};

/// How often the way out looks whether the last connection has ended.
const DRAIN_POLL: Duration = Duration::from_millis(20);

/// A running Clingfish.
#[derive(Debug)]
pub(crate) struct Node {
    control: Control<Workers>,
    log: Arc<Mutex<LogWriter>>,
    /// How many processes handed over before this one.
    generation: u64,
}

/// Why a process goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It was told to stop.
    Stop,
    /// Another process has taken over.
    Succession,
}

/// Files of the web console.
fn console() -> Vec<Asset> {
    let files = clingfish_console::ASSETS.iter();
    files
        .map(|file| Asset { path: file.path, content_type: file.content_type, bytes: file.bytes })
        .collect()
}

impl Node {
    /// Starts everything; listeners accept when it returns, or as soon as `opened` turns true. Sockets of the estate are used
    /// instead of new ones. To be called on the runtime that control is to run on.
    pub(crate) async fn start(
        config: &Path,
        place: &cli::Place,
        state: &cli::State,
        mut estate: Estate,
        opened: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let configuration = Configuration::read_in(place.availability_zone.as_ref(), config)?;
        for warning in &configuration.warnings {
            tracing::warn!("{warning}");
        }
        let credentials = Credentials::of_environment(|name| std::env::var(name).ok())?;
        let keys = key_file(state)?;
        let ring = Arc::new(keys.load_or_create()?);
        let desired = &configuration.desired;
        let workers = desired.server.workers.map_or_else(cores, Ok)?;
        let annals = Annals::open(&keys::folder(state), &configuration);
        let first = first_snapshot(&configuration, &ring, annals.last_revision().max(1), workers);
        let registry = Arc::new(Registry::new(workers));
        let (log, ends) = LogWriter::start(&LogPlan::of(desired), workers)?;
        let log = Arc::new(Mutex::new(log));
        let generation = estate.generation;
        let admin_socket = estate.take_admin(desired.admin.bind);
        let inheritance = Inheritance { sockets: estate.listeners, opened: opened.clone() };
        let reach = Arc::<Reach>::default();
        let ceiling = connections_ceiling();
        let doors = Workers::start(&first, &registry, ends, ceiling, &reach, inheritance)
            .context("cannot start the data plane")?;
        let control = Control::start(Setup {
            config: config.to_owned(),
            configuration,
            keys,
            annals,
            first,
            credentials,
            doors,
            workers,
            registry,
            log: Arc::clone(&log),
            reach,
            build: Build {
                version: env!("CARGO_PKG_VERSION"),
                commit: option_env!("CLINGFISH_COMMIT").unwrap_or_default(),
            },
            process: Process { pid: std::process::id(), generation },
            console: console(),
            checker: Arc::new(SelfTest),
            admin_socket,
            opened,
        })
        .await?;
        Ok(Self { control, log, generation })
    }

    pub(crate) fn control(&self) -> &Control<Workers> {
        &self.control
    }

    pub(crate) fn reloader(&self) -> Reloader<Workers> {
        self.control.reloader()
    }

    /// Settings of the process, as they are in force.
    pub(crate) fn settings(&self) -> Server {
        let server = self.control.snapshot().map(|snapshot| snapshot.server.clone());
        server.unwrap_or_default()
    }

    /// The operator's end of the access log.
    pub(crate) fn log(&self) -> LogHandle {
        LogHandle(Arc::downgrade(&self.log))
    }

    /// Whether the task that applies desired state still answers.
    pub(crate) async fn is_alive(&self) -> bool {
        self.control.ask(|_| ()).await.is_some()
    }

    /// Makes all sockets listen, before accepting begins that was held back.
    pub(crate) async fn listen(&self) -> anyhow::Result<()> {
        let listening = self.control.ask(Workers::listen).await;
        Ok(listening.context("the process is shutting down")??)
    }

    /// Handles of all listening sockets, for a process that is to take over.
    pub(crate) async fn estate(&self) -> anyhow::Result<Estate> {
        const FAILED: &str = "cannot make handles of the listening sockets";
        let lent = self.control.ask(Workers::lend).await.context("the process is shutting down")?;
        let admin = self.control.lend_admin().context(FAILED)?;
        Ok(Estate {
            listeners: lent.context(FAILED)?,
            admin: Some((self.control.admin_bind(), admin)),
            generation: self.generation,
        })
    }

    /// The way out: no new connections, an end to those that there are, and then the threads.
    ///
    /// One that was told to stop says first for a while that it is not ready. After a succession `/readyz` is the other process'
    /// matter; clients have more time, which ends early when `hurry` is notified.
    pub(crate) async fn leave(self, farewell: Farewell, hurry: &Notify) {
        let server = self.settings();
        let (workers, deadline) = match farewell {
            Farewell::Stop => (self.control.begin_shutdown().await, server.shutdown_deadline),
            Farewell::Succession => (self.control.succeed().await, server.upgrade_deadline),
        };
        let Some(mut workers) = workers else {
            return;
        };
        if farewell == Farewell::Stop {
            tracing::info!(pause = ?server.shutdown_pause, ?deadline, "shutting down");
            tokio::time::sleep(server.shutdown_pause).await;
        }
        workers.stop_accepting();
        workers.leave(match farewell {
            Farewell::Stop => LEAVE_PATIENCE.min(deadline),
            // Nobody is in a hurry: an idle connection gets its answer, and the wish to close, whenever it asks.
            Farewell::Succession => deadline,
        });
        if farewell == Farewell::Succession {
            let connections = workers.connections();
            tracing::info!(connections, ?deadline, "finishing what is left");
        }
        if drain(&workers, deadline, hurry).await == Drained::Hurried {
            let deadline = server.shutdown_deadline;
            tracing::info!(?deadline, "shutting down");
            workers.leave(LEAVE_PATIENCE.min(deadline));
            drain(&workers, deadline, &Notify::new()).await;
        }
        workers.stop();
        self.control.shutdown().await;
        if let Ok(log) = Arc::try_unwrap(self.log) {
            log.into_inner().unwrap_or_else(PoisonError::into_inner).stop();
        }
        tracing::info!("stopped");
    }
}

/// Reaches the access log as long as it is there.
#[derive(Clone, Debug)]
pub(crate) struct LogHandle(Weak<Mutex<LogWriter>>);

impl LogHandle {
    /// Opens the file again, after it was moved away.
    pub(crate) fn reopen(&self) {
        if let Some(log) = self.0.upgrade() {
            log.lock().unwrap_or_else(PoisonError::into_inner).reopen();
        }
    }
}

/// How waiting for connections ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drained {
    Empty,
    DeadlineReached,
    Hurried,
}

/// Waits for the last connection, but not beyond the deadline.
async fn drain(workers: &Workers, deadline: Duration, hurry: &Notify) -> Drained {
    let empty = async {
        while workers.connections() > 0 {
            tokio::time::sleep(DRAIN_POLL).await;
        }
    };
    let drained = tokio::select! {
        biased;
        () = empty => Drained::Empty,
        () = hurry.notified() => Drained::Hurried,
        () = tokio::time::sleep(deadline) => Drained::DeadlineReached,
    };
    if drained == Drained::DeadlineReached {
        let connections = workers.connections();
        tracing::warn!(connections, "deadline reached, cutting what still runs");
    }
    drained
}

/// The key ring file that the options mean, in a folder that it can be made in unless something else mounts it.
fn key_file(state: &cli::State) -> anyhow::Result<KeyFile> {
    let path = keys::folder(state);
    let folder = match state.allow_readable_keys {
        true => StateDir::open_mounted(path)?,
        false => StateDir::open(path)?,
    };
    let file = KeyFile::new(folder.keys(), state.allow_readable_keys);
    Ok(file.expect_owner(rustix::process::geteuid().as_raw()))
}

fn cores() -> anyhow::Result<usize> {
    let cores =
        available_parallelism().context("cannot count the cores: write workers in [server]")?;
    Ok(cores.get().min(Server::WORKERS_MAX))
}

/// Takes all descriptors that the system grants, and says how many connections they suffice for: two each.
fn connections_ceiling() -> u64 {
    let granted = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: granted.maximum, maximum: granted.maximum };
    // Where that is refused the present limit holds.
    let _ = setrlimit(Resource::Nofile, wanted);
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    descriptors.saturating_sub(DESCRIPTORS_RESERVED) / 2
}
