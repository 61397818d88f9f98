use std::cell::Cell;

use clingfish_model::{
    Action, Field, FieldId, Name, RequestHead, Span,
    head::{Method, RequestParts},
    rule::{Forward, Priority, Transforms},
};
use proptest::prelude::*;

use super::*;

/// A head as the wire brings it.
struct Sent {
    bytes: Vec<u8>,
    parts: RequestParts,
    peer: std::net::IpAddr,
}

impl Sent {
    fn new(method: &str, authority: &str, path: &str, fields: &[(&str, &str)]) -> Self {
        let mut bytes = Vec::new();
        let mut put = |text: &str| {
            let span = Span::new(bytes.len(), text.len());
            bytes.extend_from_slice(text.as_bytes());
            span
        };
        let parts = RequestParts {
            method: Method::of(method.as_bytes()),
            method_name: put(method),
            authority: put(authority),
            path_and_query: put(path),
            fields: fields
                .iter()
                .map(|(name, value)| Field {
                    name: put(name),
                    value: put(value),
                    id: FieldId::of(name.as_bytes()),
                })
                .collect(),
            ..RequestParts::default()
        };
        Self { bytes, parts, peer: [192, 0, 2, 7].into() }
    }

    fn get(authority: &str, path: &str) -> Self {
        Self::new("GET", authority, path, &[])
    }

    fn request(&self) -> Request<'_> {
        let head = RequestHead::new(&self.bytes, &self.parts);
        Request::new(head, head.path_and_query(), self.peer)
    }
}

fn rules(all: Vec<Vec<Condition>>) -> Vec<Rule> {
    let action = || Action::Forward(Forward::to(Name::new("web").unwrap()));
    let rule = |(number, conditions)| {
        let priority = Priority::new(number).unwrap();
        Rule::new(priority, conditions, action(), Transforms::default()).unwrap()
    };
    (1..).zip(all).map(rule).collect()
}

fn host(host: &str) -> Condition {
    Condition::host(&[host], &[]).unwrap()
}

fn path(path: &str) -> Condition {
    Condition::path(&[path], &[]).unwrap()
}

/// As somebody would write it who has never heard of an index.
fn naive(rules: &[Rule], request: &Request<'_>) -> Option<usize> {
    rules.iter().position(|rule| rule.conditions().iter().all(|one| meets(request, one)))
}

/// The rule found, and how many were judged.
fn search(set: &RuleSet, request: &Request<'_>) -> (Option<usize>, usize) {
    let judged = Cell::new(0);
    let found = set.search(request, || judged.set(judged.get() + 1));
    (found, judged.get())
}

#[test]
fn the_lowest_priority_decides_however_a_rule_is_found() {
    let rules = rules(vec![
        vec![host("*.example"), path("/a/*")],
        vec![Condition::header("X-Test", &["yes"], &[]).unwrap()],
        vec![host("shop.example"), path("/a/b")],
        vec![host("shop.example")],
        vec![path("/a/*")],
    ]);
    let set = RuleSet::new(&rules);
    for (authority, path, header, expected) in [
        ("shop.example", "/a/b", "no", Some(0)),
        ("shop.example", "/a", "no", Some(3)),
        ("shop.example", "/x", "yes", Some(1)),
        ("SHOP.example:8080", "/x", "no", Some(3)),
        ("other.test", "/a/b?c", "no", Some(4)),
        ("other.test", "/A/b", "no", None),
    ] {
        let sent = Sent::new("GET", authority, path, &[("X-Test", header)]);
        assert_eq!(set.first(&sent.request()), expected, "{authority}{path} {header}");
    }
}

#[test]
fn each_condition_is_judged_as_alb_does() {
    let header = |values: &[&str]| Condition::header("X-Version", values, &[]).unwrap();
    let query = |pairs: &[(Option<&str>, &str)]| Condition::query(pairs).unwrap();
    let regex = |text: &str| Condition::path(&[], &[text]).unwrap();
    let source = |net: &str| Condition::source_ip(vec![net.parse().unwrap()]).unwrap();
    let sent = Sent::new(
        "GET",
        "Shop.Example:8080",
        "/img/Logo.png?Size=Big&v=1*2&empty&x=a=b",
        &[("x-version", "one"), ("X-Version", "Two")],
    );
    for (condition, expected) in [
        (host("shop.example"), true),
        (host("*.example"), true),
        (host("*.shop.example"), false),
        (Condition::host(&[], &["^SHOP"]).unwrap(), true),
        (path("/img/*.png"), true),
        (path("/IMG/*"), false),
        (path("/img/Logo.pn?"), true),
        (path("/img"), false),
        (regex("^/img/[A-Z]"), true),
        (regex("logo"), false),
        (header(&["TWO"]), true),
        (header(&["on?"]), true),
        (header(&["three", "o*"]), true),
        (header(&["on"]), false),
        (Condition::header("X-Other", &["*"], &[]).unwrap(), false),
        (Condition::method(&["GET", "PUT"]).unwrap(), true),
        (Condition::method(&["HEAD"]).unwrap(), false),
        (query(&[(Some("size"), "big")]), true),
        (query(&[(None, "BIG")]), true),
        (query(&[(Some("v"), r"1\*2")]), true),
        (query(&[(Some("v"), r"1\?2")]), false),
        (query(&[(Some("empty"), "*")]), true),
        (query(&[(Some("empty"), "?")]), false),
        (query(&[(Some("x"), "a=b")]), true),
        (query(&[(Some("si*"), "?ig")]), true),
        (query(&[(Some("size"), "small"), (None, "big")]), true),
        (source("192.0.2.0/24"), true),
        (source("192.0.2.8/32"), false),
        (source("::/0"), false),
    ] {
        assert_eq!(meets(&sent.request(), &condition), expected, "{condition:?}");
    }
}

