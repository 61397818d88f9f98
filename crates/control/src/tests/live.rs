//! `/v1/live` through a real socket.

use std::{net::SocketAddr, time::Duration};

use clingfish_model::{
    BearerToken, Role,
    limits::{LIVE_STREAMS_MAX, LIVE_STREAMS_PER_PEER_MAX},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::stage::{Stage, TestTarget, config, get, run, send, send_raw, until};
use crate::Credentials;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream, from its head on. By HTTP/1.0, where a body ends with its connection and comes in no chunks.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    head: String,
}

impl Stream {
    pub(super) async fn open(admin: SocketAddr, lines: &str) -> Self {
        let mut socket = TcpStream::connect(admin).await.unwrap();
        let request = format!("GET /v1/live HTTP/1.0\r\nHost: localhost{lines}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut stream = Self { socket, head: String::new() };
        stream.head = stream.until("\r\n\r\n").await.expect("a head");
        stream
    }

    /// Everything up to that; none at the end.
    async fn until(&mut self, end: &str) -> Option<String> {
        let mut text = Vec::new();
        let reading = async {
            while !text.ends_with(end.as_bytes()) {
                match self.socket.read_u8().await {
                    Ok(byte) => text.push(byte),
                    Err(_) => break,
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("something comes, or its end");
        let text = String::from_utf8(text).unwrap();
        assert!(text.is_empty() || text.ends_with(end), "it ended in the middle of {text}");
        Some(text).filter(|text| !text.is_empty())
    }

    /// The next event, with its name; none at the end.
    pub(super) async fn event(&mut self) -> Option<(String, Value)> {
        let text = self.until("\n\n").await?;
        let (name, data) = text.trim_end().split_once("\ndata: ").unwrap();
        let name = name.strip_prefix("event: ").unwrap();
        Some((name.to_owned(), serde_json::from_str(data).unwrap()))
    }

    /// The next event of that name.
    async fn next(&mut self, wanted: &str) -> Value {
        loop {
            let (name, data) = self.event().await.expect("the stream goes on");
            if name == wanted {
                return data;
            }
        }
    }

    /// Reads on until the stream ends; how many events came until then.
    async fn end(&mut self) -> usize {
        let mut events = 0;
        while self.event().await.is_some() {
            events += 1;
        }
        events
    }
}

/// A target of a sample, by its id.
fn target<'a>(sample: &'a Value, id: &str) -> Option<&'a Value> {
    let groups = sample["target_groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["targets"].as_array().unwrap()).find(|one| one["id"] == id)
}

fn locked() -> Stage {
    let token = |text: &str, role| BearerToken {
        name: text.to_owned(),
        sha256: Sha256::digest(text).into(),
        role,
    };
    let mut stage = Stage::new();
    let tokens = vec![token("a", Role::Admin), token("r", Role::ReadOnly)];
    stage.credentials = Credentials { tokens, ..Credentials::default() };
    stage
}

/// The cookie of somebody who has signed in with the token `a`, as a request has it.
async fn signed_in(admin: SocketAddr) -> String {
    let body = r#"{"token":"a"}"#;
    let request = format!(
        "POST /console/session HTTP/1.0\r\nHost: localhost\r\nX-Clingfish-Console: 1\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (head, _) = send_raw(admin, &request).await;
    let line = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    format!("\r\nCookie: {}", line.split(';').next().unwrap())
}

#[test]
fn everything_comes_first_and_then_what_changes() {
    run(async {
        let (well, ill) = (TestTarget::start(200).await, TestTarget::start(200).await);
        let both = format!(
            "{{ id = \"well\", address = \"{}\" }}, {{ id = \"ill\", address = \"{}\" }}",
            well.address, ill.address
        );
        let stage = Stage::new();
        let control = stage.start(&config(1, &both)).await;
        control.until_ready().await;
        let mut stream = Stream::open(control.admin_address(), "").await;
        assert!(stream.head.contains("content-type: text/event-stream"), "{}", stream.head);
        let (name, state) = stream.event().await.unwrap();
        let (_, asked) = get(control.admin_address(), "/v1/state").await;
        assert_eq!(name, "state");
        assert_eq!(state, serde_json::from_str::<Value>(&asked).unwrap());
        let (name, whole) = stream.event().await.unwrap();
        assert_eq!((&*name, &whole["whole"]), ("sample", &Value::Bool(true)));
        assert_eq!(target(&whole, "well").unwrap()["state"], "healthy");
        ill.say(500);
        let found = loop {
            let sample = stream.next("sample").await;
            assert_eq!(sample["whole"], false);
            assert_eq!(target(&sample, "well"), None, "of that nothing has changed");
            if let Some(found) = target(&sample, "ill") {
                break found.clone();
            }
        };
        assert_eq!((&found["state"], &found["routable"]), (&"unhealthy".into(), &false.into()));
        // A reload is told at once, and what it has taken away at the next tick.
        stage.write(&config(1, &format!("{{ id = \"well\", address = \"{}\" }}", well.address)));
        let revision = control.reload().await.unwrap();
        assert_eq!(stream.next("state").await["revision"], revision);
        while stream.next("sample").await["target_groups"] == Value::Array(Vec::new()) {}
    });
}

#[test]
fn who_may_look_may_listen_and_nobody_else() {
    run(async {
        let control = locked().start("").await;
        let admin = control.admin_address();
        let cookie = signed_in(admin).await;
        for (request, expected) in [
            ("GET /v1/live HTTP/1.0".to_owned(), 401),
            (format!("GET /v1/live HTTP/1.0{cookie}"), 401),
            (format!("GET /v1/live HTTP/1.0{cookie}\r\nSec-Fetch-Site: same-origin"), 401),
            (
                format!(
                    "GET /v1/live HTTP/1.0{cookie}\r\nX-Clingfish-Console: 1\r\nSec-Fetch-Site: cross-site"
                ),
                403,
            ),
            ("GET /v1/live HTTP/1.0\r\nAuthorization: Bearer x".to_owned(), 401),
            ("POST /v1/live HTTP/1.0\r\nAuthorization: Bearer a".to_owned(), 405),
            ("POST /v1/live HTTP/1.0\r\nAuthorization: Bearer r".to_owned(), 403),
            ("HEAD /v1/live HTTP/1.0\r\nAuthorization: Bearer r".to_owned(), 200),
            (
                "HEAD /v1/live HTTP/1.1\r\nAuthorization: Bearer r\r\nConnection: close".to_owned(),
                200,
            ),
        ] {
            let answer = send(admin, &format!("{request}\r\nHost: localhost\r\n\r\n")).await;
            assert_eq!(answer.0, expected, "{request}: {}", answer.1);
            assert!(expected != 200 || answer.1.is_empty(), "{request}: {}", answer.1);
        }
        for lines in
            ["\r\nAuthorization: Bearer r", &format!("{cookie}\r\nX-Clingfish-Console: watch")]
        {
            let mut stream = Stream::open(admin, lines).await;
            assert_eq!(stream.next("state").await["phase"], "ready", "{lines}");
        }
    });
}

#[test]
fn a_stream_ends_when_what_opened_it_no_longer_counts() {
    run(async {
        let token = |text: &str| {
            let digits: String =
                Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{{ name = \"{text}\", sha256 = \"{digits}\" }}")
        };
        let file = |tokens: &str| format!("[admin]\nbind = \"127.0.0.1:0\"\ntokens = [{tokens}]\n");
        // Somebody signs out.
        let stage = Stage::new();
        let control = stage.start(&file(&[token("a"), token("b")].join(", "))).await;
        let admin = control.admin_address();
        let cookie = signed_in(admin).await;
        let mark = "\r\nX-Clingfish-Console: 1";
        let mut signed = Stream::open(admin, &format!("{cookie}{mark}")).await;
        let mut taken = Stream::open(admin, "\r\nAuthorization: Bearer b").await;
        let mut stays = Stream::open(admin, "\r\nAuthorization: Bearer a").await;
        for stream in [&mut signed, &mut taken, &mut stays] {
            stream.next("sample").await;
        }
        let out =
            format!("DELETE /console/session HTTP/1.0\r\nHost: localhost{cookie}{mark}\r\n\r\n");
        assert_eq!(send(admin, &out).await.0, 200);
        // It may have been told something between the last that was read and the end of its session.
        assert!(signed.end().await <= 1, "nothing was told to who has left");
        // A token is taken out of the file.
        stage.write(&file(&token("a")));
        control.reload().await.unwrap();
        assert!(taken.end().await <= 2, "nothing was told to whose token is gone");
        stays.next("sample").await;
        // A lock is put on where there was none.
        let stage = Stage::new();
        let control = stage.start("").await;
        let mut open = Stream::open(control.admin_address(), "").await;
        open.next("sample").await;
        stage.write(&file(&token("a")));
        control.reload().await.unwrap();
        assert!(open.end().await <= 1, "nothing was told to a stranger");
    });
}

#[test]
fn there_are_so_many_streams_and_everything_else_is_answered_meanwhile() {
    run(async {
        let control = Stage::new().start("").await;
        let admin = control.admin_address();
        let mut streams = Vec::new();
        for _ in 0..LIVE_STREAMS_MAX {
            streams.push(Stream::open(admin, "").await);
        }
        for stream in &mut streams {
            stream.next("sample").await;
        }
        let (status, text) = get(admin, "/v1/live").await;
        assert_eq!(status, 503, "{text}");
        assert!(text.contains("\"too_many_streams\"") && text.contains("/metrics"), "{text}");
        for path in ["/healthz", "/metrics", "/v1/state"] {
            assert_eq!(get(admin, path).await.0, 200, "{path}");
        }
        streams.pop();
        until("a place is free", async || {
            Stream::open(admin, "").await.head.starts_with("HTTP/1.0 200")
        })
        .await;
    });
}

#[test]
fn one_address_has_its_share_of_streams() {
    run(async {
        let stage = locked();
        let config = "[admin]\nbind = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n";
        let control = stage.start(config).await;
        let from =
            |client: &str| format!("\r\nAuthorization: Bearer r\r\nX-Forwarded-For: {client}");
        let mut streams = Vec::new();
        for _ in 0..LIVE_STREAMS_PER_PEER_MAX {
            let stream = Stream::open(control.admin_address(), &from("192.0.2.1")).await;
            assert!(stream.head.starts_with("HTTP/1.0 200"), "{}", stream.head);
            streams.push(stream);
        }
        for (client, expected) in [("192.0.2.1", "429"), ("192.0.2.2", "200"), ("127.0.0.1", "200")]
        {
            let stream = Stream::open(control.admin_address(), &from(client)).await;
            assert!(stream.head.contains(expected), "{client}: {}", stream.head);
        }
    });
}
