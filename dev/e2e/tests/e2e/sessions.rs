//! How many sessions live on each target, as metrics tell it, against what clients know.

use std::{collections::BTreeMap, thread};

use clingfish_testkit::{Clingfish, Finished, RawClient, Response, eventually, run};
use serde_json::{Value, json};

use crate::support::{SOON, Seen as _, mirror, targets, web};

/// Clients that come at the same time.
const THREADS: usize = 4;

/// Two targets with that stickiness, before as many workers.
fn shop(workers: usize, stickiness: &str) -> (Clingfish, impl Sized, String) {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = format!(
        "{}\nhealth_check = false\nstickiness = {stickiness}",
        targets(&[("a", &a), ("b", &b)])
    );
    let config = web(&group).replace("workers = 1", &format!("workers = {workers}"));
    (Clingfish::start(&config), (a, b), config)
}

fn ask(clingfish: &Clingfish, lines: &[&str]) -> Response {
    RawClient::get_with(clingfish.listener("web"), "/", lines).unwrap()
}

/// So many clients, each by itself, and what they say of where they are at home.
fn homes(clients: usize, home: impl Fn(usize) -> String + Sync) -> BTreeMap<String, u64> {
    let share = |first: usize| (first..clients).step_by(THREADS).map(&home).collect::<Vec<_>>();
    let mut counts = BTreeMap::new();
    thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || share(first))).collect();
        for home in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            *counts.entry(home).or_default() += 1;
        }
    });
    counts
}

fn live(clingfish: &Clingfish, target: &str, window: &str) -> f64 {
    let labels = [("target_group", "web"), ("target", target), ("window", window)];
    clingfish.metrics().value("clingfish_target_sessions", &labels).unwrap()
}

/// Waits until metrics tell of so many, give or take a part of them.
#[track_caller]
fn expect(clingfish: &Clingfish, window: &str, truth: &BTreeMap<String, u64>, tolerance: f64) {
    assert_eq!(truth.len(), 2, "both have some: {truth:?}");
    for (target, truth) in truth {
        let truth = *truth as f64;
        let is_near = |live: f64| (live - truth).abs() <= truth * tolerance;
        eventually(SOON, || is_near(live(clingfish, target, window)).then_some(()));
    }
}

#[test]
fn thousands_of_sessions_of_a_cookie_are_counted_within_three_percent() {
    let (clingfish, _targets, config) = shop(2, "true");
    let truth = homes(2_000, |nth| {
        let first = ask(&clingfish, &[]);
        // Who comes again is still one.
        for _ in 0..nth % 2 {
            let again = ask(&clingfish, &[&format!("Cookie: {}", first.home_cookie().unwrap())]);
            assert_eq!((again.verdict(), again.target()), ("hit", first.target()));
        }
        first.target().to_owned()
    });
    for window in ["duration", "5m"] {
        expect(&clingfish, window, &truth, 0.03);
    }
    // A reload changes nothing about who lives where.
    let weighed = config.replace("id = \"a\",", "id = \"a\", weight = 2,");
    clingfish.reload_with(&weighed);
    expect(&clingfish, "duration", &truth, 0.03);
}

