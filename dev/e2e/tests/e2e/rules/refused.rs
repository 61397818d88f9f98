//! Rules that cannot be, as a person meets them.

use clingfish_testkit::Launch;

const GROUPS: &str = "[target_groups.a]\ntargets = [\"127.0.0.1:1\"]\nstickiness = true\n[target_groups.b]\ntargets = [\"127.0.0.1:1\"]\n";

#[test]
fn bad_rules_are_refused_with_their_line_and_what_to_write() {
    let rule = |conditions: &str, action: &str| {
        format!("[[listeners.rules]]\nconditions = {conditions}\n{action}\n")
    };
    let forward = "forward = \"a\"";
    for (rules, line, words) in [
        (
            rule("{ path-pattern = \"/a/*\" }", forward)
                + &rule("{ path-pattern = \"/a/b\" }", forward),
            7,
            &["no request comes to this rule", "line 4", "put it before"][..],
        ),
        (rule("{ host-header = \"shop\" }", forward), 5, &["no dot", "shop.example"]),
        (rule("{ path-pattern = \"api/*\" }", forward), 5, &["\"/api/*\""]),
        (rule("{ path-pattern = \"/a\", host = \"x\" }", forward), 5, &["host-header"]),
        (rule("{ http-request-method = \"get\" }", forward), 5, &["\"GET\""]),
        (rule("{ path-pattern = { regex_values = [\"(?=x)\"] } }", forward), 5, &["look-around"]),
        (
            rule("{ path-pattern = \"/a\" }", "forward = { a = 1, b = 1 }"),
            6,
            &[
                "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups",
                "stickiness = false",
            ],
        ),
        (
            rule("{ path-pattern = \"/a*\" }", "redirect = { path = \"/ab\" }"),
            4,
            &["leads back to its own rule"],
        ),
        (rule("{ path-pattern = \"/a\" }", "redirect = {}"), 4, &["changes nothing"]),
        (
            rule("{ path-pattern = \"/a\" }", "fixed_response = { status = 302 }"),
            6,
            &["302", "400 to 599"],
        ),
        (
            rule("{ path-pattern = \"/a\" }", "forward = \"c\""),
            6,
            &["no target group of that name"],
        ),
    ] {
        let config =
            format!("[[listeners]]\nbind = \"127.0.0.1:0\"\nforward = \"b\"\n{rules}{GROUPS}");
        let exited = Launch::new(&config).try_start().expect_err("it is refused");
        for word in words.iter().copied().chain([&*format!("clingfish.toml:{line}:")]) {
            assert!(exited.log.contains(word), "{word} in {}", exited.log);
        }
    }
}
