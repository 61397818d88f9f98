//! Envoy: with stateful sessions, with a hash over a cookie, and with nothing.

use clingfish_testkit::Target;
use serde_json::{Value, json};

use super::{app, check, check_url};
use crate::import::old::Old;

/// Envoy with this filter for sessions, this policy of its cluster and this hash policy of its route, where they are not null.
#[track_caller]
fn envoy(session: &Value, policy: &str, hash: &Value, targets: &[Target; 2]) -> Old {
    let any_port = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    let endpoint = |target: &Target| {
        let port = target.address().port();
        let address = json!({ "address": "127.0.0.1", "port_value": port });
        json!({ "endpoint": { "address": { "socket_address": address } } })
    };
    let endpoints: Vec<Value> = targets.iter().map(endpoint).collect();
    let router = json!({ "name": "router", "typed_config": { "@type": of("filters.http.router.v3.Router") } });
    let filters: Vec<&Value> =
        [session, &router].into_iter().filter(|one| !one.is_null()).collect();
    let mut route = json!({ "cluster": "app" });
    if !hash.is_null() {
        route["hash_policy"] = hash.clone();
    }
    let manager = json!({
        "@type": of("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "front",
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "route_config": { "virtual_hosts": [{
            "name": "all", "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": route }]
        }] },
        "http_filters": filters
    });
    Old::envoy_of(&json!({
        "admin": { "address": any_port },
        "static_resources": {
            "listeners": [{
                "name": "front", "address": any_port,
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }]
            }],
            "clusters": [{
                "name": "app", "type": "STATIC", "lb_policy": policy,
                "load_assignment": { "cluster_name": "app", "endpoints": [{ "lb_endpoints": endpoints }] }
            }]
        }
    }))
}

fn of(name: &str) -> String {
    format!("type.googleapis.com/envoy.extensions.{name}")
}

fn stateful(ttl: &str, path: &str) -> Value {
    json!({ "name": "stateful", "typed_config": {
        "@type": of("filters.http.stateful_session.v3.StatefulSession"),
        "session_state": { "name": "envoy.http.stateful_session.cookie", "typed_config": {
            "@type": of("http.stateful_session.cookie.v3.CookieBasedSessionState"),
            "cookie": { "name": "home", "path": path, "ttl": ttl }
        } }
    } })
}

#[test]
fn a_stateful_session_brings_clients_home_and_shows_the_address() {
    let targets = app::two();
    let envoy = envoy(&stateful("3600s", "/"), "ROUND_ROBIN", &Value::Null, &targets);
    let checked = check(envoy.address(), &["--websocket", "/ws"]);
    checked.expect(
        "Envoy",
        &[
            "kept several-targets comes-home new-connection http2 websocket",
            "kept cookie-flags cookie-scope cookie-life forged-cookie socket-io",
            "broken parallel-first cookie-opaque",
            "could-not-tell expiry",
        ],
    );
    let port = targets[0].address().port().to_string();
    let other = targets[1].address().port().to_string();
    let evidence = checked.evidence("cookie-opaque");
    assert!(evidence.contains(&port) || evidence.contains(&other), "{evidence}");
}

#[test]
fn a_stateful_session_of_two_seconds_ends_whatever_its_client_does() {
    let targets = app::two();
    let envoy = envoy(&stateful("2s", "/"), "ROUND_ROBIN", &Value::Null, &targets);
    check(envoy.address(), &["--only", "comes-home,expiry"])
        .expect("Envoy", &["kept comes-home", "broken expiry"]);
}

#[test]
fn a_cookie_for_a_part_of_the_site_does_not_come_along_everywhere() {
    let targets = app::two();
    let envoy = envoy(&stateful("3600s", "/shop"), "ROUND_ROBIN", &Value::Null, &targets);
    let url = format!("http://{}/shop/cart", envoy.address());
    check_url(&url, &[])
        .expect("Envoy", &["kept comes-home new-connection", "broken cookie-scope"]);
    // Elsewhere Envoy knows of no session at all.
    check(envoy.address(), &[]).expect("Envoy", &["broken comes-home new-connection socket-io"]);
}

#[test]
fn without_stickiness_it_is_broken() {
    let targets = app::two();
    let envoy = envoy(&Value::Null, "ROUND_ROBIN", &Value::Null, &targets);
    check(envoy.address(), &["--websocket", "/ws"]).expect(
        "Envoy",
        &[
            "kept several-targets",
            "broken comes-home new-connection parallel-first http2 websocket socket-io",
        ],
    );
}

#[test]
fn a_hash_over_a_cookie_of_its_own_brings_clients_home() {
    let targets = app::two();
    let hash = json!([{ "cookie": { "name": "hashed", "ttl": "3600s", "path": "/" } }]);
    let envoy = envoy(&Value::Null, "RING_HASH", &hash, &targets);
    check(envoy.address(), &["--websocket", "/ws"]).expect(
        "Envoy",
        &[
            "kept several-targets comes-home new-connection http2 websocket",
            "kept cookie-scope cookie-life cookie-opaque socket-io",
        ],
    );
}
