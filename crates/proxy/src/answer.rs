//! Answers of our own: ALB's HTML bodies, byte for byte.

use std::{
    io::Write,
    time::{Duration, UNIX_EPOCH},
};

use clingfish_affinity::Verdict;
use clingfish_h1::write::field;
use clingfish_model::{LoadBalancer, UnixMillis, Version};
use tokio::net::tcp::WriteHalf;

use crate::{
    clock, connection::Next, deadline::Deadline, outcome::Outcome, refusal::Refusal, wire,
    worker::Worker,
};

/// What decides the shape of an answer of our own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The request was HEAD: everything but the body.
    pub(crate) head_only: bool,
    /// The connection ends with it.
    pub(crate) closes: bool,
    /// The client's.
    pub(crate) version: Version,
    pub(crate) now: UnixMillis,
    /// For whoever wants to watch: the cause, and the verdict where there is one.
    pub(crate) debug: Option<(&'static str, Option<Verdict>)>,
}

impl Answer {
    /// Appends the whole answer.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let title = title(self.status);
        let body = body(&title);
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(self.now.0));
        // Writing to memory does not fail.
        let _ = write!(
            out,
            "HTTP/1.1 {title}\r\nServer: clingfish\r\nDate: {date}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n",
            body.len(),
        );
        if self.closes {
            out.extend_from_slice(b"Connection: close\r\n");
        } else if self.version == Version::Http10 {
            out.extend_from_slice(b"Connection: keep-alive\r\n");
        }
        if let Some((cause, verdict)) = self.debug {
            field(out, b"clingfish-error", cause.as_bytes());
            if let Some(verdict) = verdict {
                field(out, b"clingfish-verdict", verdict.as_str().as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
        if !self.head_only {
            out.extend_from_slice(body.as_bytes());
        }
    }
}

/// A request that gets an answer of our own.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) head_only: bool,
    /// Another request may follow.
    pub(crate) keeps: bool,
}

impl Refused {
    /// Answers, counts, and says what becomes of the connection.
    pub(crate) async fn answer(
        self,
        client: &mut WriteHalf<'_>,
        worker: &Worker,
        deadline: &Deadline,
        balancer: &LoadBalancer,
        outcome: &mut Outcome,
    ) -> Next {
        let status = self.refusal.status();
        outcome.refuse(&self.refusal);
        worker.meter.own_answers.count(status, self.refusal.reason());
        if matches!(self.refusal, Refusal::ClientGone) {
            return Next::Close;
        }
        let mut out = worker.buffers.take();
        let now = UnixMillis(clock::wall().0 / 1000);
        let debug = balancer.debug_header.then_some((self.refusal.reason(), outcome.verdict));
        let (head_only, closes, version) = (self.head_only, !self.keeps, outcome.version);
        Answer { status, head_only, closes, version, now, debug }.write(&mut out);
        let patience = balancer.timeouts.idle;
        deadline.set_now(patience);
        if wire::flush(client, &out, deadline, patience).await.is_err() {
            return Next::Close;
        }
        outcome.sent_bytes = out.len() as u64;
        if self.keeps { Next::Idle } else { Next::Linger }
    }
}

fn body(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Status and reason phrase; the wording of ALB, which is nginx's.
fn title(status: u16) -> String {
    let reason = match status {
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Time-out",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        _ => "Error",
    };
    format!("{status} {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_length_that_alb_sends() {
        assert_eq!(body(&title(503)).len(), 162);
        assert_eq!(body(&title(502)).len(), 122);
    }

    #[test]
    fn an_answer_to_head_has_the_length_but_no_body() {
        let mut out = Vec::new();
        let answer = Answer {
            status: 502,
            head_only: true,
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
