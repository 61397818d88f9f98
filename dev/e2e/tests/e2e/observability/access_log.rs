//! The access log on real traffic, in both formats.

use std::{fs, path::Path};

use clingfish_testkit::{Clingfish, Launch, RawClient, eventually, python};
use serde_json::Value;

use crate::support::{SOON, Seen, Stage, log_line, log_lines, mirror, targets, web_with};

#[test]
fn a_line_has_every_fact_about_its_request() {
    let stage = Stage::sticky("true");
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    let port = stage.clingfish.listener("web").port();
    let request = format!(
        "POST /cart?item=7 HTTP/1.1\r\nHost: shop.example:{port}\r\nUser-Agent: a \"test\"\r\n\
         Content-Length: 5\r\nConnection: close\r\n\r\nhello"
    );
    client.send(&request).unwrap();
    let response = client.read_to_end().unwrap();
    let line = log_line(&stage.clingfish, "/cart?item=7");
    let text = String::from_utf8_lossy(&response).into_owned();
    let home = text.split("clingfish-target: ").nth(1).unwrap().lines().next().unwrap();
    let target = stage.target(home);
    for (key, expected) in [
        ("type", Value::from("http")),
        ("client", client.local_address().unwrap().to_string().into()),
        ("target", target.address().to_string().into()),
        ("elb_status_code", 200.into()),
        ("target_status_code", 200.into()),
        ("received_bytes", request.len().into()),
        ("sent_bytes", response.len().into()),
        ("method", "POST".into()),
        ("scheme", "http".into()),
        ("host", "shop.example".into()),
        ("port", port.into()),
        ("path", "/cart?item=7".into()),
        ("protocol", "HTTP/1.1".into()),
        ("user_agent", "a \"test\"".into()),
        ("trace_id", target.requests()[0].header("x-amzn-trace-id").unwrap().into()),
        ("verdict", "new".into()),
        ("home", home.into()),
        (
            "attempts",
            serde_json::json!([{ "target": target.address().to_string(), "status_code": 200 }]),
        ),
        ("matched_rule_priority", 0.into()),
    ] {
        assert_eq!(line[key], expected, "{key} of {line}");
    }
    for key in ["request_processing_time", "target_processing_time", "response_processing_time"] {
        let seconds = line[key].as_f64().unwrap_or(-1.0);
        assert!((0.0..5.0).contains(&seconds), "{key} of {line}");
    }
    for key in ["time", "request_creation_time"] {
        assert!(line[key].as_str().is_some_and(|time| time.ends_with('Z')), "{key} of {line}");
    }
    assert!(line["elb"].as_str().is_some_and(|elb| elb.starts_with("app/default/")), "{line}");
    assert!(line["target_group_arn"].as_str().is_some_and(|arn| arn.contains(":targetgroup/web/")));
    assert!(line["conn_trace_id"].as_str().is_some_and(|id| id.len() == "TID_".len() + 16));
    assert_eq!(line["error_reason"], Value::Null);
}

#[test]
fn a_session_has_one_name_on_every_instance_that_shares_the_key_ring() {
    let stage = Stage::sticky("true");
    let first = stage.visit(&[]);
    let session = log_line(&stage.clingfish, &first.path)["session"].clone();
    assert!(session.as_str().is_some_and(|session| session.len() == 8), "{session}");
    let again = stage.visit_with(first.cookie());
    assert_eq!(log_line(&stage.clingfish, &again.path)["session"], session);
    let newcomer = stage.visit(&[]);
    assert_ne!(log_line(&stage.clingfish, &newcomer.path)["session"], session);
    let group = targets(&[("a", &stage.a), ("b", &stage.b)]);
    let config = web_with("", &format!("{group}\nstickiness = true\nhealth_check = false"));
    let other = Launch::new(&config).state_dir(stage.clingfish.state_dir()).start();
    let line = format!("Cookie: {}", first.cookie());
    RawClient::get_with(other.listener("web"), "/there", &[&line]).unwrap();
    assert_eq!(log_line(&other, "/there")["session"], session);
}

#[test]
fn a_detour_names_the_home_that_is_kept_and_every_attempt() {
    let stage = Stage::sticky("true");
    let first = stage.visit(&[]);
    let (home, other) = (first.target(), stage.other(first.target()));
    stage.target(home).stop();
    let detour = stage.visit_with(first.cookie());
    let line = log_line(&stage.clingfish, &detour.path);
    assert_eq!((&line["verdict"], &line["home"]), (&"detour".into(), &home.into()), "{line}");
    let tried = |name: &str| stage.target(name).address().to_string();
    let attempts = serde_json::json!([
        { "target": tried(home) },
        { "target": tried(other), "status_code": 200 },
    ]);
    assert_eq!((&line["attempts"], &line["target"]), (&attempts, &tried(other).into()), "{line}");
}

