//! Where new sessions go, and which requests share a home before the first cookie is out.

use std::collections::BTreeMap;

use clingfish_testkit::{RawClient, Response, eventually};

use crate::support::{SOON, Seen, Stage, targets, web};

/// How many of so many newcomers each target gets.
#[track_caller]
fn newcomers(stage: &Stage, count: usize) -> BTreeMap<String, usize> {
    let mut homes = BTreeMap::new();
    for _ in 0..count {
        let visit = stage.visit(&[]);
        assert_eq!(visit.verdict(), "new");
        *homes.entry(visit.target().to_owned()).or_default() += 1;
    }
    homes
}

fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

/// The stage's configuration with more keys for `a` and for `b`.
fn with_keys(stage: &Stage, a: &str, b: &str, more: &str) -> String {
    let (at_a, at_b) = (stage.a.address(), stage.b.address());
    web(&format!(
        "targets = [{{ id = \"a\", address = \"{at_a}\", {a} }}, {{ id = \"b\", address = \"{at_b}\", {b} }}]\n\
         stickiness = true\nhealth_check = false\n{more}"
    ))
}

#[test]
fn newcomers_take_turns_by_weight() {
    let stage = Stage::sticky("true");
    assert_eq!(newcomers(&stage, 20), counts([("a", 10), ("b", 10)]));
    stage.clingfish.reload_with(&with_keys(&stage, "weight = 3", "weight = 1", ""));
    assert_eq!(newcomers(&stage, 40), counts([("a", 30), ("b", 10)]));
}

#[test]
fn known_clients_do_not_take_turns() {
    let stage = Stage::sticky("true");
    let known = stage.visit(&[]);
    let mut expected = known.target().to_owned();
    for _ in 0..10 {
        stage.visit_with(known.cookie());
        let newcomer = stage.visit(&[]);
        assert_ne!(newcomer.target(), expected, "whose turn it is depends on newcomers alone");
        expected = newcomer.target().to_owned();
    }
}

#[test]
fn newcomers_go_where_the_fewest_requests_run() {
    let algorithm = "algorithm = \"least_outstanding_requests\"";
    let stage = Stage::with("", &format!("stickiness = true\nhealth_check = false\n{algorithm}"));
    let on_a = std::iter::repeat_with(|| stage.visit(&[]))
        .take(50)
        .find(|visit| visit.target() == "a")
        .expect("equal targets share");
    stage.a.hang(true);
    let mut busy = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    let before = stage.a.count();
    busy.send(format!("GET /busy HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", on_a.cookie()))
        .unwrap();
    stage.a.wait_requests(before + 1);
    assert_eq!(newcomers(&stage, 20), counts([("b", 20)]));
    stage.a.hang(false);
    assert_eq!(busy.read_final_response().unwrap().target(), "a");
    // Idle targets share again.
    eventually(SOON, || (newcomers(&stage, 10).len() == 2).then_some(()));
}

#[test]
fn a_draining_target_keeps_its_sessions_and_takes_no_new_ones() {
    let stage = Stage::sticky("true");
    let clients = [stage.visit(&[]), stage.visit(&[]), stage.visit(&[]), stage.visit(&[])];
    for keys in ["drain = true", "weight = 0"] {
        stage.clingfish.reload_with(&with_keys(&stage, keys, "weight = 1", ""));
        assert_eq!(newcomers(&stage, 10), counts([("b", 10)]), "{keys}");
        for client in &clients {
            let again = stage.visit_with(client.cookie());
            assert_eq!((again.verdict(), again.target()), ("hit", client.target()), "{keys}");
        }
    }
}

#[test]
fn a_group_whose_targets_all_drain_serves_known_clients_alone() {
    let stage = Stage::sticky("true");
    let known = stage.visit(&[]);
    stage.clingfish.reload_with(&with_keys(&stage, "drain = true", "weight = 0", ""));
    assert_eq!(stage.visit_with(known.cookie()).verdict(), "hit");
    let newcomer = stage.visit(&[]).response;
    assert_eq!((newcomer.status, newcomer.header("set-cookie")), (503, None));
}

/// Sends so many requests without a cookie at once on one connection, and reads the answers.
#[track_caller]
fn pipelined(stage: &Stage, count: usize) -> Vec<Response> {
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(count)).unwrap();
    (0..count).map(|_| client.read_final_response().unwrap()).collect()
}

#[test]
fn first_requests_pipelined_on_one_connection_share_a_home() {
    let stage = Stage::sticky("true");
    for _ in 0..3 {
        let answers = pipelined(&stage, 6);
        let homes: Vec<&str> = answers.iter().map(Seen::target).collect();
        assert!(homes.iter().all(|home| *home == homes[0]), "{homes:?}");
        assert_eq!(answers[0].verdict(), "new");
        let last = answers[5].home_cookie().or_else(|| answers[0].home_cookie()).unwrap();
        assert_eq!(stage.visit_with(last).target(), homes[0]);
    }
    // They are one session, not six.
    let created = stage.clingfish.metrics();
    let created = created.sum("clingfish_target_group_sessions_created_total", &[]);
    assert!(created <= 3.0, "{created} sessions");
}

#[test]
fn connections_of_proxies_and_connections_in_alb_style_carry_many_clients() {
    let group = "stickiness = true\nhealth_check = false";
    let proxied = Stage::with("trusted_proxies = [\"127.0.0.0/8\"]", group);
    let alb = Stage::sticky("{ style = \"alb\" }");
    for stage in [proxied, alb] {
        let answers = pipelined(&stage, 6);
        assert!(answers.iter().all(|answer| answer.verdict() == "new"));
        let on_a = answers.iter().filter(|answer| answer.target() == "a").count();
        assert_eq!(on_a, 3, "they take turns");
    }
}

#[test]
fn a_request_that_comes_without_the_cookie_after_the_first_answer_is_a_new_clients() {
    let stage = Stage::sticky("true");
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    let mut ask = || {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client.read_final_response().unwrap()
    };
    let first = ask();
    // A probe that keeps no cookies, or the connection of a proxy that nobody told us about.
    let second = ask();
    assert_eq!((first.verdict(), second.verdict()), ("new", "new"));
    assert_ne!(second.target(), first.target());
}

#[test]
fn workers_agree_about_every_home() {
    let stage = Stage::sticky("true");
    let known = stage.visit(&[]);
    let both = targets(&[("a", &stage.a), ("b", &stage.b)]);
    let config = web(&format!("{both}\nstickiness = true\nhealth_check = false"))
        .replace("workers = 1", "workers = 4");
    let many =
        clingfish_testkit::Launch::new(&config).state_dir(stage.clingfish.state_dir()).start();
    for _ in 0..40 {
        let line = format!("Cookie: {}", known.cookie());
        let visit = RawClient::get_with(many.listener("web"), "/", &[&line]).unwrap();
        assert_eq!((visit.verdict(), visit.target()), ("hit", known.target()));
    }
}
