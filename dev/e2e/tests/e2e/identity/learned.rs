//! `type = "learn"`: a table of the ids that applications hand out.

use std::thread;

use clingfish_testkit::{Clingfish, Launch, Response, curl};

use super::{Cast, ask, sid};
use crate::support::{Seen, web};

/// How many clients come where nobody may be sent astray.
const CLIENTS: usize = 12;

const MCP: &str = r#"{ type = "learn", from = "header:mcp-session-id" }"#;

fn start(cast: &Cast) -> Clingfish {
    Clingfish::start(&web(&cast.group))
}

#[track_caller]
fn at_home(answer: &Response, home: &str) {
    assert_eq!((answer.status, answer.verdict(), answer.target()), (200, "hit", home));
}

fn events(clingfish: &Clingfish, event: &str) -> f64 {
    clingfish.metrics().sum("clingfish_learned_session_events_total", &[("event", event)])
}

#[test]
fn an_id_in_a_header_comes_home_until_it_is_deleted() {
    let cast = Cast::new(MCP);
    let clingfish = start(&cast);
    for _ in 0..CLIENTS {
        let first = ask(&clingfish, "POST", "/mcp", &[]);
        let id = first.header("mcp-session-id").expect("the application gives one").to_owned();
        assert_eq!(first.verdict(), "new");
        assert_eq!(first.header("set-cookie"), None, "there is no cookie of ours");
        let line = format!("mcp-session-id: {id}");
        for _ in 0..4 {
            at_home(&ask(&clingfish, "POST", "/mcp", &[&line]), first.target());
        }
        let end = ask(&clingfish, "DELETE", "/mcp", &[&line]);
        assert_eq!((end.status, end.verdict()), (204, "hit"));
        let strange = ask(&clingfish, "POST", "/mcp", &[&line]);
        assert_eq!((strange.status, strange.verdict()), (404, "unknown_session"));
    }
    assert_eq!(events(&clingfish, "forgotten"), CLIENTS as f64);
    let metrics = clingfish.metrics();
    let created = metrics.sum("clingfish_target_group_sessions_created_total", &[]);
    assert_eq!(created, CLIENTS as f64);
    assert_eq!(metrics.sum("clingfish_learned_sessions", &[]), 0.0);
}

#[test]
fn an_id_in_a_body_comes_home_as_a_query_parameter() {
    let cast = Cast::new(
        r#"{ type = "learn", from = "json:sid", path_prefix = "/socket.io/", duration = "1h" }"#,
    );
    let clingfish = start(&cast);
    for client in 0..CLIENTS {
        let first = ask(&clingfish, "GET", "/socket.io/?EIO=4&transport=polling", &[]);
        let text = first.text();
        let sid = text.split('"').nth(3).expect("the application gives one");
        for turn in 0..4 {
            let path = format!("/socket.io/?EIO=4&sid={sid}&turn={client}-{turn}");
            at_home(&ask(&clingfish, "GET", &path, &[]), first.target());
        }
        let path = format!("/elsewhere?sid={sid}&client={client}");
        assert_eq!(ask(&clingfish, "GET", &path, &[]).verdict(), "new", "it is another path");
    }
}

#[test]
fn several_ids_of_one_body_in_pieces_are_learned() {
    let cast = Cast::new(
        r#"{ type = "learn", from = ["json:connectionToken", "json:connectionId"], in = "query:id" }"#,
    );
    let clingfish = start(&cast);
    for _ in 0..CLIENTS {
        let first = ask(&clingfish, "POST", "/negotiate", &[]);
        let json = first.json();
        for member in ["connectionToken", "connectionId"] {
            let id = json[member].as_str().expect("it has both").replace('+', "%2B");
            at_home(&ask(&clingfish, "GET", &format!("/hub?id={id}"), &[]), first.target());
        }
    }
}

#[test]
fn an_id_in_the_first_event_of_a_stream_comes_home() {
    let cast = Cast::new(r#"{ type = "learn", from = "event:session_id" }"#);
    let clingfish = start(&cast);
    for _ in 0..CLIENTS {
        let first = ask(&clingfish, "GET", "/sse", &[]);
        let text = first.text();
        let path = text.split("data: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        at_home(&ask(&clingfish, "POST", path, &[]), first.target());
    }
}

#[test]
fn an_id_in_a_cookie_comes_home_until_the_application_takes_it_away() {
    let cast = Cast::new(r#"{ type = "learn", from = "cookie:SID" }"#);
    let clingfish = start(&cast);
    for _ in 0..CLIENTS {
        let first = ask(&clingfish, "GET", "/login", &[]);
        let cookie = sid(&first);
        let line = format!("Cookie: theme=dark; SID={cookie}");
        at_home(&ask(&clingfish, "GET", "/page", &[&line]), first.target());
        at_home(&ask(&clingfish, "GET", "/logout", &[&line]), first.target());
        assert_eq!(ask(&clingfish, "GET", "/page", &[&line]).verdict(), "unknown_session");
    }
}

#[test]
fn clients_that_begin_at_the_same_time_all_come_home() {
    let cast = Cast::new(MCP);
    let config = web(&cast.group).replace("workers = 1", "workers = 2");
    let clingfish = Clingfish::start(&config);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..CLIENTS {
                    let first = ask(&clingfish, "POST", "/mcp", &[]);
                    let id = first.header("mcp-session-id").expect("there is one").to_owned();
                    let line = format!("Mcp-Session-Id: {id}");
                    at_home(&ask(&clingfish, "POST", "/mcp", &[&line]), first.target());
                }
            });
        }
    });
}

