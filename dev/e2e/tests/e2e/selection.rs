//! Who gets new sessions: chance, slow start, anomalies, zones and thresholds.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clingfish_testkit::{Clingfish, Flow, Launch, RawClient, Target, eventually, standard};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, Since, mirror, targets, web},
};

/// As fast as tests want them.
const OFTEN: &str = "health_check = { path = \"/health\", interval = \"200ms\", timeout = \"150ms\", healthy_threshold = 1, unhealthy_threshold = 1 }";

/// A target whose every answer but those to checks is 500 while the lever is up, and whose checks fail while the other one is.
struct Moody {
    target: Target,
    fails: Arc<AtomicBool>,
    is_ill: Arc<AtomicBool>,
}

impl Moody {
    fn start() -> Self {
        let (fails, is_ill) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (failing, ill) = (Arc::clone(&fails), Arc::clone(&is_ill));
        let target = Target::answering(move |connection, request| {
            let is_check = request.path() == "/health";
            let lever = if is_check { &ill } else { &failing };
            if lever.load(Ordering::SeqCst) {
                connection.respond(500, "text/plain", b"no")?;
                return Ok(Flow::KeepAlive);
            }
            standard("moody", connection, request)
        });
        Self { target, fails, is_ill }
    }
}

/// How many of so many requests, each of somebody new, every target gets.
#[track_caller]
fn spread(clingfish: &Clingfish, requests: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for _ in 0..requests {
        client.send("GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").unwrap();
        let answer = client.read_final_response().unwrap();
        *counts.entry(answer.target().to_owned()).or_default() += 1;
    }
    counts
}

/// A figure of a target by `/metrics`.
fn figure(clingfish: &Clingfish, name: &str, target: &str) -> f64 {
    clingfish.metrics().value(name, &[("target", target)]).unwrap()
}

fn share(clingfish: &Clingfish, target: &str) -> f64 {
    figure(clingfish, "clingfish_target_share", target)
}

#[track_caller]
fn wait_routable(clingfish: &Clingfish, target: &str, wanted: bool) {
    let wanted = if wanted { 1.0 } else { 0.0 };
    eventually(SOON, || {
        (figure(clingfish, "clingfish_target_routable", target) == wanted).then_some(())
    });
}

#[test]
fn chance_goes_by_weight() {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = format!(
        "targets = [\"{}\", {{ id = \"b\", address = \"{}\", weight = 3 }}]\n\
         health_check = false\nalgorithm = \"weighted_random\"",
        a.address(),
        b.address()
    );
    let counts = spread(&Clingfish::start(&web(&group)), 800);
    // Six standard deviations either way.
    assert!((525..=675).contains(&counts["b"]), "{counts:?}");
}

#[test]
fn a_target_that_fails_gets_less_and_grows_back_once_it_is_well() {
    let (a, b, bad) = (mirror("a"), mirror("b"), Moody::start());
    let group = targets(&[("a", &a), ("b", &b), ("bad", &bad.target)]);
    let clingfish = Clingfish::start(&web(&format!(
        "{group}\nhealth_check = false\nalgorithm = \"weighted_random\"\nanomaly_mitigation = \"on\""
    )));
    let count = |name: &str| {
        let name = format!("clingfish_target_group_{name}_targets");
        clingfish.metrics().value(&name, &[("target_group", "web")]).unwrap()
    };
    spread(&clingfish, 60);
    assert_eq!((share(&clingfish, "bad"), count("anomalous"), count("mitigated")), (1.0, 0.0, 0.0));
    bad.fails.store(true, Ordering::SeqCst);
    let least = eventually(Duration::from_secs(30), || {
        spread(&clingfish, 60);
        let share = share(&clingfish, "bad");
        (share <= 0.125).then_some(share)
    });
    assert_eq!((count("anomalous"), count("mitigated")), (1.0, 1.0));
    assert_eq!(figure(&clingfish, "clingfish_target_anomalous", "bad"), 1.0);
    let counts = spread(&clingfish, 300);
    assert!(counts.get("bad").copied().unwrap_or_default() < 50, "{counts:?}");
    bad.fails.store(false, Ordering::SeqCst);
    eventually(Duration::from_secs(60), || {
        spread(&clingfish, 30);
        (share(&clingfish, "bad") > least).then_some(())
    });
    assert_eq!(count("anomalous"), 0.0);
}

