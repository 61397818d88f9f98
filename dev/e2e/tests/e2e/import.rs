//! Clients of other balancers, who bring the cookies that they have from there: from the real HAProxy, nginx and Envoy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clingfish_affinity::import::{Facts, HaproxyDates, Import, NoHome, Scheme};
use clingfish_model::{TargetHash, UnixMillis};
use clingfish_testkit::{Clingfish, RawClient, Response, Target};

use crate::support::{Seen as _, mirror, web};

use self::old::{COOKIE, Client, Old};

pub(crate) mod old;

const A: TargetHash = TargetHash([0xa; 16]);
const B: TargetHash = TargetHash([0xb; 16]);

/// What the other balancer called the targets, where that is not what follows from their addresses.
type Foreign = [Option<&'static str>; 2];

const UNNAMED: Foreign = [None, None];

/// Two targets.
struct Stage {
    a: Target,
    b: Target,
}

impl Stage {
    fn new() -> Self {
        Self { a: mirror("a"), b: mirror("b") }
    }

    /// A Clingfish before them that imports so until then, with what the other balancer called them.
    #[track_caller]
    fn clingfish(&self, scheme: &str, until: &str, foreign: Foreign) -> Clingfish {
        let entry = |id, target: &Target, foreign: Option<&str>| {
            let known_as = foreign.map(|name| format!(", known_as = \"{name}\""));
            let address = target.address();
            format!("{{ id = \"{id}\", address = \"{address}\"{} }}", known_as.unwrap_or_default())
        };
        let targets = [entry("a", &self.a, foreign[0]), entry("b", &self.b, foreign[1])].join(", ");
        let import = format!("{{ cookie = \"{COOKIE}\", until = \"{until}\", {scheme} }}");
        let stickiness = format!("stickiness = {{ duration = \"1h\", import = [{import}] }}");
        Clingfish::start(&web(&format!(
            "targets = [{targets}]\n{stickiness}\nhealth_check = false"
        )))
    }

    /// Everybody who was at another balancer comes home once by its cookie, and from then on by ours.
    #[track_caller]
    fn come_home(&self, clients: &[Client; 2], scheme: &str, foreign: Foreign) {
        let clingfish = self.clingfish(scheme, "2999-12-31", foreign);
        for client in clients {
            let theirs = format!("{COOKIE}={}", client.value);
            let answer = visit(&clingfish, &theirs);
            assert_eq!((answer.verdict(), answer.text()), ("imported", client.target.clone()));
            let ours = answer.home_cookie().expect("ours comes in its place");
            // Browsers bring both.
            for cookies in [ours.clone(), format!("{theirs}; {ours}")] {
                let answer = visit(&clingfish, &cookies);
                assert_eq!((answer.verdict(), answer.text()), ("hit", client.target.clone()));
                assert_eq!(answer.home_cookie(), None, "nothing has changed");
            }
        }
    }

    /// When the time of the import is over, they are like everybody else.
    #[track_caller]
    fn are_strangers(&self, clients: &[Client; 2], scheme: &str, foreign: Foreign) {
        let clingfish = self.clingfish(scheme, "2020-01-31", foreign);
        for client in clients {
            let answer = visit(&clingfish, &format!("{COOKIE}={}", client.value));
            assert_eq!(answer.verdict(), "new", "{client:?}");
            assert!(answer.home_cookie().is_some(), "they get a home of their own");
        }
    }

    #[track_caller]
    fn import(&self, scheme: &Scheme, foreign: Foreign) -> Import {
        let facts = |index: usize, id, target: &Target, hash| Facts {
            target: hash,
            id,
            index,
            address: target.address(),
            host: None,
            https: false,
            foreign: foreign[index],
        };
        let facts = [facts(0, "a", &self.a, A), facts(1, "b", &self.b, B)];
        Import::new(COOKIE, scheme, None, &facts).expect("all of it has a value")
    }

    /// By now the other balancer knows them, and after so many seconds it would not, nor do we.
    #[track_caller]
    fn forget(&self, clients: &[Client; 2], scheme: &Scheme, foreign: Foreign, seconds: u64) {
        let (import, now) = (self.import(scheme, foreign), now());
        let later = UnixMillis(now.0 + seconds * 1000);
        for (client, home) in clients.iter().zip([A, B]) {
            assert_eq!(import.home(client.value.as_bytes(), now), Ok(home), "{client:?}");
            let home = import.home(client.value.as_bytes(), later);
            assert_eq!(home, Err(NoHome::TooOld), "{client:?}");
        }
    }
}

#[track_caller]
fn visit(clingfish: &Clingfish, cookies: &str) -> Response {
    let lines = [&*format!("Cookie: {cookies}")];
    RawClient::get_with(clingfish.listener("web"), "/", &lines).expect("it answers")
}

#[expect(clippy::disallowed_methods, reason = "other balancers go by the clock")]
fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    UnixMillis(u64::try_from(since.as_millis()).expect("it is not that late"))
}

