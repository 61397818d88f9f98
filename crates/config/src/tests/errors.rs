//! What is said about errors that need more than one line; the golden file `errors.txt` has the rest.

use super::*;

#[test]
fn things_that_exclude_each_other_name_both_lines() {
    const WEB: &str = "forward = \"web\"\n[target_groups.web]";
    let two = |first: &str, second: &str| {
        format!("[[listeners]]\nforward = \"web\"\n{first}\n[[listeners]]\n{second}\n{WEB}")
    };
    for (first, second, line, message) in [
        (
            "bind = \"127.0.0.1:80\"",
            "bind = \"127.0.0.1:80\"",
            5,
            "taken by 127.0.0.1:80 on line 3",
        ),
        ("bind = \"127.0.0.1:80\"", "bind = \"0.0.0.0:80\"", 5, "taken by 127.0.0.1:80 on line 3"),
        (
            "bind = \"127.0.0.1:0\"",
            "bind = \"127.0.0.1:0\"",
            5,
            "derived from the address, is taken by the listener on line 3",
        ),
        (
            "bind = \"127.0.0.1:0\"",
            "bind = \"[::1]:9080\"\nname = \"127.0.0.1-0\"",
            6,
            "taken by the listener on line 3",
        ),
        (
            "bind = \"[::1]:80\"",
            "bind = \"0.0.0.0:9080\"",
            5,
            "taken by 127.0.0.1:9080, the [admin] address",
        ),
    ] {
        let errors = errors(&two(first, second));
        assert_eq!(errors.len(), 1, "{first} {second}\n{}", rendered(&errors));
        assert_eq!(errors[0].line, line, "{}", errors[0]);
        assert!(errors[0].message.contains(message), "{}", errors[0]);
    }
    assert!(errors(&two("bind = \"0.0.0.0:80\"", "bind = \"[::]:80\"")).is_empty());
}

#[test]
fn cookies_that_browsers_reject_are_refused_at_their_key() {
    let several = "[target_groups.w]\nstickiness = { cookie = \"a b\", path = \"x\", domain = \".\", same_site = \"none\", partitioned = true }";
    assert_eq!(errors(several).len(), 5);
}

#[test]
fn a_group_holds_a_limited_number_of_targets() {
    let max = clingfish_model::limits::TARGETS_MAX;
    let file = |count: usize| {
        let targets: Vec<String> = (0..count).map(|n| format!("\"t{n}:1\"")).collect();
        format!("[target_groups.w]\ntargets = [{}]", targets.join(","))
    };
    assert!(errors(&file(max)).is_empty());
    let errors = errors(&file(max + 1));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].help.contains(&max.to_string()), "{}", errors[0]);
}

#[test]
fn every_error_is_told_at_once_in_the_order_of_the_file() {
    let errors = errors(
        "[server]\nworkers = 0\n\n[[listeners]]\nbind = 8080\nforward = \"wbe\"\n\n[target_groups.web]\n\
         targets = [\"10.0.0.1\"]\nstickyness = true\nstickiness = { duration = \"8d\" }\n",
    );
    let places: Vec<_> =
        errors.iter().map(|error| (error.line, error.column, error.path.as_str())).collect();
    assert_eq!(
        places,
        [
            (2, 11, "server.workers"),
            (5, 8, "listeners[0].bind"),
            (6, 11, "listeners[0].forward"),
            (9, 12, "target_groups.web.targets[0]"),
            (10, 1, "target_groups.web.stickyness"),
            (11, 27, "target_groups.web.stickiness.duration"),
        ]
    );
}

#[test]
fn text_that_is_not_toml_does_not_hide_other_errors() {
    let errors = errors(
        "[server]\nshutdown_pause = 30s\nworkers = 0\n\n[target_groups.web]\ntargets = [\"a\"]\n",
    );
    let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 3, 6], "{}", rendered(&errors));
}

#[test]
fn what_is_lost_in_broken_text_is_not_called_missing() {
    let errors = errors(
        "[[listeners]]\nbind = \"127.0.0.1:0\nforward = \"web\"\n[target_groups.web\ntargets = []\n",
    );
    assert!(errors.iter().all(|error| error.path.is_empty()), "{}", rendered(&errors));
}

#[test]
fn columns_count_characters() {
    let errors = errors("\u{feff}[target_groups.\"ä\"]\ntargets = [\"ä:1\", \"ö\"]");
    let places: Vec<_> = errors.iter().map(|error| (error.line, error.column)).collect();
    assert_eq!(places, [(1, 16), (2, 12), (2, 19)], "{}", rendered(&errors));
}

#[test]
fn targets_that_share_a_connection_are_not_told_of_one_client() {
    let text = "[target_groups.web]\nprotocol_version = \"GRPC\"\nproxy_protocol = \"v2\"";
    let errors = errors(text);
    assert_eq!((errors.len(), errors[0].line), (1, 3), "{}", rendered(&errors));
    assert!(errors[0].message.contains("those of GRPC are shared"), "{}", errors[0]);
}

#[test]
fn header_attributes_that_could_not_work_are_refused() {
    for (line, message) in [
        ("response_headers.x_frame_options = \"YES\"", "is not known to browsers"),
        ("response_headers.x_content_type_options = \"no\"", "is not known to browsers"),
        ("response_headers.access_control_max_age = \"1h\"", "is not known to browsers"),
        (
            "response_headers.content_security_policy = \"a\\r\\nb: c\"",
            "cannot be a header's value",
        ),
        ("response_headers.content_security_policy = \"\"", "cannot be a header's value"),
        ("request_header_names.tls_version = \"Host\"", "means something else already"),
        ("request_header_names.tls_version = \"a b\"", "cannot be a header's name"),
        ("proxy_protocol_from = []", "nobody could connect"),
        ("proxy_protocol_from = [\"all\"]", "neither a network nor an IP address"),
        ("proxy_protocol_from = true", "is a boolean, not a list"),
    ] {
        let text = format!(
            "[target_groups.web]\n[[listeners]]\nbind = \"127.0.0.1:80\"\nforward = \"web\"\n{line}"
        );
        let errors = errors(&text);
        assert_eq!(errors.len(), 1, "{line}\n{}", rendered(&errors));
        assert_eq!(errors[0].line, 5, "{}", errors[0]);
        assert!(errors[0].message.contains(message), "{}", errors[0]);
        assert!(!errors[0].help.is_empty(), "{}", errors[0]);
    }
}

#[test]
fn paths_that_come_as_they_are_may_be_matched_as_they_are() {
    let file = |pattern: &str, more: &str| {
        format!(
            "{more}\n[[listeners]]\nbind = \"127.0.0.1:0\"\nforward = \"w\"\n[[listeners.rules]]\nconditions = {{ path-pattern = \"{pattern}\" }}\nforward = \"w\"\n[target_groups.w]"
        )
    };
    for normal in
        ["/.well-known/*", "*.php", "*/.*", "/a..b", "/a%2fb", "?*", "*", "/a/..?", "/x/*../"]
    {
        assert!(errors(&file(normal, "")).is_empty(), "{normal}");
    }
    for raw in ["/a/../b", "/%7Eada", "/a/./*"] {
        assert_eq!(errors(&file(raw, "")).len(), 1, "{raw}");
        let as_they_came = "[load_balancers.default]\npath_normalization = false";
        assert!(errors(&file(raw, as_they_came)).is_empty(), "{raw}");
    }
}
