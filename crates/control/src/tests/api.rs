//! The native API through a real socket.

mod changes;
mod checks;
mod contract;
mod history;
mod reads;
mod requests;

use std::net::SocketAddr;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::stage::send_raw;

/// An answer of the API.
#[derive(Debug)]
struct Reply {
    status: u16,
    etag: Option<String>,
    body: Value,
}

impl Reply {
    /// The tag, which must be there.
    #[track_caller]
    fn tag(&self) -> String {
        self.etag.clone().expect("an ETag")
    }

    #[track_caller]
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().expect("an error's code")
    }

    #[track_caller]
    fn message(&self) -> &str {
        self.body["error"]["message"].as_str().expect("an error's message")
    }
}

/// Asks with these fields and this body; null is none.
async fn ask(admin: SocketAddr, method: &str, path: &str, lines: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n\
         {lines}Content-Length: {length}\r\n\r\n{body}"
    );
    let (head, body) = send_raw(admin, &request).await;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).map(str::to_owned);
    let body = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {head}\n{body}"));
    Reply { status, etag, body }
}

async fn get(admin: SocketAddr, path: &str) -> Reply {
    ask(admin, "GET", path, "", &Value::Null).await
}

async fn change(admin: SocketAddr, method: &str, path: &str, body: Value) -> Reply {
    ask(admin, method, path, "", &body).await
}

/// A group of three targets without checks behind a listener with a rule, and more kinds of groups.
const TEMPLATE: &str = r#"# by hand
[[listeners]]
name = "front"
bind = "127.0.0.1:8080"
forward = "web"

[[listeners.rules]]
priority = 10
conditions = { path-pattern = "/api/*" }
forward = { web = 3, learned = 1 }
group_stickiness = true

[[listeners.rules]]
priority = 20
conditions = { path-pattern = "/learned" }
forward = "learned"

[target_groups.web]  # the shop
targets = [
    { id = "a", address = "10.0.0.1:80" },  # the old one
    { id = "b", address = "10.0.0.2:80", weight = 2 },
]
health_check = false
stickiness = { type = "lb_cookie", duration = "1h" }  # as ever

[target_groups.learned]
targets = ["10.0.0.3:80"]
health_check = false
stickiness = { type = "learn", from = "header:mcp-session-id" }

[admin]
bind = "127.0.0.1:0"
access_keys = [{ id = "AKIDHUNTER", secret = "hunter2" }]
tokens = [{ name = "ci", sha256 = "HASH" }]
"#;

/// The file, whose token is `t`.
fn file() -> String {
    let hash = Sha256::digest("t").iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    TEMPLATE.replace("HASH", &hash)
}

/// The group `web` as it is shown.
async fn web(admin: SocketAddr) -> Value {
    get(admin, "/v1/target-groups/web").await.body
}

/// A target of the group, by id.
fn target(group: &Value, id: &str) -> Value {
    let targets = group["targets"].as_array().unwrap();
    targets.iter().find(|target| target["id"] == id).cloned().unwrap_or(json!(null))
}
