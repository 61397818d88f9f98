//! Socket.IO 4: sessions that are made by a poll and known by an id in the query.

use clingfish_testkit::{Authority, Flow, Target, python};
use serde_json::{Value, json};

use super::{Bed, Instance, NONE, assert_shared_evenly, client, stickiness_of};

const TRANSPORTS: [&str; 3] = ["polling", "websocket", "polling,websocket"];

fn chat(name: &str) -> Instance {
    Instance::script("socketio/server.js", name)
}

/// Thirty clients at once, each of which says twelve things.
#[track_caller]
fn talk(bed: &Bed, transports: &str, cookies: &str) -> Value {
    client("socketio.js", &[&bed.url(), transports, cookies, "30", "12"])
}

/// Every message was answered by the instance that made the session, by the transport that was wanted.
#[track_caller]
fn assert_all_well(outcome: &Value, transports: &str) {
    assert_eq!((&outcome["unknown"], &outcome["other"]), (&json!(0), &json!([])), "{transports}");
    let last = transports.rsplit(',').next().unwrap_or_default();
    assert_eq!(outcome["transports"], json!({ last: 30 }), "{transports}");
    assert_shared_evenly(&outcome["homes"], 30);
}

#[test]
fn clients_with_and_without_cookies_keep_their_sessions_by_every_transport() {
    let bed = Bed::start(chat, &stickiness_of("socketio"));
    for transports in TRANSPORTS {
        for cookies in ["cookies", "none"] {
            assert_all_well(&talk(&bed, transports, cookies), transports);
        }
    }
}

/// What Chromium sees on a page of another site, which speaks to the chat with `cookies` or with `none`, twice by each
/// transport, every time as somebody new.
#[track_caller]
fn browse(stickiness: &str, cookies: &str, third_parties: &str) -> Value {
    let authority = Authority::new("Two sites");
    let certificate = |name: &str| authority.issue(name, &[name]).toml();
    let page = Target::answering(|connection, _| {
        let body = "<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1>";
        let (kind, length) = ("text/html", body.len());
        connection.write(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))?;
        Ok(Flow::KeepAlive)
    });
    let listeners = format!(
        r#"
        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        protocol = "HTTPS"
        certificates = [{}]
        forward = "web"

        [[listeners]]
        name = "page"
        bind = "127.0.0.1:0"
        protocol = "HTTPS"
        certificates = [{}]
        forward = "page"

        [target_groups.page]
        targets = ["{}"]
        health_check = false
        "#,
        certificate("chat.test"),
        certificate("page.example"),
        page.address(),
    );
    let bed = Bed::behind(&listeners, chat, stickiness);
    let ports = ["web", "page"].map(|name| bed.clingfish.listener(name).port().to_string());
    let script = concat!(
        include_str!("../../../scripts/chromium.py"),
        include_str!("../../../scripts/apps/socketio_page.py")
    );
    let said = python(script, &[&ports[0], &ports[1], cookies, third_parties]);
    serde_json::from_str(&said).expect("it tells JSON")
}

#[test]
fn chromium_on_another_sites_page_keeps_its_sessions_with_and_without_cookies() {
    for (cookies, third_parties) in [("cookies", "allow"), ("none", "block")] {
        let outcome = browse(&stickiness_of("socketio"), cookies, third_parties);
        assert_eq!(outcome["failures"], json!([]), "{cookies}, {third_parties}");
        assert_eq!(outcome["transports"], json!({ "polling": 2, "websocket": 4 }));
    }
}

#[test]
fn a_balancers_cookie_serves_chromium_on_another_sites_page_where_it_sends_cookies() {
    for third_parties in ["allow", "block"] {
        let outcome = browse("true", "cookies", third_parties);
        assert_eq!(outcome["failures"], json!([]), "{third_parties}");
    }
}

/// The counter-test: a page that asks without credentials brings no cookie.
#[test]
fn chromium_on_another_sites_page_loses_its_sessions_without_cookies() {
    let outcome = browse("true", "none", "allow");
    let failures = outcome["failures"].as_array().map_or(0, Vec::len);
    // Two of three ways begin with a poll; an instance is met by chance at times.
    assert!((1..=4).contains(&failures), "{outcome}");
}

/// The counter-test: it is stickiness that does it.
#[test]
fn without_stickiness_session_ids_are_unknown() {
    let bed = Bed::start(chat, NONE);
    for transports in ["polling", "polling,websocket"] {
        let outcome = talk(&bed, transports, "cookies");
        let unknown = outcome["unknown"].as_u64().unwrap_or_default();
        assert!(unknown > 15 && outcome["other"] == json!([]), "{transports}: {outcome}");
    }
    // What is one connection needs no help.
    assert_all_well(&talk(&bed, "websocket", "none"), "websocket");
}
