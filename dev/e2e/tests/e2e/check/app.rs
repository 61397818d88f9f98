//! The application behind the balancers: a page that says who made it, among things that change all the time.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use clingfish_testkit::{Connection, Flow, Received, Target, accept_value};

/// The field that names a target, for what has no page.
const SERVED_BY: &str = "X-Served-By";

/// Targets `alpha` and `beta`.
pub(super) fn two() -> [Target; 2] {
    [app("alpha"), app("beta")]
}

/// Paths: `/ws` is a WebSocket, `/socket.io/` speaks as Socket.IO, `/open` is for scripts of every origin with credentials, `/star`
/// for those of every origin without, `/login` wants a POST and sets a cookie that `/private` wants; all else is a page.
pub(super) fn app(name: &str) -> Target {
    let name = name.to_owned();
    let count = AtomicUsize::new(0);
    let sessions = Mutex::new(Vec::new());
    Target::answering(move |to, request| {
        let number = count.fetch_add(1, Relaxed);
        let path = request.path().split('?').next().unwrap_or_default();
        match path {
            "/ws" => return websocket(&name, to, request),
            "/socket.io/" => return socket_io(&name, number, &sessions, to, request),
            "/private" if request.header("cookie").is_none_or(|all| !all.contains("app=")) => {
                answer(to, "403 Forbidden", "", "log in first")
            }
            "/login" if request.method() == "POST" => answer(
                to,
                "303 See Other",
                "Location: /private\r\nSet-Cookie: app=me; Path=/; HttpOnly\r\n",
                "",
            ),
            _ => {
                let body = format!(
                    "<p>request r{number}-{}</p><p>{} visits</p><p>Served by {name}</p>",
                    request.connection,
                    number % 3
                );
                answer(to, "200 OK", &cors(path, request), &body)
            }
        }?;
        Ok(Flow::KeepAlive)
    })
}

fn cors(path: &str, request: &Received) -> String {
    match (path, request.header("origin")) {
        ("/open", Some(origin)) => format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n"
        ),
        ("/star", _) => "Access-Control-Allow-Origin: *\r\n".to_owned(),
        _ => String::new(),
    }
}

fn answer(to: &mut Connection, status: &str, fields: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    to.write(format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"))
}

/// Switches protocols, says nothing and closes.
fn websocket(name: &str, to: &mut Connection, request: &Received) -> std::io::Result<Flow> {
    let key = request.header("sec-websocket-key").filter(|_| request.header("upgrade").is_some());
    let Some(key) = key else {
        answer(to, "400 Bad Request", "", "a WebSocket is wanted here")?;
        return Ok(Flow::KeepAlive);
    };
    // A text frame that names the target as its pages do.
    let text = format!("Served by {name}");
    let length = u8::try_from(text.len()).expect("names are short");
    to.write(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         {SERVED_BY}: {name}\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        accept_value(key)
    ))?;
    to.write([&[0x81, length], text.as_bytes()].concat())?;
    // Until the client goes.
    while !to.read_some()?.is_empty() {}
    Ok(Flow::Close)
}

/// Engine.IO's polling, as far as its handshake: sessions are in this target's memory.
fn socket_io(
    name: &str,
    number: usize,
    sessions: &Mutex<Vec<String>>,
    to: &mut Connection,
    request: &Received,
) -> std::io::Result<Flow> {
    let mut sessions = sessions.lock().expect("nobody panics while holding it");
    match request.path().split_once("&sid=") {
        None => {
            let sid = format!("{name}{number}");
            answer(to, "200 OK", "", &format!("0{{\"sid\":\"{sid}\",\"upgrades\":[]}}"))?;
            sessions.push(sid);
        }
        Some((_, sid)) if sessions.iter().any(|known| known == sid) => {
            answer(to, "200 OK", "", "ok")?;
        }
        Some(_) => {
            let said = "{\"code\":1,\"message\":\"Session ID unknown\"}";
            answer(to, "400 Bad Request", "", said)?;
        }
    }
    Ok(Flow::KeepAlive)
}
