//! An application for tests, in threads of the test's own process.

pub(crate) mod connection;
pub(crate) mod request;
pub(crate) mod standard;
pub(crate) mod websocket;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::{SockRef, Socket};

use crate::{eventually, port::bind};
use connection::{Connection, Flow};
use request::Received;
use standard::standard;

/// Long enough for a burst of connections before the thread accepts them.
const BACKLOG: i32 = 1024;

/// Requests under this path are answered before their body is read.
const EARLY: &str = "/early";

/// An application on a port of its own. Dropping it stops it.
///
/// The port stays reserved while it is stopped, so that nobody else gets it before [`Self::resume`].
pub struct Target {
    address: SocketAddr,
    _reserved: Socket,
    app: Arc<App>,
    /// Protects the thread that accepts; none while stopped.
    accepting: Mutex<Option<JoinHandle<()>>>,
}

type Answer = dyn Fn(&mut Connection, &Received) -> io::Result<Flow> + Send + Sync;

/// What the threads of a target share.
struct App {
    answer: Box<Answer>,
    is_stopped: AtomicBool,
    is_hanging: AtomicBool,
    is_forgetful: AtomicBool,
    /// Protects the requests so far, in the order in which they came.
    received: Mutex<Vec<Received>>,
    /// Protects the open connections by their numbers.
    connections: Mutex<BTreeMap<usize, Arc<TcpStream>>>,
}

impl Target {
    /// An application that answers with its name, or what the path asks for: see [`standard()`].
    pub fn start(name: &str) -> Self {
        let name = name.to_owned();
        Self::answering(move |connection, request| standard(&name, connection, request))
    }

    /// An application that answers every request with exactly these bytes and then closes.
    pub fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::answering(move |connection, _| {
            connection.write(&bytes)?;
            Ok(Flow::Close)
        })
    }

    /// An application that does what the closure does with each request. An error closes the connection.
    pub fn answering(
        answer: impl Fn(&mut Connection, &Received) -> io::Result<Flow> + Send + Sync + 'static,
    ) -> Self {
        Self::answering_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), answer)
    }

    /// As [`Self::answering`], at that address: a [`Port`](crate::Port) that is reserved, or port 0 for any.
    pub fn answering_at(
        address: SocketAddr,
        answer: impl Fn(&mut Connection, &Received) -> io::Result<Flow> + Send + Sync + 'static,
    ) -> Self {
        let reserved = bind(address).expect("the port is free");
        let address = reserved.local_addr().ok().and_then(|bound| bound.as_socket());
        let target = Self {
            address: address.expect("it is bound"),
            _reserved: reserved,
            app: Arc::new(App {
                answer: Box::new(answer),
                is_stopped: AtomicBool::new(true),
                is_hanging: AtomicBool::new(false),
                is_forgetful: AtomicBool::new(false),
                received: Mutex::default(),
                connections: Mutex::default(),
            }),
            accepting: Mutex::default(),
        };
        target.resume();
        target
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.app.received).clone()
    }

    /// How many requests have come so far.
    pub fn count(&self) -> usize {
        lock(&self.app.received).len()
    }

    /// Waits until so many requests have come, and returns them.
    #[track_caller]
    pub fn wait_requests(&self, count: usize) -> Vec<Received> {
        eventually(Duration::from_secs(15), || {
            let requests = self.requests();
            (requests.len() >= count).then_some(requests)
        })
    }

    /// Waits until every connection so far has been closed from this side.
    #[track_caller]
    pub fn wait_closed(&self) {
        eventually(Duration::from_secs(15), || {
            lock(&self.app.connections).is_empty().then_some(())
        });
    }

    /// Accepts and reads from now on, and answers nothing until told otherwise.
    pub fn hang(&self, is_hanging: bool) {
        self.app.is_hanging.store(is_hanging, Ordering::SeqCst);
    }

    /// Keeps no requests from now on, of which there may be hundreds of thousands.
    pub fn forget(&self) {
        self.app.is_forgetful.store(true, Ordering::SeqCst);
    }

    /// Dies: cuts every connection, and refuses new ones.
    pub fn stop(&self) {
        let Some(thread) = lock(&self.accepting).take() else {
            return;
        };
        self.app.is_stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(self.address);
        thread.join().expect("accepting does not panic");
        for connection in lock(&self.app.connections).values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Comes back on the same port.
    pub fn resume(&self) {
        let mut accepting = lock(&self.accepting);
        if accepting.is_some() {
            return;
        }
        let socket = bind(self.address).expect("the port is reserved");
        socket.listen(BACKLOG).expect("the port is reserved");
        self.app.is_stopped.store(false, Ordering::SeqCst);
        let app = Arc::clone(&self.app);
        *accepting = Some(thread::spawn(move || app.accept(&socket.into())));
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stop();
    }
}

impl App {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for number in 1.. {
            let Ok((stream, _)) = listener.accept() else {
                return;
            };
            if self.is_stopped.load(Ordering::SeqCst) {
                return;
            }
            let stream = Arc::new(stream);
            lock(&self.connections).insert(number, Arc::clone(&stream));
            let app = Arc::clone(self);
            thread::spawn(move || {
                // The other side may end a connection at any time: that is no fault of the test.
                let flow = app.serve(&stream, number).unwrap_or(Flow::Close);
                let ended = match flow {
                    Flow::Reset => SockRef::from(&*stream).set_linger(Some(Duration::ZERO)),
                    Flow::KeepAlive | Flow::Close => stream.shutdown(Shutdown::Both),
                };
                lock(&app.connections).remove(&number);
                ended
            });
        }
    }

    /// Answers the requests of one connection and says how it ends.
    fn serve(&self, stream: &Arc<TcpStream>, number: usize) -> io::Result<Flow> {
        let mut connection = Connection::new(Arc::clone(stream))?;
        while let Some(head) = connection.read_head()? {
            let mut request = Received::new(head, number);
            if !request.path().starts_with(EARLY) {
                connection.read_body(&mut request)?;
            }
            if !self.is_forgetful.load(Ordering::SeqCst) {
                lock(&self.received).push(request.clone());
            }
            self.wait_while_hanging();
            let flow = (self.answer)(&mut connection, &request)?;
            if flow != Flow::KeepAlive {
                return Ok(flow);
            }
        }
        Ok(Flow::Close)
    }

    fn wait_while_hanging(&self) {
        let goes_on = || {
            let is_held = self.is_hanging.load(Ordering::SeqCst);
            (!is_held || self.is_stopped.load(Ordering::SeqCst)).then_some(())
        };
        // A test that takes longer than this has failed by other means.
        crate::wait::within(Duration::from_secs(600), goes_on);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}

#[cfg(test)]
mod tests;
