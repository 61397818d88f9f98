//! Redirects, fixed responses and weighted groups.

use clingfish_testkit::{Authority, Launch, RawClient, Response, curl};
use serde_json::Value;

use super::Stage;
use crate::support::log_line;

#[test]
fn redirects_lead_where_their_placeholders_say() {
    let stage = Stage::new(
        r##"
        redirect = "https"
        [[listeners.rules]]
        conditions = { path-pattern = "/port" }
        redirect = { protocol = "HTTPS", port = 443 }
        [[listeners.rules]]
        conditions = { path-pattern = "/old/*" }
        redirect = { path = "/new/#{path}", query = "from=#{host}&#{query}", status = 302 }
        [[listeners.rules]]
        conditions = { path-pattern = "/away" }
        redirect = { host = "www.#{host}", path = "/", query = "" }
        [[listeners.rules]]
        conditions = { path-pattern = "/listener" }
        redirect = { port = "#{port}", path = "/#{protocol}/#{port}" }
        "##,
    );
    for (host, path, status, location) in [
        ("shop.example", "/a/b?c=d", 301, "https://shop.example/a/b?c=d"),
        ("Shop.Example:8080", "/", 301, "https://Shop.Example/"),
        ("[::1]:8080", "/", 301, "https://[::1]/"),
        ("shop.example", "/port", 301, "https://shop.example:443/port"),
        (
            "shop.example:81",
            "/old/x?y",
            302,
            "http://shop.example:81/new/old/x?from=shop.example&y",
        ),
        ("shop.example", "/away?x=y", 301, "http://www.shop.example/"),
        ("shop.example", "/listener", 301, "http://shop.example:80/http/80"),
        ("shop.example:81", "/listener", 301, "http://shop.example:81/http/81"),
    ] {
        let response = stage.get(host, path);
        let seen = (response.status, response.header("location"));
        assert_eq!(seen, (status, Some(location)), "{host}{path}");
        assert_eq!(response.header("content-type"), Some("text/html"));
        assert!(response.text().contains("<center><h1>30"), "{}", response.text());
    }
    assert_eq!(stage.a.count() + stage.b.count(), 0, "no target is bothered");
}

#[test]
fn a_location_that_would_be_longer_than_alb_s_is_not_sent() {
    let stage = Stage::new("redirect = \"https\"");
    let path = format!("/{}", "x".repeat(9000));
    let response = stage.get("shop.example", &path);
    assert_eq!((response.status, response.header("location")), (414, None));
    assert_eq!(log_line(&stage.clingfish, &path)["error_reason"], "redirect_too_long");
}

#[test]
fn fixed_responses_are_sent_as_they_are_written() {
    let stage = Stage::new(
        r#"
        fixed_response = { status = 404, content_type = "text/plain", body = "nothing here" }
        [[listeners.rules]]
        conditions = { path-pattern = "/robots.txt" }
        fixed_response = { status = 200, body = "User-agent: *\nDisallow: /\n" }
        [[listeners.rules]]
        conditions = { path-pattern = "/json" }
        fixed_response = { status = 503, content_type = "application/json", body = '{"down":true}' }
        [[listeners.rules]]
        conditions = { path-pattern = "/empty" }
        fixed_response = { status = 204 }
        [[listeners.rules]]
        conditions = { path-pattern = "/teapot" }
        fixed_response = { status = 418 }
        "#,
    );
    for (path, status, content_type, body) in [
        ("/", 404, Some("text/plain"), "nothing here"),
        ("/robots.txt", 200, Some("text/plain"), "User-agent: *\nDisallow: /\n"),
        ("/json", 503, Some("application/json"), "{\"down\":true}"),
        ("/teapot", 418, None, ""),
    ] {
        let response = stage.get("x", path);
        assert_eq!((response.status, &*response.text()), (status, body), "{path}");
        assert_eq!(response.header("content-type"), content_type, "{path}");
        assert_eq!(response.header("content-length"), Some(&*body.len().to_string()), "{path}");
        assert_eq!(response.header("clingfish-error"), None, "nothing went wrong");
    }
    let head = stage.send("HEAD /json HTTP/1.1\r\nHost: x\r\n");
    assert_eq!((head.status, head.header("content-length"), &*head.text()), (503, Some("13"), ""));
    let empty = stage.get("x", "/empty");
    assert_eq!((empty.status, empty.header("content-length")), (204, None));
}

#[test]
fn a_connection_goes_on_after_an_answer_of_a_rule() {
    let stage = Stage::new(
        "forward = \"a\"\n[[listeners.rules]]\nconditions = { path-pattern = \"/f\" }\nfixed_response = { status = 200, body = \"f\" }",
    );
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    for (path, expected) in [("/f", "f"), ("/", "a"), ("/f", "f")] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).unwrap();
        let response = client.read_response().unwrap();
        assert_eq!((response.text().as_str(), response.header("connection")), (expected, None));
    }
    client.send("POST /f HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").unwrap();
    let response: Response = client.read_response().unwrap();
    assert_eq!(response.text(), "f", "before the body, whose rest nobody reads");
    assert_eq!(response.header("connection"), Some("close"));
    client.wait_closed().unwrap();
}

