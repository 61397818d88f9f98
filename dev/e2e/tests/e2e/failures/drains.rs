//! Targets that announce their own drain by what they answer to checks.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use clingfish_testkit::{
    Clingfish, Flow, Launch, RawClient, Response, Target, eventually, run, standard,
};
use serde_json::Value;

use super::{state, wait_state};
use crate::support::{SOON, Seen as _, targets, web};

const WELL: u8 = 0;
const LEAVING: u8 = 1;
const BROKEN: u8 = 2;

/// Applications `a` and `b`, of which each says how it is when it is told to.
struct Shop {
    a: (Target, Arc<AtomicU8>),
    b: (Target, Arc<AtomicU8>),
    clingfish: Clingfish,
}

/// One that answers checks so while it leaves.
fn application(name: &'static str, leaving: &'static str) -> (Target, Arc<AtomicU8>) {
    let mood = Arc::new(AtomicU8::new(WELL));
    let held = Arc::clone(&mood);
    let target = Target::answering(move |connection, request| {
        if request.path() != "/health" {
            return standard(name, connection, request);
        }
        let head = match held.load(Relaxed) {
            WELL => "200 OK",
            LEAVING => leaving,
            _ => "500 Oops",
        };
        connection.write(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"))?;
        Ok(Flow::Close)
    });
    (target, mood)
}

impl Shop {
    /// With that key of the health check, and what a leaving application answers.
    #[track_caller]
    fn open(key: &str, leaving: &'static str) -> Self {
        Self::launch(key, leaving, WELL)
    }

    #[track_caller]
    fn launch(key: &str, leaving: &'static str, mood: u8) -> Self {
        let (a, b) = (application("a", leaving), application("b", leaving));
        a.1.store(mood, Relaxed);
        b.1.store(mood, Relaxed);
        // Patient: on a busy machine a check takes its time.
        let check = "path = \"/health\", interval = \"200ms\", timeout = \"199ms\", unhealthy_threshold = 5";
        let config = web(&format!(
            "{}\nstickiness = true\nhealth_check = {{ {check}, {key} }}",
            targets(&[("a", &a.0), ("b", &b.0)])
        ));
        Self { a, b, clingfish: Launch::new(&config).start() }
    }

    fn visit(&self, cookie: Option<&str>) -> Response {
        let line = cookie.map(|cookie| format!("Cookie: {cookie}"));
        let lines: Vec<&str> = line.iter().map(String::as_str).collect();
        RawClient::get_with(self.clingfish.listener("web"), "/", &lines).unwrap()
    }

    /// The cookies of two clients who are at home on `a`.
    fn clients_of_a(&self) -> Vec<String> {
        let visits = std::iter::repeat_with(|| self.visit(None)).take(20);
        let of_a = visits.filter(|visit| visit.target() == "a");
        of_a.take(2).map(|visit| visit.home_cookie().unwrap()).collect()
    }

    /// What the native API says of `a`.
    fn row(&self) -> Value {
        let path = "/v1/target-groups/web/targets/a";
        RawClient::get(self.clingfish.admin(), path).unwrap().json()
    }

    fn words(&self, words: &[&str]) -> String {
        let admin = format!("http://{}", self.clingfish.admin());
        let done = run(&[words, &["--admin", &admin]].concat());
        assert_eq!(done.status, 0, "{words:?}: {}", done.stderr);
        done.stdout
    }
}

#[test]
fn a_target_that_announces_its_drain_keeps_its_clients_and_takes_no_new_ones() {
    for (key, leaving) in [
        ("drain_status = \"503\"", "503 Leaving"),
        ("drain_header = \"x-drain: yes\"", "200 OK\r\nX-Drain: yes"),
        ("drain_header = \"x-drain\"", "500 Oops\r\nX-Drain: soon"),
    ] {
        let shop = Shop::open(key, leaving);
        let ready = |name| wait_state(&shop.clingfish, name, "healthy");
        ready("a");
        ready("b");
        let clients = shop.clients_of_a();
        assert_eq!(clients.len(), 2, "{key}");
        shop.a.1.store(LEAVING, Relaxed);
        wait_state(&shop.clingfish, "a", "draining");
        assert_eq!(state(&shop.clingfish, "a").1, "Clingfish.DrainAnnounced", "{key}");
        for nth in 0..10 {
            assert_eq!(shop.visit(None).target(), "b", "newcomer {nth}: {key}");
            for client in &clients {
                let again = shop.visit(Some(client));
                assert_eq!((again.verdict(), again.target()), ("hit", "a"), "{nth}: {key}");
            }
        }
        shop.a.1.store(WELL, Relaxed);
        ready("a");
        let newcomer = || Some(shop.visit(None)).filter(|visit| visit.target() == "a");
        eventually(SOON, newcomer);
    }
}

#[test]
fn an_announced_drain_is_shown_with_what_is_left_and_who_drains() {
    let shop = Shop::open("drain_status = \"503\"", "503 Leaving");
    wait_state(&shop.clingfish, "a", "healthy");
    let clients = shop.clients_of_a();
    let mut stream = RawClient::connect(shop.clingfish.listener("web")).unwrap();
    stream
        .send(format!(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: {}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            clients[0]
        ))
        .unwrap();
    assert_eq!(stream.read_final_response().unwrap().status, 101);
    shop.a.1.store(LEAVING, Relaxed);
    let row = eventually(SOON, || {
        Some(shop.row())
            .filter(|row| row["drain_announced"] == true && row["sessions"].as_u64() > Some(1))
    });
    assert_eq!((&row["drain"], &row["open_streams"]), (&false.into(), &1.into()), "{row}");
    assert_eq!(row["health"]["state"], "draining", "{row}");
    assert_eq!(row["health"]["reason"], "Clingfish.DrainAnnounced", "{row}");
    let shown = shop.words(&["get", "targets", "web"]);
    let line = shown.lines().find(|line| line.starts_with("a ")).unwrap();
    assert!(line.contains("draining") && line.contains("Clingfish.DrainAnnounced"), "{shown}");
    // The operator may drain it too, and has no say in what it announces.
    shop.words(&["drain", "web", "a"]);
    let both = shop.row();
    assert_eq!((&both["drain"], &both["drain_announced"]), (&true.into(), &true.into()));
    assert_eq!(both["health"]["reason"], "Target.DeregistrationInProgress", "{both}");
    let said = shop.words(&["undrain", "web", "a"]);
    assert!(said.contains("a still takes no new sessions"), "{said}");
    assert_eq!(shop.visit(None).target(), "b");
    // The stream has not noticed any of it.
    stream.send([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']).unwrap();
    assert!(!stream.read_some().unwrap().is_empty());
}

#[test]
fn a_target_that_dies_while_it_drains_is_unhealthy_and_its_clients_move() {
    let shop = Shop::open("drain_status = \"503\"", "503 Leaving");
    wait_state(&shop.clingfish, "a", "healthy");
    wait_state(&shop.clingfish, "b", "healthy");
    let clients = shop.clients_of_a();
    shop.a.1.store(LEAVING, Relaxed);
    wait_state(&shop.clingfish, "a", "draining");
    shop.a.1.store(BROKEN, Relaxed);
    wait_state(&shop.clingfish, "a", "unhealthy");
    assert_eq!(state(&shop.clingfish, "a").1, "Target.ResponseCodeMismatch");
    let moved = shop.visit(Some(&clients[0]));
    assert_eq!((moved.verdict(), moved.target()), ("target_unhealthy", "b"));
}

#[test]
fn a_start_learns_of_drains_by_the_first_check_and_if_all_drain_newcomers_are_served_nevertheless()
{
    let shop = Shop::open("drain_status = \"503\"", "503 Leaving");
    wait_state(&shop.clingfish, "a", "healthy");
    let clients = shop.clients_of_a();
    for (_, mood) in [&shop.a, &shop.b] {
        mood.store(LEAVING, Relaxed);
    }
    wait_state(&shop.clingfish, "a", "draining");
    wait_state(&shop.clingfish, "b", "draining");
    assert_eq!(shop.visit(Some(&clients[0])).verdict(), "hit");
    let newcomer = shop.visit(None);
    assert_eq!((newcomer.status, newcomer.verdict()), (200, "new"), "rather there than nowhere");
    // The operator's word is the operator's: nobody is sent there.
    shop.words(&["drain", "web", "a"]);
    (0..6).for_each(|_| assert_eq!(shop.visit(None).target(), "b"));
    shop.words(&["drain", "web", "b"]);
    assert_eq!(shop.visit(None).status, 503);
    assert_eq!(shop.visit(Some(&clients[0])).verdict(), "hit");
    let new = Shop::launch("drain_status = \"503\"", "503 Leaving", LEAVING);
    wait_state(&new.clingfish, "a", "draining");
    wait_state(&new.clingfish, "b", "draining");
    assert_eq!(new.visit(None).verdict(), "new", "none was healthy even for a moment");
}