#[test]
fn keys_and_routed_ids_are_sessions_too() {
    for (stickiness, line) in [
        (r#"{ type = "hash", key = "header:X-User" }"#, "X-User: user-NTH"),
        (r#"{ type = "route", in = "cookie:SID" }"#, "Cookie: SID=NTH.HOME"),
    ] {
        let (clingfish, _targets, _) = shop(1, stickiness);
        let truth = homes(400, |nth| {
            let home = if nth % 3 == 0 { "a" } else { "b" };
            let line = line.replace("NTH", &nth.to_string()).replace("HOME", home);
            let first = ask(&clingfish, &[&line]);
            assert_eq!(ask(&clingfish, &[&line]).target(), first.target());
            first.target().to_owned()
        });
        for window in ["duration", "5m"] {
            expect(&clingfish, window, &truth, 0.03);
        }
    }
}

#[test]
fn learned_sessions_are_counted_one_by_one() {
    let (clingfish, _targets, _) = shop(2, r#"{ type = "learn", from = "cookie:SID" }"#);
    let truth = homes(300, |nth| {
        ask(&clingfish, &[&format!("Answer-Set-Cookie: SID=s{nth}")]).target().to_owned()
    });
    for window in ["duration", "5m"] {
        expect(&clingfish, window, &truth, 0.0);
    }
}

#[test]
fn a_session_that_stays_away_for_its_duration_is_live_no_longer() {
    let stickiness = r#"{ type = "lb_cookie", duration = "2s" }"#;
    let (clingfish, _targets, _) = shop(1, stickiness);
    let truth = homes(10, |_| ask(&clingfish, &[]).target().to_owned());
    expect(&clingfish, "5m", &truth, 0.0);
    let gone = truth.keys().map(|target| (target.clone(), 0)).collect();
    expect(&clingfish, "duration", &gone, 0.0);
    expect(&clingfish, "5m", &truth, 0.0);
}

#[test]
fn a_session_with_an_open_stream_is_live_though_no_request_comes() {
    let (clingfish, _targets, _) = shop(1, r#"{ type = "lb_cookie", duration = "2s" }"#);
    let all = |window| live(&clingfish, "a", window) + live(&clingfish, "b", window);
    let reaches = |count: f64| eventually(SOON, || (all("duration") == count).then_some(()));
    let cookie = ask(&clingfish, &[]).home_cookie().unwrap();
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client
        .send(format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: {cookie}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))
        .unwrap();
    assert_eq!(client.read_final_response().unwrap().status, 101);
    // One that came after the stream had begun.
    ask(&clingfish, &[]);
    reaches(2.0);
    reaches(1.0);
    drop(client);
    reaches(0.0);
    assert_eq!(all("5m"), 2.0);
}

/// Asks the native API for something by POST.
fn post(clingfish: &Clingfish, path: &str, body: &Value) -> Value {
    let (admin, body) = (clingfish.admin(), body.to_string());
    let mut client = RawClient::connect(admin).unwrap();
    let length = body.len();
    client
        .send(format!(
            "POST {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ))
        .unwrap();
    let answer = client.read_final_response().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn words(clingfish: &Clingfish, words: &[&str]) -> Finished {
    let admin = format!("http://{}", clingfish.admin());
    run(&[words, &["--admin", &admin]].concat())
}

#[test]
fn what_a_change_would_do_is_what_it_does() {
    const KEYS: usize = 300;
    let (clingfish, _targets, config) = shop(1, r#"{ type = "hash", key = "header:X-User" }"#);
    let go = |nth: usize| ask(&clingfish, &[&format!("X-User: user-{nth}")]).target().to_owned();
    let before: Vec<String> = (0..KEYS).map(go).collect();
    let truth = homes(KEYS, |nth| before[nth].clone());
    expect(&clingfish, "duration", &truth, 0.03);
    for (path, body, line) in [
        ("a", json!({ "weight": 3 }), "id = \"a\", weight = 3,"),
        ("a", json!({ "drain": true }), "id = \"a\", drain = true,"),
    ] {
        let path = format!("/v1/target-groups/web/targets/{path}");
        let change = json!({ "method": "PATCH", "path": path, "body": body });
        let told = post(&clingfish, "/v1/what-if", &change)["moves"].as_f64().unwrap();
        clingfish.reload_with(&config.replace("id = \"a\",", line));
        let moved = (0..KEYS).filter(|nth| go(*nth) != before[*nth]).count() as f64;
        assert!(moved > 20.0, "{body}: some move");
        assert!((told - moved).abs() <= KEYS as f64 * 0.06, "{body}: told {told}, moved {moved}");
        clingfish.reload_with(&config);
    }
}

#[test]
fn what_ends_and_who_stays_is_told_before() {
    let (clingfish, _targets, _) = shop(1, "true");
    let truth = homes(40, |_| ask(&clingfish, &[]).target().to_owned());
    expect(&clingfish, "duration", &truth, 0.0);
    let group = "/v1/target-groups/web";
    let of_a = truth["a"];
    for (method, path, body, moves, ends) in [
        ("PATCH", "/targets/a", json!({ "drain": true }), 0, 0),
        ("PATCH", "/targets/a", json!({ "weight": 9 }), 0, 0),
        ("DELETE", "/targets/a", json!(null), of_a, 0),
        ("PUT", "/stickiness", json!({ "enabled": false }), 0, 40),
        ("PUT", "/stickiness", json!({ "cookie": "other" }), 0, 40),
        ("PUT", "/stickiness", json!({ "duration": "2h" }), 0, 0),
        ("PATCH", "", json!({ "slow_start": "30s" }), 0, 0),
    ] {
        let mut change = json!({ "method": method, "path": format!("{group}{path}") });
        if !body.is_null() {
            change["body"] = body.clone();
        }
        let told = post(&clingfish, "/v1/what-if", &change);
        let expected = (json!(40), json!(moves), json!(ends));
        let found = (&told["sessions"], &told["moves"], &told["ends"]);
        assert_eq!(found, (&expected.0, &expected.1, &expected.2), "{change}: {told}");
    }
    assert_eq!(clingfish.revision(), 1, "nothing has changed");
}

#[test]
fn a_drain_waits_until_sessions_are_gone_or_its_deadline() {
    let (clingfish, _targets, _) = shop(1, r#"{ type = "lb_cookie", duration = "4s" }"#);
    let truth = homes(10, |_| ask(&clingfish, &[]).target().to_owned());
    expect(&clingfish, "duration", &truth, 0.0);
    let late = words(&clingfish, &["drain", "web", "a", "--wait", "--active", "--deadline", "1s"]);
    assert_eq!(late.status, 3, "{} {}", late.stdout, late.stderr);
    let done = words(&clingfish, &["drain", "web", "a", "--wait", "--deadline", "1m"]);
    assert_eq!(done.status, 0, "{} {}", done.stdout, done.stderr);
    assert!(done.stdout.lines().last().unwrap().starts_with("0 live sessions"), "{}", done.stdout);
    assert_eq!(live(&clingfish, "a", "duration"), 0.0);
    let newcomer = |_| ask(&clingfish, &[]).target().to_owned();
    assert!((0..4).map(newcomer).all(|target| target == "b"), "it takes no new ones");
    let back = words(&clingfish, &["undrain", "web", "a"]);
    assert_eq!(back.status, 0, "{}", back.stderr);
    assert!((0..4).map(newcomer).any(|target| target == "a"), "it takes new ones again");
}
