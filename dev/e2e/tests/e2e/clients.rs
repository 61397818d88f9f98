//! The clients that people have.

mod curl;
mod shopping;

use clingfish_testkit::{Target, node, python};

use crate::support::before;

#[test]
fn python_requests_get_what_they_ask_for() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    let script = include_str!("../../scripts/python_session.py");
    assert_eq!(python(script, &[&base]), "all well\n");
}

#[test]
fn node_gets_what_it_asks_for() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    let script = include_str!("../../scripts/node_clients.js");
    assert_eq!(node(script, &[&base]), "all well\n");
}