#[test]
fn http2_learns_as_http1_does() {
    let cast = Cast::new(MCP);
    let config = web(&cast.group).replace("bind =", "h2c = true\nbind =");
    let clingfish = Clingfish::start(&config);
    let url = format!("http://{}/mcp", clingfish.listener("web"));
    let post = |more: &[&str]| {
        let args = ["--http2-prior-knowledge", "-i", "-X", "POST", &url];
        curl(&[args.as_slice(), more].concat()).stdout
    };
    let value = |answer: &str, name: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.expect("it has that field").to_owned()
    };
    for _ in 0..4 {
        let first = post(&[]);
        let line = format!("mcp-session-id: {}", value(&first, "mcp-session-id"));
        let again = post(&["-H", &line]);
        assert_eq!(value(&again, "clingfish-verdict"), "hit");
        assert_eq!(value(&again, "clingfish-target"), value(&first, "clingfish-target"));
    }
}

#[test]
fn a_client_that_wants_too_many_sessions_loses_its_own() {
    let cast = Cast::new(
        r#"{ type = "learn", from = "header:mcp-session-id", sessions_per_client_max = 2 }"#,
    );
    let clingfish = start(&cast);
    let begin = || {
        let first = ask(&clingfish, "POST", "/mcp", &[]);
        format!("mcp-session-id: {}", first.header("mcp-session-id").expect("there is one"))
    };
    let lines = [begin(), begin(), begin()];
    let known = |line: &String| ask(&clingfish, "POST", "/mcp", &[line]).verdict() == "hit";
    assert!(known(&lines[2]), "the last is kept");
    assert_eq!(clingfish.metrics().sum("clingfish_learned_sessions", &[]), 2.0);
    assert_eq!(events(&clingfish, "evicted_quota"), 1.0);
}

#[test]
fn a_restart_forgets_the_table_and_says_so() {
    let cast = Cast::new(MCP);
    let clingfish = start(&cast);
    let first = ask(&clingfish, "POST", "/mcp", &[]);
    let line = format!("mcp-session-id: {}", first.header("mcp-session-id").unwrap());
    drop(clingfish);
    let again = start(&cast);
    // One of three is the home; the application answers for itself there, and the table learns it again.
    let answers: Vec<Response> = (0..6).map(|_| ask(&again, "POST", "/mcp", &[&line])).collect();
    assert_eq!(answers[0].verdict(), "unknown_session");
    for answer in &answers {
        let is_home = answer.target() == first.target();
        assert_eq!(answer.status, if is_home { 200 } else { 404 });
        assert!(is_home || answer.verdict() == "unknown_session");
    }
    at_home(&answers[5], first.target());
}

#[test]
fn a_cookie_beside_the_table_survives_a_restart() {
    let cast = Cast::new(r#"{ type = "learn", from = "cookie:SID", fallback = "lb_cookie" }"#);
    let state = tempfile::tempdir().unwrap();
    let launch = || Launch::new(&web(&cast.group)).state_dir(state.path()).start();
    let clingfish = launch();
    let clients: Vec<(String, String)> = (0..CLIENTS)
        .map(|_| {
            let first = ask(&clingfish, "GET", "/login", &[]);
            let (sid, home) = (sid(&first), first.home_cookie().unwrap());
            let line = format!("Cookie: SID={sid}; {home}");
            let again = ask(&clingfish, "GET", "/page", &[&line]);
            at_home(&again, first.target());
            assert_eq!(again.home_cookie(), None, "nothing has changed");
            let without = ask(&clingfish, "GET", "/page", &[&format!("Cookie: SID={sid}")]);
            at_home(&without, first.target());
            assert_eq!(without.home_cookie(), None, "such a client keeps no cookies of ours");
            (line, first.target().to_owned())
        })
        .collect();
    drop(clingfish);
    let again = launch();
    for (line, home) in &clients {
        at_home(&ask(&again, "GET", "/page", &[line]), home);
        // By now the table knows it too.
        let id_alone = line.split("; ").next().unwrap();
        at_home(&ask(&again, "GET", "/page", &[id_alone]), home);
    }
}

#[test]
fn a_reload_keeps_what_was_learned() {
    let cast = Cast::new(MCP);
    let clingfish = start(&cast);
    let first = ask(&clingfish, "POST", "/mcp", &[]);
    let line = format!("mcp-session-id: {}", first.header("mcp-session-id").unwrap());
    clingfish.reload_with(&web(&format!("{}\nresponse_timeout = \"7s\"", cast.group)));
    for _ in 0..4 {
        at_home(&ask(&clingfish, "POST", "/mcp", &[&line]), first.target());
    }
}

#[test]
fn a_target_that_is_away_for_a_moment_keeps_its_sessions() {
    let cast = Cast::new(MCP);
    let clingfish = start(&cast);
    let first = ask(&clingfish, "POST", "/mcp", &[]);
    let line = format!("mcp-session-id: {}", first.header("mcp-session-id").unwrap());
    cast.target(first.target()).stop();
    let meanwhile = ask(&clingfish, "POST", "/mcp", &[&line]);
    assert_eq!((meanwhile.status, meanwhile.verdict()), (404, "detour"));
    cast.target(first.target()).resume();
    at_home(&ask(&clingfish, "POST", "/mcp", &[&line]), first.target());
}
