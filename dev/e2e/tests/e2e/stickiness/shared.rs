//! Which responses carry the cookie: none that caches may share, none of our own, and the 101.

use clingfish_testkit::{Clingfish, RawClient, Response, Target, curl};

use crate::support::{Seen, Stage, mirror, targets, web_with};

/// A date for `Expires` or `Date`, so many seconds from now.
#[expect(clippy::disallowed_methods, reason = "an application goes by its clock")]
fn date(seconds_ahead: i64) -> String {
    let span = std::time::Duration::from_secs(seconds_ahead.unsigned_abs());
    let now = std::time::SystemTime::now();
    httpdate::fmt_http_date(if seconds_ahead < 0 { now - span } else { now + span })
}

/// Lines of a response, and whether caches may share it.
fn cases() -> Vec<(Vec<String>, bool)> {
    let control = |value: &str| vec![format!("Answer-Cache-Control: {value}")];
    let expires = |ahead: i64| format!("Answer-Expires: {}", date(ahead));
    vec![
        (vec![], false),
        (control("public"), true),
        (control("Public, no-transform"), true),
        (control("s-maxage=10"), true),
        (control("max-age=60"), true),
        (control("max-age=\"60\""), true),
        (vec![expires(3600)], true),
        (control("private, max-age=60"), false),
        (control("no-store, max-age=60"), false),
        (control("max-age=0"), false),
        (control("no-cache"), false),
        (vec![expires(-3600)], false),
        (vec!["Answer-Expires: 0".to_owned()], false),
        (vec![expires(3600), control("private").remove(0)], false),
        (vec![control("no-cache").remove(0), control("public").remove(0)], true),
    ]
}

fn visit(stage: &Stage, lines: &[String]) -> Response {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    stage.visit(&lines).response
}

#[test]
fn a_response_that_caches_may_share_gets_no_cookie() {
    let stage = Stage::sticky("true");
    for (lines, is_shareable) in cases() {
        let response = visit(&stage, &lines);
        assert_eq!(response.home_line().is_none(), is_shareable, "{lines:?}: {response:?}");
        let asked = lines.iter().filter(|line| line.contains("Cache-Control")).count();
        assert_eq!(response.header_values("cache-control").count(), asked, "{lines:?}");
    }
    // A client at home stays there without a new cookie.
    let home = stage.visit(&[]);
    let again =
        stage.visit(&[&format!("Cookie: {}", home.cookie()), "Answer-Cache-Control: public"]);
    assert_eq!((again.verdict(), again.target()), ("hit", home.target()));
}

#[test]
fn a_response_that_caches_may_share_is_marked_private_where_that_is_asked_for() {
    let stage = Stage::sticky(r#"{ on_cacheable = "mark" }"#);
    for (lines, is_shareable) in cases() {
        let response = visit(&stage, &lines);
        assert!(response.home_line().is_some(), "{lines:?}");
        if is_shareable {
            let control: Vec<&str> = response.header_values("cache-control").collect();
            assert_eq!(control, ["private"], "{lines:?}");
        }
    }
    // Without a cookie to protect, the application's word stands.
    let token = format!("Cookie: {}", stage.visit(&[]).cookie());
    let again = stage.visit(&[&token, "Answer-Cache-Control: public, max-age=60"]);
    assert_eq!(again.response.home_line(), None);
    assert_eq!(again.response.header("cache-control"), Some("public, max-age=60"));
}

#[test]
fn every_answer_of_a_target_carries_the_cookie_whatever_its_status() {
    let stage = Stage::sticky("true");
    for status in ["200", "201", "204", "206", "301", "304", "401", "404", "500", "502", "503"] {
        let visit = stage.visit(&[&format!("Answer-Status: {status}")]);
        assert_eq!(visit.response.status.to_string(), status);
        assert!(visit.response.home_line().is_some(), "{status}");
    }
}

#[test]
fn answers_of_our_own_carry_no_cookie() {
    let (good, bad, slow) = (mirror("good"), Target::saying("nonsense\r\n\r\n"), mirror("slow"));
    slow.hang(true);
    let group = |name: &str, targets: &str, more: &str| {
        format!(
            "[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nforward = \"{name}\"\n\
             [target_groups.{name}]\n{targets}\nstickiness = true\nhealth_check = false\n{more}\n"
        )
    };
    let clingfish = Clingfish::start(&format!(
        "{}{}{}{}",
        web_with(
            "body_max = \"1KiB\"",
            &format!("{}\nstickiness = true\nhealth_check = false", targets(&[("good", &good)]))
        ),
        group("empty", "targets = []", ""),
        group("bad", &targets(&[("bad", &bad)]), ""),
        group("slow", &targets(&[("slow", &slow)]), "response_timeout = \"200ms\""),
    ));
    let plain = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned();
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(17_000));
    let fat = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(17_000));
    for (listener, request, status) in [
        ("empty", plain.clone(), 503),
        ("bad", plain.clone(), 502),
        ("slow", plain, 504),
        ("web", "GET / HTTP/1.1\r\nHost: x\r\nbad line\r\n\r\n".to_owned(), 400),
        ("web", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n".to_owned(), 413),
        ("web", long, 414),
        ("web", fat, 431),
        ("web", "GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(), 505),
    ] {
        let mut client = RawClient::connect(clingfish.listener(listener)).unwrap();
        client.send(request).unwrap();
        let response = client.read_final_response().unwrap();
        assert_eq!(response.status, status);
        assert_eq!(response.header("set-cookie"), None, "{status}");
    }
    slow.hang(false);
}

#[test]
fn a_websockets_handshake_carries_the_cookie_and_obeys_it() {
    let stage = Stage::sticky("true");
    let shake = |cookie: &str| {
        let listener = stage.clingfish.listener("web");
        let mut client = RawClient::connect(listener).unwrap();
        client
            .send(format!(
                "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Cookie: {cookie}\r\n\r\n"
            ))
            .unwrap();
        let response = client.read_final_response().unwrap();
        assert_eq!(response.status, 101);
        response
    };
    let first = shake("x=1");
    let cookie = first.home_cookie().expect("a reconnect has to come home");
    for _ in 0..3 {
        let again = shake(&cookie);
        assert_eq!((again.verdict(), again.target()), ("hit", first.target()));
    }
    assert_eq!(stage.visit_with(&cookie).target(), first.target(), "and so do plain requests");
}

#[test]
fn an_early_hint_carries_no_cookie_and_the_answer_behind_it_does() {
    let target = Target::start("a");
    let group = format!("{}\nstickiness = true\nhealth_check = false", targets(&[("a", &target)]));
    let clingfish = Clingfish::start(&web_with("", &group));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET /hints HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let hint = client.read_response().unwrap();
    assert_eq!((hint.status, hint.header("set-cookie")), (103, None));
    let answer = client.read_response().unwrap();
    assert!(answer.home_line().is_some());
    assert_eq!(answer.verdict(), "new");
}

#[test]
fn head_requests_bring_a_cookie_as_well() {
    let stage = Stage::sticky("true");
    let url = format!("http://{}/", stage.clingfish.listener("web"));
    let head = curl(&["--head", &url]).stdout;
    assert!(head.to_ascii_lowercase().contains("set-cookie: cling_"), "{head}");
}
