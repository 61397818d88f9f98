//! Streams of one connection, and the connections to targets that they share.

use std::time::Duration;

use clingfish_testkit::{RawClient, eventually};

use super::{Stage, client, start_client};
use crate::support::{SOON, Since, log_lines};

const STREAMS: &str = include_str!("../../../scripts/http2/streams.py");

#[track_caller]
fn play(stage: &Stage, scenario: &str, listener: &str) -> String {
    client(STREAMS, &[scenario, &stage.at(listener), &stage.at("to1")])
}

#[test]
fn a_hundred_streams_run_at_once() {
    let stage = Stage::new();
    play(&stage, "at_once", "to1");
    let connections = play(&stage, "at_once", "to2");
    let connections: usize = connections.trim().parse().unwrap();
    assert!(connections <= 4, "{connections} connections to the target");
}

#[test]
fn streams_over_the_limit_are_refused_and_the_others_go_on() {
    let stage = Stage::new();
    play(&stage, "over_the_limit", "to2");
}

#[test]
fn what_a_target_refuses_is_sent_again_whatever_the_method() {
    let stage = Stage::new();
    play(&stage, "refused_by_the_target", "to2");
    let failed = eventually(SOON, || {
        log_lines(&stage.clingfish).into_iter().find(|line| line["elb_status_code"] == 502)
    });
    assert_eq!(failed["error_reason"], "target_stream_refused");
}

#[test]
fn a_target_that_says_goaway_gets_another_connection() {
    let stage = Stage::new();
    play(&stage, "goaway_of_the_target", "to2");
}

#[test]
fn connections_to_targets_are_shared() {
    let stage = Stage::new();
    play(&stage, "few_connections", "to2");
}

#[test]
fn a_crowd_of_first_requests_opens_few_connections() {
    const CROWD: u32 = 300;
    let stage = Stage::new();
    let visitor = |_| {
        let mut client = RawClient::connect(stage.clingfish.listener("to2")).unwrap();
        client.send("GET /wait HTTP/1.1\r\nHost: a.example\r\n\r\n").unwrap();
        client
    };
    let crowd: Vec<RawClient> = (0..CROWD).map(visitor).collect();
    let connects = eventually(SOON, || {
        let metrics = stage.clingfish.metrics();
        let value = |name| metrics.value(name, &[]).unwrap();
        let connects = value("clingfish_upstream_connects_total");
        let all = connects + value("clingfish_upstream_reuses_total");
        (all >= f64::from(CROWD)).then_some(connects)
    });
    // Each carries 100 of them.
    assert!(connects <= 8.0, "{connects}");
    drop(crowd);
}

#[test]
fn a_target_that_says_nothing_is_a_504_and_costs_one_stream() {
    let stage = Stage::with("", "response_timeout = \"1s\"");
    for listener in ["to1", "to2"] {
        play(&stage, "stalled_target", listener);
    }
}

#[test]
fn a_client_that_stops_sending_gets_408_and_loses_one_stream() {
    let stage = Stage::with("idle_timeout = \"1s\"", "");
    for listener in ["to1", "to2"] {
        play(&stage, "stalled_upload", listener);
    }
}

#[test]
fn an_answer_before_the_end_of_the_body_is_not_lost_by_what_still_comes() {
    let stage = Stage::with("body_max = \"4MiB\"", "");
    for listener in ["to1", "to2"] {
        play(&stage, "answered_early", listener);
    }
}

#[test]
fn streams_of_a_dead_connection_are_let_go() {
    let stage = Stage::new();
    for listener in ["to1", "to2"] {
        let mut client =
            start_client(STREAMS, &["dead_connection", &stage.at(listener), &stage.at("to1")]);
        stage.target.wait_line("waits");
        let since = Since::now();
        client.tell("close");
        eventually(SOON, || {
            let metrics = stage.clingfish.metrics();
            let running = metrics.sum("clingfish_target_requests_in_flight", &[]);
            (running == 0.0).then_some(())
        });
        assert!(since.elapsed() < Duration::from_secs(3));
        client.finish();
    }
}
