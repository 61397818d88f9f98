//! The data plane as control sees it: threads, listening sockets, and the way out.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc as std_mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use clingfish_model::{Listener, Name};
use clingfish_sessions::Streams;
use clingfish_snapshot::{Doors, OpenError, Snapshot};
use clingfish_telemetry::{AccessLog, Registry};
use clingfish_upstream::Reach;
use tokio::sync::mpsc;

use crate::entropy::Entropy;
use crate::sockets::{Inheritance, Inherited, Sockets};
use crate::worker::{Command, OpenedSocket, Place, Shared, Worker};

/// Commands that may wait for one worker. Control waits for each snapshot to be adopted, so there are never many.
const COMMANDS_MAX: usize = 64;

/// How long control waits for a worker to adopt a snapshot before it goes on without its answer.
const ADOPT_PATIENCE: Duration = Duration::from_secs(5);

/// All data plane threads and their listening sockets.
#[derive(Debug)]
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<Thread>,
    doors: Vec<OpenDoor>,
    last_door: u64,
    /// Connections that descriptors suffice for, whatever the configuration says.
    connections_ceiling: u64,
    /// Sockets from before, until the first listeners have taken theirs.
    inherited: Vec<Inherited>,
}

#[derive(Debug)]
struct Thread {
    commands: mpsc::Sender<Command>,
    handle: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct OpenDoor {
    id: u64,
    name: Name,
    /// As configured.
    bind: SocketAddr,
    /// Kept for whoever takes over; the workers have handles of their own.
    sockets: Sockets,
    /// Whether the workers have them.
    is_given: bool,
}

impl Workers {
    /// Starts a thread for each end of the access log on a first snapshot, without listeners until [`Doors::enforce`]. Of what it
    /// inherits, sockets that no listener of the first snapshot wants are closed.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(
        first: &Arc<Snapshot>,
        registry: &Arc<Registry>,
        logs: Vec<AccessLog>,
        connections_ceiling: u64,
        reach: &Arc<Reach>,
        inheritance: Inheritance,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            opened: inheritance.opened,
            connections: AtomicU64::new(0),
            connections_max: AtomicU64::new(first.server.connections_max.min(connections_ceiling)),
            registry: Arc::clone(registry),
            streams: Streams::new(Streams::SESSIONS_MAX),
            session_secret: u64::from_ne_bytes(Entropy::new()?.bytes()),
            reach: Arc::clone(reach),
        });
        let mut threads = Vec::with_capacity(logs.len());
        for (index, log) in logs.into_iter().enumerate() {
            let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
            let (shared, first) = (Arc::clone(&shared), Arc::clone(first));
            let handle = std::thread::Builder::new().name(format!("worker-{index}")).spawn(
                move || -> io::Result<()> {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build_local(tokio::runtime::LocalOptions::default())?;
                    runtime.block_on(Worker::run(index, shared, first, log, receiver))
                },
            )?;
            threads.push(Thread { commands: sender, handle });
        }
        let (doors, inherited) = (Vec::new(), inheritance.sockets);
        Ok(Self { shared, threads, doors, last_door: 0, connections_ceiling, inherited })
    }

    /// Open client connections.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Relaxed)
    }

    /// First step of the way out: the listening sockets close, after what waits in them was taken.
    pub fn stop_accepting(&mut self) {
        self.doors.clear();
        self.tell(|| Command::StopAccepting);
    }

    /// Second step: every answer says `Connection: close`; a connection on which nothing comes for `patience` is closed.
    pub fn leave(&self, patience: Duration) {
        self.tell(|| Command::Leave { patience });
    }

    /// Last step: ends the threads and whatever they still do, and waits for them.
    pub fn stop(self) {
        for thread in self.threads {
            drop(thread.commands);
            if let Ok(Err(error)) = thread.handle.join() {
                tracing::error!(%error, "a worker could not run");
            }
        }
    }

    /// Handles for all listening sockets, for another process.
    ///
    /// # Errors
    ///
    /// When there are no descriptors left for them.
    pub fn lend(&self) -> io::Result<Vec<Inherited>> {
        let mut lent = Vec::new();
        for door in &self.doors {
            for socket in door.sockets.all() {
                let (name, socket) = (Some(door.name.clone()), socket.try_clone()?);
                lent.push(Inherited { name, bind: door.bind, socket });
            }
        }
        Ok(lent)
    }

    /// Makes every open socket listen. Where accepting was held back this comes before it begins, so that from then on no address
    /// refuses anybody.
    ///
    /// # Errors
    ///
    /// When the system refuses one, as it does where somebody else listens there by now.
    pub fn listen(&self) -> io::Result<()> {
        self.doors.iter().try_for_each(|door| {
            let address = door.sockets.address;
            let refused = |error| io::Error::other(format!("cannot listen on {address}: {error}"));
            door.sockets.listen().map_err(refused)
        })
    }

    fn tell(&self, command: impl Fn() -> Command) {
        for thread in &self.threads {
            if thread.commands.try_send(command()).is_err() {
                tracing::error!("a worker no longer takes commands");
            }
        }
    }

    /// Inherited sockets or new ones. They listen at once, unless somebody else still serves the address.
    fn sockets_for(&mut self, wanted: &Listener) -> io::Result<Sockets> {
        let (workers, bind) = (self.threads.len(), wanted.bind);
        let given = Sockets::inherit(&wanted.name, bind, workers, &mut self.inherited)?;
        let sockets = match given {
            Some(sockets) => sockets,
            None => Sockets::bind(bind, workers, !self.has_port(bind.port()))?,
        };
        if *self.shared.opened.borrow() {
            sockets.listen()?;
        }
        Ok(sockets)
    }

    fn has_port(&self, port: u16) -> bool {
        let has = |address: SocketAddr| address.port() == port;
        self.doors.iter().any(|door| has(door.sockets.address))
            || self.inherited.iter().any(|other| other.socket.local_addr().is_ok_and(has))
    }

    /// Whether an open door serves what is wanted. Port 0 asks for any port, so there the name has to agree as well.
    fn find(&self, wanted: &Listener) -> Option<&OpenDoor> {
        self.doors.iter().find(|door| {
            door.bind == wanted.bind && (wanted.bind.port() != 0 || door.name == wanted.name)
        })
    }
}

