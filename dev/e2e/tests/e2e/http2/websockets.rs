//! WebSockets over HTTP/2 (RFC 8441) to targets of HTTP/1.

use clingfish_testkit::{Clingfish, eventually};

use super::{Stage, client, start_client};
use crate::support::{SOON, Stage as Mirrors, log_lines};

const WEBSOCKET: &str = include_str!("../../../scripts/http2/websocket.py");

/// Two targets behind a listener for HTTP/2 in the clear.
fn mirrors(group: &str) -> Mirrors {
    let group = format!("{group}\nhealth_check = false");
    let stage = Mirrors::with("", &group);
    let config = std::fs::read_to_string(stage.clingfish.config_path()).unwrap();
    stage.clingfish.reload_with(&config.replace("name = \"web\"", "name = \"web\"\nh2c = true"));
    stage
}

fn at(clingfish: &Clingfish) -> String {
    clingfish.listener("web").to_string()
}

#[test]
fn messages_go_both_ways_beside_other_streams() {
    let stage = mirrors("");
    client(WEBSOCKET, &["both_ways", &at(&stage.clingfish)]);
    let request = stage.a.requests().into_iter().chain(stage.b.requests());
    let upgraded: Vec<_> = request.filter(|request| request.path() == "/ws").collect();
    assert_eq!(upgraded.len(), 1);
    assert_eq!(upgraded[0].header("upgrade"), Some("websocket"));
    assert!(upgraded[0].head.starts_with("GET /ws HTTP/1.1"), "{}", upgraded[0].head);
}

#[test]
fn either_side_may_close() {
    let stage = mirrors("");
    client(WEBSOCKET, &["closed_by_the_client", &at(&stage.clingfish)]);
    stage.a.wait_closed();
    stage.b.wait_closed();
    let mut reset = start_client(WEBSOCKET, &["reset_by_the_client", &at(&stage.clingfish)]);
    reset.wait_line("open");
    reset.tell("reset");
    stage.a.wait_closed();
    stage.b.wait_closed();
    reset.tell("end");
    reset.finish();
    let mut closed = start_client(WEBSOCKET, &["closed_by_the_target", &at(&stage.clingfish)]);
    closed.wait_line("open");
    stage.a.stop();
    stage.b.stop();
    closed.tell("look");
    closed.finish();
    eventually(SOON, || {
        let tunnels = stage.clingfish.metrics().sum("clingfish_websocket_tunnels_active", &[]);
        (tunnels == 0.0).then_some(())
    });
}

#[test]
fn websockets_come_home() {
    let stage = mirrors("stickiness = true");
    client(WEBSOCKET, &["sticky", &at(&stage.clingfish)]);
}

#[test]
fn groups_that_speak_http2_have_no_websockets() {
    let stage = Stage::new();
    client(WEBSOCKET, &["incompatible", &stage.at("to2")]);
    let line = eventually(SOON, || log_lines(&stage.clingfish).pop());
    assert_eq!(
        (&line["elb_status_code"], &line["error_reason"]),
        (&464.into(), &"protocol_incompatible".into())
    );
}
