//! What a target does when nothing else was asked for: the path chooses.

use std::{io, thread, time::Duration};

use super::{
    connection::{Connection, Flow},
    request::Received,
    websocket,
};

/// Answers as the path asks:
///
/// - `/status/418`: that status
/// - `/bytes/1000`: a body of so many bytes
/// - `/echo`: the request's body
/// - `/slow?bytes=10&ms=100`: a byte of the body every so often
/// - `/chunked?chunks=3`: chunks `chunk 1\n` and so on, and a trailer
/// - `/sse?events=3&ms=100`: server-sent events `data: 1` and so on
/// - `/ws`: a WebSocket that sends back what comes
/// - `/continue`, `/hints`: a 100 or 103 before the 200
/// - `/early`: 413 before the body is read, then closes
/// - `/close`: ends the connection without an answer
/// - `/cut`: ends it in the middle of the body; `/reset`: the same with RST; `/reset-early`: RST without an answer
/// - `/bad/both`, `/bad/lengths`, `/bad/chunk`, `/bad/head`: framing that nobody may accept
/// - `/until-close`: a body without a length
/// - anything else: JSON with `target`, `method`, `path`, `head`, `body_bytes` and `connection`
pub fn standard(name: &str, to: &mut Connection, request: &Received) -> io::Result<Flow> {
    let path = request.path().split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["status", code] => respond_status(to, request, code.parse().unwrap_or(500)),
        ["bytes", count] => {
            let body = vec![b'x'; count.parse().unwrap_or_default()];
            respond(to, request, "application/octet-stream", &body)
        }
        ["echo"] => respond(to, request, "application/octet-stream", &request.body),
        ["slow"] => slow(to, request),
        ["chunked"] => chunked(to, request),
        ["sse"] => events(to, request),
        ["ws"] => websocket::serve(to, request),
        ["continue"] => interim(to, request, "100 Continue"),
        ["hints"] => interim(to, request, "103 Early Hints\r\nLink: </a.css>; rel=preload"),
        ["early", ..] => {
            to.respond(413, "text/plain", b"too large\n")?;
            Ok(Flow::Close)
        }
        ["close"] => Ok(Flow::Close),
        ["cut"] => cut(to, Flow::Close),
        ["reset"] => cut(to, Flow::Reset),
        ["reset-early"] => Ok(Flow::Reset),
        ["until-close"] => say(to, "HTTP/1.1 200 OK\r\n\r\nuntil close\n"),
        ["bad", fault] => say(to, bad(fault)),
        _ => describe(name, to, request),
    }
}

fn describe(name: &str, to: &mut Connection, request: &Received) -> io::Result<Flow> {
    let answer = serde_json::json!({
        "target": name,
        "method": request.method(),
        "path": request.path(),
        "head": request.head,
        "body_bytes": request.body_bytes,
        "connection": request.connection,
    });
    respond(to, request, "application/json", answer.to_string().as_bytes())
}

fn respond(to: &mut Connection, request: &Received, kind: &str, body: &[u8]) -> io::Result<Flow> {
    if request.method() == "HEAD" {
        let length = body.len();
        to.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"))?;
    } else {
        to.respond(200, kind, body)?;
    }
    Ok(after(request))
}

/// Whether the connection goes on as the request wishes.
fn after(request: &Received) -> Flow {
    let says_close = request.header("connection").is_some_and(|value| value.contains("close"));
    if says_close || request.head.contains(" HTTP/1.0\r\n") { Flow::Close } else { Flow::KeepAlive }
}

fn respond_status(to: &mut Connection, request: &Received, status: u16) -> io::Result<Flow> {
    if matches!(status, 204 | 304) || request.method() == "HEAD" {
        to.write(format!("HTTP/1.1 {status} Status {status}\r\n\r\n"))?;
    } else {
        to.respond(status, "text/plain", format!("status {status}\n").as_bytes())?;
    }
    Ok(after(request))
}

fn slow(to: &mut Connection, request: &Received) -> io::Result<Flow> {
    let count = request.number("bytes").unwrap_or(10);
    to.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n"))?;
    for _ in 0..count {
        pause(request);
        to.write("x")?;
    }
    Ok(after(request))
}

fn chunked(to: &mut Connection, request: &Received) -> io::Result<Flow> {
    to.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")?;
    for number in 1..=request.number("chunks").unwrap_or(3) {
        pause(request);
        write_chunk(to, &format!("chunk {number}\n"))?;
    }
    to.write("0\r\nX-Sum: done\r\n\r\n")?;
    Ok(after(request))
}

fn events(to: &mut Connection, request: &Received) -> io::Result<Flow> {
    to.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    )?;
    for number in 1..=request.number("events").unwrap_or(3) {
        write_chunk(to, &format!("data: {number}\n\n"))?;
        pause(request);
    }
    to.write("0\r\n\r\n")?;
    Ok(after(request))
}

fn write_chunk(to: &mut Connection, text: &str) -> io::Result<()> {
    to.write(format!("{:x}\r\n{text}\r\n", text.len()))
}

/// Slowness that the request asked for.
fn pause(request: &Received) {
    thread::sleep(Duration::from_millis(request.number("ms").unwrap_or(0)));
}

fn interim(to: &mut Connection, request: &Received, status: &str) -> io::Result<Flow> {
    to.write(format!("HTTP/1.1 {status}\r\n\r\n"))?;
    respond(to, request, "text/plain", b"after an interim response\n")
}

fn cut(to: &mut Connection, end: Flow) -> io::Result<Flow> {
    to.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")?;
    Ok(end)
}

fn say(to: &mut Connection, text: &str) -> io::Result<Flow> {
    to.write(text)?;
    Ok(Flow::Close)
}

/// Responses that two parsers could read differently.
fn bad(fault: &str) -> &'static str {
    match fault {
        "both" => {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        }
        "lengths" => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
        "chunk" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nnot a size\r\n",
        _ => "HTTP/1.1 200 OK\r\nspace : in a name\r\nContent-Length: 0\r\n\r\n",
    }
}
