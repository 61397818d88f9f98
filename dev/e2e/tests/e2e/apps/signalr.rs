//! SignalR's own client before a server that speaks as ASP.NET Core does: connections that are negotiated by a POST and known
//! by a token in the query.

use serde_json::{Value, json};

use super::{Bed, Instance, NONE, assert_shared_evenly, client, stickiness_of};

const TRANSPORTS: [&str; 3] = ["WebSockets", "ServerSentEvents", "LongPolling"];

fn hub(name: &str) -> Instance {
    Instance::script("signalr/server.js", name)
}

/// Thirty clients at once, each of which says six things.
#[track_caller]
fn talk(bed: &Bed, transport: &str, cookies: &str) -> Value {
    client("signalr.js", &[&format!("{}/chat", bed.url()), transport, cookies, "30", "6"])
}

/// Every message was answered by the instance that negotiated.
#[track_caller]
fn assert_all_well(outcome: &Value, transport: &str) {
    assert_eq!((&outcome["unknown"], &outcome["other"]), (&json!(0), &json!([])), "{transport}");
    assert_shared_evenly(&outcome["homes"], 30);
}

#[test]
fn clients_with_and_without_cookies_keep_their_connections_by_every_transport() {
    let bed = Bed::start(hub, &stickiness_of("signalr"));
    for transport in TRANSPORTS {
        for cookies in ["cookies", "none"] {
            assert_all_well(&talk(&bed, transport, cookies), transport);
        }
    }
}

/// The counter-test.
#[test]
fn without_stickiness_connections_are_not_known() {
    let bed = Bed::start(hub, NONE);
    for transport in TRANSPORTS {
        let outcome = talk(&bed, transport, "cookies");
        let unknown = outcome["unknown"].as_u64().unwrap_or_default();
        assert!(unknown > 10 && outcome["other"] == json!([]), "{transport}: {outcome}");
    }
}
