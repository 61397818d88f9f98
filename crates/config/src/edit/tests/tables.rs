//! Tables and targets that come and go.

use super::*;

const LISTENERS: &str = "# The shop\n\n# http\n[[listeners]]\nbind = \"0.0.0.0:80\"\nforward = \"web\"\n\n\
    # api\n[[listeners.rules]]\nconditions = { path-pattern = \"/api/*\" }\nforward = \"web\"\n\n\
    [[listeners.rules]]\npriority = 7\nconditions = { path-pattern = \"/b\" }\nforward = \"web\"\n\n\
    [[listeners]]\nname = \"other\"\nbind = \"0.0.0.0:81\"\nforward = \"web\"\n\n[target_groups.web]\ntargets = []\n";

fn rule(path: &str) -> Vec<(&'static str, Setting)> {
    let conditions = Setting::table([("path-pattern", Setting::text(path))]);
    vec![("conditions", conditions), ("forward", Setting::text("web"))]
}

#[test]
fn a_table_comes_behind_its_like() {
    let add = |group: &str| {
        Edit::Add(
            Place::TargetGroup(name(group)),
            vec![("stickiness.type", Setting::text("lb_cookie"))],
        )
    };
    for (before, expected) in [
        ("", "[target_groups.new]\nstickiness.type = \"lb_cookie\"\n"),
        (
            "# nothing yet\n",
            "# nothing yet\n\n[target_groups.new]\nstickiness.type = \"lb_cookie\"\n",
        ),
        (
            "[target_groups.a]\n\n[target_groups.a.tags]\na = \"b\"\n\n# log\n\n[access_log]\n",
            "[target_groups.a]\n\n[target_groups.a.tags]\na = \"b\"\n\n[target_groups.new]\nstickiness.type = \"lb_cookie\"\n\n# log\n\n[access_log]\n",
        ),
        (
            "target_groups = { a = {} }\n",
            "target_groups = { a = {}, new = { stickiness.type = \"lb_cookie\" } }\n",
        ),
        (
            "[target_groups]\na.vpc = \"v\"\n",
            "[target_groups]\na.vpc = \"v\"\n\n[target_groups.new]\nstickiness.type = \"lb_cookie\"\n",
        ),
    ] {
        check(before, &[add("new")], expected);
    }
    let quoted = after("", &[Edit::Add(Place::TargetGroup(name("a.b")), Vec::new())]);
    assert_eq!(quoted, "[target_groups.\"a.b\"]\n");
}

#[test]
fn a_table_goes_with_its_comments_and_nothing_else() {
    for (before, expected) in [
        (
            "# file\n\n# a\n[target_groups.a]\nx = 1\n# x\n\n# web\n[target_groups.web] # w\ny = 1\n# z\n\n# next\n[server]\n",
            "# file\n\n# a\n[target_groups.a]\nx = 1\n# x\n\n# next\n[server]\n",
        ),
        ("[target_groups.web]\n\n[target_groups.web.tags]\na = \"b\"\n", ""),
        ("[server]\n\n[target_groups.web]\n", "[server]\n"),
        ("# the file's\n[target_groups.web]\nx = 1\n\n[server]\n", "# the file's\n\n[server]\n"),
        (
            "[server]\n\n[target_groups.web]\nx = 1\n\n# alone\n\n[admin]\n",
            "[server]\n\n# alone\n\n[admin]\n",
        ),
        ("target_groups = { web = { vpc = \"v\" }, a = {} }\n", "target_groups = { a = {} }\n"),
        (
            "target_groups.web.vpc = \"v\"\ntarget_groups.a.vpc = \"v\"\n",
            "target_groups.a.vpc = \"v\"\n",
        ),
    ] {
        let actual = after(before, &[Edit::Remove(web())]);
        assert!(actual == expected, "before:\n{before}\nis:\n{actual}\nshould be:\n{expected}");
    }
}

#[test]
fn a_rule_comes_under_its_listener_and_priorities_are_written_out() {
    let place = Place::Rule(name("0.0.0.0-80"), priority(9));
    let expected = LISTENERS
        .replace("[[listeners.rules]]\nconditions", "[[listeners.rules]]\npriority = 1\nconditions")
        .replace(
            "\n[[listeners]]\nname",
            "\n[[listeners.rules]]\npriority = 9\nconditions = { path-pattern = \"/c\" }\nforward = \"web\"\n\n[[listeners]]\nname",
        );
    check(LISTENERS, &[Edit::Add(place, rule("/c"))], &expected);
    let place = Place::Rule(name("other"), priority(9));
    let expected = LISTENERS.replace(
        "\n[target_groups.web]",
        "\n[[listeners.rules]]\npriority = 9\nconditions = { path-pattern = \"/c\" }\nforward = \"web\"\n\n[target_groups.web]",
    );
    check(LISTENERS, &[Edit::Add(place, rule("/c"))], &expected);
}

