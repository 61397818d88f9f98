//! What clients may not do, and what becomes of those who try.

use clingfish_testkit::eventually;

use super::{Stage, client};
use crate::support::SOON;

const LIMITS: &str = include_str!("../../../scripts/http2/limits.py");

/// Plays a scenario of `limits.py`, which checks what becomes of the connection and of others.
#[track_caller]
fn play(scenario: &str) -> Stage {
    let stage = Stage::new();
    eprintln!("{}", client(LIMITS, &[scenario, &stage.at("to1")]));
    stage
}

#[test]
fn heads_that_are_too_large_are_414_and_431() {
    play("statuses");
}

#[test]
fn fields_that_would_be_something_else_in_http1_reach_no_target() {
    let stage = Stage::new();
    for listener in ["to1", "to2"] {
        eprintln!("{}", client(LIMITS, &["smuggling", &stage.at(listener)]));
    }
    let seen = stage.target.lines();
    assert!(!seen.iter().any(|line| line.contains("smuggled")), "{seen:#?}");
}

/// A flood ends the connection, and nothing of it is left.
#[track_caller]
fn ends_the_connection(scenario: &str) {
    let stage = play(scenario);
    eventually(SOON, || {
        let running = stage.clingfish.metrics().sum("clingfish_target_requests_in_flight", &[]);
        (running == 0.0).then_some(())
    });
}

#[test]
fn a_client_that_opens_and_resets_is_cut_off() {
    ends_the_connection("rapid_reset");
}

#[test]
fn a_client_that_opens_and_resets_in_turns_is_cut_off() {
    ends_the_connection("slow_reset");
}

#[test]
fn a_client_that_makes_us_reset_is_cut_off() {
    ends_the_connection("made_you_reset");
}

#[test]
fn a_head_without_end_is_cut_off() {
    ends_the_connection("continuations");
}

#[test]
fn pings_without_end_are_cut_off() {
    ends_the_connection("pings");
}

#[test]
fn settings_without_end_are_cut_off() {
    ends_the_connection("settings");
}

#[test]
fn priorities_without_end_are_cut_off() {
    ends_the_connection("priorities");
}

#[test]
fn data_without_data_is_cut_off() {
    ends_the_connection("empty_data");
}

#[test]
fn window_updates_without_end_are_cut_off() {
    ends_the_connection("window_updates");
}

#[test]
fn half_a_preface_hurts_nobody() {
    play("no_preface");
}
