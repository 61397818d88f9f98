//! Streams keep their session alive, at every worker.

use std::time::Duration;

use clingfish_testkit::{Background, Clingfish, RawClient, Response, Target, eventually};

use crate::support::{SOON, Seen, Since, targets};

const CLIENT: &str = include_str!("../../../scripts/http2/client.py");
const KEPT: &str = include_str!("../../../scripts/http2/kept.py");

/// A message that is masked with zeros, and its echo.
const HELLO: (&[u8], &[u8]) = (b"\x81\x82\0\0\0\0hi", b"\x81\x02hi");

/// `duration = "2s"` counts for 2.2 s.
const STICKY: &str = "stickiness = { duration = \"2s\" }";

/// Longer than tokens of [`STICKY`] count.
const TOO_LONG: Duration = Duration::from_millis(2600);

/// Two workers before three targets.
struct Stage {
    _targets: [Target; 3],
    clingfish: Clingfish,
}

/// A client that came once.
struct Client {
    cookie: String,
    home: String,
}

impl Stage {
    fn new(group: &str) -> Self {
        let [a, b, c] = ["a", "b", "c"].map(Target::start);
        let group = format!(
            "{}\nhealth_check = false\n{group}",
            targets(&[("a", &a), ("b", &b), ("c", &c)])
        );
        let clingfish = Clingfish::start(&format!(
            "[server]\nworkers = 2\n[load_balancers.default]\ndebug_header = true\n\
             [[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nh2c = true\nforward = \"web\"\n\
             [target_groups.web]\n{group}\n"
        ));
        Self { _targets: [a, b, c], clingfish }
    }

    #[track_caller]
    fn newcomer(&self) -> Client {
        let first = self.ask("/", &[]);
        Client { cookie: first.home_cookie().unwrap(), home: first.target().to_owned() }
    }

    /// One request on a connection of its own.
    #[track_caller]
    fn ask(&self, path: &str, lines: &[&str]) -> Response {
        RawClient::get_with(self.clingfish.listener("web"), path, lines).unwrap()
    }

    #[track_caller]
    fn visit(&self, client: &Client) -> Response {
        self.ask("/", &[&format!("Cookie: {}", client.cookie)])
    }

    /// Visits so often with the cookie of the beginning that both workers have seen it.
    #[track_caller]
    fn comes_home(&self, client: &Client) {
        for _ in 0..12 {
            let visit = self.visit(client);
            assert_eq!((visit.verdict(), visit.target()), ("hit", &*client.home));
            let renewed = visit.home_line().expect("the old cookie has had its time");
            assert!(!renewed.starts_with(&client.cookie), "{renewed}");
        }
    }

    #[track_caller]
    fn is_expired(&self, client: &Client) {
        assert_eq!(self.visit(client).verdict(), "expired_idle");
    }

    /// Waits until so many streams are open.
    #[track_caller]
    fn wait_streams(&self, count: f64) {
        let name = "clingfish_session_streams_active";
        let open = || self.clingfish.metrics().value(name, &[]);
        eventually(SOON, || (open() == Some(count)).then_some(()));
    }

    /// A stream over HTTP/1 with the answer's head read.
    #[track_caller]
    fn open(&self, path: &str, client: &Client) -> (RawClient, Response) {
        let mut stream = RawClient::connect(self.clingfish.listener("web")).unwrap();
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let upgrade = if path == "/ws" { upgrade } else { "" };
        let cookie = &client.cookie;
        stream
            .send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n{upgrade}\r\n"))
            .unwrap();
        let head = if path == "/ws" {
            stream.read_response().unwrap()
        } else {
            stream.read_response_to("HEAD").unwrap()
        };
        assert_eq!((head.verdict(), head.target()), ("hit", &*client.home));
        (stream, head)
    }
}

/// What is left of a stream once it has ended: home for as long as anybody, then no more.
#[track_caller]
fn ends(stage: &Stage, client: &Client) {
    stage.wait_streams(0.0);
    stage.comes_home(client);
    let since = Since::now();
    since.wait(TOO_LONG);
    stage.is_expired(client);
}

