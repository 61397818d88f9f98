//! Homes that the application's own session ids name.

mod learned;
mod routed;
mod wrapped;

use std::{
    collections::HashSet,
    io,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use clingfish_testkit::{Clingfish, Connection, Flow, RawClient, Received, Response, Target};

use crate::support::targets;

/// An application that keeps its sessions in memory and tells them by an id, as others do:
///
/// - `/mcp`: the first POST gets a `Mcp-Session-Id`, DELETE ends it, a strange one is answered with 404;
/// - `/socket.io/`: the first poll gets `0{"sid":…}`, a strange `sid` is answered with 400;
/// - `/negotiate`: gives `connectionId` and `connectionToken` in chunks; `/hub?id=` takes the latter;
/// - `/sse`: an event stream that begins with an `endpoint`; `/messages` takes its `session_id`;
/// - `/login`, `/page`, `/logout`: a cookie `SID`; with `/login` comes the name of the target behind a dot.
fn application(name: &'static str) -> Target {
    let sessions = Sessions { name, next: AtomicUsize::new(1), known: Mutex::default() };
    Target::answering(move |connection, request| sessions.answer(connection, request))
}

struct Sessions {
    name: &'static str,
    next: AtomicUsize,
    /// Protects the ids that were given out and have not ended.
    known: Mutex<HashSet<String>>,
}

impl Sessions {
    fn answer(&self, connection: &mut Connection, request: &Received) -> io::Result<Flow> {
        let (path, query) = request.path().split_once('?').unwrap_or((request.path(), ""));
        let asked = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        let cookie = || {
            let mut cookies = request.header("cookie").unwrap_or_default().split("; ");
            cookies.find_map(|pair| pair.strip_prefix("SID=")).map(str::to_owned)
        };
        let text = match path {
            "/mcp" => match request.header("mcp-session-id") {
                None => {
                    let id = self.begin("mcp");
                    self.whole(200, &[&format!("Mcp-Session-Id: {id}")], self.name)
                }
                Some(id) if request.method() == "DELETE" => {
                    let status = if self.end(id) { 204 } else { 404 };
                    self.whole(status, &[], "")
                }
                Some(id) => self.known_or(404, id, &[&format!("Mcp-Session-Id: {id}")]),
            },
            "/socket.io/" => match asked("sid") {
                None => {
                    let id = self.begin("eio");
                    self.whole(200, &[], &format!(r#"0{{"sid":"{id}","upgrades":[]}}"#))
                }
                Some(id) => self.known_or(400, &id, &[]),
            },
            "/negotiate" => {
                let (id, token) = (self.begin("id"), self.begin("token+"));
                let start = format!(r#"{{"negotiateVersion":1,"connectionId":"{id}","#);
                let end = format!(r#""connectionToken":"{token}"}}"#);
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
                     {:x}\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
                    start.len(),
                    end.len()
                )
            }
            "/hub" => {
                let id = asked("id").unwrap_or_default().replace("%2B", "+");
                self.known_or(404, &id, &[])
            }
            "/sse" => {
                let id = self.begin("sse");
                let event = format!("event: endpoint\r\ndata: /messages?session_id={id}\r\n\r\n");
                let type_line = "Content-Type: text/event-stream";
                self.whole(200, &[type_line], &event)
            }
            "/messages" => self.known_or(404, &asked("session_id").unwrap_or_default(), &[]),
            "/login" => {
                let id = format!("{}.{}", self.begin("sid"), self.name);
                self.known.lock().unwrap().insert(id.clone());
                let line = format!("Set-Cookie: SID={id}; Path=/; HttpOnly");
                self.whole(200, &[&line], self.name)
            }
            "/logout" => {
                self.end(&cookie().unwrap_or_default());
                self.whole(200, &["Set-Cookie: SID=gone; Max-Age=0; Path=/"], self.name)
            }
            "/page" => self.known_or(401, &cookie().unwrap_or_default(), &[]),
            _ => self.whole(200, &[], self.name),
        };
        connection.write(text)?;
        Ok(Flow::KeepAlive)
    }

    fn begin(&self, kind: &str) -> String {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let id = format!("{kind}-{number:06}-of-{}", self.name);
        self.known.lock().unwrap().insert(id.clone());
        id
    }

    fn end(&self, id: &str) -> bool {
        self.known.lock().unwrap().remove(id)
    }

    fn known_or(&self, status: u16, id: &str, lines: &[&str]) -> String {
        if self.known.lock().unwrap().contains(id) {
            self.whole(200, lines, self.name)
        } else {
            self.whole(status, &[], "no such session")
        }
    }

    fn whole(&self, status: u16, lines: &[&str], body: &str) -> String {
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let length = if status == 204 {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        format!("HTTP/1.1 {status} X\r\n{lines}{length}\r\n{body}")
    }
}

/// Three applications, and the lines of their group with that stickiness.
struct Cast {
    targets: Vec<(&'static str, Target)>,
    group: String,
}

impl Cast {
    fn new(stickiness: &str) -> Self {
        let all = ["a", "b", "c"].map(|name| (name, application(name)));
        let named: Vec<(&str, &Target)> =
            all.iter().map(|(name, target)| (*name, target)).collect();
        let group = format!("{}\nhealth_check = false\nstickiness = {stickiness}", targets(&named));
        Self { group, targets: all.into() }
    }

    fn target(&self, name: &str) -> &Target {
        let found = self.targets.iter().find(|(known, _)| *known == name);
        &found.expect("it is one of ours").1
    }
}

/// One request with these lines, on a connection of its own.
#[track_caller]
fn ask(clingfish: &Clingfish, method: &str, path: &str, lines: &[&str]) -> Response {
    let mut client = RawClient::connect(clingfish.listener("web")).expect("it listens");
    let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    client
        .send(format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\n{more}{length}Connection: close\r\n\r\n"
        ))
        .expect("it reads");
    client.read_final_response().expect("it answers")
}

/// What the application's cookie says.
#[track_caller]
fn sid(answer: &Response) -> String {
    let pair = answer.cookie("SID").expect("the application gives one");
    pair.trim_start_matches("SID=").to_owned()
}
