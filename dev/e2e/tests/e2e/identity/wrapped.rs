//! `type = "wrap"`: ids go out sealed together with their home.

use clingfish_testkit::{Clingfish, Launch, run};

use super::{Cast, ask, sid};
use crate::support::{Seen, web};

const MCP: &str = r#"{ type = "wrap", in = "header:mcp-session-id" }"#;

struct Fleet {
    cast: Cast,
    state: tempfile::TempDir,
}

impl Fleet {
    fn new(stickiness: &str) -> Self {
        Self { cast: Cast::new(stickiness), state: tempfile::tempdir().unwrap() }
    }

    fn start(&self) -> Clingfish {
        Launch::new(&web(&self.cast.group)).state_dir(self.state.path()).start()
    }

    /// Ids that targets have got to see.
    fn seen(&self, header: &str) -> Vec<String> {
        let requests = self.cast.targets.iter().flat_map(|(_, target)| target.requests());
        requests.filter_map(|request| request.header(header).map(str::to_owned)).collect()
    }
}

#[test]
fn the_client_never_sees_the_id_and_the_target_never_sees_the_envelope() {
    let fleet = Fleet::new(MCP);
    let (one, two) = (fleet.start(), fleet.start());
    for _ in 0..6 {
        let first = ask(&one, "POST", "/mcp", &[]);
        let envelope = first.header("mcp-session-id").unwrap().to_owned();
        assert!(!envelope.contains("-of-") && envelope.len() > 90, "{envelope}");
        let mut line = format!("Mcp-Session-Id: {envelope}");
        for clingfish in [&two, &one, &two] {
            let again = ask(clingfish, "POST", "/mcp", &[&line]);
            assert_eq!(
                (again.status, again.verdict(), again.target()),
                (200, "hit", first.target())
            );
            let fresh = again.header("mcp-session-id").unwrap();
            assert!(!fresh.contains("-of-"), "{fresh}");
            line = format!("Mcp-Session-Id: {fresh}");
        }
    }
    let seen = fleet.seen("mcp-session-id");
    assert_eq!(seen.len(), 18);
    assert!(seen.iter().all(|id| id.starts_with("mcp-") && id.contains("-of-")), "{seen:?}");
}

#[test]
fn a_cookie_is_wrapped_with_its_attributes_as_they_were() {
    let fleet = Fleet::new(r#"{ type = "wrap", in = "cookie:SID" }"#);
    let clingfish = fleet.start();
    for _ in 0..6 {
        let first = ask(&clingfish, "GET", "/login", &[]);
        let line = first.header("set-cookie").unwrap();
        assert!(line.ends_with("; Path=/; HttpOnly") && !line.contains("-of-"), "{line}");
        let cookie = format!("Cookie: theme=dark; SID={}; x=y", sid(&first));
        let again = ask(&clingfish, "GET", "/page", &[&cookie]);
        assert_eq!((again.status, again.verdict(), again.target()), (200, "hit", first.target()));
        let out = ask(&clingfish, "GET", "/logout", &[&cookie]);
        assert_eq!(out.header("set-cookie"), Some("SID=gone; Max-Age=0; Path=/"));
    }
    let seen = fleet.seen("cookie");
    let is_plain =
        |cookie: &String| cookie.starts_with("theme=dark; SID=sid-") && cookie.ends_with("; x=y");
    assert!(seen.iter().all(is_plain), "{seen:?}");
}

#[test]
fn a_new_key_seals_and_the_old_one_still_opens() {
    let fleet = Fleet::new(MCP);
    let clingfish = fleet.start();
    let first = ask(&clingfish, "POST", "/mcp", &[]);
    let line = format!("mcp-session-id: {}", first.header("mcp-session-id").unwrap());
    let state = fleet.state.path().to_str().unwrap();
    let done = run(&["keys", "rotate", "--delay", "0s", "--state-dir", state]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let fresh = fleet.start();
    let again = ask(&fresh, "POST", "/mcp", &[&line]);
    assert_eq!((again.status, again.verdict(), again.target()), (200, "hit", first.target()));
    let key = |text: &str| text.get(..4).unwrap().to_owned();
    let (old, new) = (first.header("mcp-session-id"), again.header("mcp-session-id"));
    assert_ne!(key(old.unwrap()), key(new.unwrap()), "the new key seals");
}

#[test]
fn what_is_no_envelope_of_ours_passes_and_says_why() {
    let fleet = Fleet::new(MCP);
    let clingfish = fleet.start();
    let first = ask(&clingfish, "POST", "/mcp", &[]);
    let envelope = first.header("mcp-session-id").unwrap();
    let (start, end) = envelope.split_at(50);
    let damaged = format!("{start}{}{}", if end.starts_with('A') { 'B' } else { 'A' }, &end[1..]);
    let foreign = Fleet::new(MCP);
    let elsewhere = ask(&foreign.start(), "POST", "/mcp", &[]);
    let elsewhere = elsewhere.header("mcp-session-id").unwrap().to_owned();
    for (id, verdict) in [
        ("plain", "unknown_session"),
        (damaged.as_str(), "forged"),
        (elsewhere.as_str(), "unknown_key"),
    ] {
        let answer = ask(&clingfish, "POST", "/mcp", &[&format!("mcp-session-id: {id}")]);
        assert_eq!((answer.status, answer.verdict()), (404, verdict), "{id}");
        assert_eq!(fleet.seen("mcp-session-id").iter().filter(|seen| *seen == id).count(), 1);
    }
}
