//! Answers of our own: ALB's HTML bodies, byte for byte.

use std::{
    borrow::Cow,
    io::Write,
    time::{Duration, UNIX_EPOCH},
};

use clingfish_affinity::Verdict;
use clingfish_h1::write::{content_length, field};
use clingfish_model::{ListenerAttributes, Method, RequestHead, UnixMillis, Version};
use clingfish_snapshot::ListenerView;

use crate::{
    clock,
    connection::Next,
    deadline::Deadline,
    fields,
    http2::head::{self, is_grpc},
    outcome::Outcome,
    refusal::Refusal,
    reply::Client,
    rule::ByRule,
    sink::Ending,
    worker::Worker,
};

/// What decides the shape of an answer of our own.
#[derive(Clone, Copy, Debug)]
struct Answer<'a> {
    attributes: &'a ListenerAttributes,
    status: u16,
    content: Content<'a>,
    /// The request, where there was one. To HEAD goes everything but the body.
    head: Option<RequestHead<'a>>,
    /// The connection ends with it.
    closes: bool,
    /// The client's.
    version: Version,
    now: UnixMillis,
    /// For whoever wants to watch: the cause, and the verdicts on target and group where there are any.
    debug: Option<(&'static str, [Option<Verdict>; 2])>,
}

/// What an answer of our own says.
#[derive(Clone, Copy, Debug)]
enum Content<'a> {
    /// A page with the status.
    Page,
    /// The same, and where to go.
    Location(&'a [u8]),
    /// What a rule says.
    Text { content_type: &'static str, body: &'a str },
}

impl Answer<'_> {
    /// Appends the whole answer.
    fn write(&self, out: &mut Vec<u8>) {
        // Writing to memory does not fail.
        let _ = write!(out, "HTTP/1.1 {}\r\n", title(self.status));
        self.write_lines(out);
        out.extend_from_slice(b"\r\n");
        if !self.is_head_only() {
            out.extend_from_slice(self.body().as_bytes());
        }
    }

    fn body(&self) -> Cow<'_, str> {
        match self.content {
            Content::Page | Content::Location(_) => Cow::Owned(page(&title(self.status))),
            Content::Text { body, .. } => Cow::Borrowed(body),
        }
    }

    fn is_head_only(&self) -> bool {
        self.head.is_some_and(|head| head.method() == Method::Head)
    }

    /// Appends the fields as lines: all of a head but its first and last line.
    fn write_lines(&self, out: &mut Vec<u8>) {
        let length = self.body().len();
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(self.now.0));
        let server = if self.attributes.server { "Server: clingfish\r\n" } else { "" };
        // Writing to memory does not fail.
        let _ = write!(out, "{server}Date: {date}\r\n");
        match self.content {
            Content::Location(location) => field(out, b"Location", location),
            Content::Page | Content::Text { .. } => {}
        }
        match self.content {
            Content::Text { content_type, .. }
                if length == 0 && content_type != "application/grpc" => {}
            Content::Text { content_type, .. } => {
                field(out, b"Content-Type", content_type.as_bytes())
            }
            Content::Page | Content::Location(_) => field(out, b"Content-Type", b"text/html"),
        }
        if self.status != 204 {
            content_length(out, length as u64);
        }
        fields::write_inserted(self.attributes, out);
        match self.version {
            Version::Http2 => {}
            _ if self.closes => out.extend_from_slice(b"Connection: close\r\n"),
            Version::Http10 => out.extend_from_slice(b"Connection: keep-alive\r\n"),
            Version::Http11 => {}
        }
        if let Some(head) = self.head
            && is_grpc(head)
        {
            let (code, message) = grpc_status(self.status);
            let _ = write!(out, "grpc-status: {code}\r\ngrpc-message: {message}\r\n");
        }
        if let Some((cause, verdicts)) = self.debug {
            field(out, b"clingfish-error", cause.as_bytes());
            let names: [&[u8]; 2] = [b"clingfish-verdict", b"clingfish-group-verdict"];
            for (name, verdict) in names.into_iter().zip(verdicts) {
                if let Some(verdict) = verdict {
                    field(out, name, verdict.as_str().as_bytes());
                }
            }
        }
    }
}

/// A request that gets an answer of our own.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) refusal: Refusal,
    /// The request, where there was one.
    pub(crate) head: Option<RequestHead<'a>>,
    /// Another request may follow.
    pub(crate) keeps: bool,
}

