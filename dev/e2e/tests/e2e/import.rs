//! Clients of other balancers, who bring the cookies that they have from there: from the real HAProxy, nginx and Envoy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clingfish_affinity::import::{Facts, HaproxyDates, Import, Key, NoHome, Scheme};
use clingfish_model::{TargetHash, UnixMillis};
use clingfish_testkit::Target;

use crate::support::mirror;

use self::old::{COOKIE, Client, Old};

mod old;

const A: TargetHash = TargetHash([0xa; 16]);
const B: TargetHash = TargetHash([0xb; 16]);

/// Two targets, and what another balancer calls them.
struct Stage {
    a: Target,
    b: Target,
}

impl Stage {
    fn new() -> Self {
        Self { a: mirror("a"), b: mirror("b") }
    }

    #[track_caller]
    fn import(&self, scheme: &Scheme, foreign: [Option<&str>; 2]) -> Import {
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

    /// Everybody who was at `old` comes home.
    #[track_caller]
    fn come_home(&self, clients: &[Client; 2], scheme: &Scheme, foreign: [Option<&str>; 2]) {
        let import = self.import(scheme, foreign);
        for (client, home) in clients.iter().zip([A, B]) {
            assert_eq!(import.home(client.value.as_bytes(), now()), Ok(home), "{client:?}");
        }
    }

    /// After so many seconds nobody does.
    #[track_caller]
    fn stay_away(
        &self,
        clients: &[Client; 2],
        scheme: &Scheme,
        foreign: [Option<&str>; 2],
        seconds: u64,
    ) {
        let (import, later) = (self.import(scheme, foreign), UnixMillis(now().0 + seconds * 1000));
        for client in clients {
            let home = import.home(client.value.as_bytes(), later);
            assert_eq!(home, Err(NoHome::TooOld), "{client:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "other balancers go by the clock")]
fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    UnixMillis(u64::try_from(since.as_millis()).expect("it is not that late"))
}

const WORDS: [Option<&str>; 2] = [Some("s1"), Some("s2")];

#[test]
fn clients_of_haproxys_words_come_home() {
    let stage = Stage::new();
    let servers = [(&stage.a, "cookie s1"), (&stage.b, "cookie s2")];
    let old = Old::haproxy("insert indirect nocache", "", &servers);
    let clients = old.clients();
    assert_eq!(clients[0].value, "s1");
    stage.come_home(&clients, &Scheme::HaproxyName { dates: HaproxyDates::default() }, WORDS);
}

#[test]
fn clients_of_haproxys_dated_words_come_home_while_haproxy_would_keep_them() {
    let stage = Stage::new();
    let servers = [(&stage.a, "cookie s1"), (&stage.b, "cookie s2")];
    for (limits, idle, life) in [
        ("maxidle 30m", Some(1800), None),
        ("maxlife 8h", None, Some(28_800)),
        ("maxidle 30m maxlife 8h", Some(1800), Some(28_800)),
    ] {
        let old = Old::haproxy(&format!("insert indirect nocache {limits}"), "", &servers);
        let clients = old.clients();
        assert!(clients[0].value.starts_with("s1|"), "{clients:?}");
        let seconds = |limit: Option<u64>| limit.map(Duration::from_secs);
        let dates = HaproxyDates { max_idle: seconds(idle), max_life: seconds(life) };
        let scheme = Scheme::HaproxyName { dates };
        stage.come_home(&clients, &scheme, WORDS);
        // A date may be up to four seconds ahead.
        let limit = idle.or(life).unwrap() + 4;
        stage.stay_away(&clients, &scheme, WORDS, limit);
    }
}

#[test]
fn clients_of_haproxys_dynamic_words_come_home() {
    let stage = Stage::new();
    let servers = [(&stage.a, ""), (&stage.b, "")];
    for key in ["MYKEY", "a key of more than thirty-two bytes, so that all lanes are used"] {
        let more = format!("dynamic-cookie-key \"{key}\"");
        let old = Old::haproxy("insert indirect nocache dynamic", &more, &servers);
        let scheme = Scheme::HaproxyDynamic { key: Key::new(key), dates: HaproxyDates::default() };
        stage.come_home(&old.clients(), &scheme, [None, None]);
    }
}

#[test]
fn clients_of_envoys_stateful_sessions_come_home() {
    let stage = Stage::new();
    let old = Old::envoy("3600s", &[&stage.a, &stage.b]);
    let clients = old.clients();
    stage.come_home(&clients, &Scheme::Envoy, [None, None]);
    stage.stay_away(&clients, &Scheme::Envoy, [None, None], 3602);
    let old = Old::envoy("0s", &[&stage.a, &stage.b]);
    stage.come_home(&old.clients(), &Scheme::Envoy, [None, None]);
}

#[test]
fn clients_of_nginxs_sticky_cookies_come_home() {
    let stage = Stage::new();
    let (a, b) = (stage.a.address(), stage.b.address());
    let Some(old) = Old::nginx(&format!("server {a}; server {b};")) else { return };
    stage.come_home(&old.clients(), &Scheme::Nginx, [None, None]);
    let old =
        Old::nginx(&format!("server {a} route=s1; server {b} route=s2;")).expect("it was there");
    stage.come_home(&old.clients(), &Scheme::Nginx, WORDS);
}
