//! The web console in a real Chromium, as the person on call uses it.

use std::{fs, path::PathBuf};

use clingfish_testkit::{Clingfish, node_modules, python};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::{mirror, root, targets, web};

fn hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where pictures of all pages go: they are to be looked at.
fn pictures() -> PathBuf {
    let folder = root().join("target/console-screens");
    fs::create_dir_all(&folder).expect("it is ours");
    folder
}

/// Tells one of the stories of `console.py` to a Clingfish with targets of its own.
fn tell(story: &str) -> Clingfish {
    let [a, b, c, d, e, f, g] = ["a", "b", "c", "d", "e", "f", "g"].map(mirror);
    let clingfish = Clingfish::start(&format!(
        r#"
        [admin]
        bind = "127.0.0.1:0"
        access_keys = [{{ id = "AKIDONCALL", secret = "s-oncall" }}]
        tokens = [
            {{ name = "admin", sha256 = "{}" }},
            {{ name = "reader", sha256 = "{}", role = "read_only" }},
        ]

        [server]
        workers = 1

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"
        rules = [
            {{ priority = 10, conditions = {{ path-pattern = ["/old/*"] }}, redirect = {{ path = "/new" }} }},
            {{ priority = 15, conditions = {{ path-pattern = ["/api/*"] }}, forward = "api" }},
            {{ priority = 17, conditions = {{ path-pattern = ["/brief/*", "/ws"] }}, forward = "brief" }},
            {{ priority = 20, conditions = {{ host-header = ["spare.example"] }}, forward = "spare" }},
        ]

        [target_groups.web]
        {}
        health_check = {{ interval = "1s", timeout = "500ms" }}

        [target_groups.api]
        {}
        algorithm = "least_outstanding_requests"
        health_check = {{ interval = "1s", timeout = "500ms" }}

        [target_groups.brief]
        {}
        stickiness = {{ type = "lb_cookie", duration = "12s" }}
        health_check = {{ interval = "1s", timeout = "500ms" }}

        [target_groups.spare]
        targets = []
        "#,
        hash("t-admin"),
        hash("t-reader"),
        targets(&[("a", &a), ("b", &b), ("c", &c)]),
        targets(&[("d", &d), ("e", &e)]),
        targets(&[("f", &f), ("g", &g)]),
    ));
    let without = Clingfish::start(&web(&format!("{}\nstickiness = true", targets(&[("a", &a)]))));
    let (admin, listener) = (clingfish.admin().to_string(), clingfish.listener("web").to_string());
    let axe = node_modules().join("axe-core/axe.min.js");
    let script = concat!(
        include_str!("../../scripts/chromium.py"),
        include_str!("../../scripts/console_drain.py"),
        include_str!("../../scripts/console.py")
    );
    let (axe, pictures) = (axe.display().to_string(), pictures().display().to_string());
    let (ours, key) = ([&*admin, &listener, "t-admin", "t-reader"], ["AKIDONCALL", "s-oncall"]);
    let open = without.admin().to_string();
    let words = [&ours[..], &[&axe, &pictures], &key, &[&open, story]].concat();
    let said = python(script, &words);
    assert!(said.starts_with("all well"), "{said}");
    clingfish
}

/// Signs in with an access key, drains a target on which people live and watches how they leave, until it is empty; and looks at a
/// console that has no credentials.
#[test]
fn a_drain_is_watched_until_nothing_is_left() {
    tell("drain");
}

/// Signs in, makes a group sticky, watches, traces, drains, goes back, and signs out: with no error in the browser's console,
/// nothing that its policy forbids, and nothing that axe calls serious, on every page and in every size.
#[test]
fn the_person_on_call_sees_and_acts() {
    let clingfish = tell("on-call");
    let log = fs::read_to_string(clingfish.state_dir().join("events.jsonl"));
    let log = log.expect("there is an audit log");
    let events: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    for action in ["PATCH target group", "PATCH target", "rollback 1"] {
        let is_it = |event: &&Value| event["action"] == action && event["who"] == "token admin";
        assert!(events.iter().any(|event| is_it(&event)), "{action} is in {log}");
    }
}
