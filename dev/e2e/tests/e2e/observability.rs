//! What operators see: metrics, readiness, the admin address, and nothing that is secret.

mod access_log;
mod balancer_logs;
mod requests;

use std::{collections::BTreeMap, fs, time::Duration};

use clingfish_testkit::{Clingfish, Launch, Metrics, RawClient, Target, eventually};

use crate::support::{SOON, Seen, Stage, mirror, root, targets, web};

/// Name and type of each family that the documentation has.
fn documented() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/metrics.md")).unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `clingfish_")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`');
        Some((format!("clingfish_{name}"), cells.next()?.to_owned()))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn every_documented_metric_is_there_and_no_other() {
    let stage = Stage::sticky("true");
    stage.visit(&[]);
    let text = RawClient::get(stage.clingfish.admin(), "/metrics").unwrap().text();
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let typed: BTreeMap<String, String> = typed
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect();
    assert_eq!(typed, documented());
}

#[test]
fn metrics_move_with_what_happens() {
    let stage = Stage::sticky("true");
    let before = stage.clingfish.metrics();
    let first = stage.visit(&[]);
    let home = first.target().to_owned();
    for _ in 0..3 {
        stage.visit_with(first.cookie());
    }
    stage.visit(&[&format!("Cookie: {}", first.cookie()), "Answer-Status: 500"]);
    let mut bad = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    bad.send("GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(bad.read_final_response().unwrap().status, 400);
    // A request is counted once its answer is out, so the answer may be here first.
    let after = eventually(SOON, || {
        let metrics = stage.clingfish.metrics();
        let moved = |page: &Metrics| page.sum("clingfish_requests_total", &[]);
        (moved(&metrics) - moved(&before) >= 6.0).then_some(metrics)
    });
    let at_home = [("target_group", "web"), ("target", home.as_str())];
    for (name, labels, moved) in [
        ("requests_total", vec![], 6.0),
        ("connections_accepted_total", vec![], 6.0),
        ("own_answers_total", vec![("status", "400")], 1.0),
        ("target_group_requests_total", vec![("verdict", "new"), ("class", "2xx")], 1.0),
        ("target_group_requests_total", vec![("verdict", "hit"), ("class", "2xx")], 3.0),
        ("target_group_requests_total", vec![("verdict", "hit"), ("class", "5xx")], 1.0),
        ("target_group_sessions_created_total", vec![("target_group", "web")], 1.0),
        ("target_group_request_duration_seconds_count", vec![("target_group", "web")], 5.0),
        ("target_group_target_response_seconds_count", vec![("target_group", "web")], 5.0),
        ("target_requests_total", at_home.to_vec(), 5.0),
        ("target_responses_5xx_total", at_home.to_vec(), 1.0),
        ("target_requests_total", vec![("target", stage.other(&home))], 0.0),
        ("upstream_connects_total", vec![], 1.0),
        ("upstream_reuses_total", vec![], 4.0),
        ("access_log_lines_lost_total", vec![], 0.0),
        ("panics_total", vec![], 0.0),
    ] {
        let name = format!("clingfish_{name}");
        let count = after.sum(&name, &labels) - before.sum(&name, &labels);
        assert_eq!(count, moved, "{name} {labels:?}");
    }
    for (name, labels, value) in [
        ("ready", vec![], 1.0),
        ("workers", vec![], 1.0),
        ("snapshot_revision", vec![], 1.0),
        ("target_groups", vec![], 1.0),
        ("target_routable", vec![("target", "a")], 1.0),
        ("target_requests_in_flight", vec![("target", "a")], 0.0),
    ] {
        assert_eq!(after.value(&format!("clingfish_{name}"), &labels), Some(value), "{name}");
    }
    eventually(SOON, || stage.clingfish.output().lines().nth(5).map(drop));
    let lines = stage.clingfish.metrics().value("clingfish_access_log_lines_total", &[]);
    assert_eq!(lines, Some(6.0));
}

#[test]
fn gauges_follow_what_runs_now() {
    let target = Target::start("a");
    let group = format!("{}\nhealth_check = false", targets(&[("a", &target)]));
    let clingfish = Clingfish::start(&web(&group));
    let gauge = |name: &str| clingfish.metrics().sum(&format!("clingfish_{name}"), &[]);
    let reaches = |name: &str, value: f64| {
        eventually(SOON, || (gauge(name) == value).then_some(()));
    };
    target.hang(true);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    reaches("target_requests_in_flight", 1.0);
    reaches("connections_active", 1.0);
    target.hang(false);
    assert_eq!(client.read_final_response().unwrap().status, 200);
    reaches("target_requests_in_flight", 0.0);
    reaches("connections_idle", 1.0);
    client
        .send(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    assert_eq!(client.read_final_response().unwrap().status, 101);
    reaches("websocket_tunnels_active", 1.0);
    reaches("target_requests_in_flight", 1.0);
    drop(client);
    for name in ["websocket_tunnels_active", "target_requests_in_flight", "connections_active"] {
        reaches(name, 0.0);
    }
}

#[test]
fn it_is_ready_after_the_first_checks_and_alive_before() {
    let target = Target::start("a");
    target.hang(true);
    let check = "health_check = { interval = \"10s\", timeout = \"9s\" }";
    let config = web(&format!("{}\n{check}", targets(&[("a", &target)])));
    let clingfish = Launch::new(&config).without_waiting().start();
    let ask = |path: &str| RawClient::get(clingfish.admin(), path).unwrap();
    target.wait_requests(1);
    assert_eq!(ask("/healthz").status, 200);
    let early = ask("/readyz");
    assert_eq!((early.status, early.text().as_str()), (503, "waiting for first health checks\n"));
    assert_eq!(clingfish.metrics().value("clingfish_ready", &[]), Some(0.0));
    target.hang(false);
    eventually(SOON, || (ask("/readyz").status == 200).then_some(()));
    assert_eq!(clingfish.metrics().value("clingfish_ready", &[]), Some(1.0));
}

#[test]
fn it_is_not_ready_from_sigterm_on_and_still_serves_through_the_pause() {
    let target = mirror("a");
    let config = web(&format!("{}\nhealth_check = false", targets(&[("a", &target)])))
        .replace("[server]", "[server]\nshutdown_pause = \"1s\"");
    let mut clingfish = Clingfish::start(&config);
    clingfish.signal("TERM");
    let admin = clingfish.admin();
    let ready = eventually(SOON, || {
        RawClient::get(admin, "/readyz").ok().filter(|answer| answer.status != 200)
    });
    assert_eq!((ready.status, ready.text().as_str()), (503, "shutting down\n"));
    let served = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert_eq!((served.status, served.target()), (200, "a"));
    assert_eq!(RawClient::get(admin, "/healthz").unwrap().status, 200);
    assert!(clingfish.wait_exit(Duration::from_secs(10)).success());
}

#[test]
fn the_admin_address_refuses_other_hosts() {
    let target = mirror("a");
    let group = format!("{}\nhealth_check = false", targets(&[("a", &target)]));
    let admin = "[admin]\nbind = \"127.0.0.1:0\"\nhosts = [\"ops.example\"]\n";
    let clingfish = Clingfish::start(&format!("{}\n{admin}", web(&group)));
    let port = clingfish.admin().port();
    let ask = |path: &str, host: &str| {
        let mut client = RawClient::connect(clingfish.admin()).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        client.send(head).unwrap();
        client.read_final_response().unwrap()
    };
    for path in ["/", "/metrics", "/healthz", "/readyz"] {
        for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "ops.example".into()]
        {
            assert_eq!(ask(path, &host).status, 200, "{path} of {host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9080"] {
            let refused = ask(path, host);
            assert_eq!(refused.status, 421, "{path} of {host}");
            assert!(!refused.text().contains("clingfish_"), "it tells nothing");
        }
    }
    let mut client = RawClient::connect(clingfish.admin()).unwrap();
    client
        .send(format!(
            "POST /metrics HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 0\r\n\r\n"
        ))
        .unwrap();
    assert_eq!(client.read_final_response().unwrap().status, 405);
}

#[test]
fn clients_are_told_no_verdict_unless_that_is_asked_for() {
    let target = mirror("a");
    let group = format!("{}\nstickiness = true\nhealth_check = false", targets(&[("a", &target)]));
    let clingfish = Clingfish::start(&web(&group).replace("debug_header = true", ""));
    let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
    assert!(answer.home_cookie().is_some());
    let ours = |name: &str| name.to_ascii_lowercase().starts_with("clingfish");
    assert!(!answer.headers.iter().any(|(name, _)| ours(name)), "{:?}", answer.headers);
}

#[test]
fn no_log_holds_a_cookie_a_token_or_a_password() {
    for format in ["json", "alb"] {
        let stage = Stage::launch(
            &format!("[access_log]\nformat = \"{format}\"\n[load_balancers.unused]"),
            "stickiness = true\nhealth_check = false",
            |launch| launch.arg("--log").arg("trace"),
        );
        let first = stage.visit(&[]);
        let token = first.cookie().split_once('=').unwrap().1.to_owned();
        let damaged = format!("{}AAAA", &token[..120]);
        let secrets = ["sesame-open", "hunter2-hunter2", "Basic-c2VjcmV0", "other-targets-secret"];
        for cookie in [&token, &damaged] {
            let name = first.cookie().split('=').next().unwrap().to_owned();
            stage.visit(&[
                &format!("Cookie: session={}; {name}={cookie}", secrets[0]),
                &format!("X-Password: {}", secrets[1]),
                &format!("Authorization: {}", secrets[2]),
                &format!("Answer-Set-Cookie: app={}", secrets[3]),
            ]);
        }
        stage.a.stop();
        stage.b.stop();
        stage.visit_with(format!("session={}; {}", secrets[0], first.cookie()));
        eventually(SOON, || stage.clingfish.output().lines().nth(3).map(drop));
        let logs = format!("{}{}", stage.clingfish.output(), stage.clingfish.log());
        for secret in secrets.iter().copied().chain([&token[..32], &token[60..92]]) {
            assert!(!logs.contains(secret), "{secret} is in {logs}");
        }
    }
}
