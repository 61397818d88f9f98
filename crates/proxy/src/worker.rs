//! One data plane thread: its state, its ticks, and how it follows snapshots.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc as std_mpsc,
    },
    time::{Duration, Instant},
};

use clingfish_affinity::Memo;
use clingfish_model::limits::{SCRATCHES_IDLE_MAX, WHEEL_TICK};
use clingfish_sessions::Streams;
use clingfish_snapshot::{Leaving, Snapshot};
use clingfish_telemetry::{AccessLog, Registry, WorkerMeter, recent::Sampler};
use clingfish_upstream::Reach;
use tokio::sync::{Notify, mpsc, watch};

use crate::{
    accept,
    buffer::BufferPool,
    clock::{self, Wall},
    deadline::Deadlines,
    entropy::Entropy,
    inbound::Scratch,
    presence::Presences,
    splice::PipePool,
    ticker::Ticker,
    view::View,
    wire,
};

pub(crate) use crate::door::Door;

/// How often idle upstream connections are looked through and log lines handed on.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// What control asks of a worker.
#[derive(Debug)]
pub(crate) enum Command {
    /// Use this snapshot from now on; accept on the opened sockets, close the others.
    Adopt {
        snapshot: Arc<Snapshot>,
        opened: Vec<OpenedSocket>,
        /// Which listener of the snapshot each door is; a door that is not here closes.
        places: Arc<[Place]>,
        done: std_mpsc::SyncSender<()>,
    },
    /// Accept no more.
    StopAccepting,
    /// Answer what still comes, with `Connection: close`, and let go of those that stay silent.
    Leave {
        /// How long an idle connection may still say something.
        patience: Duration,
    },
}

/// A door and its listener's position in the snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) door: u64,
    pub(crate) listener: usize,
}

/// A listening socket for one worker.
#[derive(Debug)]
pub(crate) struct OpenedSocket {
    pub(crate) door: u64,
    pub(crate) socket: StdListener,
    pub(crate) address: SocketAddr,
}

/// What all workers share. Written per connection at the most, never per request.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Open client connections.
    pub(crate) connections: AtomicU64,
    /// How many there may be.
    pub(crate) connections_max: AtomicU64,
    pub(crate) registry: Arc<Registry>,
    /// When clients with streams were last seen. Written by streams only, read for tokens that have expired.
    pub(crate) streams: Streams,
    /// Under which sessions are counted, so that nobody outside can make ids that count for many.
    pub(crate) session_secret: u64,
    /// Whom targets may be.
    pub(crate) reach: Arc<Reach>,
    /// Turns true when accepting may begin.
    pub(crate) opened: watch::Receiver<bool>,
}

/// The state of one data plane thread.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) index: usize,
    started: Instant,
    pub(crate) shared: Arc<Shared>,
    pub(crate) buffers: Rc<BufferPool>,
    pub(crate) pipes: PipePool,
    pub(crate) deadlines: Rc<Deadlines>,
    pub(crate) wall: Wall,
    pub(crate) memo: RefCell<Memo>,
    pub(crate) entropy: RefCell<Entropy>,
    pub(crate) meter: Arc<WorkerMeter>,
    pub(crate) log: RefCell<AccessLog>,
    pub(crate) sampler: Sampler,
    #[expect(clippy::vec_box, reason = "each goes in and out with every request")]
    pub(crate) scratch: RefCell<Vec<Box<Scratch>>>,
    /// Set once the process is on its way out: how long a connection may still wait for a request.
    pub(crate) leaving: Cell<Option<Duration>>,
    /// Something has changed that connections which are busy all the time would not notice.
    pub(crate) news: Notify,
    weyl: Cell<u64>,
    /// Serial numbers of targets that left, and when their requests will be cut.
    cuts: RefCell<HashMap<u64, Instant>>,
    view: RefCell<Rc<View>>,
    doors: RefCell<Vec<Rc<Door>>>,
    pub(crate) presences: Presences,
}

impl Worker {
    /// The snapshot of this moment, as this worker uses it.
    pub(crate) fn view(&self) -> Rc<View> {
        Rc::clone(&self.view.borrow())
    }

    /// That of the current snapshot.
    #[inline]
    pub(crate) fn revision(&self) -> u64 {
        self.view.borrow().snapshot.revision
    }

    /// Which listener of the current snapshot listens on that address.
    pub(crate) fn place_of(&self, address: SocketAddr) -> Option<usize> {
        let doors = self.doors.borrow();
        doors.iter().find(|door| door.address == address)?.listener.get()
    }

    /// Runs until the command channel closes and every connection has ended.
    pub(crate) async fn run(
        index: usize,
        shared: Arc<Shared>,
        first: Arc<Snapshot>,
        log: AccessLog,
        mut commands: mpsc::Receiver<Command>,
    ) -> io::Result<()> {
        let worker = Rc::new(Self::new(index, shared, first, log)?);
        let ticking = tokio::task::spawn_local(Rc::clone(&worker).tick(Ticker::new()?));
        while let Some(command) = commands.recv().await {
            worker.obey(command);
        }
        ticking.abort();
        Ok(())
    }

