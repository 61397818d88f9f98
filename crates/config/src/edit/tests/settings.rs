//! Settings of a table, in all their spellings.

use super::*;

fn set(key: &'static str, setting: Setting) -> Edit {
    Edit::Set(web(), key, setting)
}

fn hour() -> Setting {
    Setting::seconds(3600)
}

#[test]
fn a_setting_is_replaced_where_it_is() {
    for (before, expected) in [
        ("stickiness.duration = \"1m\" # why\n", "stickiness.duration = \"3600s\" # why\n"),
        ("\"stickiness.duration\"=\"1m\"\n", "\"stickiness.duration\"=\"3600s\"\n"),
        (
            "stickiness = { duration = \"1m\", cookie = \"c\" }\n",
            "stickiness = { duration = \"3600s\", cookie = \"c\" }\n",
        ),
        (
            "\n[target_groups.web.stickiness]\nduration = \"1m\"\n",
            "\n[target_groups.web.stickiness]\nduration = \"3600s\"\n",
        ),
        // Under ELBv2's name it has another unit.
        (
            "stickiness.lb_cookie.duration_seconds = 60\nx = 1\n",
            "stickiness.duration = \"3600s\"\nx = 1\n",
        ),
        (
            "\"stickiness.lb_cookie.duration_seconds\" = 60\n",
            "\"stickiness.duration\" = \"3600s\"\n",
        ),
        (
            "stickiness = { lb_cookie.duration_seconds = 60 }\n",
            "stickiness = { duration = \"3600s\" }\n",
        ),
        (
            "stickiness = { lb_cookie = { duration_seconds = 60 } }\n",
            "stickiness = { duration = \"3600s\" }\n",
        ),
        // What means the same stays.
        ("stickiness.duration = '1h'\n", "stickiness.duration = '1h'\n"),
        ("stickiness.duration = \"60m\"\n", "stickiness.duration = \"60m\"\n"),
    ] {
        let file = |lines: &str| format!("# web\n[target_groups.web]\n{lines}");
        check(&file(before), &[set("stickiness.duration", hour())], &file(expected));
    }
}

#[test]
fn a_name_of_the_same_unit_stays() {
    let file = |line: &str| format!("[target_groups.web]\n{line}\n");
    for (key, setting, before, expected) in [
        (
            "algorithm",
            Setting::text("b"),
            "load_balancing.algorithm.type = \"a\"",
            "load_balancing.algorithm.type = \"b\"",
        ),
        (
            "health_check.path",
            Setting::text("/b"),
            "health_check_path = \"/a\"",
            "health_check_path = \"/b\"",
        ),
        ("stickiness.enabled", Setting::Bool(false), "stickiness = true", "stickiness = false"),
        ("slow_start", hour(), "slow_start.duration_seconds = 30", "slow_start = \"3600s\""),
        (
            "slow_start.duration_seconds",
            Setting::Integer(60),
            "slow_start = \"30s\"",
            "slow_start.duration_seconds = 60",
        ),
        (
            "proxy_protocol",
            Setting::text("v1"),
            "\"proxy_protocol_v2.enabled\" = true",
            "\"proxy_protocol\" = \"v1\"",
        ),
    ] {
        check(&file(before), &[set(key, setting)], &file(expected));
    }
}

