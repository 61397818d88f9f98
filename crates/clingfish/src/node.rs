//! One running Clingfish: data plane, control plane and log, from start to the end of a graceful way out.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
    time::Duration,
};

use anyhow::Context;
use clingfish_control::{
    Build, Configuration, Control, KeyFile, Process, Reloader, Setup, StateDir, first_snapshot,
};
use clingfish_model::{
    desired::{LogSink, Server},
    limits::{DESCRIPTORS_RESERVED, LEAVE_PATIENCE},
};
use clingfish_proxy::{Inheritance, Workers};
use clingfish_telemetry::{LogWriter, Registry};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{cli, keys};

/// How often the way out looks whether the last connection has ended.
const DRAIN_POLL: Duration = Duration::from_millis(20);

/// A running Clingfish.
#[derive(Debug)]
pub(crate) struct Node {
    control: Control<Workers>,
    log: Arc<Mutex<LogWriter>>,
}

impl Node {
    /// Starts everything; listeners accept when it returns. To be called on the runtime that control is to run on.
    pub(crate) async fn start(
        config: &Path,
        place: &cli::Place,
        state: &cli::State,
    ) -> anyhow::Result<Self> {
        let configuration = Configuration::read_in(place.availability_zone.as_ref(), config)?;
        for warning in &configuration.warnings {
            tracing::warn!("{warning}");
        }
        let keys = key_file(state)?;
        let ring = Arc::new(keys.load_or_create()?);
        let desired = &configuration.desired;
        let workers = desired.server.workers.map_or_else(cores, Ok)?;
        let first = first_snapshot(&configuration, &ring, workers);
        let registry = Arc::new(Registry::new(workers));
        let (log, ends) = LogWriter::start(&desired.access_log, workers).with_context(|| {
            match &desired.access_log.sink {
                LogSink::File(path) => format!("access_log: cannot write to {}", path.display()),
                LogSink::Auto | LogSink::Stdout | LogSink::Off => {
                    "cannot start the access log".to_owned()
                }
            }
        })?;
        let log = Arc::new(Mutex::new(log));
        let doors =
            Workers::start(&first, &registry, ends, connections_ceiling(), Inheritance::default())
                .context("cannot start the data plane")?;
        let control = Control::start(Setup {
            config: config.to_owned(),
            configuration,
            keys,
            first,
            doors,
            workers,
            registry,
            log: Arc::clone(&log),
            build: Build {
                version: env!("CARGO_PKG_VERSION"),
                commit: option_env!("CLINGFISH_COMMIT").unwrap_or_default(),
            },
            process: Process { pid: std::process::id(), generation: 0 },
            admin_socket: None,
            opened: Inheritance::default().opened,
        })
        .await?;
        Ok(Self { control, log })
    }

    pub(crate) fn control(&self) -> &Control<Workers> {
        &self.control
    }

    pub(crate) fn reloader(&self) -> Reloader<Workers> {
        self.control.reloader()
    }

    /// Opens the access log file again, after it was moved away.
    pub(crate) fn reopen_log(&self) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).reopen();
    }

    /// The way out: not ready, a pause, no new connections, an end to those that there are, and then the threads.
    pub(crate) async fn leave(self) {
        let server = self.control.snapshot().map(|snapshot| snapshot.server.clone());
        let server = server.unwrap_or_default();
        let Some(mut workers) = self.control.begin_shutdown().await else {
            return;
        };
        tracing::info!(pause = ?server.shutdown_pause, deadline = ?server.shutdown_deadline, "shutting down");
        tokio::time::sleep(server.shutdown_pause).await;
        workers.stop_accepting();
        workers.leave(LEAVE_PATIENCE.min(server.shutdown_deadline));
        drain(&workers, &server).await;
        workers.stop();
        self.control.shutdown().await;
        if let Ok(log) = Arc::try_unwrap(self.log) {
            log.into_inner().unwrap_or_else(PoisonError::into_inner).stop();
        }
        tracing::info!("stopped");
    }
}

/// Waits for the last connection, but not beyond the deadline.
async fn drain(workers: &Workers, server: &Server) {
    let empty = async {
        while workers.connections() > 0 {
            tokio::time::sleep(DRAIN_POLL).await;
        }
    };
    if tokio::time::timeout(server.shutdown_deadline, empty).await.is_err() {
        tracing::warn!(
            connections = workers.connections(),
            "deadline reached, cutting what still runs"
        );
    }
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
