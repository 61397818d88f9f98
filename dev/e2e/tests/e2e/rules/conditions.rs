//! Every kind of condition, and the order of rules.

use super::Stage;

#[test]
fn each_kind_of_condition_finds_its_requests() {
    let stage = Stage::new(
        r#"
        forward = "b"
        [[listeners.rules]]
        priority = 1
        conditions = { host-header = ["shop.example", "*.shop.example"] }
        forward = "a"
        [[listeners.rules]]
        priority = 2
        conditions = { host-header = { regex_values = ["^tenant-[0-9]+\\.test$"] } }
        forward = "a"
        [[listeners.rules]]
        priority = 3
        conditions = { path-pattern = ["/img/*.png", "/exact"] }
        forward = "a"
        [[listeners.rules]]
        priority = 4
        conditions = { path-pattern = { values = ["/either"], regex_values = ["^/v[0-9]+/"] } }
        forward = "a"
        [[listeners.rules]]
        priority = 5
        conditions = { http-header = { X-Version = ["2.*", "beta"], X-Team = "?" } }
        forward = "a"
        [[listeners.rules]]
        priority = 6
        conditions = { http-request-method = ["DELETE", "M-SEARCH"] }
        forward = "a"
        [[listeners.rules]]
        priority = 7
        conditions = [{ query-string = ["lang=d?", "preview"] }, { query-string = { key = "q", value = "\\**" } }]
        forward = "a"
        "#,
    );
    let line = |line: &str| format!("GET / HTTP/1.1\r\nHost: x.test\r\n{line}");
    for (head, expected) in [
        ("GET / HTTP/1.1\r\nHost: Shop.Example:8080\r\n".to_owned(), "a"),
        ("GET / HTTP/1.1\r\nHost: a.b.shop.example\r\n".to_owned(), "a"),
        ("GET http://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n".to_owned(), "a"),
        ("GET / HTTP/1.1\r\nHost: notshop.example\r\n".to_owned(), "b"),
        ("GET / HTTP/1.1\r\nHost: TENANT-12.test\r\n".to_owned(), "a"),
        ("GET / HTTP/1.1\r\nHost: tenant-x.test\r\n".to_owned(), "b"),
        (line("").replace("/ ", "/img/a/b.png?x "), "a"),
        (line("").replace("/ ", "/IMG/a.png "), "b"),
        (line("").replace("/ ", "/exact "), "a"),
        (line("").replace("/ ", "/exact/ "), "b"),
        (line("").replace("/ ", "/v12/x "), "a"),
        (line("").replace("/ ", "/either "), "a"),
        (line("x-version: 2.1\r\nx-team: Z\r\n"), "a"),
        (line("X-Version: 1\r\nX-Version: BETA\r\nX-Team: a\r\n"), "a"),
        (line("X-Version: 2.1\r\n"), "b"),
        (line("").replace("GET", "DELETE"), "a"),
        (line("").replace("GET", "M-SEARCH"), "a"),
        (line("").replace("GET", "OPTIONS"), "b"),
        (line("").replace("/ ", "/?LANG=de&q=*x "), "a"),
        (line("").replace("/ ", "/?any=PREVIEW&q=* "), "a"),
        (line("").replace("/ ", "/?lang=de&q=x "), "b"),
        (line("").replace("/ ", "/?q=*x "), "b"),
    ] {
        assert_eq!(stage.send(&head).text(), expected, "{head}");
    }
}

#[test]
fn source_ip_is_the_peer_of_the_connection_whatever_headers_say() {
    for (network, forwarded, expected) in
        [("127.0.0.0/8", "192.0.2.1", "a"), ("192.0.2.0/24", "192.0.2.1", "b")]
    {
        let stage = Stage::with(
            "trusted_proxies = [\"127.0.0.0/8\"]",
            &format!(
                "forward = \"b\"\n[[listeners.rules]]\nconditions = {{ source-ip = \"{network}\" }}\nforward = \"a\""
            ),
        );
        let head = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n");
        assert_eq!(stage.send(&head).text(), expected, "{network}");
    }
}

#[test]
fn the_lowest_priority_decides_and_the_order_of_the_file_where_there_is_none() {
    let rule = |priority: &str, path: &str, group: &str| {
        format!(
            "[[listeners.rules]]\n{priority}\nconditions = {{ path-pattern = \"{path}\" }}\nforward = \"{group}\"\n"
        )
    };
    let stage = Stage::new(&format!(
        "fixed_response = {{ status = 404 }}\n{}{}",
        rule("priority = 20", "/x/*", "b"),
        rule("priority = 10", "/x/y*", "a"),
    ));
    for (path, expected) in [("/x/y", "a"), ("/x/z", "b")] {
        assert_eq!(stage.get("x", path).text(), expected, "{path}");
    }
    let ordered = Stage::new(&format!(
        "forward = false\n{}{}",
        rule("", "/x/y*", "a"),
        rule("", "/x/*", "b")
    ));
    for (path, expected) in [("/x/y", "a"), ("/x/z", "b")] {
        assert_eq!(ordered.get("x", path).text(), expected, "{path}");
    }
    assert_eq!(ordered.get("x", "/").status, 404);
}

#[test]
fn a_thousand_rules_each_find_their_requests() {
    let rules: String = (0..1000)
        .map(|n| {
            let group = if n % 2 == 0 { "a" } else { "b" };
            format!(
                "[[listeners.rules]]\nconditions = {{ host-header = \"t{n}.shop.example\", path-pattern = \"/p{n}/*\" }}\nforward = \"{group}\"\n"
            )
        })
        .collect();
    let stage = Stage::new(&format!("fixed_response = {{ status = 404 }}\n{rules}"));
    for n in [0, 1, 499, 500, 998, 999] {
        let expected = if n % 2 == 0 { "a" } else { "b" };
        let host = format!("t{n}.shop.example");
        assert_eq!(stage.get(&host, &format!("/p{n}/x")).text(), expected, "{n}");
        assert_eq!(stage.get(&host, &format!("/p{}/x", n + 1)).status, 404, "{n}");
    }
}
