//! Groups with clients of every kind, who come again after a change.

use std::collections::BTreeMap;

use clingfish_testkit::{Clingfish, Response, Target, crowd, eventually};
use serde_json::{Value, json};

use crate::support::{SOON, Seen as _, mirror, targets};

/// By what clients are known, as the value of `stickiness`, and what they bring.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) stickiness: &'static str,
    /// Lines of a client's first request; NTH is its number.
    first: &'static str,
    /// Lines of those that follow; GIVEN is what [`Self::given`] found.
    again: &'static str,
    /// What an answer gives to bring again.
    given: fn(&Response) -> Option<String>,
}

fn nothing(_: &Response) -> Option<String> {
    None
}

pub(super) const COOKIE: Kind = Kind {
    stickiness: r#"{ type = "lb_cookie", cookie = "home" }"#,
    first: "",
    again: "Cookie: GIVEN\r\n",
    given: |answer| answer.home_cookie(),
};
pub(super) const ALB: Kind =
    Kind { stickiness: r#"{ type = "lb_cookie", style = "alb" }"#, ..COOKIE };
pub(super) const HEADER: Kind = Kind {
    stickiness: r#"{ type = "header" }"#,
    first: "",
    again: "Clingfish-Session: GIVEN\r\n",
    given: |answer| answer.header("clingfish-session").map(str::to_owned),
};
pub(super) const HASH: Kind = Kind {
    stickiness: r#"{ type = "hash", key = "header:X-User" }"#,
    first: "X-User: user-NTH\r\n",
    again: "X-User: user-NTH\r\n",
    given: nothing,
};
pub(super) const LEARN: Kind = Kind {
    stickiness: r#"{ type = "learn", from = "cookie:SID" }"#,
    first: "Answer-Set-Cookie: SID=sNTH\r\n",
    again: "Cookie: SID=sNTH\r\n",
    given: nothing,
};
pub(super) const WRAP: Kind = Kind {
    stickiness: r#"{ type = "wrap", in = "cookie:SID" }"#,
    first: "Answer-Set-Cookie: SID=sNTH\r\n",
    again: "Cookie: GIVEN\r\n",
    given: |answer| answer.cookie("SID"),
};

/// Somebody with a session.
pub(super) struct Client {
    pub(super) home: String,
    given: String,
}

/// A group of its own, its clients, and what is to be changed about it.
pub(super) struct Room {
    name: String,
    kind: Kind,
    pub(super) clients: Vec<Client>,
}

/// What became of the sessions that lived on one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) moved: u64,
    pub(super) ended: u64,
}

/// One Clingfish with so many groups, all of the same targets. A proxy is in front, so that requests of one connection are of several clients.
pub(super) struct House {
    clingfish: Clingfish,
    pub(super) rooms: Vec<Room>,
    _targets: [Target; 3],
}

impl House {
    #[track_caller]
    pub(super) fn open(kinds: &[(Kind, &str)]) -> Self {
        let all = ["a", "b", "c"].map(mirror);
        let [a, b, c] = &all;
        let list = targets(&[("a", a), ("b", b), ("c", c)]);
        let mut config = "access_log.sink = \"off\"\n[server]\nworkers = 1\n[load_balancers.default]\ndebug_header = true\n\
                          trusted_proxies = [\"127.0.0.0/8\"]\n"
            .to_owned();
        let mut rooms = Vec::new();
        for (nth, (kind, more)) in kinds.iter().enumerate() {
            let name = format!("room-{nth}");
            let stickiness = kind.stickiness.replace(" }", &format!("{more} }}"));
            config += &format!(
                "[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nforward = \"{name}\"\n\
                 [target_groups.{name}]\n{list}\nhealth_check = false\nstickiness = {stickiness}\n"
            );
            rooms.push(Room { name, kind: *kind, clients: Vec::new() });
        }
        Self { clingfish: Clingfish::start(&config), rooms, _targets: all }
    }

    /// So many come for the first time.
    pub(super) fn come(&mut self, clients: usize) {
        for room in &mut self.rooms {
            let kind = room.kind;
            let lines = |nth: usize| kind.first.replace("NTH", &nth.to_string());
            let see = |_, answer: Response| Client {
                home: answer.target().to_owned(),
                given: (kind.given)(&answer).unwrap_or_default(),
            };
            room.clients = crowd(self.clingfish.listener(&room.name), clients, lines, see);
        }
    }

    /// Those of a room from that one on come again, and what becomes of them, by where they lived.
    pub(super) fn come_again(&mut self, room: usize, from: usize) -> BTreeMap<String, Fate> {
        let Room { name, kind, clients } = &mut self.rooms[room];
        let lines = |nth: usize| {
            let nth = from + nth;
            kind.again.replace("NTH", &nth.to_string()).replace("GIVEN", &clients[nth].given)
        };
        let see = |_, answer: Response| {
            let verdict = answer.verdict().to_owned();
            (answer.target().to_owned(), verdict, (kind.given)(&answer))
        };
        let seen = crowd(self.clingfish.listener(name), clients.len() - from, lines, see);
        let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
        for ((target, verdict, given), client) in seen.into_iter().zip(&mut clients[from..]) {
            let fate = fates.entry(client.home.clone()).or_default();
            let is_known = verdict == "hit" || verdict.starts_with("target_");
            fate.ended += u64::from(!is_known);
            fate.moved += u64::from(is_known && target != client.home);
            client.given = given.unwrap_or_else(|| client.given.clone());
        }
        fates
    }

    /// Waits until everybody has been counted.
    pub(super) fn wait_counted(&self) {
        eventually(SOON, || {
            let metrics = self.clingfish.metrics();
            let is_counted = |room: &Room| {
                let labels = [("target_group", &*room.name), ("window", "duration")];
                let counted = metrics.sum("clingfish_target_sessions", &labels);
                (counted - room.clients.len() as f64).abs() <= tolerance(room.clients.len()) as f64
            };
            self.rooms.iter().all(is_counted).then_some(())
        });
    }

    /// What the API answers to a request.
    #[track_caller]
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.clingfish.change(method, path, &body);
        assert_eq!(answer.status, 200, "{method} {path} {body}: {}", answer.text());
        answer.json()
    }

    /// What it says of a change before it is made.
    #[track_caller]
    pub(super) fn told(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut change = json!({ "method": method, "path": path });
        if !body.is_null() {
            change["body"] = body.clone();
        }
        self.ask("POST", "/v1/what-if", &change)
    }
}

/// By how much an estimate of so few may be off.
pub(super) fn tolerance(sessions: usize) -> u64 {
    (sessions as u64 * 3 / 100).max(2)
}
