//! Targets that answer before they have read the request: what is left of it must not become somebody else's.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::Duration,
};

use clingfish_testkit::{Clingfish, RawClient};

/// A target that answers a POST at once, and reads on only when it is told to. It says what came behind each head.
struct Hasty {
    address: SocketAddr,
    go: mpsc::Sender<()>,
    seen: mpsc::Receiver<Seen>,
}

/// A POST's body as it came.
struct Seen {
    bytes: usize,
    /// What stood behind those bytes.
    foreign: Option<String>,
}

impl Hasty {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (go, told) = mpsc::channel();
        let (tell, seen) = mpsc::channel();
        thread::spawn(move || {
            let mut told = Some(told);
            for stream in listener.incoming() {
                // The first connection is the one with the large body.
                let (told, tell) = (told.take(), tell.clone());
                thread::spawn(move || serve(stream.unwrap(), told, &tell));
            }
        });
        Self { address, go, seen }
    }
}

fn serve(mut stream: TcpStream, told: Option<mpsc::Receiver<()>>, tell: &mpsc::Sender<Seen>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return;
        }
        head.push(byte[0]);
    }
    let told = told.filter(|_| head.starts_with(b"POST"));
    let wait = || told.as_ref().map(|told| told.recv_timeout(Duration::from_secs(10)));
    let _ = wait();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    if wait().is_none() {
        return;
    }
    let mut body = Vec::new();
    // The end, or a balancer that keeps the connection: both end what there is to see.
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let _ = stream.read_to_end(&mut body);
    let end = body.iter().position(|byte| *byte != b'a').unwrap_or(body.len());
    let foreign = (end < body.len()).then(|| String::from_utf8_lossy(&body[end..]).into_owned());
    let _ = tell.send(Seen { bytes: end, foreign });
}

/// Posts so many bytes, asks for something else once the answer is there, and says what the target saw of the first.
fn post(bytes: usize) -> Seen {
    let target = Hasty::start();
    let clingfish = Clingfish::start(&format!(
        "[server]\nworkers = 1\n[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"{}\"]\nhealth_check = false\n",
        target.address
    ));
    let front = clingfish.listener("web");
    let mut hasty = TcpStream::connect(front).unwrap();
    hasty.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n");
    hasty.write_all(head.as_bytes()).unwrap();
    let mut sending = hasty.try_clone().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let sender = thread::spawn(move || {
        let body = vec![b'a'; bytes];
        for piece in body.chunks(4096) {
            // It may be cut off once the answer is there.
            if sending.write_all(piece).is_err() {
                return;
            }
            counter.fetch_add(piece.len(), Relaxed);
        }
    });
    wait_until_it_stays(&sent);
    // The target answers now, and reads on later.
    target.go.send(()).unwrap();
    let mut answer = [0; 12];
    hasty.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let mut next = RawClient::connect(front).unwrap();
    next.send("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    // Answered on a connection of its own; on the other one it would wait behind the body.
    let _ = target.go.send(());
    assert_eq!(next.read_response().unwrap().status, 200);
    drop(hasty);
    sender.join().unwrap();
    target.seen.recv_timeout(Duration::from_secs(20)).unwrap()
}

/// Waits until nothing more fits between the client and a target that does not read.
fn wait_until_it_stays(count: &AtomicUsize) {
    let mut before = usize::MAX;
    while before != count.load(Relaxed) {
        before = count.load(Relaxed);
        thread::sleep(Duration::from_millis(150));
    }
}

#[test]
fn a_body_that_a_target_did_not_wait_for_is_never_followed_by_another_request() {
    // What fits into the sockets between the two is up to the kernel. The last few kilobytes that do not are what matters.
    let fits = post(48 * 1024 * 1024).bytes;
    for more in [1, 3000, 6000, 9000, 12_000, 15_000] {
        let posted = fits + more;
        let seen = post(posted);
        // Behind a whole body another request is in its place.
        let foreign = seen.foreign.filter(|_| seen.bytes < posted);
        assert_eq!(foreign, None, "after {} of {posted} bytes", seen.bytes);
    }
}

#[test]
fn an_upload_that_is_refused_still_gets_its_answer() {
    let target = clingfish_testkit::Target::start("app");
    let clingfish = crate::support::before(&target, "body_max = \"1KiB\"");
    for bytes in [50_000, 200_000, 8_000_000] {
        let mut client = TcpStream::connect(clingfish.listener("web")).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {bytes}\r\n\r\n");
        client.write_all(head.as_bytes()).unwrap();
        // As most clients do: everything is sent before the answer is read.
        client.write_all(&vec![b'a'; bytes]).unwrap();
        let mut answer = [0; 12];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "{bytes} bytes");
    }
    assert_eq!(target.count(), 0);
}