#[test]
fn a_rule_goes_and_changes_no_other() {
    let removed = Edit::Remove(Place::Rule(name("0.0.0.0-80"), priority(7)));
    let expected = LISTENERS
        .replace("[[listeners.rules]]\nconditions", "[[listeners.rules]]\npriority = 1\nconditions")
        .replace("[[listeners.rules]]\npriority = 7\nconditions = { path-pattern = \"/b\" }\nforward = \"web\"\n\n", "");
    check(LISTENERS, &[removed], &expected);
    let first = Edit::Remove(Place::Rule(name("0.0.0.0-80"), priority(1)));
    let expected = LISTENERS.replace(
        "# api\n[[listeners.rules]]\nconditions = { path-pattern = \"/api/*\" }\nforward = \"web\"\n\n",
        "",
    );
    check(LISTENERS, &[first], &expected);
    let swap = vec![(priority(1), priority(7)), (priority(7), priority(1))];
    let expected = LISTENERS
        .replace("[[listeners.rules]]\npriority = 7", "[[listeners.rules]]\npriority = 1")
        .replace(
            "[[listeners.rules]]\nconditions",
            "[[listeners.rules]]\npriority = 7\nconditions",
        );
    check(LISTENERS, &[Edit::Prioritise(name("0.0.0.0-80"), swap)], &expected);
}

#[test]
fn a_listener_goes_with_its_rules() {
    let expected = "# The shop\n\n[[listeners]]\nname = \"other\"\nbind = \"0.0.0.0:81\"\nforward = \"web\"\n\n[target_groups.web]\ntargets = []\n";
    check(LISTENERS, &[Edit::Remove(Place::Listener(name("0.0.0.0-80")))], expected);
    let bind = vec![("bind", Setting::text("0.0.0.0:82")), ("forward", Setting::Bool(false))];
    let expected = LISTENERS.replace(
        "\n[target_groups.web]",
        "\n[[listeners]]\nname = \"new\"\nbind = \"0.0.0.0:82\"\nforward = false\n\n[target_groups.web]",
    );
    check(LISTENERS, &[Edit::Add(Place::Listener(name("new")), bind)], &expected);
}

#[test]
fn listeners_and_rules_may_stand_in_brackets() {
    let file = "listeners = [\n    { bind = \"0.0.0.0:80\", forward = \"web\", rules = [{ conditions = { path-pattern = \"/a\" }, forward = \"web\" }] },\n    { name = \"b\", bind = \"0.0.0.0:81\", forward = false },\n]\n";
    let at = |port: u16| name(&format!("0.0.0.0-{port}"));
    let written = file.replace(
        "path-pattern = \"/a\" }, forward = \"web\" }",
        "path-pattern = \"/a\" }, forward = \"web\", priority = 1 }",
    );
    for (edit, expected) in [
        (
            Edit::Add(Place::Rule(at(80), priority(2)), rule("/b")),
            written.replace("priority = 1 }", "priority = 1 }, { priority = 2, conditions = { path-pattern = \"/b\" }, forward = \"web\" }"),
        ),
        (
            Edit::Add(Place::Rule(name("b"), priority(2)), rule("/b")),
            file.replace("forward = false }", "forward = false, rules = [{ priority = 2, conditions = { path-pattern = \"/b\" }, forward = \"web\" }] }"),
        ),
        (Edit::Remove(Place::Listener(name("b"))), file.replace("    { name = \"b\", bind = \"0.0.0.0:81\", forward = false },\n", "")),
        (
            Edit::Set(Place::Rule(at(80), priority(1)), "forward", Setting::text("api")),
            file.replace("}, forward = \"web\" }]", "}, forward = \"api\" }]"),
        ),
        (
            Edit::Add(Place::Listener(name("c")), vec![("bind", Setting::text("0.0.0.0:82")), ("forward", Setting::Bool(false))]),
            file.replace("forward = false },\n", "forward = false },\n    { name = \"c\", bind = \"0.0.0.0:82\", forward = false },\n"),
        ),
        (Edit::Remove(Place::Rule(at(80), priority(1))), file.replace("[{ conditions = { path-pattern = \"/a\" }, forward = \"web\" }]", "[]")),
    ] {
        check(file, &[edit], &expected);
    }
}

