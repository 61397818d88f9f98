//! When the system gives no more descriptors.

use std::{fs, thread, time::Duration};

use clingfish_testkit::{Clingfish, RawClient, Target};

use super::{limit_descriptors, no_more_descriptors};
use crate::support::before;

/// Time that the process has spent on a processor, in hundredths of a second.
#[track_caller]
fn ticks(clingfish: &Clingfish) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", clingfish.pid())).expect("it runs");
    // The name before the bracket may have spaces; user and system time are the 12th and 13th after it.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let numbers = rest.split_whitespace().skip(11).take(2);
    numbers.filter_map(|number| number.parse::<u64>().ok()).sum()
}

#[test]
fn connections_that_cannot_be_accepted_wait_without_burning_a_core() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut inside = RawClient::connect(clingfish.listener("web")).unwrap();
    inside.send(get).unwrap();
    assert_eq!(inside.read_response().unwrap().status, 200);
    no_more_descriptors(&clingfish);
    let mut waiting: Vec<RawClient> =
        (0..20).map(|_| RawClient::connect(clingfish.listener("web")).unwrap()).collect();
    for client in &mut waiting {
        client.send(get).unwrap();
    }
    let before = ticks(&clingfish);
    // A second in which nothing can be done: what it costs is the matter.
    thread::sleep(Duration::from_secs(1));
    let spent = ticks(&clingfish) - before;
    assert!(spent < 30, "{spent} hundredths of a second of work");
    inside.send(get).unwrap();
    assert_eq!(inside.read_response().unwrap().status, 200, "whoever is inside is served");
    limit_descriptors(&clingfish, 1024);
    for client in &mut waiting {
        assert_eq!(client.read_response().unwrap().status, 200, "nobody was turned away");
    }
}