#[test]
fn a_setting_is_added_in_the_form_that_is_there() {
    for (before, expected) in [
        ("", "stickiness.duration = \"3600s\"\n"),
        (
            "  vpc = \"v\"  # c\n# end\n",
            "  vpc = \"v\"  # c\n  stickiness.duration = \"3600s\"\n# end\n",
        ),
        (
            "stickiness.cookie = \"c\"\nvpc = \"v\"\n",
            "stickiness.cookie = \"c\"\nstickiness.duration = \"3600s\"\nvpc = \"v\"\n",
        ),
        (
            "\"stickiness.cookie\" = \"c\"\nvpc = \"v\"\n",
            "\"stickiness.cookie\" = \"c\"\n\"stickiness.duration\" = \"3600s\"\nvpc = \"v\"\n",
        ),
        (
            "stickiness = { cookie = \"c\" }\n",
            "stickiness = { cookie = \"c\", duration = \"3600s\" }\n",
        ),
        ("stickiness = {}\n", "stickiness = { duration = \"3600s\" }\n"),
        (
            "stickiness = {\n    cookie = \"c\", # name\n}\n",
            "stickiness = {\n    cookie = \"c\", # name\n    duration = \"3600s\",\n}\n",
        ),
        ("stickiness = true\n", "stickiness = { enabled = true, duration = \"3600s\" }\n"),
        (
            "stickiness = false # off\n",
            "stickiness = { enabled = false, duration = \"3600s\" } # off\n",
        ),
        (
            "\n[target_groups.web.stickiness]\ncookie = \"c\"\n\n[server]\n",
            "\n[target_groups.web.stickiness]\ncookie = \"c\"\nduration = \"3600s\"\n\n[server]\n",
        ),
        (
            "stickiness.app_cookie = \"s\"\n",
            "stickiness.app_cookie = \"s\"\nstickiness.duration = \"3600s\"\n",
        ),
    ] {
        let file = |lines: &str| format!("[target_groups.web]\n{lines}");
        check(&file(before), &[set("stickiness.duration", hour())], &file(expected));
    }
}

#[test]
fn a_setting_finds_its_table_however_that_is_written() {
    for (before, expected) in [
        (
            "target_groups.web.vpc = \"v\"\n",
            "target_groups.web.vpc = \"v\"\ntarget_groups.web.stickiness.duration = \"3600s\"\n",
        ),
        (
            "[target_groups]\nweb.vpc = \"v\"\napi.vpc = \"v\"\n",
            "[target_groups]\nweb.vpc = \"v\"\nweb.stickiness.duration = \"3600s\"\napi.vpc = \"v\"\n",
        ),
        (
            "[target_groups]\nweb = { vpc = \"v\" }\n",
            "[target_groups]\nweb = { vpc = \"v\", stickiness.duration = \"3600s\" }\n",
        ),
        (
            "target_groups = { web = {} }\n",
            "target_groups = { web = { stickiness.duration = \"3600s\" } }\n",
        ),
        (
            "[target_groups.web.tags]\na = \"b\"\n",
            "[target_groups.web.tags]\na = \"b\"\n\n[target_groups.web]\nstickiness.duration = \"3600s\"\n",
        ),
        ("[target_groups.\"web\"]\n", "[target_groups.\"web\"]\nstickiness.duration = \"3600s\"\n"),
        ("", "[target_groups.web]\nstickiness.duration = \"3600s\"\n"),
        (
            "[target_groups.a]\n\n# next\n[server]\n",
            "[target_groups.a]\n\n[target_groups.web]\nstickiness.duration = \"3600s\"\n\n# next\n[server]\n",
        ),
    ] {
        check(before, &[set("stickiness.duration", hour())], expected);
    }
}

#[test]
fn a_setting_never_stands_below_another() {
    let file = |line: &str| format!("[target_groups.web]\n{line}\n");
    for (key, setting, before, expected) in [
        (
            "stickiness.app_cookie",
            Setting::text("sid"),
            "stickiness.app_cookie.duration_seconds = 60",
            "stickiness.app_cookie.duration_seconds = 60\nstickiness.app_cookie.cookie_name = \"sid\"",
        ),
        (
            "stickiness.app_cookie.duration_seconds",
            Setting::Integer(60),
            "stickiness.app_cookie = \"sid\"",
            "stickiness.app_cookie = \"sid\"\nstickiness.lb_cookie.duration_seconds = 60",
        ),
        (
            "stickiness",
            Setting::Bool(false),
            "stickiness = { cookie = \"c\" }",
            "stickiness = { cookie = \"c\", enabled = false }",
        ),
    ] {
        check(&file(before), &[set(key, setting)], &file(expected));
    }
    let redirect = "[[listeners]]\nbind = \"127.0.0.1:80\"\nredirect = \"https\"\n";
    let place = Place::Listener(name("127.0.0.1-80"));
    check(
        redirect,
        &[Edit::Set(place, "redirect.port", Setting::Integer(8443))],
        "[[listeners]]\nbind = \"127.0.0.1:80\"\nredirect = { protocol = \"HTTPS\", port = 8443 }\n",
    );
}