#[test]
fn targets_come_in_the_style_of_their_list() {
    let file = |lines: &str| format!("[target_groups.web]\n{lines}\n");
    let long: String = (0..6).map(|at| format!("\"10.0.0.{at}:3000\", ")).collect();
    let long = long.trim_end_matches(", ");
    let broken = format!("targets = [\n    {},\n    \"n:1\",\n]", long.replace(", ", ",\n    "));
    for (before, expected) in [
        ("targets = []", "targets = [\"n:1\"]"),
        ("vpc = \"v\"", "vpc = \"v\"\ntargets = [\"n:1\"]"),
        ("targets = [ \"a:1\" ] # c", "targets = [ \"a:1\", \"n:1\" ] # c"),
        ("targets = [\"a:1\",]", "targets = [\"a:1\", \"n:1\",]"),
        (
            "targets = [\n  \"a:1\",   # one\n  # more\n]",
            "targets = [\n  \"a:1\",   # one\n  \"n:1\",\n  # more\n]",
        ),
        ("targets = [\n  \"a:1\"   # one\n]", "targets = [\n  \"a:1\",   # one\n  \"n:1\"\n]"),
        ("targets = [\n  # none\n]", "targets = [\n  # none\n    \"n:1\",\n]"),
        (&format!("targets = [{long}]"), &*broken),
        (
            "\n[[target_groups.web.targets]]\naddress = \"a:1\"",
            "\n[[target_groups.web.targets]]\naddress = \"a:1\"\n\n[[target_groups.web.targets]]\naddress = \"n:1\"",
        ),
    ] {
        check(
            &file(before),
            &[Edit::AddTarget(name("web"), Setting::text("n:1"))],
            &file(expected),
        );
    }
}

#[test]
fn targets_go_with_their_lines() {
    let file = |lines: &str| format!("[target_groups.web]\n{lines}\n");
    for (before, expected) in [
        ("targets = [\"n:1\"]", "targets = []"),
        ("targets = [\"a:1\", \"n:1\", \"b:1\"]", "targets = [\"a:1\", \"b:1\"]"),
        ("targets = [\"a:1\", \"n:1\"] # c", "targets = [\"a:1\"] # c"),
        ("targets = [\"n:1\", \"a:1\"]", "targets = [\"a:1\"]"),
        (
            "targets = [\n  \"a:1\", # a\n  \"n:1\", # n\n  # b's\n  \"b:1\", # b\n]",
            "targets = [\n  \"a:1\", # a\n  # b's\n  \"b:1\", # b\n]",
        ),
        ("targets = [\n  \"a:1\", # a\n  \"n:1\" # n\n]", "targets = [\n  \"a:1\" # a\n]"),
        (
            "targets = [{ id = \"n:1\", address = \"x:1\" }, { address = \"a:1\" }]",
            "targets = [{ address = \"a:1\" }]",
        ),
        (
            "targets = [\n  \"a:1\", \"n:1\",\n  \"b:1\",\n]",
            "targets = [\n  \"a:1\",\n  \"b:1\",\n]",
        ),
        (
            "\n[[target_groups.web.targets]]\naddress = \"n:1\"\n\n[[target_groups.web.targets]]\naddress = \"a:1\"",
            "\n[[target_groups.web.targets]]\naddress = \"a:1\"",
        ),
    ] {
        let edit = Edit::RemoveTarget(name("web"), TargetId::new("n:1").unwrap());
        check(&file(before), &[edit], &file(expected));
    }
}

#[test]
fn a_target_is_written_anew_where_it_stands() {
    let table = |entries: &[(&str, Setting)]| {
        Setting::table(entries.iter().map(|(key, value)| (*key, value.clone())))
    };
    for (text, id, expected) in [
        (
            "targets = [\n    \"n:1\",  # the first\n    \"n:2\",\n]\n",
            "n:1",
            "targets = [\n    { address = \"n:1\", drain = true },  # the first\n    \"n:2\",\n]\n",
        ),
        (
            "targets = [{ address = \"n:1\", weight = 3 }, { weight = 2, address = \"n:2\" }]  # both\n",
            "n:2",
            "targets = [{ address = \"n:1\", weight = 3 }, { address = \"n:2\", drain = true }]  # both\n",
        ),
        (
            "[[target_groups.web.targets]]\n# the first\naddress = \"n:1\"  # here\nzone = \"a\"\n\n[[target_groups.web.targets]]\naddress = \"n:2\"\n",
            "n:1",
            "[[target_groups.web.targets]]\n# the first\naddress = \"n:1\"  # here\ndrain = true\n\n[[target_groups.web.targets]]\naddress = \"n:2\"\n",
        ),
    ] {
        let head = "[target_groups.web]\n";
        let target = table(&[("address", Setting::text(id)), ("drain", Setting::Bool(true))]);
        let edit = Edit::SetTarget(name("web"), TargetId::new(id).unwrap(), target);
        check(&format!("{head}{text}"), &[edit], &format!("{head}{expected}"));
    }
}
