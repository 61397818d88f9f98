//! Kinds of stickiness beside `lb_cookie`: what goes with the application's cookie, classic cookies, tokens in headers.

use clingfish_testkit::{RawClient, Response, python};

use crate::support::{Seen, Stage, Visit, log_line};

/// The pairs of all cookies that a response sets.
fn pairs(response: &Response) -> Vec<String> {
    let lines = response.header_values("set-cookie");
    lines.filter_map(|line| line.split(';').next().map(str::to_owned)).collect()
}

/// A visit with these cookies at which the target sets `sid`.
#[track_caller]
fn login(stage: &Stage, cookies: &str) -> Visit {
    stage.visit(&["Answer-Set-Cookie: sid=1; Path=/", &format!("Cookie: {cookies}")])
}

#[test]
fn a_client_is_bound_once_the_application_has_set_its_cookie() {
    for (style, name) in [("clingfish", "cling_"), ("alb", "AWSALBAPP-0=A"), ("classic", "AWSELB=")]
    {
        let stage = Stage::sticky(&format!(
            "{{ type = \"app_cookie\", app_cookie = \"sid\", style = \"{style}\" }}"
        ));
        let before = stage.newcomer();
        let bound =
            |visit: &Visit| pairs(&visit.response).iter().any(|pair| pair.starts_with(name));
        assert!(!bound(&before), "{style}: {:?}", before.response.headers);
        let first = login(&stage, "theme=dark");
        assert!(bound(&first), "{style}: {:?}", first.response.headers);
        let cookies = pairs(&first.response).join("; ");
        for _ in 0..4 {
            let visit = stage.expect(&cookies, "hit");
            assert_eq!(visit.target(), first.target(), "{style}");
        }
        let ours: Vec<&str> = cookies.split("; ").filter(|pair| *pair != "sid=1").collect();
        stage.expect(ours.join("; "), "no_app_cookie");
        // Targets see their own cookie and nothing of ours.
        let requests = stage.target(first.target()).requests();
        let last = requests.iter().rfind(|request| request.header("cookie").is_some());
        assert_eq!(last.and_then(|request| request.header("cookie")), Some("sid=1"), "{style}");
    }
}

#[test]
fn alb_writes_its_four_cookies_on_every_answer() {
    let stage = Stage::sticky("{ type = \"app_cookie\", app_cookie = \"sid\", style = \"alb\" }");
    for status in ["200", "302", "405"] {
        let visit = stage.visit(&[&format!("Answer-Status: {status}")]);
        let expected = [0, 1, 2, 3].map(|shard| format!("AWSALBAPP-{shard}=_remove_"));
        assert_eq!(pairs(&visit.response), expected, "{status}");
        let lines: Vec<&str> = visit.response.header_values("set-cookie").collect();
        assert!(lines.iter().all(|line| line.ends_with(" GMT; Path=/")), "{lines:?}");
    }
    let stage = Stage::with(
        "trusted_proxies = [\"127.0.0.1\"]",
        "health_check = false\n\
         stickiness = { type = \"app_cookie\", app_cookie = \"sid\", style = \"alb\" }",
    );
    for (agent, expected) in [("Chrome/142.0.0.0", true), ("Firefox/130.0", false)] {
        let agent = format!("User-Agent: Mozilla/5.0 {agent}");
        let visit = stage.visit(&["X-Forwarded-Proto: https", &agent]);
        let end = "; Path=/; SameSite=None; Secure";
        let lines: Vec<&str> = visit.response.header_values("set-cookie").collect();
        assert_eq!(
            lines.iter().filter(|line| line.ends_with(end)).count() == 4,
            expected,
            "{lines:?}"
        );
    }
}

/// Signs in, visits three times, signs out, visits once more: target, verdict and what the jar holds.
const VISITOR: &str = r#"
import sys, requests
with requests.Session() as session:
    session.trust_env = False
    for sets in ["sid=1; Path=/; Max-Age=600", None, None, None, "sid=; Path=/; Max-Age=0", None]:
        headers = {"Answer-Set-Cookie": sets} if sets else {}
        answer = session.get(sys.argv[1], headers=headers, timeout=10)
        answer.raise_for_status()
        jar = ",".join(sorted(name.split("_")[0] for name in session.cookies.keys()))
        print(answer.headers["clingfish-target"], answer.headers["clingfish-verdict"], jar)
"#;

