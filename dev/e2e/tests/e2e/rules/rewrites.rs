//! Rewritten hosts and paths, as targets see them.

use serde_json::Value;

use super::Stage;
use crate::support::log_line;

const RULES: &str = r#"
    forward = "b"
    [[listeners.rules]]
    conditions = { path-pattern = "/api/*" }
    forward = "a"
    [listeners.rules.transforms]
    host-header-rewrite = { regex = '^(.+)\.shop\.example$', replace = "inner-$1.test" }
    url-rewrite = { regex = '^/api/([^?]*)', replace = "/v2/$1" }
    [[listeners.rules]]
    conditions = { path-pattern = "/bad/*" }
    forward = "a"
    [listeners.rules.transforms]
    url-rewrite = { regex = "^/bad/(.*)$", replace = "$1" }
    [[listeners.rules]]
    conditions = { path-pattern = "/badhost" }
    forward = "a"
    [listeners.rules.transforms]
    host-header-rewrite = { regex = ".*", replace = "" }
"#;

#[test]
fn targets_see_the_host_and_path_that_a_rule_makes() {
    let stage = Stage::new(RULES);
    for (host, path, seen_host, seen_path) in [
        ("eu.shop.example:8080", "/api/x?y=z", "inner-eu.test:8080", "/v2/x?y=z"),
        ("EU.Shop.Example", "/api/", "inner-EU.test", "/v2/"),
        ("other.example", "/api/x", "other.example", "/v2/x"),
    ] {
        assert_eq!(stage.get(host, path).text(), "a");
        let requests = stage.a.requests();
        let request = requests.last().unwrap();
        assert_eq!((request.header("host"), request.path()), (Some(seen_host), seen_path));
    }
    let line = log_line(&stage.clingfish, "/api/x?y=z");
    assert_eq!(line["transformed_host"], "inner-eu.test");
    assert_eq!(line["transformed_uri"], "/v2/x?y=z");
    assert_eq!(line["request_transform_status"], "TransformSuccess");
    assert_eq!(line["host"], "eu.shop.example", "what was asked for stays");
    let line = log_line(&stage.clingfish, "/api/x");
    assert_eq!(line["transformed_host"], Value::Null);
}

#[test]
fn with_alb_s_host_rule_the_listener_s_port_follows_the_rewritten_host() {
    let stage = Stage::with("preserve_host_header = false", RULES);
    stage.get("eu.shop.example:1", "/api/x");
    let port = stage.clingfish.listener("web").port();
    let request = stage.a.requests().remove(0);
    assert_eq!(request.header("host"), Some(&*format!("inner-eu.test:{port}")));
}

#[test]
fn a_rewrite_that_makes_no_request_is_answered_500() {
    let stage = Stage::new(RULES);
    for (path, status) in [("/bad/x", "TransformInvalidPath"), ("/badhost", "TransformInvalidHost")]
    {
        assert_eq!(stage.get("x.test", path).status, 500, "{path}");
        let line = log_line(&stage.clingfish, path);
        assert_eq!(line["request_transform_status"], status, "{line}");
        assert_eq!(line["error_reason"], "transform_failed", "{line}");
    }
    assert_eq!(stage.get("x.test", "/bad//x").text(), "a", "this one makes a path");
    assert_eq!(stage.a.requests().remove(0).path(), "/x");
    assert_eq!(stage.a.count(), 1);
}
