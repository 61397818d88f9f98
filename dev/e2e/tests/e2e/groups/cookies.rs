//! The cookies of groups, byte for byte.

use std::time::Duration;

use clingfish_testkit::{RawClient, Response, Target};

use super::{Client, Stage, group_verdict};
use crate::support::{Seen, Since};

const ALB: &str = "forward = { blue = 1, green = 1 }\ngroup_stickiness = { style = \"alb\" }";
const OWN: &str = "forward = { blue = 1, green = 1 }\ngroup_stickiness = { duration = \"20s\" }";

fn set_cookies(response: &Response) -> Vec<&str> {
    response.header_values("set-cookie").collect()
}

/// Whether an answer of ours writes the group's cookie.
fn writes_group(response: &Response) -> bool {
    response.header_values("set-cookie").any(|line| line.starts_with("cling_tg_"))
}

#[test]
fn alb_s_four_cookies_are_exactly_those_of_an_alb_on_every_answer() {
    let stage =
        Stage::with("trusted_proxies = [\"127.0.0.1\"]", ALB, "stickiness = { style = \"alb\" }");
    let mut client = stage.newcomer();
    for (scheme, secure) in [("http", ""), ("https", "; Secure")] {
        for status in ["200", "304", "404", "500"] {
            let lines = [
                &*format!("Answer-Status: {status}"),
                "Answer-Cache-Control: public, max-age=60",
                &*format!("X-Forwarded-Proto: {scheme}"),
            ];
            let response = client.visit_with(&stage, "/", &lines);
            assert_eq!((group_verdict(&response), response.verdict()), ("hit", "hit"));
            let seen = set_cookies(&response);
            let value_of = |line: &str| {
                let value = line.split(['=', ';']).nth(1).unwrap().to_owned();
                assert_eq!(value.len(), 124, "{line}");
                value
            };
            let date = seen[0].split("Expires=").nth(1).unwrap().split(';').next().unwrap();
            let (group, home) = (value_of(seen[0]), value_of(seen[2]));
            let expected = [
                format!("AWSALBTG={group}; Expires={date}; Path=/"),
                format!("AWSALBTGCORS={group}; Expires={date}; Path=/; SameSite=None{secure}"),
                format!("AWSALB={home}; Expires={date}; Path=/"),
                format!("AWSALBCORS={home}; Expires={date}; Path=/; SameSite=None{secure}"),
            ];
            assert_eq!(seen, expected, "{scheme} {status}");
            crate::aws::assert_in_a_week(date);
        }
    }
}

#[test]
fn either_of_alb_s_cookies_brings_a_session_to_its_group() {
    let stage = Stage::new(ALB);
    for name in ["AWSALBTG", "AWSALBTGCORS"] {
        for _ in 0..4 {
            let whole = stage.newcomer();
            let jar = whole.jar.clone().into_iter().filter(|(own, _)| own == name).collect();
            let mut client = Client { jar, target: String::new() };
            let response = client.visit(&stage, "/");
            assert_eq!(group_verdict(&response), "hit");
            assert!(response.target().starts_with(whole.group()), "{name}");
        }
    }
}

#[test]
fn our_cookie_is_written_when_something_changed() {
    let stage = Stage::new(OWN);
    let mut client = stage.newcomer();
    let since = Since::now();
    for _ in 0..20 {
        let response = client.visit(&stage, "/");
        assert!(!writes_group(&response) || since.elapsed() >= Duration::from_secs(2));
    }
    // A tenth of the duration.
    since.wait(Duration::from_millis(2100));
    assert!(writes_group(&client.visit(&stage, "/")));
    assert!(!writes_group(&client.visit(&stage, "/")));
    stage.reload(&OWN.replace("20s", "1h"));
    let response = client.visit(&stage, "/");
    assert!(writes_group(&response), "the browser would forget it too early");
    assert_eq!((group_verdict(&response), response.target()), ("hit", &*client.target));
}

