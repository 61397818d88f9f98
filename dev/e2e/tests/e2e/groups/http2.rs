//! Groups on connections that carry many requests.

use super::Stage;
use crate::http2::client;

const GROUPS: &str = include_str!("../../../scripts/http2/groups.py");

#[track_caller]
fn play(scenario: &str) {
    let listener = "h2c = true\nforward = { blue = 1, green = 1 }\ngroup_stickiness = true";
    let stage = Stage::new(listener);
    client(GROUPS, &[scenario, &stage.clingfish.listener("web").to_string()]);
}

#[test]
fn each_stream_finds_the_group_of_its_own_session() {
    play("in_turns");
}

#[test]
fn first_requests_that_come_together_share_group_and_home() {
    play("at_once");
}
