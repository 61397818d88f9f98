//! What is sent again, and what never is.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use clingfish_testkit::{Clingfish, Connection, Flow, Received, Target, standard};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, Since, targets, web},
};

/// Paths of the requests so far.
fn paths(target: &Target) -> Vec<String> {
    target.requests().iter().map(|request| request.path().to_owned()).collect()
}

/// Does with each request on `/try` what the closure does, and answers every other one well.
fn faulty(
    fault: impl Fn(&mut Connection, &Received) -> io::Result<Flow> + Send + Sync + 'static,
) -> Target {
    Target::answering(move |connection, request| {
        if request.path().starts_with("/try") {
            return fault(connection, request);
        }
        standard("faulty", connection, request)
    })
}

#[test]
fn what_dies_before_its_answer_is_tried_elsewhere_only_where_that_is_safe() {
    for (end, how) in [(Flow::Close, "closes"), (Flow::Reset, "resets")] {
        let (bad, good) = (faulty(move |_, _| Ok(end)), Target::start("good"));
        let group = targets(&[("bad", &bad), ("good", &good)]);
        let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
        let mut statuses = BTreeSet::new();
        for round in 0..4 {
            let get = format!("/try/get/{round}");
            let mut browser = Browser::open(clingfish.listener("web"));
            let answer = browser.get(&get).unwrap();
            assert_eq!((answer.status, answer.target()), (200, "good"), "{how}: {get}");

            let post = format!("/try/post/{round}");
            let answer = browser.ask("POST", &post, "once").unwrap();
            statuses.insert(answer.status);
            let delivered = [&bad, &good]
                .map(|target| paths(target).iter().filter(|path| **path == post).count());
            assert_eq!(delivered.iter().sum::<usize>(), 1, "{how}: {post} once: {delivered:?}");
            let expected = if delivered == [0, 1] { 200 } else { 502 };
            assert_eq!(answer.status, expected, "{how}: {post}");
        }
        assert!(statuses.contains(&502), "{how}: some went to the bad one: {statuses:?}");
    }
}

#[test]
fn what_dies_within_its_head_is_tried_nowhere_else() {
    for (end, how) in [(Flow::Close, "closes"), (Flow::Reset, "resets")] {
        let bad = || {
            faulty(move |connection, _| {
                connection.write("HTTP/1.1 200 OK\r\nContent-Le")?;
                Ok(end)
            })
        };
        let (a, b) = (bad(), bad());
        let group = targets(&[("a", &a), ("b", &b)]);
        let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
        for (round, method) in ["GET", "POST"].into_iter().enumerate() {
            let mut browser = Browser::open(clingfish.listener("web"));
            let answer = browser.ask(method, "/try", "").unwrap();
            assert_eq!(answer.status, 502, "{how}: {method}");
            assert_eq!(a.count() + b.count(), round + 1, "{how}: {method} was sent once");
        }
    }
}

/// A target that ends each connection after one answer without having said so, and tells when it has.
struct Abrupt {
    address: SocketAddr,
    closed: mpsc::Receiver<String>,
    is_over: Arc<AtomicBool>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Abrupt {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, closed) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let _ = stream.and_then(|stream| Self::answer(&stream, &tell));
            }
        });
        Self { address, closed, is_over, accepting: Some(accepting) }
    }

    fn answer(mut stream: &TcpStream, tell: &mpsc::Sender<String>) -> io::Result<()> {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        let is_whole = |request: &[u8]| match request.starts_with(b"POST") {
            true => request.ends_with(b"posted once"),
            false => request.ends_with(b"\r\n\r\n"),
        };
        while !is_whole(&request) {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            request.extend(&buffer[..count]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        stream.shutdown(Shutdown::Both)?;
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        // The test may be over.
        let _ = tell.send(String::from_utf8_lossy(line).into_owned());
        Ok(())
    }
}

impl Drop for Abrupt {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(thread::JoinHandle::join);
    }
}

#[test]
fn a_connection_that_its_target_closed_in_silence_costs_no_request_and_doubles_none() {
    const ROUNDS: usize = 100;
    let abrupt = Abrupt::start();
    let group = format!("targets = [\"{}\"]\nhealth_check = false", abrupt.address);
    let clingfish = Clingfish::start(&web(&group));
    for method in ["GET", "POST"] {
        let mut browser = Browser::open(clingfish.listener("web"));
        for round in 0..ROUNDS {
            let path = format!("/{method}/{round}");
            let body = if method == "POST" { "posted once" } else { "" };
            let answer = browser.ask(method, &path, body).unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok"), "{path}");
            let delivered = abrupt.closed.recv_timeout(SOON).unwrap();
            assert_eq!(delivered, format!("{method} {path} HTTP/1.1"));
        }
    }
    assert!(abrupt.closed.try_recv().is_err(), "nothing was delivered twice");
    assert_eq!(clingfish.metrics().sum("clingfish_own_answers_total", &[]), 0.0);
}

#[test]
fn retries_stay_within_their_budget() {
    const REQUESTS: u32 = 300;
    let (bad, good) = (faulty(|_, _| Ok(Flow::Close)), Target::start("good"));
    let group = targets(&[("bad", &bad), ("good", &good)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
    let asked = Since::now();
    let mut failed = 0;
    let mut browser = Browser::open(clingfish.listener("web"));
    for _ in 0..REQUESTS {
        match browser.get("/try").unwrap().status {
            200 => {}
            502 => failed += 1,
            other => panic!("{other}"),
        }
    }
    let took = asked.elapsed();
    let metrics = clingfish.metrics();
    let value = |name| metrics.value(name, &[("target_group", "web")]).unwrap();
    let (retried, refused) = (
        value("clingfish_target_group_retries_total"),
        value("clingfish_target_group_retries_refused_total"),
    );
    // A fifth of the requests, and ten a second beside.
    let allowed = f64::from(REQUESTS) / 5.0 + 10.0 * (took.as_secs_f64() + 2.0);
    assert!(retried <= allowed, "{retried} retries of {allowed} in {took:?}");
    assert!(retried >= f64::from(REQUESTS) / 5.0 - 1.0, "the budget is used: {retried}");
    assert_eq!(refused, f64::from(failed), "what the budget refused is what clients saw");
    assert!(failed > 0);
}