impl Doors for Workers {
    fn open(&mut self, wanted: &[Listener]) -> Result<(), Vec<OpenError>> {
        let mut opened = Vec::new();
        let mut errors = Vec::new();
        for listener in wanted {
            if self.find(listener).is_some() {
                continue;
            }
            match self.sockets_for(listener) {
                Ok(sockets) => {
                    self.last_door += 1;
                    let (id, name, bind) = (self.last_door, listener.name.clone(), listener.bind);
                    opened.push(OpenDoor { id, name, bind, sockets, is_given: false });
                }
                Err(source) => errors.push(open_error(listener, source)),
            }
        }
        if errors.is_empty() {
            self.doors.extend(opened);
            return Ok(());
        }
        Err(errors)
    }

    fn enforce(&mut self, snapshot: &Arc<Snapshot>) {
        let connections_max = snapshot.server.connections_max.min(self.connections_ceiling);
        self.shared.connections_max.store(connections_max, Relaxed);
        let wanted: Vec<Option<u64>> = snapshot
            .listeners
            .iter()
            .map(|view| self.find(&view.listener).map(|door| door.id))
            .collect();
        self.doors.retain(|door| wanted.contains(&Some(door.id)));
        for (view, id) in snapshot.listeners.iter().zip(&wanted) {
            // A listener that only got another name keeps its door.
            if let Some(door) = self.doors.iter_mut().find(|door| Some(door.id) == *id) {
                door.name = view.listener.name.clone();
            }
        }
        // Those that nobody wants: whoever has them as well takes what waits in them.
        for unwanted in self.inherited.drain(..) {
            let name = unwanted.name.map(|name| name.to_string());
            tracing::info!(address = %unwanted.bind, ?name, "no listener wants an inherited socket");
        }
        let places: Arc<[Place]> = wanted
            .iter()
            .enumerate()
            .filter_map(|(listener, door)| Some(Place { door: (*door)?, listener }))
            .collect();
        let (done, adopted) = std_mpsc::sync_channel(self.threads.len());
        for (worker, thread) in self.threads.iter().enumerate() {
            let new = self.doors.iter().filter(|door| !door.is_given);
            let opened = new.flat_map(|door| door.handles(worker)).collect();
            let (snapshot, places) = (Arc::clone(snapshot), Arc::clone(&places));
            let command = Command::Adopt { snapshot, opened, places, done: done.clone() };
            if thread.commands.try_send(command).is_err() {
                tracing::error!("a worker no longer takes commands");
            }
        }
        self.doors.iter_mut().for_each(|door| door.is_given = true);
        drop(done);
        for _ in &self.threads {
            if adopted.recv_timeout(ADOPT_PATIENCE).is_err() {
                tracing::warn!(
                    revision = snapshot.revision,
                    "a worker is slow to adopt a snapshot"
                );
                break;
            }
        }
    }

    fn addresses(&self) -> Vec<(Name, SocketAddr)> {
        self.doors.iter().map(|door| (door.name.clone(), door.sockets.address)).collect()
    }
}

impl OpenDoor {
    /// A worker's handles. Without descriptors for them it goes without.
    fn handles(&self, worker: usize) -> Vec<OpenedSocket> {
        let address = self.sockets.address;
        let handles = self.sockets.of_worker(worker).unwrap_or_else(|error| {
            tracing::error!(%address, worker, %error, "a worker cannot accept");
            Vec::new()
        });
        let opened = |socket| OpenedSocket { door: self.id, socket, address };
        handles.into_iter().map(opened).collect()
    }
}

fn open_error(listener: &Listener, source: io::Error) -> OpenError {
    let (listener, address) = (listener.name.clone(), listener.bind);
    if source.kind() == io::ErrorKind::AddrInUse {
        OpenError::Taken { listener, address }
    } else {
        OpenError::Refused { listener, address, source }
    }
}