#[test]
fn a_session_of_the_application_ends_with_its_cookie() {
    let stage = Stage::sticky("{ type = \"app_cookie\", app_cookie = \"sid\" }");
    let url = format!("http://{}/", stage.clingfish.listener("web"));
    let printed = python(VISITOR, &[&url]);
    let lines: Vec<&str> = printed.lines().collect();
    let home = lines[0].strip_suffix(" new cling,sid").expect("a newcomer is bound");
    for line in &lines[1..4] {
        assert_eq!(*line, format!("{home} hit cling,sid"));
    }
    // The log-out took both cookies out of the jar.
    assert_eq!(lines[4], format!("{home} hit "));
    assert!(lines[5].ends_with(" new "), "{printed}");
}

#[test]
fn classic_cookies_are_those_of_a_classic_load_balancer() {
    let stage = Stage::sticky("{ style = \"classic\", duration = \"15m\" }");
    let first = stage.newcomer();
    let lines: Vec<&str> = first.response.header_values("set-cookie").collect();
    let value = lines[0].strip_prefix("AWSELB=").and_then(|rest| rest.split(';').next()).unwrap();
    assert_eq!(value.len(), 138);
    let expected = [
        format!("AWSELB={value};PATH=/;MAX-AGE=900"),
        format!("AWSELBCORS={value};PATH=/;MAX-AGE=900;SAMESITE=None"),
    ];
    assert_eq!(lines, expected);
    let control: Vec<&str> = first.response.header_values("cache-control").collect();
    assert_eq!(control, ["no-cache=\"set-cookie\""]);
    for name in ["AWSELB", "AWSELBCORS"] {
        let visit = stage.expect(format!("{name}={value}"), "hit");
        assert_eq!(visit.target(), first.target());
        assert_eq!(pairs(&visit.response), [""; 0], "it is written once");
    }
    stage.expect(format!("AWSELB={}", value.to_lowercase()), "forged");
}

#[test]
fn a_client_without_cookies_comes_home_by_a_header_or_a_parameter() {
    let stage = Stage::sticky("{ type = \"header\", duration = \"1h\" }");
    let first = stage.newcomer();
    assert_eq!(pairs(&first.response), [""; 0]);
    let token = first.response.header("clingfish-session").expect("it brings a token").to_owned();
    let by_header = stage.visit(&[&format!("clingfish-session: {token}")]);
    assert_eq!((by_header.verdict(), by_header.target()), ("hit", first.target()));
    assert_eq!(by_header.response.header("clingfish-session"), None, "nothing has changed");
    for (query, seen) in [
        (format!("?clingfish_session={token}"), ""),
        (format!("?a=1&clingfish_session={token}"), "?a=1"),
        (format!("?clingfish_session={token}&b=2"), "?b=2"),
    ] {
        let path = format!("/stream{query}");
        let answer = RawClient::get(stage.clingfish.listener("web"), &path).unwrap();
        assert_eq!((answer.verdict(), answer.target()), ("hit", first.target()), "{path}");
        let requests = stage.target(first.target()).requests();
        let last = requests.last().unwrap();
        assert_eq!(last.path(), format!("/stream{seen}"));
        assert_eq!(last.header("clingfish-session"), None, "tokens are not for targets");
    }
    log_line(&stage.clingfish, "/stream?a=1&clingfish_session=-");
    assert!(!stage.clingfish.output().contains(&token), "tokens are not for logs");
    let forged = token.replace(|c: char| c.is_ascii_lowercase(), "x");
    let visit = stage.visit(&[&format!("Clingfish-Session: {forged}")]);
    assert!(["forged", "unknown_key"].contains(&visit.verdict()), "{}", visit.verdict());
    assert!(visit.response.header("clingfish-session").is_some(), "a new one takes its place");
}

#[test]
fn a_form_from_elsewhere_over_http_does_not_displace_a_session() {
    let stage = Stage::sticky("{ cookie = \"home\" }");
    let port = stage.clingfish.listener("web");
    let post = |lines: &str| {
        let mut client = RawClient::connect(port).unwrap();
        client
            .send(format!(
                "POST /paid HTTP/1.1\r\nHost: shop.example\r\nAccept: text/html\r\n{lines}\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            ))
            .unwrap();
        client.read_final_response().unwrap()
    };
    for (lines, is_bound) in [
        ("Origin: http://shop.example\r\n", true),
        ("", true),
        ("Origin: http://pay.test\r\n", false),
        ("Origin: null\r\n", false),
        ("Origin: http://pay.test\r\nSec-Fetch-Site: same-site\r\n", true),
        (
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
            false,
        ),
    ] {
        assert_eq!(post(lines).home_cookie().is_some(), is_bound, "{lines}");
    }
}
