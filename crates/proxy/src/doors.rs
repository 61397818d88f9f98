//! The data plane as control sees it: threads, listening sockets, and the way out.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc as std_mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use clingfish_model::{Listener, Name};
use clingfish_snapshot::{Doors, OpenError, Snapshot};
use clingfish_telemetry::{AccessLog, Registry};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc;

use crate::worker::{Command, OpenedSocket, Place, Shared, Worker};

/// Commands that may wait for one worker. Control waits for each snapshot to be adopted, so there are never many.
const COMMANDS_MAX: usize = 64;

/// How long control waits for a worker to adopt a snapshot before it goes on without its answer.
const ADOPT_PATIENCE: Duration = Duration::from_secs(5);

/// Connections that the kernel holds for us, at most what `somaxconn` allows.
const BACKLOG: i32 = 4096;

/// All data plane threads and their listening sockets.
#[derive(Debug)]
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<Thread>,
    doors: Vec<OpenDoor>,
    last_door: u64,
    /// Connections that descriptors suffice for, whatever the configuration says.
    connections_ceiling: u64,
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
    /// As the system gave it.
    address: SocketAddr,
    /// One for each worker; empty once handed over.
    sockets: Vec<TcpListener>,
}

impl Workers {
    /// Starts a thread for each end of the access log on a first snapshot, without listeners until [`Doors::enforce`].
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub fn start(
        first: &Arc<Snapshot>,
        registry: &Arc<Registry>,
        logs: Vec<AccessLog>,
        connections_ceiling: u64,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            connections: AtomicU64::new(0),
            connections_max: AtomicU64::new(first.server.connections_max.min(connections_ceiling)),
            registry: Arc::clone(registry),
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
        Ok(Self { shared, threads, doors: Vec::new(), last_door: 0, connections_ceiling })
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

    fn tell(&self, command: impl Fn() -> Command) {
        for thread in &self.threads {
            if thread.commands.try_send(command()).is_err() {
                tracing::error!("a worker no longer takes commands");
            }
        }
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
            let ours = self.doors.iter().any(|door| door.address.port() == listener.bind.port());
            match bind_all(listener.bind, self.threads.len(), !ours) {
                Ok((address, sockets)) => {
                    self.last_door += 1;
                    let (name, bind) = (listener.name.clone(), listener.bind);
                    opened.push(OpenDoor { id: self.last_door, name, bind, address, sockets });
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
        let places: Arc<[Place]> = wanted
            .iter()
            .enumerate()
            .filter_map(|(listener, door)| Some(Place { door: (*door)?, listener }))
            .collect();
        let (done, adopted) = std_mpsc::sync_channel(self.threads.len());
        for thread in &self.threads {
            let opened = self.doors.iter_mut().filter_map(OpenDoor::hand_over).collect();
            let (snapshot, places) = (Arc::clone(snapshot), Arc::clone(&places));
            let command = Command::Adopt { snapshot, opened, places, done: done.clone() };
            if thread.commands.try_send(command).is_err() {
                tracing::error!("a worker no longer takes commands");
            }
        }
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
        self.doors.iter().map(|door| (door.name.clone(), door.address)).collect()
    }
}

impl OpenDoor {
    fn hand_over(&mut self) -> Option<OpenedSocket> {
        let socket = self.sockets.pop()?;
        Some(OpenedSocket { door: self.id, socket, address: self.address })
    }
}

/// One listening socket for each worker, all on the same address. SO_REUSEPORT would let us share a port with another process
/// of the same user in silence, so a socket without it tries the address first.
fn bind_all(
    wanted: SocketAddr,
    count: usize,
    probe: bool,
) -> io::Result<(SocketAddr, Vec<TcpListener>)> {
    if probe {
        drop(bind(wanted, false)?);
    }
    let mut address = wanted;
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = listen(address)?;
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok((address, sockets))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bind(address, true)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        // An IPv6 wildcard means IPv6: whoever wants both writes both, as with every other pair of addresses.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn open_error(listener: &Listener, source: io::Error) -> OpenError {
    let (listener, address) = (listener.name.clone(), listener.bind);
    if source.kind() == io::ErrorKind::AddrInUse {
        OpenError::Taken { listener, address }
    } else {
        OpenError::Refused { listener, address, source }
    }
}
