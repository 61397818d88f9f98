//! Clients and targets of HTTP/1 and HTTP/2, each with each.

use std::time::Duration;

use clingfish_testkit::Background;

use super::{Stage, client, start_client};
use crate::support::Since;

const MATRIX: &str = include_str!("../../../scripts/http2/matrix.py");

/// Versions of the client and of the target.
const COMBINATIONS: [(&str, &str); 4] = [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")];

/// Plays a scenario of `matrix.py` in all four combinations.
#[track_caller]
fn each_with_each(scenario: &str) {
    let stage = Stage::new();
    let to1 = stage.at("to1");
    for (version, target) in COMBINATIONS {
        eprintln!("{scenario}: HTTP/{version} to HTTP/{target}");
        let to = stage.at(&format!("to{target}"));
        eprintln!("{}", client(MATRIX, &[scenario, version, &to, &to1]));
    }
}

#[test]
fn requests_without_a_body_go_through() {
    each_with_each("get");
}

#[test]
fn answers_to_head_have_no_body() {
    each_with_each("head");
}

#[test]
fn bodies_of_known_length_arrive_byte_by_byte() {
    each_with_each("upload_with_length");
}

#[test]
fn bodies_of_unknown_length_arrive_byte_by_byte() {
    each_with_each("upload_without_length");
}

#[test]
fn bodies_without_a_byte_end() {
    each_with_each("empty_upload");
}

#[test]
fn answers_of_several_megabytes_arrive_byte_by_byte() {
    each_with_each("download");
}

#[test]
fn events_arrive_one_by_one() {
    each_with_each("stream_one_by_one");
}

#[test]
fn trailers_of_answers_arrive() {
    each_with_each("trailers_of_answers");
}

#[test]
fn trailers_of_requests_arrive() {
    each_with_each("trailers_of_requests");
}

#[test]
fn interim_answers_arrive_before_the_final_one() {
    each_with_each("interim_answers");
}

#[test]
fn both_sides_may_speak_in_turns() {
    each_with_each("both_ways");
}

#[test]
fn an_answer_may_come_before_the_body() {
    each_with_each("early_answer");
}

#[test]
fn a_target_that_resets_before_it_answers_is_a_502() {
    each_with_each("reset_before_the_answer");
}

#[test]
fn an_answer_that_a_target_breaks_off_is_visibly_broken() {
    each_with_each("reset_in_the_answer");
}

#[test]
fn a_client_that_does_not_read_stops_the_target() {
    each_with_each("slow_reader");
}

#[test]
fn a_target_that_does_not_read_stops_the_client() {
    each_with_each("slow_target");
}

#[test]
fn a_target_notices_promptly_that_a_client_has_gone() {
    for scenario in ["reset_by_the_client", "reset_by_the_client_while_it_sends"] {
        for (version, target) in COMBINATIONS {
            let stage = Stage::new();
            let (to1, to) = (stage.at("to1"), stage.at(&format!("to{target}")));
            let mut client = start_client(MATRIX, &[scenario, version, &to, &to1]);
            stage.target.wait_line("waits");
            let since = Since::now();
            client.tell("reset");
            assert_gone(&stage.target, &since, (scenario, version, target));
            client.finish();
        }
    }
}

#[track_caller]
fn assert_gone(target: &Background, since: &Since, row: (&str, &str, &str)) {
    let line = target.wait_line("\"gone\"");
    assert!(since.elapsed() < Duration::from_secs(3), "{row:?}: {line}");
}
