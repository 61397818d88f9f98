//! Reloads under load.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use clingfish_testkit::{Clingfish, Target, eventually};

use super::counter;
use crate::{
    browser::Browser,
    support::{SOON, Seen as _, web},
};

/// What changes under load; the sticky group `web` of targets `a` and `b` stays.
#[derive(Clone, Default)]
struct Shape {
    other_group: bool,
    extra_listener: bool,
    extra_targets: bool,
    weight: u16,
    duration_minutes: u64,
}

impl Shape {
    /// The shape after so many changes, each different from the one before.
    fn after(changes: usize) -> Self {
        Self {
            other_group: changes % 5 == 1,
            extra_listener: changes % 5 >= 3,
            extra_targets: (changes / 2) % 2 == 1,
            weight: [1, 7, 3][changes % 3],
            duration_minutes: 60 + changes as u64,
        }
    }

    fn config(&self, apps: &[Target]) -> String {
        let entry = |(number, app): (usize, &Target)| {
            let weight = if number == 0 { self.weight } else { 1 };
            let address = app.address();
            format!("{{ id = \"t{number}\", address = \"{address}\", weight = {weight} }}")
        };
        let count = if self.extra_targets { apps.len() } else { 2 };
        let entries: Vec<String> = apps.iter().take(count).enumerate().map(entry).collect();
        let group = format!(
            "targets = [{}]\nhealth_check = false\nstickiness = {{ duration = \"{}m\" }}\n",
            entries.join(", "),
            self.duration_minutes
        );
        let mut config = web(&group).replace("workers = 1", "workers = 2");
        if self.other_group {
            config += "[target_groups.other]\ntargets = [\"127.0.0.1:9\"]\n";
        }
        if self.extra_listener {
            config +=
                "[[listeners]]\nname = \"extra\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n";
        }
        config
    }
}

#[test]
fn reloads_under_load_lose_no_request_no_session_and_no_connection() {
    const CLIENTS: usize = 8;
    const RELOADS: usize = 20;
    const REQUESTS_MIN: usize = 2_000;
    let apps: Vec<Target> = ["t0", "t1", "t2", "t3"].into_iter().map(Target::start).collect();
    let clingfish = Clingfish::start(&Shape::after(0).config(&apps));
    let address = clingfish.listener("web");
    let accepted_before = counter(&clingfish, "clingfish_connections_accepted_total");
    let mut socket = Browser::open(address).upgrade();
    let (is_over, done) = (&AtomicBool::new(false), &AtomicUsize::new(0));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || drive(client, address, is_over, done)))
            .collect();
        eventually(SOON, || (done.load(Ordering::Relaxed) >= CLIENTS).then_some(()));
        for change in 1..=RELOADS {
            let config = Shape::after(change).config(&apps);
            if change % 5 == 0 {
                let before = clingfish.revision();
                clingfish.write_config(&config);
                clingfish.wait_revision(before + 1);
            } else {
                clingfish.reload_with(&config);
            }
            assert_eq!(socket.echo("still there").unwrap(), "still there", "reload {change}");
        }
        eventually(SOON, || (done.load(Ordering::Relaxed) >= REQUESTS_MIN).then_some(()));
        is_over.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
    });
    let accepted = counter(&clingfish, "clingfish_connections_accepted_total") - accepted_before;
    assert_eq!(accepted, (CLIENTS + 1) as f64, "one connection a client, and the WebSocket");
    let homes = homes(&apps);
    assert_eq!(homes.len(), CLIENTS);
    for (client, served_by) in homes {
        assert_eq!(served_by.len(), 1, "client {client} moved: {served_by:?}");
    }
    let applied = clingfish.metrics().value("clingfish_reloads_total", &[("result", "applied")]);
    assert!(applied >= Some(RELOADS as f64), "{applied:?}");
}

/// Asks again and again on one connection; every answer has to be whole and from the same target.
fn drive(client: usize, address: SocketAddr, is_over: &AtomicBool, done: &AtomicUsize) {
    let mut browser = Browser::open(address);
    let mut home = None;
    while !is_over.load(Ordering::Relaxed) {
        // A few milliseconds for each, so that some run at every moment of a reload.
        let path = format!("/slow?bytes=2&ms=2&client={client}");
        let answer = browser.get(&path).unwrap_or_else(|error| panic!("client {client}: {error}"));
        assert_eq!((answer.status, answer.text().as_str()), (200, "xx"), "client {client}");
        assert_eq!(answer.header("connection"), None, "client {client}");
        let verdict = if home.is_some() { "hit" } else { "new" };
        assert_eq!(answer.verdict(), verdict, "client {client}");
        assert_eq!(*home.get_or_insert_with(|| answer.target().to_owned()), answer.target());
        let posted = browser.ask("POST", &format!("/echo?client={client}"), "a body").unwrap();
        assert_eq!((posted.status, posted.text().as_str()), (200, "a body"), "client {client}");
        done.fetch_add(2, Ordering::Relaxed);
    }
}

/// Which targets have seen each client.
fn homes(apps: &[Target]) -> BTreeMap<u64, Vec<usize>> {
    let mut homes: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, app) in apps.iter().enumerate() {
        for client in app.requests().iter().filter_map(|request| request.number("client")) {
            let served_by = homes.entry(client).or_default();
            if !served_by.contains(&number) {
                served_by.push(number);
            }
        }
    }
    homes
}
