//! Stickiness on connections that carry many requests.

use clingfish_testkit::eventually;

use super::client;
use crate::support::{SOON, Stage, log_lines};

const SESSIONS: &str = include_str!("../../../scripts/http2/sessions.py");

/// Plays a scenario of `sessions.py` before two targets.
#[track_caller]
fn play(scenario: &str, balancer: &str) -> Stage {
    let stage = Stage::with(balancer, "stickiness = true\nhealth_check = false");
    let config = std::fs::read_to_string(stage.clingfish.config_path()).unwrap();
    stage.clingfish.reload_with(&config.replace("name = \"web\"", "name = \"web\"\nh2c = true"));
    client(SESSIONS, &[scenario, &stage.clingfish.listener("web").to_string()]);
    stage
}

#[test]
fn a_cookie_in_crumbs_is_one_cookie() {
    let stage = play("crumbs", "");
    let requests = stage.a.requests().into_iter().chain(stage.b.requests());
    let crumbs: Vec<_> = requests.filter(|request| request.path() == "/crumbs").collect();
    assert_eq!(crumbs.len(), 12);
    for (at, request) in crumbs.iter().enumerate() {
        let expected = if at < 4 { None } else { Some("a=1; b=2") };
        assert_eq!(request.header("cookie"), expected, "ours stays here, the others go on as one");
    }
}

#[test]
fn each_stream_finds_the_home_of_its_own_session() {
    play("in_turns", "");
}

#[test]
fn first_requests_that_come_together_share_a_home() {
    let stage = play("at_once", "");
    // One session for each connection; the other visits bring their cookie.
    let lines = eventually(SOON, || {
        Some(log_lines(&stage.clingfish)).filter(|lines| lines.len() == 5 * (8 + 8))
    });
    assert_eq!(lines.iter().filter(|line| line["verdict"] == "new").count(), 5);
}

#[test]
fn first_requests_through_a_trusted_proxy_are_of_many_clients() {
    play("strangers_at_once", "trusted_proxies = [\"127.0.0.1/32\"]");
}
