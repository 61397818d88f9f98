//! The whole control plane: its tasks, how they start and how they end.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
};

use clingfish_affinity::KeyRing;
use clingfish_model::limits::{CHANGES_WAITING_MAX, LOOKUP_PATIENCE, RELOADS_WAITING_MAX};
use clingfish_snapshot::{Doors, OpenError, Snapshot};
use clingfish_telemetry::{
    LogWriter, Registry,
    text::{Build, Process},
};
use clingfish_upstream::{Reach, Resolver};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use crate::{
    Configuration, Credentials, KeyFile, Phase,
    admin::{Admin, Asset, Site, Tools},
    apply::Applier,
    census::Census,
    change::Changes,
    checks::{Checker, Checks},
    files::Files,
    history::Annals,
    lookups::{Lookups, Resolve},
    metrics::Metrics,
    prober::Prober,
    recorder::Recorder,
    status::Status,
    steward::{Ask, Request, Steward},
};

/// What a start needs: what was read, and what runs already.
#[derive(Debug)]
pub struct Setup<D> {
    /// The configuration file.
    pub config: PathBuf,
    /// What it said.
    pub configuration: Configuration,
    /// The key ring file.
    pub keys: KeyFile,
    /// What the state directory remembers.
    pub annals: Annals,
    /// What [`crate::first_snapshot`] made of both, which the workers were started on.
    pub first: Arc<Snapshot>,
    /// Who may use the APIs beside those that the configuration names.
    pub credentials: Credentials,
    /// The listening sockets and the workers.
    pub doors: D,
    /// How many workers there are.
    pub workers: usize,
    /// Where they count.
    pub registry: Arc<Registry>,
    /// Where their access log goes. The mutex protects the operator's end of it, which the signal handlers use too.
    pub log: Arc<Mutex<LogWriter>>,
    /// Whom targets may be; takes the admin address out.
    pub reach: Arc<Reach>,
    /// Which program this is.
    pub build: Build,
    /// Which process this is.
    pub process: Process,
    /// Files of the web console; none where there is to be no console.
    pub console: Vec<Asset>,
    /// What tests listeners when somebody at the admin address asks for that.
    pub checker: Arc<dyn Checker>,
    /// A socket that another process made for the admin address; none has this one make its own.
    pub admin_socket: Option<TcpListener>,
    /// Turns true when the admin address may answer; until then somebody else may.
    pub opened: watch::Receiver<bool>,
}

/// Why the control plane does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Some listeners cannot be opened; none is.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Listeners(Vec<OpenError>),
    /// The admin address cannot be opened.
    #[error(
        "admin: cannot listen on {address}: {cause}; choose another address with bind in [admin]"
    )]
    Admin {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
}

/// The running control plane. Dropping it ends its tasks.
#[derive(Debug)]
pub struct Control<D> {
    requests: mpsc::Sender<Request<D>>,
    status: Arc<Status>,
    admin_address: SocketAddr,
    /// As configured.
    admin_bind: SocketAddr,
    /// Another handle of what the admin task accepts from.
    admin_socket: TcpListener,
    /// Prober, census, recorder, ticker, admin and steward.
    tasks: [Owned; 6],
}

/// Asks for reloads from anywhere.
#[derive(Clone, Debug)]
pub struct Reloader<D> {
    requests: mpsc::Sender<Request<D>>,
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Owned(JoinHandle<()>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<D: Doors + 'static> Control<D> {
    /// Opens the listeners and the admin address, asks for the addresses of names, and puts the first snapshot in force.
    ///
    /// Returns when listeners accept. `/readyz` says yes a little later: see [`Self::until_ready`]. To be called on the
    /// runtime that all of control is to run on.
    ///
    /// # Errors
    ///
    /// When an address cannot be opened; then none is.
    pub async fn start(setup: Setup<D>) -> Result<Self, StartError> {
        Self::start_with(setup, Resolver::new()).await
    }

    pub(crate) async fn start_with<R: Resolve>(
        mut setup: Setup<D>,
        resolver: R,
    ) -> Result<Self, StartError> {
        let status = Arc::new(Status::new());
        let (admin_inherited, opened) = (setup.admin_socket.take(), setup.opened.clone());
        let (registry, reach) = (Arc::clone(&setup.registry), Arc::clone(&setup.reach));
        let annals = setup.annals.clone();
        let site = Arc::new(Site::new(&setup.console));
        let checks = Arc::new(Checks::new(Arc::clone(&setup.checker)));
        let (mut steward, metrics) = assemble(setup, resolver, &status);
        steward.applier.open().map_err(StartError::Listeners)?;
        let bind = steward.applier.desired().admin.bind;
        let refused = |cause| StartError::Admin { address: bind, cause };
        let first = steward.applier.admin();
        let (changes, changing) = Changes::channel(CHANGES_WAITING_MAX);
        let tools = Tools { changes, annals, host_name: host_name(), site, checks };
        let admin = Admin::bind(bind, admin_inherited, metrics, first, tools);
        let admin = admin.await.map_err(refused)?;
        let (admin_address, admin_socket) = (admin.address(), admin.lend().map_err(refused)?);
        // Before the first request and the first check.
        reach.spare(admin_address);
        admin.announce();
        let ticker = Owned(tokio::spawn(admin.ticker().run()));
        let admin = Owned(tokio::spawn(admin.run(opened)));
        let recorder = Recorder { status: Arc::clone(&status), registry: Arc::clone(&registry) };
        let recorder = Owned(tokio::spawn(recorder.run()));
        let prober = Prober::new(steward.applier.reader(), Arc::clone(&status), registry, reach);
        let prober = Owned(tokio::spawn(prober.run()));
        let census = Owned(tokio::spawn(Census::new(steward.applier.reader()).run()));
        steward.begin(LOOKUP_PATIENCE).await;
        let (requests, incoming) = mpsc::channel(RELOADS_WAITING_MAX);
        let steward = Owned(tokio::spawn(steward.run(incoming, changing)));
        let tasks = [prober, census, recorder, ticker, admin, steward];
        Ok(Self { requests, status, admin_address, admin_bind: bind, admin_socket, tasks })
    }

    /// Where the admin address really is.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Where the configuration that it was started with wants the admin address; the port may be 0.
    pub fn admin_bind(&self) -> SocketAddr {
        self.admin_bind
    }

    /// Where each listener really is.
    pub fn listeners(&self) -> Vec<(clingfish_model::Name, SocketAddr)> {
        self.status.enforced().map(|enforced| enforced.addresses).unwrap_or_default()
    }

    /// What all workers use.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.status.enforced().map(|enforced| enforced.snapshot)
    }

