//! Every error in a table; every key seen to change the model; laws for any text.

use clingfish_model::{DesiredState, Stickiness, TargetAddress, stickiness::CookieStyle};
use proptest::prelude::*;

use super::*;

mod documentation;
mod errors;
mod kept;
mod settings;
mod tls;

fn errors(text: &str) -> Vec<Diagnostic> {
    match parse(text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    }
}

fn state(text: &str) -> DesiredState {
    match parse(text) {
        Ok((state, _)) => state,
        Err(errors) => panic!("{text}\n{}", rendered(&errors)),
    }
}

fn warnings(text: &str) -> Vec<Diagnostic> {
    parse(text).unwrap().1
}

fn rendered(found: &[Diagnostic]) -> String {
    found.iter().map(|one| format!("{one}\n")).collect()
}

#[test]
fn an_empty_file_and_one_with_admin_alone_are_valid() {
    let empty = state("");
    assert!(empty.listeners.is_empty());
    assert_eq!(empty.load_balancers.len(), 1);
    assert_eq!(empty.load_balancers[0].name.as_str(), "default");
    assert_eq!(empty.admin.bind.to_string(), "127.0.0.1:9080");
    let admin = state("[admin]\nbind = \"127.0.0.1:0\"\n");
    assert_eq!(admin.admin.bind.to_string(), "127.0.0.1:0");
    assert_eq!(warnings(""), []);
}

#[test]
fn a_target_is_known_by_its_id_or_else_by_its_address_as_written() {
    let state = state(
        "[target_groups.web]\n\
         targets = [\"[0:0::1]:80\", \"App.internal.:80\", { id = \"cart-1\", address = \"10.0.0.1:80\" }]",
    );
    let targets = &state.target_groups[0].targets;
    let ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
    assert_eq!(ids, ["[0:0::1]:80", "App.internal.:80", "cart-1"]);
    assert_eq!(targets[0].address.to_string(), "[::1]:80");
    let host = TargetAddress::Host { name: "App.internal".into(), port: 80 };
    assert_eq!(targets[1].address, host);
}

#[test]
fn a_listener_without_name_is_called_after_its_address() {
    for (bind, name) in [
        ("0.0.0.0:8080", "0.0.0.0-8080"),
        ("[::]:8080", "__-8080"),
        ("[2001:db8::1]:443", "2001_db8__1-443"),
        ("[fe80::1%3]:80", "fe80__1.3-80"),
        (
            "[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
            "2001_db8_1111_2222_3333_4444_5555_6666-65535",
        ),
    ] {
        let text =
            format!("[[listeners]]\nbind = \"{bind}\"\nforward = \"web\"\n[target_groups.web]\n");
        assert_eq!(state(&text).listeners[0].name.as_str(), name);
    }
}

#[test]
fn the_default_cookie_is_named_after_its_group() {
    let state = state("[target_groups.web]\nstickiness = true");
    let Stickiness::LbCookie(cookie) = &state.target_groups[0].stickiness else {
        panic!("stickiness is off");
    };
    let CookieStyle::Clingfish(shape) = &cookie.style else {
        panic!("not our style");
    };
    assert_eq!(shape.attributes().name, "cling_f318bcb5");
}

#[test]
fn stickiness_is_on_where_anything_is_said_about_it() {
    for (line, on) in [
        ("", false),
        ("stickiness = false", false),
        ("stickiness = true", true),
        ("stickiness = {}", true),
        ("stickiness = { duration = \"1h\" }", true),
        ("stickiness = { enabled = false, duration = \"1h\" }", false),
        ("\"stickiness.enabled\" = true", true),
        ("stickiness.enabled = false", false),
        ("\"stickiness.lb_cookie.duration_seconds\" = 60", true),
        ("stickiness.type = \"lb_cookie\"", true),
    ] {
        let state = state(&format!("[target_groups.web]\n{line}"));
        let is_on = state.target_groups[0].stickiness != Stickiness::Off;
        assert_eq!(is_on, on, "{line}");
    }
}