#[test]
fn a_target_in_slow_start_gets_few_new_sessions_and_keeps_those_it_has() {
    let (a, moody) = (mirror("a"), Moody::start());
    let group = targets(&[("a", &a), ("moody", &moody.target)]);
    let sticky = format!("{group}\nstickiness = true\n{OFTEN}\nslow_start = \"15m\"");
    let clingfish = Clingfish::start(&web(&sticky));
    for target in ["a", "moody"] {
        wait_routable(&clingfish, target, true);
    }
    assert_eq!(share(&clingfish, "moody"), 1.0, "they came together");
    let mut at_home = eventually(SOON, || {
        let mut browser = Browser::open(clingfish.listener("web"));
        (browser.get("/").unwrap().target() == "moody").then_some(browser)
    });
    moody.is_ill.store(true, Ordering::SeqCst);
    wait_routable(&clingfish, "moody", false);
    moody.is_ill.store(false, Ordering::SeqCst);
    wait_routable(&clingfish, "moody", true);
    eventually(SOON, || (share(&clingfish, "moody") < 0.1).then_some(()));
    let new: Vec<String> = (0..40)
        .map(|_| Browser::open(clingfish.listener("web")).get("/").unwrap().target().to_owned())
        .collect();
    let strangers = new.iter().filter(|target| *target == "moody").count();
    assert!(strangers <= 4, "{strangers} of 40");
    for _ in 0..5 {
        let answer = at_home.get("/").unwrap();
        assert_eq!((answer.target(), answer.verdict()), ("moody", "hit"));
    }
    clingfish.reload_with(&web(&sticky.replace("15m", "1s")));
    eventually(SOON, || (share(&clingfish, "moody") == 1.0).then_some(()));
}

#[test]
fn a_share_grows_with_time() {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = |all: &[(&str, &Target)]| {
        let group = targets(all);
        web(&format!(
            "{group}\nhealth_check = {{ interval = \"200ms\", timeout = \"150ms\" }}\nslow_start = \"3s\""
        ))
    };
    let clingfish = Clingfish::start(&group(&[("a", &a)]));
    wait_routable(&clingfish, "a", true);
    clingfish.reload_with(&group(&[("a", &a), ("b", &b)]));
    wait_routable(&clingfish, "b", true);
    let since = Since::now();
    let mut seen = vec![0.0];
    eventually(SOON, || {
        let share = share(&clingfish, "b");
        // It is told of a target that is healthy before its roster knows.
        if seen.len() > 1 || share < 1.0 {
            seen.push(share);
        }
        (seen.len() > 1 && share == 1.0).then_some(())
    });
    assert!(since.elapsed() > Duration::from_secs(2), "{:?}", since.elapsed());
    assert!(seen.is_sorted(), "{seen:?}");
    seen.dedup();
    assert!(seen.len() > 10, "in many steps: {seen:?}");
    assert_eq!(spread(&clingfish, 20), BTreeMap::from([("a".into(), 10), ("b".into(), 10)]));
}

#[test]
fn without_cross_zone_a_process_keeps_to_its_own_zone() {
    let (a, b) = (mirror("a"), mirror("b"));
    let config = web(&format!(
        "targets = [{{ id = \"a\", address = \"{}\", zone = \"east\" }}, \
         {{ id = \"b\", address = \"{}\", zone = \"west\" }}]\n\
         health_check = false\ncross_zone = false",
        a.address(),
        b.address()
    ));
    let Err(refused) = Launch::new(&config).try_start() else { panic!("it has no zone") };
    assert!(refused.log.contains("this process has no zone"), "{}", refused.log);
    let by_option = Launch::new(&config).arg("--availability-zone").arg("east").start();
    assert_eq!(spread(&by_option, 6), BTreeMap::from([("a".into(), 6)]));
    let by_variable = Launch::new(&config).env("CLINGFISH_AVAILABILITY_ZONE", "west").start();
    assert_eq!(spread(&by_variable, 6), BTreeMap::from([("b".into(), 6)]));
    let by_file = config.replace("[server]", "[server]\navailability_zone = \"north\"");
    let empty = Clingfish::start(&by_file);
    let answer = RawClient::get(empty.listener("web"), "/").unwrap();
    assert_eq!((answer.status, answer.header("clingfish-error")), (503, Some("no_target")));
    by_option.reload_with(&by_file.replace("cross_zone", "slow_start = \"1s\"\ncross_zone"));
    assert_eq!(spread(&by_option, 6), BTreeMap::from([("a".into(), 6)]), "the option wins");
}

#[test]
fn all_targets_serve_while_too_few_are_healthy() {
    let (a, b, ill) = (mirror("a"), mirror("b"), Moody::start());
    ill.is_ill.store(true, Ordering::SeqCst);
    let group = targets(&[("a", &a), ("b", &b), ("ill", &ill.target)]);
    let config = |minimum: &str| web(&format!("{group}\n{OFTEN}\n{minimum}"));
    let clingfish = Clingfish::start(&config(""));
    for target in ["a", "b"] {
        wait_routable(&clingfish, target, true);
    }
    let fail_open = || {
        let name = "clingfish_target_group_fail_open_requests_total";
        clingfish.metrics().value(name, &[("target_group", "web")]).unwrap()
    };
    assert_eq!(spread(&clingfish, 12).len(), 2);
    assert_eq!(fail_open(), 0.0);
    clingfish.reload_with(&config("minimum_healthy.percentage = 66"));
    assert_eq!(spread(&clingfish, 12).len(), 2, "two of three are enough");
    clingfish.reload_with(&config("minimum_healthy.percentage = 67"));
    assert_eq!(spread(&clingfish, 12).len(), 3);
    assert_eq!(fail_open(), 4.0);
    clingfish.reload_with(&config("minimum_healthy.count = 3"));
    assert_eq!(spread(&clingfish, 12).len(), 3);
}
