use super::*;

const DENY: &str = r#"
[licenses]
allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]

[bans]
skip = [{ crate = "old@1.0.0", reason = "told here" }]
deny = ["openssl"]
"#;

const REGISTRY: &str = "registry+https://example.test/x";

fn found(name: &str, version: &str, licence: &str, source: &str) -> Crate {
    Crate {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
        source: Some(source.to_owned()),
    }
}

#[test]
fn an_expression_is_allowed_when_one_way_through_it_is() {
    let policy = Policy::parse(DENY).unwrap();
    for (expression, is_allowed) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0 OR LGPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("GPL-3.0 OR MIT AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT WITH LLVM-exception", false),
        ("(MIT", false),
        ("MIT MIT", false),
        ("", false),
    ] {
        let judged = licence::is_allowed(expression, &policy.licences);
        assert_eq!(judged, is_allowed, "{expression}");
    }
}

#[test]
fn everything_against_the_policy_is_told() {
    let policy = Policy::parse(DENY).unwrap();
    let crates = [
        found("fine", "1.0.0", "MIT", REGISTRY),
        found("viral", "1.0.0", "GPL-3.0", REGISTRY),
        found("openssl", "1.0.0", "MIT", REGISTRY),
        found("elsewhere", "1.0.0", "MIT", "git+https://example.test/x"),
        found("twice", "1.0.0", "MIT", REGISTRY),
        found("twice", "2.0.0", "MIT", REGISTRY),
        found("old", "1.0.0", "MIT", REGISTRY),
        found("old", "2.0.0", "MIT", REGISTRY),
    ];
    assert_eq!(
        faults(&policy, &crates),
        [
            "viral has the licence \"GPL-3.0\"",
            "openssl is banned",
            "elsewhere comes from git+https://example.test/x",
            "twice is there as 1.0.0 and 2.0.0",
        ]
    );
}

#[test]
fn a_crate_of_another_registry_is_told() {
    let policy = Policy::parse(DENY).unwrap();
    for (other, is_fault) in [
        (REGISTRY, false),
        ("registry+https://example.test/y", true),
        ("registry+https://example.test/x.io-index", true),
        ("sparse+https://example.test/x", true),
        ("git+https://example.test/x", true),
    ] {
        let crates = [
            found("alien", "1.0.0", "MIT", other),
            found("a", "1.0.0", "MIT", REGISTRY),
            found("b", "1.0.0", "MIT", REGISTRY),
        ];
        let expected: Vec<_> =
            is_fault.then(|| format!("alien comes from {other}")).into_iter().collect();
        assert_eq!(faults(&policy, &crates), expected, "{other}");
    }
}

#[test]
fn a_repository_is_no_registry_even_if_everything_comes_from_it() {
    let policy = Policy::parse(DENY).unwrap();
    let crates = [found("a", "1.0.0", "MIT", "git+https://example.test/x")];
    assert_eq!(faults(&policy, &crates), ["a comes from git+https://example.test/x"]);
}

#[test]
fn a_line_of_the_tree_names_a_crate_and_its_version() {
    for (line, expected) in [
        ("libc v0.2.191", Some(("libc", "0.2.191"))),
        ("derive v1.0.0 (proc-macro) (*)", Some(("derive", "1.0.0"))),
        ("", None),
    ] {
        let expected = expected.map(|(name, version)| (name.to_owned(), version.to_owned()));
        assert_eq!(name_and_version(line), expected, "{line}");
    }
}