#[test]
fn all_spellings_of_a_setting_mean_the_same() {
    for (group, spellings) in [
        (
            "target_groups.web",
            &[
                "stickiness = { duration = \"90m\" }",
                "stickiness.duration = \"1h30m\"",
                "\"stickiness.duration\" = \"5400s\"",
                "stickiness = { lb_cookie = { duration_seconds = 5400 } }",
                "stickiness.lb_cookie.duration_seconds = 5_400",
                "\"stickiness.lb_cookie.duration_seconds\" = 5400",
                "stickiness = { \"lb_cookie.duration_seconds\" = 5400, enabled = true }",
                "[target_groups.web.stickiness]\nduration = \"90m\"",
            ][..],
        ),
        (
            "load_balancers.default",
            &[
                "idle_timeout = \"2m\"",
                "idle_timeout.timeout_seconds = 120",
                "\"idle_timeout.timeout_seconds\" = 120",
                "idle_timeout = { timeout_seconds = 0x78 }",
            ][..],
        ),
    ] {
        let read = |spelling: &str| state(&format!("[{group}]\n{spelling}\n"));
        let first = read(spellings[0]);
        assert_ne!(first, read(""), "{}", spellings[0]);
        for spelling in spellings {
            assert_eq!(read(spelling), first, "{spelling}");
        }
    }
}

#[test]
fn groups_and_load_balancers_are_in_the_order_of_their_names() {
    let state = state("[target_groups.b]\n[target_groups.a]\n[load_balancers.a]\n");
    let names = |list: Vec<&Name>| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let groups = state.target_groups.iter().map(|group| &group.name);
    assert_eq!(names(groups.collect()), ["a", "b"]);
    let balancers = state.load_balancers.iter().map(|balancer| &balancer.name);
    assert_eq!(names(balancers.collect()), ["a", "default"]);
}

const LISTENER: &str = "[[listeners]]\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n";
const WEB: &str = "[target_groups.web]\ntargets = [\"a:1\"]\n";

#[test]
fn what_is_legal_but_hardly_meant_is_warned_of() {
    for (text, line, message) in [
        (WEB.to_owned(), 1, "no listeners"),
        (
            format!("{LISTENER}{WEB}[target_groups.x]\ntargets = [\"a:1\"]"),
            6,
            "no listener forwards to [target_groups.x]",
        ),
        (
            format!("{LISTENER}{WEB}[load_balancers.x]\n"),
            6,
            "no listener belongs to [load_balancers.x]",
        ),
        (format!("{LISTENER}[target_groups.web]\n"), 4, "no targets"),
        (
            format!(
                "{LISTENER}[target_groups.web]\ntargets = [\"a:1\",\n{{ id = \"x\", address = \"A:1\" }}]"
            ),
            6,
            "has the address of the one on line 5",
        ),
    ] {
        let found = warnings(&text);
        assert_eq!(found.len(), 1, "{text}\n{}", rendered(&found));
        assert_eq!(found[0].line, line, "{text}");
        assert!(found[0].message.contains(message), "{text}\n{}", found[0]);
        assert!(!found[0].help.is_empty(), "{text}");
    }
    assert_eq!(warnings(&format!("{LISTENER}{WEB}")), []);
}

#[test]
fn host_cookies_over_plain_http_are_warned_of_unless_tls_may_end_in_front() {
    let group = format!("{WEB}stickiness.host_prefix = true\n");
    let trusting = "[load_balancers.default]\ntrusted_proxies = [\"10.0.0.1\"]\n";
    let https = "protocol = \"HTTPS\"\ncertificates = [{ certificate = \"/a\", key = \"/b\" }]\n";
    for (text, expected) in [
        (format!("{LISTENER}{group}"), true),
        (format!("{LISTENER}{group}{trusting}"), false),
        (format!("{LISTENER}{https}{group}"), false),
        (format!("{LISTENER}proxy_protocol_from = [\"10.0.0.1\"]\n{group}"), false),
        (format!("{LISTENER}{WEB}stickiness.host_prefix = false\n"), false),
    ] {
        let found = warnings(&text);
        let text = format!("{text}\n{}", rendered(&found));
        assert_eq!(found.len(), usize::from(expected), "{text}");
        assert!(found.iter().all(|one| one.message.contains("over http")), "{text}");
    }
}

