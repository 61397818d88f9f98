//! How many sessions live on each target, as metrics tell it, against what clients know.

use std::{collections::BTreeMap, thread};

use clingfish_testkit::{
    Clingfish, Finished, RawClient, Response, Target, binary, crowd, eventually, run,
};
use serde_json::{Value, json};

use crate::support::{SOON, Seen as _, mirror, targets, web_with};

/// Clients that come at the same time.
const THREADS: usize = 4;

/// Two targets with that stickiness, before as many workers. Each request is a client of its own: a proxy is in front.
fn shop(workers: usize, stickiness: &str) -> (Clingfish, impl Sized, String) {
    let (a, b) = (mirror("a"), mirror("b"));
    [&a, &b].into_iter().for_each(Target::forget);
    let group = format!(
        "{}\nhealth_check = false\nstickiness = {stickiness}",
        targets(&[("a", &a), ("b", &b)])
    );
    let config = web_with("trusted_proxies = [\"127.0.0.0/8\"]", &group);
    // Nobody reads hundreds of thousands of lines.
    let config = format!("access_log.sink = \"off\"\n{config}");
    let config = config.replace("workers = 1", &format!("workers = {workers}"));
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

/// How many sessions each target gets, one after the other. A debug build takes a minute for the most.
fn sizes() -> &'static [usize] {
    let is_slow = binary().components().any(|part| part.as_os_str() == "debug");
    if is_slow { &[100, 10_000] } else { &[100, 10_000, 100_000] }
}

/// Sessions that begin; one in ten comes again, with what `again` makes of the first answer. How many each target has.
fn begin(
    clingfish: &Clingfish,
    sessions: usize,
    first: impl Fn(usize) -> String + Sync,
    again: impl Fn(usize, &Response) -> String + Sync,
) -> BTreeMap<String, u64> {
    let web = clingfish.listener("web");
    let come = |nth, answer: Response| (answer.target().to_owned(), again(nth, &answer));
    let known = crowd(web, sessions, first, come);
    let mut counts = BTreeMap::new();
    known.iter().for_each(|(home, _)| *counts.entry(home.clone()).or_default() += 1);
    let lines = |nth: usize| known[nth * 10].1.clone();
    crowd(web, sessions / 10, lines, |nth, answer| {
        assert_eq!((answer.verdict(), answer.target()), ("hit", &*known[nth * 10].0));
    });
    counts
}

/// What the API says of each target: live, active, and whether they were counted one by one.
fn listed(clingfish: &Clingfish) -> BTreeMap<String, [Value; 3]> {
    let answer = RawClient::get(clingfish.admin(), "/v1/target-groups/web/targets").unwrap().json();
    let row = |target: &Value| {
        let facts = ["sessions", "active_sessions", "sessions_exact"];
        (target["id"].as_str().unwrap().to_owned(), facts.map(|fact| target[fact].clone()))
    };
    answer["targets"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_hundred_or_a_hundred_thousand_sessions_of_a_cookie_are_counted_within_three_percent() {
    for each in sizes() {
        let (clingfish, _targets, _) = shop(2, "true");
        let cookie =
            |_, answer: &Response| format!("Cookie: {}\r\n", answer.home_cookie().unwrap());
        let truth = begin(&clingfish, 2 * each, |_| String::new(), cookie);
        for window in ["duration", "5m"] {
            expect(&clingfish, window, &truth, 0.03);
        }
        for (target, [live, active, is_exact]) in listed(&clingfish) {
            let truth = truth[&target] as f64;
            for told in [live, active] {
                let is_near = (told.as_f64().unwrap() - truth).abs() <= truth * 0.03;
                assert!(is_near, "{target} has {truth} sessions, not {told}");
            }
            assert_eq!(is_exact, json!(false));
        }
    }
}

#[test]
fn a_hundred_or_a_hundred_thousand_learned_sessions_are_counted_one_by_one() {
    for each in sizes() {
        let learn = r#"{ type = "learn", from = "cookie:SID", sessions_per_client_max = 1000000 }"#;
        let (clingfish, _targets, _) = shop(2, learn);
        let sid = |nth| format!("Answer-Set-Cookie: SID=s{nth}\r\n");
        let truth = begin(&clingfish, 2 * each, sid, |nth, _| format!("Cookie: SID=s{nth}\r\n"));
        for window in ["duration", "5m"] {
            expect(&clingfish, window, &truth, 0.0);
        }
        for (target, told) in listed(&clingfish) {
            let truth = json!(truth[&target]);
            assert_eq!(told, [truth.clone(), truth, json!(true)], "{target}");
        }
    }
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

fn words(clingfish: &Clingfish, words: &[&str]) -> Finished {
    let admin = format!("http://{}", clingfish.admin());
    run(&[words, &["--admin", &admin]].concat())
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