#[test]
fn whole_tables_and_lists_change_where_they_differ() {
    let file = |lines: &str| format!("[target_groups.web]\n{lines}");
    let tags = || Setting::table([("a", Setting::text("1")), ("c.d", Setting::text("2"))]);
    for (before, expected) in [
        ("tags = { a = \"1\", b = \"2\" }\n", "tags = { a = \"1\", \"c.d\" = \"2\" }\n"),
        ("tags = { \"c.d\" = '2', a = \"1\" }\n", "tags = { \"c.d\" = '2', a = \"1\" }\n"),
        (
            "tags.a = \"1\"\ntags.b = \"2\"\nvpc = \"v\"\n",
            "vpc = \"v\"\ntags = { a = \"1\", \"c.d\" = \"2\" }\n",
        ),
        (
            "\n[target_groups.web.tags]\n# why\na = \"0\"\nb = \"2\" # b\n\n[server]\n",
            "\n[target_groups.web.tags]\n# why\na = \"1\"\n\"c.d\" = \"2\"\n\n[server]\n",
        ),
        ("", "tags = { a = \"1\", \"c.d\" = \"2\" }\n"),
    ] {
        check(&file(before), &[set("tags", tags())], &file(expected));
    }
    let list = |before: &str, wanted: &[&str], expected: &str| {
        let edit = Edit::Set(
            Place::LoadBalancer(name("a")),
            "subnets",
            Setting::texts(wanted.iter().copied()),
        );
        let file = |lines: &str| format!("[load_balancers.a]\nsubnets = {lines}\n");
        check(&file(before), &[edit], &file(expected));
    };
    list(
        "[\n    \"a\", # one\n    # two\n    \"b\",\n]",
        &["b", "c"],
        "[\n    # two\n    \"b\",\n    \"c\",\n]",
    );
    list("[\"a\", \"b\"]", &["b", "a"], "[\"b\", \"a\"]");
    list("[\"a\", \"b\"]", &["x"], "[\"x\"]");
    list("[\"a\", \"b\"]", &[], "[]");
}

#[test]
fn what_is_unset_goes_in_all_its_spellings() {
    let unset = |key| Edit::Unset(web(), key);
    for (key, before, expected) in [
        ("vpc", "vpc = \"v\" # c\nport = 1\n", "port = 1\n"),
        ("vpc", "# about\nvpc = \"v\"\n", "# about\n"),
        ("vpc", "port = 1\n", "port = 1\n"),
        (
            "stickiness",
            "stickiness.type = \"a\"\nvpc = \"v\"\n\"stickiness.duration\" = \"1h\"\n\"stickiness.lb_cookie.duration_seconds\" = 1\n",
            "vpc = \"v\"\n",
        ),
        ("stickiness", "stickiness = true\nvpc = \"v\"\n", "vpc = \"v\"\n"),
        (
            "stickiness",
            "vpc = \"v\"\n\n[target_groups.web.stickiness]\ntype = \"a\"\n\n[[target_groups.web.stickiness.import]]\nfrom = \"nginx\"\n\n[server]\n",
            "vpc = \"v\"\n\n[server]\n",
        ),
        (
            "health_check",
            "health_check_path = \"/\"\nmatcher.http_code = \"200\"\nhealthy_threshold_count = 2\nport = 1\n",
            "port = 1\n",
        ),
        ("slow_start", "slow_start.duration_seconds = 30\n", ""),
        ("tags", "tags.a = \"b\"\ntags.c = \"d\"\n", ""),
        (
            "stickiness.cookie",
            "stickiness = { type = \"a\", cookie_name = \"c\", path = \"/\" }\n",
            "stickiness = { type = \"a\", path = \"/\" }\n",
        ),
        ("stickiness.cookie", "stickiness = { cookie = \"c\" }\n", "stickiness = {}\n"),
        // On because something is said about it, it stays on.
        ("stickiness.cookie", "stickiness.cookie = \"c\"\n", "stickiness = true\n"),
        ("stickiness.enabled", "stickiness.enabled = true\n", ""),
        (
            "targets",
            "\n[[target_groups.web.targets]]\naddress = \"a:1\"\n\n[[target_groups.web.targets]]\naddress = \"b:1\"\n",
            "",
        ),
    ] {
        let file = |lines: &str| format!("[target_groups.web]\n{lines}");
        check(&file(before), &[unset(key)], &file(expected));
    }
}
