//! The same self-test, started at the admin address, before a listener of its own.

use std::time::Duration;

use clingfish_testkit::{Authority, Clingfish, eventually};
use serde_json::{Value, json};

use super::{app, ours};

/// Longest a check may take here; it is as polite as by hand.
const PATIENCE: Duration = Duration::from_secs(120);

fn ask(clingfish: &Clingfish, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = clingfish.change(method, path, &body);
    (answer.status, serde_json::from_str(&answer.text()).expect("it is JSON"))
}

/// Runs a check to its end.
#[track_caller]
fn checked(clingfish: &Clingfish, body: &Value) -> Value {
    let (status, begun) = ask(clingfish, "POST", "/v1/checks", body);
    assert_eq!(status, 202, "{begun:#}");
    let path = format!("/v1/checks/{}", begun["id"]);
    let run = eventually(PATIENCE, || {
        let (_, run) = ask(clingfish, "GET", &path, &json!(null));
        (run["state"] != "running").then_some(run)
    });
    assert_eq!(run["state"], "done", "{run:#}");
    assert_eq!(run["promises"], run["report"]["promises"], "all were told on the way");
    run
}

#[track_caller]
fn expect(run: &Value, outcome: &str, promises: &[&str]) {
    for wanted in promises {
        let all = run["promises"].as_array().expect("there are promises");
        let found = all.iter().find(|promise| promise["promise"] == *wanted);
        assert_eq!(found.expect("it was checked")["outcome"], outcome, "{wanted}\n{run:#}");
    }
}

#[test]
fn a_listener_is_checked_from_its_own_admin_address() {
    let apps = app::two();
    let clingfish = ours::clingfish("stickiness = { duration = \"1h\" }", &apps);
    let body = json!({ "listener": "web", "websocket": "/ws" });
    let run = checked(&clingfish, &body);
    expect(&run, "kept", &["several-targets", "comes-home", "new-connection", "websocket"]);
    expect(&run, "kept", &["cookie-flags", "cookie-opaque", "forged-cookie", "socket-io"]);
    assert_eq!(run["report"]["balancer"], "Clingfish", "{run:#}");
    assert!(run["progress"].as_array().expect("a list").len() > 10, "{run:#}");

    let clingfish = ours::clingfish("", &apps);
    let run = checked(&clingfish, &json!({ "listener": "web", "requests": 8 }));
    expect(&run, "broken", &["comes-home", "new-connection", "socket-io"]);
    let broken = &run["promises"][1];
    assert!(broken["means"].is_string() && broken["change"].is_string(), "{broken:#}");
}

#[test]
fn a_host_is_asked_for_at_the_listener_and_nowhere_else() {
    let (apps, authority) = (app::two(), Authority::new("Shops"));
    let certificate = authority.issue("shop", &["shop.example"]);
    let clingfish = Clingfish::start(&format!(
        r#"
        [server]
        workers = 1
        [[listeners]]
        name = "web"
        bind = "0.0.0.0:0"
        protocol = "HTTPS"
        certificates = [{}]
        forward = false
        rules = [{{ priority = 1, conditions = {{ host-header = ["shop.example"] }}, forward = "web" }}]
        [target_groups.web]
        {}
        "#,
        certificate.toml(),
        ours::group("stickiness = { duration = \"1h\" }", &apps)
    ));
    // Its name leads nowhere, and its certificate is nobody's that this machine knows.
    let body = json!({ "listener": "web", "host": "shop.example", "path": "/open" });
    let run = checked(&clingfish, &body);
    expect(&run, "kept", &["comes-home", "new-connection", "http2", "cross-site", "cors"]);
    assert_eq!(run["report"]["url"], "https://shop.example/open");
    assert!(run["note"].as_str().is_some_and(|note| note.contains("certificate")), "{run:#}");
}