#[test]
fn a_websocket_keeps_its_session_alive_until_the_duration_after_its_end() {
    let stage = Stage::new(STICKY);
    let (client, other) = (stage.newcomer(), stage.newcomer());
    let (mut stream, head) = stage.open("/ws", &client);
    let line = head.home_line().expect("the last cookie for long");
    assert!(line.contains("; Max-Age=604800;"), "the browser keeps it meanwhile: {line}");
    let since = Since::now();
    while since.elapsed() < TOO_LONG {
        stream.send(HELLO.0).unwrap();
        assert_eq!(stream.read_exactly(HELLO.1.len()).unwrap(), HELLO.1);
        std::thread::sleep(Duration::from_millis(100));
    }
    stage.is_expired(&other);
    stage.comes_home(&client);
    let renewed = stage.visit(&client).home_line().unwrap().to_owned();
    assert!(renewed.contains("; Max-Age=604800;"), "the stream goes on: {renewed}");
    // A new snapshot changes nothing.
    let config = std::fs::read_to_string(stage.clingfish.config_path()).unwrap();
    let debug = "debug_header = true\n";
    stage
        .clingfish
        .reload_with(&config.replace(debug, &format!("{debug}idle_timeout = \"50s\"\n")));
    stage.comes_home(&client);
    let kept = stage.clingfish.metrics().value("clingfish_stream_sessions_kept_total", &[]);
    assert!(kept >= Some(25.0), "{kept:?}");
    drop(stream);
    stage.wait_streams(0.0);
    let renewed = stage.visit(&client).home_line().unwrap().to_owned();
    assert!(renewed.contains("; Max-Age=3;"), "nothing keeps it any longer: {renewed}");
    ends(&stage, &client);
}

#[test]
fn an_event_stream_keeps_its_session_alive() {
    let stage = Stage::new(STICKY);
    let (client, other) = (stage.newcomer(), stage.newcomer());
    let since = Since::now();
    let (mut stream, _) = stage.open("/sse?events=1000&ms=50", &client);
    while since.elapsed() < TOO_LONG {
        assert!(!stream.read_some().unwrap().is_empty());
    }
    stage.is_expired(&other);
    stage.comes_home(&client);
    drop(stream);
    ends(&stage, &client);
}

#[test]
fn streams_of_http2_keep_their_session_alive() {
    for kind in ["ws", "events"] {
        let stage = Stage::new(STICKY);
        let (client, other) = (stage.newcomer(), stage.newcomer());
        let to = stage.clingfish.listener("web").to_string();
        let mut stream =
            Background::python(&format!("{CLIENT}\n\n{KEPT}"), &[&to, kind, &client.cookie]);
        stream.wait_line("open");
        let since = Since::now();
        since.wait(TOO_LONG);
        stage.is_expired(&other);
        stage.comes_home(&client);
        stream.tell("reset");
        ends(&stage, &client);
        stream.tell("end");
        stream.finish();
    }
}

#[test]
fn the_end_of_a_long_answer_counts_as_a_visit() {
    let stage = Stage::new(STICKY);
    let (client, other) = (stage.newcomer(), stage.newcomer());
    let long = stage.ask("/slow?bytes=26&ms=100", &[&format!("Cookie: {}", client.cookie)]);
    assert_eq!(long.status, 200);
    let counted = || stage.clingfish.metrics().value("clingfish_requests_total", &[]);
    eventually(SOON, || (counted() == Some(3.0)).then_some(()));
    stage.is_expired(&other);
    ends(&stage, &client);
}

#[test]
fn a_session_ends_by_its_absolute_limit_though_a_stream_is_open() {
    let stage = Stage::new("stickiness = { duration = \"1s\", absolute = \"2s\" }");
    let client = stage.newcomer();
    let since = Since::now();
    let _stream = stage.open("/ws", &client);
    since.wait(Duration::from_millis(2100));
    assert_eq!(stage.visit(&client).verdict(), "expired_absolute");
}

#[test]
fn tokens_of_other_kinds_are_kept_alive_too() {
    let stage = Stage::new("stickiness = { type = \"header\", duration = \"2s\" }");
    let first = stage.ask("/", &[]);
    let line = format!("clingfish-session: {}", first.header("clingfish-session").unwrap());
    let mut stream = RawClient::connect(stage.clingfish.listener("web")).unwrap();
    stream
        .send(format!("GET /sse?events=1000&ms=50 HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"))
        .unwrap();
    let since = Since::now();
    while since.elapsed() < TOO_LONG {
        assert!(!stream.read_some().unwrap().is_empty());
    }
    let visit = stage.ask("/", &[&line]);
    assert_eq!((visit.verdict(), visit.target()), ("hit", first.target()));
    assert!(visit.header("clingfish-session").is_some(), "a token that counts without the stream");
}