const WORDS: Foreign = [Some("s1"), Some("s2")];

#[test]
fn clients_of_haproxys_words_come_home() {
    let stage = Stage::new();
    let servers = [(&stage.a, "cookie s1"), (&stage.b, "cookie s2")];
    let old = Old::haproxy("insert indirect nocache", "", &servers);
    let clients = old.clients();
    assert_eq!(clients[0].value, "s1");
    stage.come_home(&clients, "from = \"haproxy\"", WORDS);
    stage.are_strangers(&clients, "from = \"haproxy\"", WORDS);
}

#[test]
fn clients_of_haproxys_dated_words_come_home_while_haproxy_would_keep_them() {
    let stage = Stage::new();
    let servers = [(&stage.a, "cookie s1"), (&stage.b, "cookie s2")];
    for (theirs, ours, idle, life) in [
        ("maxidle 30m", "max_idle = \"30m\"", Some(1800), None),
        ("maxlife 8h", "max_life = \"8h\"", None, Some(28_800)),
        (
            "maxidle 30m maxlife 8h",
            "max_idle = \"30m\", max_life = \"8h\"",
            Some(1800),
            Some(28_800),
        ),
    ] {
        let old = Old::haproxy(&format!("insert indirect nocache {theirs}"), "", &servers);
        let clients = old.clients();
        assert!(clients[0].value.starts_with("s1|"), "{clients:?}");
        stage.come_home(&clients, &format!("from = \"haproxy\", {ours}"), WORDS);
        let seconds = |limit: Option<u64>| limit.map(Duration::from_secs);
        let dates = HaproxyDates { max_idle: seconds(idle), max_life: seconds(life) };
        // A date may be up to four seconds ahead.
        let limit = idle.or(life).unwrap() + 4;
        stage.forget(&clients, &Scheme::HaproxyName { dates }, WORDS, limit);
    }
}

#[test]
fn clients_of_haproxys_dynamic_words_come_home() {
    let stage = Stage::new();
    let servers = [(&stage.a, ""), (&stage.b, "")];
    for key in ["MYKEY", "a key of more than thirty-two bytes, so that all lanes are used"] {
        let more = format!("dynamic-cookie-key \"{key}\"");
        let old = Old::haproxy("insert indirect nocache dynamic", &more, &servers);
        let clients = old.clients();
        let scheme = format!("from = \"haproxy_dynamic\", key = \"{key}\"");
        stage.come_home(&clients, &scheme, UNNAMED);
        stage.are_strangers(&clients, &scheme, UNNAMED);
    }
}

#[test]
fn clients_of_envoys_stateful_sessions_come_home() {
    let stage = Stage::new();
    for ttl in ["3600s", "0s"] {
        let old = Old::envoy(ttl, &[&stage.a, &stage.b]);
        let clients = old.clients();
        stage.come_home(&clients, "from = \"envoy\"", UNNAMED);
        stage.are_strangers(&clients, "from = \"envoy\"", UNNAMED);
        if ttl != "0s" {
            stage.forget(&clients, &Scheme::Envoy, UNNAMED, 3602);
        }
    }
}

#[test]
fn clients_of_nginxs_sticky_cookies_come_home() {
    let stage = Stage::new();
    let (a, b) = (stage.a.address(), stage.b.address());
    for (servers, foreign) in [
        (format!("server {a}; server {b};"), UNNAMED),
        (format!("server {a} route=s1; server {b} route=s2;"), WORDS),
    ] {
        let Some(old) = Old::nginx(&servers) else { return };
        let clients = old.clients();
        stage.come_home(&clients, "from = \"nginx\"", foreign);
        stage.are_strangers(&clients, "from = \"nginx\"", foreign);
    }
}

#[test]
fn clients_of_a_home_made_balancer_come_home_by_number() {
    let stage = Stage::new();
    let client = |value: &str, target: &str| Client { value: value.into(), target: target.into() };
    let clients = [client("0", "a"), client("1", "b")];
    stage.come_home(&clients, "from = \"index\"", UNNAMED);
    stage.are_strangers(&clients, "from = \"index\"", UNNAMED);
    let clients = [client("1", "a"), client("2", "b")];
    stage.come_home(&clients, "from = \"index\", first = 1", UNNAMED);
}

#[test]
fn a_cookie_that_means_nobody_here_is_a_strangers() {
    let stage = Stage::new();
    let clingfish = stage.clingfish("from = \"haproxy\"", "2999-12-31", WORDS);
    for value in ["s3", "", "s1~opaque", "a", "\"", "|"] {
        let answer = visit(&clingfish, &format!("{COOKIE}={value}"));
        assert_eq!(answer.verdict(), "new", "{value}");
        assert!(answer.home_cookie().is_some(), "{value}");
    }
    // Nor is one of another name.
    assert_eq!(visit(&clingfish, "other=s1").verdict(), "new");
}