    fn new(
        index: usize,
        shared: Arc<Shared>,
        first: Arc<Snapshot>,
        log: AccessLog,
    ) -> io::Result<Self> {
        let started = clock::now();
        let view = View::new(first, None, &shared.registry, index, started);
        Ok(Self {
            index,
            started,
            meter: shared.registry.worker(index),
            shared,
            buffers: Rc::default(),
            pipes: PipePool::default(),
            deadlines: Rc::new(Deadlines::new(started)),
            wall: Wall::new(started),
            memo: RefCell::default(),
            entropy: RefCell::new(Entropy::new()?),
            log: RefCell::new(log),
            sampler: Sampler::new(started),
            scratch: RefCell::default(),
            leaving: Cell::new(None),
            news: Notify::new(),
            weyl: Cell::new(index as u64),
            cuts: RefCell::default(),
            view: RefCell::new(Rc::new(view)),
            doors: RefCell::default(),
            presences: Presences::default(),
        })
    }

    /// Seconds since the worker started.
    pub(crate) fn age(&self, now: Instant) -> u32 {
        let age = now.saturating_duration_since(self.started);
        u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
    }

    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::Adopt { snapshot, opened, places, done } => {
                self.adopt(snapshot);
                for socket in opened {
                    self.open(socket);
                }
                self.place_doors(&places);
                // Control may have given up waiting, which changes nothing here.
                let _ = done.try_send(());
            }
            Command::StopAccepting => {
                for door in self.doors.borrow().iter() {
                    door.stop_accepting();
                }
            }
            Command::Leave { patience } => {
                self.leaving.set(Some(patience));
                self.deadlines.observe(clock::now());
                self.deadlines.hurry(patience);
                self.news.notify_waiters();
            }
        }
    }

    fn adopt(self: &Rc<Self>, snapshot: Arc<Snapshot>) {
        let now = clock::now();
        let next = {
            let current = self.view.borrow();
            View::new(snapshot, Some(&current), &self.shared.registry, self.index, now)
        };
        for leaving in &next.snapshot.leaving {
            let serial = leaving.target.cell.serial();
            let before = self.cuts.borrow_mut().insert(serial, leaving.ends_at);
            if before != Some(leaving.ends_at) {
                self.cut_later(leaving);
            }
        }
        self.view.replace(Rc::new(next));
    }

    /// Ends what runs on a target that left, once its time is over, unless it has come back or got another time since.
    fn cut_later(self: &Rc<Self>, leaving: &Leaving) {
        let (worker, cell) = (Rc::clone(self), Arc::clone(&leaving.target.cell));
        let ends_at = leaving.ends_at;
        tokio::task::spawn_local(async move {
            tokio::time::sleep_until(ends_at.into()).await;
            let serial = cell.serial();
            if worker.cuts.borrow().get(&serial) != Some(&ends_at) {
                return;
            }
            worker.cuts.borrow_mut().remove(&serial);
            if !worker.view().has(serial) {
                cell.depart(true);
                worker.deadlines.cut(serial);
            }
        });
    }

    fn open(self: &Rc<Self>, opened: OpenedSocket) {
        let door = Rc::new(Door::new(opened.door, opened.address));
        tokio::task::spawn_local(accept::run(Rc::clone(self), Rc::clone(&door), opened.socket));
        self.doors.borrow_mut().push(door);
    }

    /// The door with the number of that one, which connections that come now belong to.
    pub(crate) fn door(&self, door: &Rc<Door>) -> Rc<Door> {
        let doors = self.doors.borrow();
        Rc::clone(doors.iter().find(|other| other.id == door.id).unwrap_or(door))
    }

    /// Tells each door which listener of the current snapshot it is, and closes those that are none.
    fn place_doors(&self, places: &[Place]) {
        let view = self.view();
        self.doors.borrow_mut().retain_mut(|door| {
            let place = places.iter().find(|place| place.door == door.id);
            let at = place.and_then(|place| {
                Some((place.listener, view.snapshot.listeners.get(place.listener)?))
            });
            let Some((at, listener)) = at else {
                door.listener.set(None);
                door.stop_accepting();
                // A client that sees the end asks elsewhere; one whose request finds nobody loses it.
                self.deadlines.dismiss(door.id);
                return false;
            };
            if let Some(next) = door.move_to(at, &listener.listener) {
                self.deadlines.dismiss(door.id);
                *door = Rc::new(next);
            }
            true
        });
        self.news.notify_waiters();
    }

    /// Moves deadlines on while there are any, and tidies up now and then.
    async fn tick(self: Rc<Self>, ticker: Ticker) {
        let mut swept = self.started;
        loop {
            while self.deadlines.len() == 0 {
                self.rest().await;
            }
            if ticker.sleep(WHEEL_TICK).await.is_err() {
                // Nothing is known to make it fail; if it did, deadlines would have to go on.
                tokio::time::sleep(WHEEL_TICK).await;
            }
            let now = clock::now();
            self.deadlines.advance(now);
            if now.saturating_duration_since(swept) >= SWEEP_EVERY {
                swept = now;
                self.sweep(now);
            }
        }
    }

    /// Waits for a connection, and meanwhile lets go of what the last ones left.
    async fn rest(&self) {
        if self.sweep(clock::now()) {
            self.deadlines.occupied().await;
        } else {
            // Whichever comes first.
            let _ = tokio::time::timeout(SWEEP_EVERY, self.deadlines.occupied()).await;
        }
    }

    /// True if nothing is left that another sweep could let go.
    fn sweep(&self, now: Instant) -> bool {
        self.log.borrow_mut().flush();
        self.presences.note(self.index);
        self.buffers.sweep();
        self.pipes.sweep();
        self.scratch.borrow_mut().clear();
        let mut is_clean = self.buffers.is_empty() && self.pipes.is_empty();
        for target in self.view().groups.iter().flat_map(|group| &group.targets) {
            let mut idle = target.idle.borrow_mut();
            idle.sweep(now, |stream| wire::silence(stream.tcp()) == wire::Silence::Kept);
            target.lines.sweep(now);
            is_clean &= idle.is_empty() && target.lines.is_empty();
        }
        is_clean
    }

    /// Positions that were used before, or new ones.
    pub(crate) fn take_scratch(&self) -> Box<Scratch> {
        self.scratch.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps positions for the next exchange.
    pub(crate) fn keep_scratch(&self, mut scratch: Box<Scratch>) {
        let mut kept = self.scratch.borrow_mut();
        if kept.len() < SCRATCHES_IDLE_MAX {
            scratch.trim();
            kept.push(scratch);
        }
    }

    /// For balancers that sample: not secret, and never used where it would matter.
    pub(crate) fn random(&self) -> u64 {
        // A Weyl sequence: samplers mix it.
        let next = self.weyl.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.weyl.set(next);
        next
    }

    /// Another client connection; false if there are enough.
    pub(crate) fn admit(&self) -> bool {
        let before = self.shared.connections.fetch_add(1, Relaxed);
        if before < self.shared.connections_max.load(Relaxed) {
            return true;
        }
        self.release();
        false
    }

    /// A client connection is gone.
    pub(crate) fn release(&self) {
        self.shared.connections.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use clingfish_affinity::{KeyId, KeyRing, Secret};
    use clingfish_model::{DesiredState, UnixMillis, desired};
    use clingfish_snapshot::{Inputs, compile};
    use clingfish_telemetry::LogWriter;
    use tokio::net::TcpListener;

    use super::*;
    use crate::{
        connection::{Caller, Connection},
        stream::Stream,
    };

    fn worker() -> Rc<Worker> {
        let desired = DesiredState {
            aws: clingfish_model::elb::Aws::default(),
            server: desired::Server::default(),
            admin: desired::Admin::default(),
            access_log: desired::AccessLog { sink: desired::LogSink::Off, ..Default::default() },
            load_balancers: Vec::new(),
            listeners: Vec::new(),
            target_groups: Vec::new(),
        };
        let ring = KeyRing::first(Secret::new([1; 32]), KeyId::new(1).unwrap(), UnixMillis(0));
        let (addresses, ring) = (Default::default(), Arc::new(ring));
        let (desired, addresses, ring, tls) = (&desired, &addresses, &ring, &Default::default());
        let inputs =
            Inputs { desired, addresses, ring, tls, revision: 1, workers: 1, now: clock::now() };
        let first = Arc::new(compile(inputs, None));
        let (_, mut ends) = LogWriter::start(&desired.access_log.clone().into(), 1).unwrap();
        let shared = Arc::new(Shared {
            connections: AtomicU64::new(0),
            connections_max: AtomicU64::new(1),
            registry: Arc::new(Registry::new(1)),
            streams: Streams::new(Streams::SESSIONS_MAX),
            session_secret: 0,
            reach: Arc::default(),
            opened: watch::channel(true).1,
        });
        Rc::new(Worker::new(0, shared, first, ends.remove(0)).unwrap())
    }

    #[test]
    fn a_panic_ends_its_connection_only_and_is_counted() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build_local(tokio::runtime::LocalOptions::default())
            .unwrap();
        runtime.block_on(async {
            let worker = worker();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = tokio::net::TcpStream::connect(address).await.unwrap();
            let (tcp, peer) = listener.accept().await.unwrap();
            let door = Rc::new(Door::new(1, address));
            assert!(worker.admit());
            assert!(!worker.admit(), "there may be one");
            let caller = Caller::new(&worker, &door, peer);
            let connection = Connection::new(caller, Stream::Plain(tcp));
            let task = tokio::task::spawn_local(async move {
                let _connection = connection;
                panic!("as a fault in a request would");
            });
            assert!(task.await.unwrap_err().is_panic());
            assert_eq!(worker.meter.panics.value(), 1);
            assert_eq!(worker.meter.connections_active.value(), 0);
            assert!(worker.admit(), "its place is free again");
            client.readable().await.unwrap();
            assert_eq!(client.try_read(&mut [0; 1]).unwrap(), 0, "it is closed");
        });
    }
}