#[test]
fn a_few_errors_too_many_are_counted() {
    let max = clingfish_model::limits::CONFIG_ERRORS_MAX;
    let text: String = (0..max + 5).map(|n| format!("k{n} = 1\n")).collect();
    let errors = errors(&text);
    assert_eq!(errors.len(), max + 1);
    assert_eq!(errors[max].message, "5 more errors from here on");
}

/// Pieces of files, right and wrong, that are put together at random.
fn piece() -> impl Strategy<Value = String> {
    let names: Vec<&str> = keys::ALL.iter().flat_map(|schema| schema.names()).collect();
    let fixed = [
        "[[listeners]]",
        "[target_groups.web]",
        "[target_groups.b]",
        "[load_balancers.x]",
        "[server]",
        "[admin]",
        "[target_groups.web.stickiness]",
        "bind = \"127.0.0.1:80\"",
        "bind = \"[::]:0\"",
        "forward = \"web\"",
        "forward = \"b\"",
        "load_balancer = \"x\"",
        "targets = [\"a:1\", \"b:2\"]",
        "targets = [\"a:1\", { address = \"a:1\", id = \"x\" }, { weight = 3 }]",
        "stickiness = { duration = \"1h\", style = \"alb\" }",
        "health_check = { interval = \"1s\" }",
        "[[",
        "\"",
        "=",
    ];
    let values = [
        "1",
        "\"1h\"",
        "\"16KiB\"",
        "true",
        "[]",
        "{}",
        "{ a = 1 }",
        "-1",
        "1.5",
        "\"\"",
        "1979-05-27",
        "é",
        "",
    ];
    prop_oneof![
        prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        (prop::sample::select(names.clone()), prop::sample::select(values.to_vec()))
            .prop_map(|(name, value)| format!("{name} = {value}")),
        (prop::sample::select(names), prop::sample::select(values.to_vec()))
            .prop_map(|(name, value)| format!("\"{name}\" = {value}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_accepted_without_contradiction_or_refused_with_reasons(
        pieces in prop::collection::vec(piece(), 0..14),
        noise in prop::collection::vec(any::<u8>(), 0..8),
    ) {
        let mut text = pieces.join("\n").into_bytes();
        fuzzing::configuration(&text);
        text.extend(noise);
        fuzzing::configuration(&text);
    }

    #[test]
    fn every_error_is_inside_the_file(pieces in prop::collection::vec(piece(), 0..14)) {
        let text = pieces.join("\n");
        let lines: Vec<&str> = text.split('\n').collect();
        for error in errors(&text) {
            let line = lines.get(error.line - 1).copied();
            prop_assert!(line.is_some_and(|line| error.column <= line.chars().count() + 1), "{error}");
        }
    }
}

#[test]
fn two_values_of_one_field_at_once_are_warned_of() {
    let warnings = warnings(
        "[[listeners]]\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n[[listeners.rules]]\n\
         conditions = [{ http-header = { X-A = \"1\" } }, { http-header = { x-a = [\"2\", \"3\"] } }]\n\
         fixed_response = { status = 404 }\n[target_groups.web]\ntargets = [\"a:1\"]\n",
    );
    let [warning] = &warnings[..] else { panic!("{}", rendered(&warnings)) };
    assert!(warning.message.contains("two values of x-a at once"), "{warning}");
    assert_eq!(warning.line, 4);
}

#[test]
fn a_listener_has_thousands_of_rules_within_a_moment_but_not_more() {
    let rules = |count: usize| {
        let rule = |n| {
            format!(
                "[[listeners.rules]]\nconditions = {{ path-pattern = \"/p{n}/*\" }}\nforward = \"web\"\n"
            )
        };
        let rules: String = (0..count).map(rule).collect();
        format!(
            "[[listeners]]\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n{rules}[target_groups.web]\n"
        )
    };
    assert_eq!(state(&rules(1000)).listeners[0].rules.len(), 1000);
    assert!(rendered(&errors(&rules(5001))).contains("write at most 5000"));
}
