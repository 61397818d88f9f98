//! How connections of HTTP/2 end.

use std::net::TcpStream;

use clingfish_testkit::eventually;

use super::{Stage, client, config, start_client};
use crate::support::SOON;

const LIFE: &str = include_str!("../../../scripts/http2/life.py");

#[test]
fn a_process_that_ends_says_goaway_in_two_steps_and_lets_streams_finish() {
    let mut stage = Stage::new();
    let client = start_client(LIFE, &["drain", &stage.at("to1")]);
    client.wait_line("open");
    let address = stage.clingfish.listener("to1");
    stage.clingfish.signal("TERM");
    client.finish();
    assert!(stage.clingfish.wait_exit(SOON).success());
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn a_listener_that_is_removed_says_goaway_and_lets_streams_finish() {
    let stage = Stage::new();
    let client = start_client(LIFE, &["drain", &stage.at("to1")]);
    client.wait_line("open");
    let whole = config(&stage.target, "", "");
    stage.clingfish.reload_with(&whole.replacen(
        "name = \"to1\"\nbind",
        "name = \"gone\"\nbind",
        1,
    ));
    client.finish();
}

#[test]
fn silent_connections_end_after_the_idle_timeout() {
    let stage = Stage::with("idle_timeout = \"500ms\"\nhead_timeout = \"500ms\"", "");
    for scenario in ["idle", "never_used", "silent"] {
        client(LIFE, &[scenario, &stage.at("to1")]);
    }
    eventually(SOON, || {
        let open = stage.clingfish.metrics().sum("clingfish_connections_active", &[]);
        (open == 0.0).then_some(())
    });
}

#[test]
fn connections_end_by_their_age() {
    let stage = Stage::with("client_keep_alive = \"60s\"", "");
    let whole = config(&stage.target, "client_keep_alive = \"1s\"", "");
    stage.clingfish.reload_with(&whole);
    client(LIFE, &["aged", &stage.at("to1")]);
}

#[test]
fn connections_end_by_the_number_of_their_requests() {
    let stage = Stage::new();
    client(LIFE, &["by_number", &stage.at("to2")]);
}

#[test]
fn connections_at_rest_count_as_idle() {
    let stage = Stage::new();
    let script = "c = [Http2(sys.argv[1]) for _ in range(3)]\n\
                  assert c[0].get('/echo').status == 200\n\
                  x = c[1].open('GET', '/wait', ends=True)\nprint('open', flush=True)\ninput()";
    let mut client = start_client(script, &[&stage.at("to1")]);
    client.wait_line("open");
    let counts = |active: f64, idle: f64| {
        eventually(SOON, || {
            let metrics = stage.clingfish.metrics();
            let now = (
                metrics.sum("clingfish_connections_active", &[]),
                metrics.sum("clingfish_connections_idle", &[]),
            );
            (now == (active, idle)).then_some(())
        });
    };
    counts(3.0, 2.0);
    client.tell("end");
    client.finish();
    counts(0.0, 0.0);
}
