//! Upgrades under load.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use clingfish_testkit::{Clingfish, Target, eventually};

use super::{answering_pid, upgrade, with_server};
use crate::{
    browser::Browser,
    support::{SOON, Seen as _, Since, targets, web},
};

/// Clients that keep their connection, and clients that open one for each request.
const KEEPING: usize = 6;
const OPENING: usize = 4;

/// Shortest time under load, and requests in it.
const LOAD_FOR: Duration = Duration::from_secs(4);
const REQUESTS_MIN: usize = 1_000;

/// Worker threads of each process in turn: as many as before, fewer, more.
const WORKERS: [usize; 4] = [2, 2, 1, 3];

#[test]
fn upgrades_under_load_fail_no_request_and_move_no_session() {
    let apps: Vec<Target> = ["a", "b", "c"].into_iter().map(Target::start).collect();
    let named = [("a", &apps[0]), ("b", &apps[1]), ("c", &apps[2])];
    let group = format!(
        "{}\nstickiness = true\nhealth_check = {{ path = \"/\", interval = \"1s\", timeout = \"900ms\" }}",
        targets(&named)
    );
    let config = |workers| with_server(&web(&group), &format!("workers = {workers}"));
    let clingfish = Clingfish::start(&config(WORKERS[0]));
    let address = clingfish.listener("web");
    let (is_over, done) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    let began = Since::now();
    let mut processes = vec![clingfish.pid()];
    thread::scope(|scope| {
        let clients: Vec<_> = (0..KEEPING + OPENING)
            .map(|client| scope.spawn(move || drive(client, address, is_over, done)))
            .collect();
        for (generation, workers) in (0..).zip(WORKERS).skip(1) {
            let before = done.load(Relaxed);
            eventually(SOON, || (done.load(Relaxed) >= before + 100).then_some(()));
            clingfish.write_config(&config(workers));
            upgrade(&clingfish);
            processes.push(clingfish.pid());
            assert_eq!(answering_pid(&clingfish), (clingfish.pid(), generation));
        }
        began.wait(LOAD_FOR);
        eventually(SOON, || (done.load(Relaxed) >= REQUESTS_MIN).then_some(()));
        is_over.store(true, Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    for old in &processes[..processes.len() - 1] {
        clingfish.wait_gone(*old, SOON);
    }
    let workers = clingfish.metrics().value("clingfish_workers", &[]);
    assert_eq!(workers, Some(WORKERS[3] as f64));
    assert!(!clingfish.log().contains("panicked"), "{}", clingfish.log());
}

/// Asks again and again and tries nothing twice; every answer has to be whole and from the same target.
fn drive(client: usize, address: SocketAddr, is_over: &AtomicBool, done: &AtomicUsize) {
    let mut browser = Browser::open(address);
    let mut home: Option<String> = None;
    while !is_over.load(Relaxed) {
        let asked = browser.ask("POST", &format!("/echo?client={client}"), "a body");
        let answer = asked.unwrap_or_else(|error| panic!("client {client}: {error}"));
        assert_eq!((answer.status, answer.text().as_str()), (200, "a body"), "client {client}");
        let verdict = if home.is_some() { "hit" } else { "new" };
        assert_eq!(answer.verdict(), verdict, "client {client}");
        assert_eq!(*home.get_or_insert_with(|| answer.target().to_owned()), answer.target());
        done.fetch_add(1, Relaxed);
        if client >= KEEPING || answer.header("connection") == Some("close") {
            browser = browser.again();
        }
    }
}