#[test]
fn our_cookie_has_a_twin_for_other_sites_on_https() {
    let stage = Stage::with("trusted_proxies = [\"127.0.0.1\"]", OWN, "");
    let mut client = Client { jar: Default::default(), target: String::new() };
    let response = client.visit_with(&stage, "/", &["X-Forwarded-Proto: https"]);
    let seen = set_cookies(&response);
    let [own, twin] = seen.as_slice() else { panic!("{seen:?}") };
    assert!(own.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax"), "{own}");
    assert!(twin.ends_with("; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"), "{twin}");
    assert!(own.contains("; Max-Age=22; "), "1.1 of the duration: {own}");
    client.jar.retain(|name, _| name.ends_with("_x"));
    let again = client.visit_with(&stage, "/", &["X-Forwarded-Proto: https"]);
    assert_eq!(group_verdict(&again), "hit");
}

#[test]
fn who_stays_away_too_long_is_chosen_for_anew() {
    for (style, limit) in [("clingfish", 1100), ("alb", 1000)] {
        let stage = Stage::new(&format!(
            "forward = {{ blue = 1, green = 1 }}\n\
             group_stickiness = {{ duration = \"1s\", style = \"{style}\" }}"
        ));
        let mut client = stage.newcomer();
        Since::now().wait(Duration::from_millis(limit + 100));
        let response = client.visit(&stage, "/");
        assert_eq!(group_verdict(&response), "expired_idle", "{style}");
    }
}

#[test]
fn what_caches_may_share_carries_no_cookie_of_ours() {
    let stage = Stage::new(OWN);
    let mut client = Client { jar: Default::default(), target: String::new() };
    let shared = client.visit_with(&stage, "/", &["Answer-Cache-Control: public, max-age=60"]);
    assert_eq!((group_verdict(&shared), set_cookies(&shared)), ("new", vec![]));
    let response = client.visit_with(&stage, "/", &["Answer-Cache-Control: private"]);
    assert!(writes_group(&response));
    let stage = Stage::with("", OWN, "stickiness = { on_cacheable = \"mark\" }");
    let mut client = Client { jar: Default::default(), target: String::new() };
    let marked = client.visit_with(&stage, "/", &["Answer-Cache-Control: public, max-age=60"]);
    assert_eq!(marked.header("cache-control"), Some("private"));
    assert!(writes_group(&marked), "it is nothing for shared caches any more");
}

#[test]
fn a_target_cannot_displace_the_cookie_of_the_group() {
    let stage = Stage::new(ALB);
    let mut client = stage.newcomer();
    let lines = ["Answer-Set-Cookie: AWSALBTG=theirs", "Answer-Set-Cookie: own=theirs"];
    let response = client.visit_with(&stage, "/", &lines);
    let theirs: Vec<&str> =
        response.header_values("set-cookie").filter(|line| line.contains("=theirs")).collect();
    assert_eq!(theirs, ["own=theirs"]);
}

const TWO_RULES: &str = "forward = \"blue\"\n\
    [[listeners.rules]]\n\
    conditions = { path-pattern = \"/shop/*\" }\n\
    forward = { blue = 1, green = 1 }\n\
    group_stickiness = { style = \"STYLE\"COOKIE_A }\n\
    [[listeners.rules]]\n\
    conditions = { path-pattern = \"/chat/*\" }\n\
    forward = { green = 1 }\n\
    group_stickiness = { style = \"STYLE\"COOKIE_B }";

fn rules(style: &str, cookies: [&str; 2]) -> String {
    let [a, b] = cookies;
    TWO_RULES.replace("STYLE", style).replace("COOKIE_A", a).replace("COOKIE_B", b)
}

fn cookies_seen(stage: &Stage) -> Vec<String> {
    let requests = stage.targets.values().flat_map(Target::requests);
    requests.filter_map(|request| request.header("cookie").map(str::to_owned)).collect()
}

#[test]
fn rules_of_one_host_do_not_disturb_each_other_and_targets_see_no_cookie_of_theirs() {
    let stage = Stage::new(&rules("clingfish", ["", ""]));
    let mut client = stage.newcomer_of("blue");
    client.jar.clear();
    client.jar.insert("own".into(), "1".into());
    let shop = client.visit(&stage, "/shop/").target().to_owned();
    assert_eq!(client.visit(&stage, "/chat/").target().split('-').next(), Some("green"));
    assert_eq!(client.jar.keys().filter(|name| name.starts_with("cling_tg_")).count(), 2);
    for path in ["/shop/", "/chat/", "/", "/shop/"] {
        let response = client.visit(&stage, path);
        if path == "/" {
            assert_eq!(
                response.header("clingfish-group-verdict"),
                None,
                "it has no group stickiness"
            );
        } else {
            assert_eq!(group_verdict(&response), "hit", "{path}");
        }
        if path == "/shop/" {
            assert_eq!(response.target(), shop);
        }
    }
    assert!(cookies_seen(&stage).iter().all(|seen| seen == "own=1"), "{:?}", cookies_seen(&stage));
}

#[test]
fn rules_of_one_host_overwrite_each_others_cookie_as_with_an_alb() {
    let stage = Stage::new(&rules("alb", ["", ""]));
    let mut client = Client { jar: Default::default(), target: String::new() };
    // Until it is blue's there, which the other rule has not.
    while !client.visit(&stage, "/shop/").target().starts_with("blue") {
        client.jar.clear();
    }
    assert_eq!(group_verdict(&client.visit(&stage, "/chat/")), "foreign_group");
    assert_eq!(group_verdict(&client.visit(&stage, "/shop/")), "hit", "green is in both");
    assert!(cookies_seen(&stage).iter().all(|seen| !seen.contains("AWSALBTG")));
}

#[test]
fn requests_of_one_connection_share_the_group_until_its_cookie_is_there() {
    let stage = Stage::with("", OWN, "");
    for _ in 0..10 {
        let mut client = RawClient::connect(stage.clingfish.listener("web")).unwrap();
        let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        client.send(request.repeat(4)).unwrap();
        let groups: Vec<String> = (0..4)
            .map(|_| client.read_response().unwrap().target().split('-').next().unwrap().to_owned())
            .collect();
        assert!(groups.iter().all(|group| *group == groups[0]), "{groups:?}");
    }
}