    /// How far the process has come.
    pub fn phase(&self) -> Phase {
        self.status.phase()
    }

    /// Waits until `/readyz` says yes, or never will again.
    pub async fn until_ready(&self) {
        let mut phase = self.status.follow_phase();
        // The sender is in `self.status`, so that waiting cannot fail.
        let _ = phase.wait_for(|phase| !matches!(phase, Phase::Starting | Phase::Checking)).await;
    }

    /// As [`Reloader::reload`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn reload(&self) -> Result<u64, Vec<String>> {
        self.reloader().reload().await
    }

    /// What reloads ask through, for whoever does not hold this value.
    pub fn reloader(&self) -> Reloader<D> {
        Reloader { requests: self.requests.clone() }
    }

    /// From now on `/readyz` says no, and nothing is applied any more. Gives back the doors for what comes next; none if that
    /// has happened before.
    ///
    /// Checks go on, and the admin address answers, until this value is dropped or [`Self::shutdown`] is called.
    pub async fn begin_shutdown(&self) -> Option<D> {
        self.status.leave();
        self.resign().await
    }

    /// As [`Self::begin_shutdown`], where another process has taken over: the admin address is its own from now on.
    pub async fn succeed(&self) -> Option<D> {
        self.status.succeed();
        self.resign().await
    }

    async fn resign(&self) -> Option<D> {
        let (answer, doors) = oneshot::channel();
        self.requests.send(Request::Resign(answer)).await.ok()?;
        doors.await.ok()
    }

    /// Asks something of the doors; none once they were given back.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&D) -> T + Send + 'static,
    ) -> Option<T> {
        let (sender, answer) = oneshot::channel();
        let ask = Box::new(move |doors: &D| {
            // Whoever asked may have gone.
            let _ = sender.send(question(doors));
        });
        self.requests.send(Request::Ask(Ask(ask))).await.ok()?;
        answer.await.ok()
    }

    /// A handle of the admin address's socket, for another process.
    ///
    /// # Errors
    ///
    /// When there is no descriptor left for it.
    pub fn lend_admin(&self) -> io::Result<TcpListener> {
        self.admin_socket.try_clone()
    }

    /// Counts a new process that did not take over.
    pub fn count_failed_upgrade(&self) {
        self.status.upgrades_failed.fetch_add(1, Relaxed);
    }

    /// Ends all tasks and waits for them.
    pub async fn shutdown(self) {
        for mut task in self.tasks {
            task.0.abort();
            // It ends as aborted, or has ended before.
            let _ = (&mut task.0).await;
        }
    }
}

impl<D: Doors + 'static> Reloader<D> {
    /// Reads the configuration file again. Gives the revision that is in force in every worker now.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, for people, or that the process is shutting down. Nothing has changed then.
    pub async fn reload(&self) -> Result<u64, Vec<String>> {
        let leaving = || vec!["the process is shutting down".to_owned()];
        let (answer, outcome) = oneshot::channel();
        let asked = self.requests.send(Request::Reload(answer)).await;
        asked.map_err(|_| leaving())?;
        outcome.await.map_err(|_| leaving())?
    }
}

/// The machine's own name, as its system has it.
fn host_name() -> Arc<str> {
    rustix::system::uname().nodename().to_string_lossy().into()
}

fn assemble<D: Doors, R: Resolve>(
    setup: Setup<D>,
    resolver: R,
    status: &Arc<Status>,
) -> (Steward<D, R>, Metrics) {
    let Setup {
        config,
        configuration,
        keys,
        annals,
        credentials,
        first,
        doors,
        workers,
        registry,
        log,
        build,
        process,
        ..
    } = setup;
    let ring: &KeyRing = &first.ring;
    let files = Files::new(config, &configuration, keys, ring, annals);
    let text = Arc::clone(&configuration.text);
    let lookups = Lookups::new(resolver);
    let metrics = Metrics {
        status: Arc::clone(status),
        registry: Arc::clone(&registry),
        log: Arc::clone(&log),
        build,
        process,
        workers,
    };
    let applier = Applier::new(
        configuration,
        credentials,
        first,
        workers,
        doors,
        registry,
        Arc::clone(status),
    );
    (Steward::new(applier, lookups, files, text, log, Arc::clone(status)), metrics)
}
