//! Recent requests: what the list says is true, what matters is in it, and nothing secret is.

use clingfish_testkit::{Clingfish, Launch, RawClient, eventually};
use serde_json::Value;

use crate::support::{SOON, Seen, Stage, log_line, mirror, targets, web_with};

const HITS: usize = 2000;

#[track_caller]
fn ask(clingfish: &Clingfish, path: &str) -> Value {
    let answer = RawClient::get(clingfish.admin(), path).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_str(&answer.text()).unwrap()
}

#[track_caller]
fn rows(clingfish: &Clingfish, query: &str) -> Vec<Value> {
    ask(clingfish, &format!("/v1/requests?limit=500{query}"))["requests"]
        .as_array()
        .unwrap()
        .clone()
}

/// The only row that there is, which comes just after the answer.
#[track_caller]
fn row(clingfish: &Clingfish, query: &str) -> Value {
    eventually(SOON, || <[Value; 1]>::try_from(rows(clingfish, query)).ok())[0].take()
}

/// So many requests with a cookie on one connection, as fast as it goes.
fn hammer(clingfish: &Clingfish, cookie: &str, count: usize) {
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for _ in 0..count {
        client.send(format!("GET /hit HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n")).unwrap();
        assert_eq!(client.read_response().unwrap().status, 200);
    }
}

#[test]
fn a_request_is_listed_as_the_access_log_has_it() {
    let stage = Stage::sticky("true");
    let visit = stage.visit(&["X-Other: hunter2"]);
    let line = log_line(&stage.clingfish, &visit.path);
    let row = row(&stage.clingfish, "");
    for key in ["method", "host", "path", "type", "protocol", "client", "verdict", "session"] {
        assert_eq!(row[key], line[key], "{key} of {row} and {line}");
    }
    for (key, logged) in [
        ("status", "elb_status_code"),
        ("received_bytes", "received_bytes"),
        ("sent_bytes", "sent_bytes"),
        ("rule", "matched_rule_priority"),
    ] {
        assert_eq!(row[key], line[logged], "{key} of {row} and {line}");
    }
    assert_eq!((&row["target_group"], &row["listener"]), (&"web".into(), &"web".into()));
    assert_eq!((row["target"].as_str(), row["tries"].as_u64()), (Some(visit.target()), Some(1)));
    assert!(row["duration_micros"].as_u64() >= row["target_response_micros"].as_u64(), "{row}");
}

#[test]
fn a_lost_home_is_there_among_thousands_of_hits_and_leads_to_its_steps() {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = |targets: &str| format!("{targets}\nstickiness = true\nhealth_check = false");
    let both = web_with("", &group(&targets(&[("a", &a), ("b", &b)])));
    let clingfish = Launch::new(&both).start();
    let first = RawClient::get(clingfish.listener("web"), "/cart?key=hunter2").unwrap();
    let (cookie, home) = (first.home_cookie().unwrap(), first.target().to_owned());
    let other = if home == "a" { ("b", &b) } else { ("a", &a) };
    clingfish.reload_with(&web_with("", &group(&targets(&[other]))));
    let line = format!("Cookie: {cookie}; secret=hunter2");
    let lost = RawClient::get_with(clingfish.listener("web"), "/lost?key=hunter2", &[&line]);
    let lost = lost.unwrap();
    assert_eq!(lost.verdict(), "target_draining");
    hammer(&clingfish, &lost.home_cookie().unwrap(), HITS);
    let all = rows(&clingfish, "");
    assert!(all.len() < HITS / 4, "a sample: {}", all.len());
    let hits = rows(&clingfish, "&verdict=hit").len();
    assert!(hits > 0, "some are of the usual kind");
    let row = row(&clingfish, "&verdict=target_draining&target-group=web");
    assert_eq!((&row["path"], &row["has_query"]), (&"/lost".into(), &true.into()));
    assert_eq!(row["target"], other.0);
    let told = ask(&clingfish, &format!("/v1/requests/{}/explain", row["id"]));
    let text = told["text"].as_str().unwrap();
    for words in ["/lost?… from 127.0.0.1", "a token of ours", "target_draining", other.0] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(text.contains(row["session"].as_str().unwrap()), "the session as logs have it: {text}");
    assert_eq!(told["revision"]["has_changed"], false, "{told}");
    let token = cookie.split_once('=').unwrap().1;
    for answer in [all.iter().map(Value::to_string).collect::<String>(), told.to_string()] {
        assert!(!answer.contains("hunter2") && !answer.contains(token), "{answer}");
    }
    // It has come back: what would become of the request now is another thing than what became of it.
    clingfish.reload_with(&both);
    let told = ask(&clingfish, &format!("/v1/requests/{}/explain", row["id"]));
    assert_eq!(told["revision"]["has_changed"], true, "{told}");
    assert_eq!(told["request"]["verdict"], "target_draining");
    assert!(told["text"].as_str().unwrap().contains("judge      hit"), "{told}");
}

#[test]
fn errors_of_ours_are_listed_and_explained_and_what_is_no_request_is_listed() {
    let group = "targets = [{ id = \"a\", address = \"127.0.0.1:1\" }]\nhealth_check = false";
    let clingfish = Clingfish::start(&web_with("", group));
    assert_eq!(RawClient::get(clingfish.listener("web"), "/x").unwrap().status, 502);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("no request\r\n\r\n").unwrap();
    assert_eq!(client.read_final_response().unwrap().status, 400);
    let found = eventually(SOON, || Some(rows(&clingfish, "")).filter(|rows| rows.len() == 2));
    let [unread, failed] = &*found else { panic!("{found:?}") };
    assert_eq!((&unread["status"], &unread["method"]), (&400.into(), &"".into()));
    assert_eq!(unread["can_be_explained"], false);
    assert_eq!((&failed["status"], &failed["path"]), (&502.into(), &"/x".into()));
    assert!(failed["error_reason"].is_string(), "{failed}");
    ask(&clingfish, &format!("/v1/requests/{}/explain", failed["id"]));
}

#[test]
fn off_means_off() {
    let stage = Stage::with("", "stickiness = true\nhealth_check = false");
    let visit = stage.visit(&[]);
    row(&stage.clingfish, "");
    let group = targets(&[("a", &stage.a), ("b", &stage.b)]);
    let off = format!(
        "{}\n[admin]\nbind = \"127.0.0.1:0\"\nrecent_requests = false\n",
        web_with("", &format!("{group}\nstickiness = true\nhealth_check = false"))
    );
    stage.clingfish.reload_with(&off);
    stage.visit_with(visit.cookie());
    hammer(&stage.clingfish, &visit.cookie(), 50);
    let list = ask(&stage.clingfish, "/v1/requests");
    assert_eq!(list, serde_json::json!({ "is_kept": false, "requests": [] }));
}