#[test]
fn a_thousand_rules_for_hosts_and_paths_are_looked_up_not_tried() {
    type Make = fn(usize) -> Vec<Condition>;
    let shapes: [(&str, Make); 6] = [
        ("hosts", |n| vec![host(&format!("t{n}.shop.example"))]),
        ("host ends", |n| vec![host(&format!("*.t{n}.shop.example"))]),
        ("paths", |n| vec![path(&format!("/t{n}/cart"))]),
        ("path starts", |n| vec![path(&format!("/t{n}/*"))]),
        ("hosts and paths", |n| vec![host(&format!("t{n}.shop.example")), path("/cart")]),
        ("one host, many paths", |n| vec![host("shop.example"), path(&format!("/t{n}/*"))]),
    ];
    for (what, make) in shapes {
        for count in [1, 1000] {
            let rules = rules((0..count).map(make).collect());
            let set = RuleSet::new(&rules);
            for n in [0, count / 2, count - 1, count] {
                for (authority, at) in [
                    (format!("t{n}.shop.example"), "/cart".to_owned()),
                    (format!("a.t{n}.shop.example"), "/cart".to_owned()),
                    ("shop.example".to_owned(), format!("/t{n}/cart")),
                ] {
                    let sent = Sent::get(&authority, &at);
                    let (found, judged) = search(&set, &sent.request());
                    assert_eq!(found, naive(&rules, &sent.request()), "{what}: {authority}{at}");
                    assert!(
                        judged <= 1,
                        "{what}: {judged} of {count} rules judged for {authority}{at}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_empty_set_takes_nothing() {
    let set = RuleSet::new(&[]);
    assert!(set.is_empty());
    assert_eq!(set.first(&Sent::get("", "*").request()), None);
}

/// Few letters, so that patterns and texts meet often.
fn hosts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a.b"),
        Just("b.b"),
        Just("A.B"),
        Just("*.b"),
        Just("a.*.b"),
        Just("a.a.b"),
        Just("?.b"),
        Just("*a.b"),
        Just("*.*.b"),
        Just("c.b.a.b")
    ]
    .prop_map(str::to_owned)
}

fn paths() -> impl Strategy<Value = String> {
    prop_oneof![
        "/[ab]{0,3}",
        "/[ab]{0,2}/[ab]{0,2}",
        "/[ab]{0,2}[*?][ab]{0,2}",
        "[*?]/[ab]{0,2}[*?]?",
        "/[ab]{0,2}/\\*",
    ]
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let some = |values: BoxedStrategy<String>| prop::collection::vec(values, 1..3);
    let host = prop::option::of(some(hosts().boxed()));
    let path = prop::option::of(some(paths().boxed()));
    let regex = prop::option::weighted(0.1, Just("a/?b"));
    let other = prop_oneof![
        Just(Condition::method(&["GET"]).unwrap()),
        Just(Condition::method(&["PUT"]).unwrap()),
        Just(Condition::query(&[(Some("q"), "a*")]).unwrap()),
        Just(Condition::header("x", &["a"], &[]).unwrap()),
        Just(Condition::source_ip(vec!["192.0.2.0/29".parse().unwrap()]).unwrap()),
    ];
    (host, path, regex, prop::option::weighted(0.4, other)).prop_map(
        |(host, path, regex, other)| {
            let texts = |all: &Vec<String>| all.iter().map(String::clone).collect::<Vec<_>>();
            let mut conditions = Vec::new();
            if let Some(hosts) = host.as_ref().map(texts) {
                let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
                conditions.extend(Condition::host(&hosts, &[]));
            }
            if path.is_some() || regex.is_some() {
                let paths = path.as_ref().map(texts).unwrap_or_default();
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                let regexes: Vec<&str> = regex.into_iter().collect();
                conditions.extend(Condition::path(&paths, &regexes));
            }
            conditions.extend(other);
            if conditions.is_empty() {
                conditions.extend(Condition::path(&["*"], &[]));
            }
            conditions
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_index_finds_what_trying_every_rule_finds(
        all in prop::collection::vec(conditions(), 0..12),
        authority in prop_oneof!["[abAB]{1,2}\\.[abB]", "[ab]\\.[ab]\\.b(:80)?", Just(String::new())],
        at in "/[ab]{0,3}(/[ab]{0,2})?(\\?q=[ab]{0,2})?",
        method in prop_oneof![Just("GET"), Just("PUT")],
        header in "[ab]",
    ) {
        // Many rules have more wildcards than one may have: those do not count here.
        let kept: Vec<Vec<Condition>> = all
            .into_iter()
            .filter(|conditions| {
                let action = Action::Forward(Forward::to(Name::new("web").unwrap()));
                let first = Priority::new(1).unwrap();
                Rule::new(first, conditions.clone(), action, Transforms::default()).is_ok()
            })
            .collect();
        let rules = rules(kept);
        let sent = Sent::new(method, &authority, &at, &[("X", &header)]);
        let request = sent.request();
        prop_assert_eq!(RuleSet::new(&rules).first(&request), naive(&rules, &request));
    }
}