#[test]
fn answers_of_our_own_are_logged_with_their_cause() {
    let stage = Stage::sticky("true");
    stage.a.stop();
    stage.b.stop();
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    let request = "GET /nobody HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.send(request).unwrap();
    let sent = client.read_to_end().unwrap().len();
    let line = log_line(&stage.clingfish, "/nobody");
    assert_eq!(line["elb_status_code"], 502, "{line}");
    assert_eq!(line["target_status_code"], Value::Null, "{line}");
    assert!(line["error_reason"].as_str().is_some_and(|why| why.contains("refused")), "{line}");
    assert_eq!(line["attempts"].as_array().map(Vec::len), Some(2), "{line}");
    assert_eq!(
        (&line["received_bytes"], &line["sent_bytes"]),
        (&request.len().into(), &sent.into())
    );
    // Nobody was given a home, so there is none.
    assert_eq!((&line["session"], &line["home"]), (&Value::Null, &Value::Null), "{line}");
}

#[test]
fn every_request_has_a_trace_id_of_its_own() {
    let targets_and_limit = Stage::with("body_max = \"1KiB\"", "health_check = false");
    let stage = &targets_and_limit;
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
    client.send("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 413);
    let ids =
        ["/first", "/second"].map(|path| log_line(&stage.clingfish, path)["trace_id"].clone());
    assert!(
        ids.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("Root=1-"))),
        "{ids:?}"
    );
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_client_that_leaves_before_its_answer_is_a_460() {
    let stage = Stage::sticky("true");
    stage.a.hang(true);
    stage.b.hang(true);
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    client.send("GET /impatient HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    eventually(SOON, || (stage.a.count() + stage.b.count() == 1).then_some(()));
    // A mere FIN could be a client that has nothing more to say and still listens.
    client.reset().unwrap();
    let line = log_line(&stage.clingfish, "/impatient");
    assert_eq!(line["elb_status_code"], 460, "{line}");
    stage.a.hang(false);
    stage.b.hang(false);
}

#[test]
fn a_websocket_is_logged_when_it_closes() {
    let stage = Stage::sticky("true");
    let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    client
        .send(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    let shaken = client.read_final_response().unwrap();
    assert_eq!(shaken.status, 101);
    let after = stage.visit(&[]);
    log_line(&stage.clingfish, &after.path);
    assert!(log_lines(&stage.clingfish).iter().all(|line| line["path"] != "/ws"), "not yet");
    drop(client);
    let line = log_line(&stage.clingfish, "/ws");
    assert_eq!((&line["type"], &line["elb_status_code"]), (&"ws".into(), &101.into()), "{line}");
    assert_eq!(line["home"], shaken.target(), "{line}");
}

#[test]
fn hostile_texts_stay_inside_their_line() {
    let stage = Stage::sticky("true");
    let visit = stage.visit(&["User-Agent: \"}\u{e9}\t{\"verdict\":\"fake\"} \\"]);
    let line = log_line(&stage.clingfish, &visit.path);
    assert_eq!(line["verdict"], "new");
    assert_eq!(line["user_agent"], "\"}\u{e9}\t{\"verdict\":\"fake\"} \\");
}

/// What parsers of ALB's logs go by: the expression that AWS gives for Athena.
const ATHENA: &str = r#"
import json, re, sys
expression = (
    r'([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) '
    r'(|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*) (- |[^ ]*)" "([^"]*)" ([A-Z0-9-_]+) '
    r'([A-Za-z0-9.-]*) ([^ ]*) "([^"]*)" "([^"]*)" "([^"]*)" ([-.0-9]*) ([^ ]*) "([^"]*)" "([^"]*)" '
    r'"([^ ]*)" "([^\s]+?)" "([^\s]+)" "([^ ]*)" "([^ ]*)" ?([^ ]*)? ?( .*)?'
)
names = (
    'type time elb client_ip client_port target_ip target_port request_processing_time '
    'target_processing_time response_processing_time elb_status_code target_status_code received_bytes '
    'sent_bytes request_verb request_url request_proto user_agent ssl_cipher ssl_protocol '
    'target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time '
    'actions_executed redirect_url lambda_error_reason target_port_list target_status_code_list '
    'classification classification_reason conn_trace_id rest'
).split()
lines = []
for line in open(sys.argv[1], encoding='ascii').read().splitlines():
    found = re.fullmatch(expression, line)
    lines.append(dict(zip(names, found.groups())) if found else {'unmatched': line})
print(json.dumps(lines))
"#;

#[test]
fn the_alb_format_is_read_by_the_expression_that_aws_gives_for_athena() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.log");
    let a = mirror("a");
    let log = format!("[access_log]\nformat = \"alb\"\nsink = \"{}\"\n", file.display());
    let group = format!("{}\nstickiness = true\nhealth_check = false", targets(&[("a", &a)]));
    let clingfish = Clingfish::start(&format!("{}\n{log}", web_with("", &group)));
    let agent = "User-Agent: Mozilla \"5.0\" \u{e9}";
    let first = RawClient::get_with(clingfish.listener("web"), "/shop?q=a%20b", &[agent]).unwrap();
    let cookie = format!("Cookie: {}", first.home_cookie().unwrap());
    RawClient::get_with(clingfish.listener("web"), "/again", &[&cookie]).unwrap();
    a.stop();
    RawClient::get(clingfish.listener("web"), "/nobody").unwrap();
    eventually(SOON, || (lines_of(&file).len() == 3).then_some(()));
    let parsed = python(ATHENA, &[file.to_str().unwrap()]);
    let parsed: Vec<Value> = serde_json::from_str(&parsed).unwrap();
    let at = |line: usize, key: &str| parsed[line][key].as_str().unwrap_or_default().to_owned();
    assert!(parsed.iter().all(|line| line["unmatched"] == Value::Null), "{parsed:#?}");
    assert_eq!(at(0, "type"), "http");
    assert_eq!(
        (at(0, "target_ip"), at(0, "target_port")),
        ("127.0.0.1".into(), a.address().port().to_string())
    );
    assert_eq!(at(0, "user_agent"), r"Mozilla \x225.0\x22 \xC3\xA9");
    assert!(at(0, "request_url").ends_with("/shop?q=a%20b"), "{}", at(0, "request_url"));
    assert_eq!(
        (at(0, "elb_status_code"), at(0, "target_status_code")),
        ("200".into(), "200".into())
    );
    assert_eq!((at(2, "elb_status_code"), at(2, "target_status_code")), ("502".into(), "-".into()));
    let verdict = |line: usize| at(line, "rest").split('"').nth(7).unwrap_or_default().to_owned();
    assert_eq!([verdict(0), verdict(1), verdict(2)], ["new", "hit", "new"], "{parsed:#?}");
}

fn lines_of(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(str::to_owned).collect()
}

#[test]
fn the_file_is_opened_again_on_sigusr1() {
    let folder = tempfile::tempdir().unwrap();
    let (file, moved) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let a = mirror("a");
    let log = format!("[access_log]\nsink = \"{}\"\n", file.display());
    let group = format!("{}\nhealth_check = false", targets(&[("a", &a)]));
    let clingfish = Clingfish::start(&format!("{}\n{log}", web_with("", &group)));
    let visit = |path: &str| RawClient::get(clingfish.listener("web"), path).unwrap();
    let wait = |file: &Path, path: &str| {
        eventually(SOON, || lines_of(file).into_iter().find(|line| line.contains(path)))
    };
    visit("/one");
    wait(&file, "/one");
    fs::rename(&file, &moved).unwrap();
    visit("/two");
    wait(&moved, "/two");
    clingfish.signal("USR1");
    eventually(SOON, || file.exists().then_some(()));
    visit("/three");
    wait(&file, "/three");
    assert_eq!((lines_of(&moved).len(), lines_of(&file).len()), (2, 1), "no line is lost");
    assert_eq!(clingfish.output(), "", "nothing on standard output");
}

#[test]
fn a_log_that_is_off_writes_nothing() {
    let a = mirror("a");
    let group = format!("{}\nhealth_check = false", targets(&[("a", &a)]));
    let config = format!("{}\n[access_log]\nsink = \"off\"\n", web_with("", &group));
    let mut clingfish = Clingfish::start(&config);
    for _ in 0..5 {
        assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
    }
    assert!(clingfish.terminate().success());
    assert_eq!(clingfish.output(), "");
}

#[test]
fn lines_are_complete_when_the_process_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.log");
    let a = mirror("a");
    let log = format!("[access_log]\nsink = \"{}\"\n", file.display());
    let group = format!("{}\nhealth_check = false", targets(&[("a", &a)]));
    let mut clingfish = Clingfish::start(&format!("{}\n{log}", web_with("", &group)));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for _ in 0..500 {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        client.read_final_response().unwrap();
    }
    assert!(clingfish.terminate().success());
    assert_eq!(lines_of(&file).len(), 500);
}
