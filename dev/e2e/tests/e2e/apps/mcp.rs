//! MCP's streamable HTTP, before the revision without sessions: an id in a header, made by the server.

use serde_json::{Value, json};

use super::{Bed, Instance, NONE, assert_shared_evenly, client, stickiness_of};

const SESSIONS: u64 = 12;

fn notebook(name: &str) -> Instance {
    Instance::script("mcp/server.py", name)
}

/// Sessions at once, each of which writes eight notes, hears an event on its stream and ends itself.
#[track_caller]
fn write(bed: &Bed, cookies: &str) -> Value {
    let url = format!("{}/mcp", bed.url());
    client("mcp_client.py", &[&url, cookies, &SESSIONS.to_string(), "8"])
}

#[test]
fn clients_with_and_without_cookies_keep_their_notebooks() {
    let bed = Bed::start(notebook, &stickiness_of("mcp"));
    for cookies in ["none", "cookies"] {
        assert_all_well(&write(&bed, cookies));
    }
}

/// Every session kept its instance, was heard and ended.
#[track_caller]
fn assert_all_well(outcome: &Value) {
    assert_eq!((&outcome["unknown"], &outcome["other"]), (&json!(0), &json!([])));
    assert_eq!(
        (&outcome["ended"], &outcome["versions"]),
        (&json!(SESSIONS), &json!(["2025-11-25"]))
    );
    assert_shared_evenly(&outcome["homes"], SESSIONS);
}

/// The counter-tests: no stickiness at all, and a balancer's cookie for clients that keep none.
#[test]
fn without_the_preset_sessions_are_not_found() {
    for (stickiness, cookies) in [(NONE, "cookies"), ("true", "none")] {
        let outcome = write(&Bed::start(notebook, stickiness), cookies);
        assert_eq!((&outcome["unknown"], &outcome["other"]), (&json!(SESSIONS), &json!([])));
    }
}