#[test]
fn weights_decide_how_requests_are_spread() {
    let stage = Stage::new(
        "forward = { a = 3, b = 1 }\n[[listeners.rules]]\nconditions = { path-pattern = \"/b/*\" }\nforward = { a = 0, b = 999 }",
    );
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    let mut ask = |path: &str| {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).unwrap();
        client.read_response().unwrap().text()
    };
    let to_a = (0..400).filter(|_| ask("/") == "a").count();
    // 300 are expected, with a standard deviation of 9.
    assert!((240..=360).contains(&to_a), "{to_a} of 400");
    assert!((0..50).all(|_| ask("/b/") == "b"), "a weight of 0 is none");
}

#[test]
fn a_group_without_targets_is_not_replaced_by_another() {
    let stage = Stage::new("forward = { empty = 1, a = 0 }\n[target_groups.empty]\ntargets = []");
    assert_eq!(stage.get("x", "/").status, 503);
}

#[test]
fn the_log_says_which_rule_did_what() {
    let stage = Stage::new(
        r#"
        forward = "a"
        [[listeners.rules]]
        priority = 7
        conditions = { path-pattern = "/r" }
        redirect = { host = "other.example" }
        [[listeners.rules]]
        priority = 9
        conditions = { path-pattern = "/f" }
        fixed_response = { status = 403 }
        [[listeners.rules]]
        priority = 50000
        conditions = { path-pattern = "/b" }
        forward = "b"
        "#,
    );
    for (path, priority, action, url) in [
        ("/", 0, "forward", Value::Null),
        ("/r", 7, "redirect", "http://other.example/r".into()),
        ("/f", 9, "fixed-response", Value::Null),
        ("/b", 50000, "forward", Value::Null),
    ] {
        stage.get("x", path);
        let line = log_line(&stage.clingfish, path);
        assert_eq!(line["matched_rule_priority"], priority, "{line}");
        assert_eq!(line["actions_executed"], action, "{line}");
        assert_eq!(line["redirect_url"], url, "{line}");
        assert_eq!(line["error_reason"], Value::Null, "{line}");
    }
    let metrics = stage.clingfish.metrics();
    for (status, reason) in [("301", "redirect"), ("403", "fixed_response")] {
        let labels = [("status", status), ("reason", reason)];
        assert_eq!(metrics.sum("clingfish_own_answers_total", &labels), 1.0, "{reason}");
    }
}

#[test]
fn clients_of_either_version_get_the_same_answers() {
    let stage = Stage::new(
        r#"
        h2c = true
        fixed_response = { status = 404, body = "nothing here" }
        [[listeners.rules]]
        conditions = { path-pattern = "/old/*", host-header = "*.example" }
        redirect = { host = "new.example", path = "/" }
        [[listeners.rules]]
        conditions = { path-pattern = "/api/*" }
        forward = "a"
        transforms = { url-rewrite = { regex = "^/api", replace = "" } }
        "#,
    );
    let base = format!("http://{}", stage.clingfish.listener("web"));
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        for (path, expected) in [
            ("/", "404  nothing here"),
            ("/old/x?y", "301 http://new.example/?y "),
            ("/api/x", "200  a"),
        ] {
            let url = format!("{base}{path}");
            let shows = "%{stderr}%{http_code} %{redirect_url} ";
            let done = curl(&[version, "-H", "Host: shop.example", "-w", shows, &url]);
            let body = if expected.starts_with("301") { "" } else { done.stdout.as_str() };
            assert_eq!(format!("{}{body}", done.stderr), expected, "{version} {path}");
        }
        assert_eq!(stage.a.requests().last().unwrap().path(), "/x", "{version}");
    }
}

#[test]
fn who_comes_without_tls_is_sent_to_where_there_is() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let secure = format!(
        "[[listeners]]\nname = \"secure\"\nbind = \"127.0.0.1:0\"\nprotocol = \"HTTPS\"\n\
         certificates = [{}]\nfixed_response = {{ status = 200, body = \"hello\" }}\n",
        issued.toml()
    );
    let clingfish = Launch::new(&secure).start();
    let port = clingfish.listener("secure").port();
    let plain = format!(
        "[[listeners]]\nname = \"plain\"\nbind = \"127.0.0.1:0\"\n\
         redirect = {{ protocol = \"HTTPS\", port = {port} }}\n"
    );
    clingfish.reload_with(&format!("{secure}{plain}"));
    let at = clingfish.listener("plain").port();
    let pem = authority.pem();
    let to = |port| format!("shop.example:{port}:127.0.0.1");
    let url = format!("http://shop.example:{at}/x?y");
    let args =
        ["-L", "--cacert", pem.to_str().unwrap(), "--resolve", &to(at), "--resolve", &to(port)];
    let done = curl(&[&args[..], &["-w", " %{num_redirects} %{url_effective}", &url]].concat());
    assert_eq!(done.stdout, format!("hello 1 https://shop.example:{port}/x?y"), "{}", done.stderr);
}