impl Refused<'_> {
    /// Answers, counts, and says what becomes of the connection.
    pub(crate) async fn answer(
        self,
        client: &mut Client<'_>,
        worker: &Worker,
        deadline: &Deadline,
        listener: &ListenerView,
        outcome: &mut Outcome,
    ) -> Next {
        let (balancer, attributes) = (&*listener.balancer, &listener.listener.attributes);
        let status = self.refusal.status();
        outcome.refuse(&self.refusal);
        worker.meter.own_answers.count(status, self.refusal.reason());
        if matches!(self.refusal, Refusal::ClientGone) {
            return Next::Close;
        }
        let mut out = worker.buffers.take();
        let shows = balancer.debug_header && self.refusal.is_error();
        let answer = Answer {
            attributes,
            status,
            content: self.content(),
            head: self.head,
            closes: !self.keeps,
            version: outcome.version,
            now: UnixMillis(clock::wall().0 / 1000),
            debug: shows
                .then_some((self.refusal.reason(), [outcome.verdict, outcome.group_verdict])),
        };
        let patience = balancer.timeouts.idle;
        deadline.set_now(patience);
        let (ending, begun) = match client.replying() {
            None => {
                answer.write(&mut out);
                (Ending::Open, Ok(()))
            }
            Some(replying) => {
                answer.write_lines(&mut out);
                let response = head::response(status, &out);
                out.clear();
                if !answer.is_head_only() {
                    out.extend_from_slice(answer.body().as_bytes());
                }
                (Ending::Closed(&[]), replying.begin(response, out.is_empty()))
            }
        };
        let sent = match begun {
            Ok(()) if out.is_empty() => Ok(()),
            Ok(()) => client.sink.flush(&out, ending, deadline, patience).await,
            Err(error) => Err(error),
        };
        if sent.is_err() {
            return Next::Close;
        }
        outcome.sent_bytes = out.len() as u64;
        if self.keeps { Next::Idle } else { Next::Linger }
    }

    fn content(&self) -> Content<'_> {
        match &self.refusal {
            Refusal::ByRule(ByRule::Redirect { location, .. }) => Content::Location(location),
            Refusal::ByRule(ByRule::Fixed(response)) => {
                Content::Text { content_type: response.content_type(), body: response.body() }
            }
            // Its clients take the status from a head that ends the stream, and data without it for a fault.
            _ if self
                .head
                .is_some_and(|head| head.version() == Version::Http2 && is_grpc(head)) =>
            {
                Content::Text { content_type: "application/grpc", body: "" }
            }
            _ => Content::Page,
        }
    }
}

/// What gRPC calls it (grpc/doc/http-grpc-status-mapping.md, and ALB's `14 unavailable`).
fn grpc_status(status: u16) -> (u8, &'static str) {
    match status {
        400 => (13, "internal"),
        404 | 464 | 501 => (12, "unimplemented"),
        408 | 504 => (4, "deadline%20exceeded"),
        413 | 414 | 431 => (8, "resource%20exhausted"),
        502 | 503 => (14, "unavailable"),
        _ => (2, "unknown"),
    }
}

fn page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Status and reason phrase; the wording of ALB, which is nginx's.
fn title(status: u16) -> String {
    let reason = match status {
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Time-out",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        464 => "Incompatible Protocol",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        other if (200..300).contains(&other) => "OK",
        _ => "Error",
    };
    format!("{status} {reason}")
}

#[cfg(test)]
mod tests {
    use clingfish_model::head::RequestParts;

    use super::*;

    #[test]
    fn bodies_have_the_length_that_alb_sends() {
        assert_eq!(page(&title(503)).len(), 162);
        assert_eq!(page(&title(502)).len(), 122);
    }

    #[test]
    fn an_answer_to_head_has_the_length_but_no_body() {
        let mut out = Vec::new();
        let bytes = b"HEAD/";
        let parts = RequestParts { method: Method::Head, ..RequestParts::default() };
        let answer = Answer {
            attributes: &ListenerAttributes::default(),
            status: 502,
            content: Content::Page,
            head: Some(RequestHead::new(bytes, &parts)),
            closes: true,
            version: Version::Http11,
            now: UnixMillis(0),
            debug: None,
        };
        answer.write(&mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{text}");
        assert!(text.contains("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 122\r\nConnection: close\r\n\r\n"), "{text}");
    }
}
