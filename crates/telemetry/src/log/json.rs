//! Lines as JSON objects. What is absent has no key.

use std::time::Duration;

use super::{
    encode,
    record::{Record, UnixMicros},
    session,
};

/// Writes one line.
pub(super) fn write(record: &Record<'_>, out: &mut Vec<u8>) {
    let (facts, texts) = (&record.facts, &record.texts);
    let mut line = Object::begin(out);
    line.text("type", facts.kind.as_str().as_bytes());
    line.plain("time", |out| encode::time(facts.responded_at, out));
    line.plain("request_creation_time", |out| encode::time(facts.created_at, out));
    line.plain("elb", |out| {
        out.extend_from_slice(b"app/");
        encode::quoted_json(texts.load_balancer, out);
        out.push(b'/');
        encode::hex(facts.load_balancer_id.value(), out);
    });
    line.plain("client", |out| encode::address(facts.client, out));
    if let Some(target) = facts.target {
        line.plain("target", |out| encode::address(target, out));
    }
    line.seconds("request_processing_time", facts.request_processing);
    line.seconds("target_processing_time", facts.target_processing);
    line.seconds("response_processing_time", facts.response_processing);
    line.number("elb_status_code", facts.status.map(u64::from));
    line.number("target_status_code", facts.target_status.map(u64::from));
    line.number("received_bytes", Some(facts.received_bytes));
    line.number("sent_bytes", Some(facts.sent_bytes));
    write_request(record, &mut line);
    write_route(record, &mut line);
    write_attempts(record, &mut line);
    write_session(record, &mut line);
    line.end();
}

fn write_request(record: &Record<'_>, line: &mut Object<'_>) {
    let (facts, texts) = (&record.facts, &record.texts);
    line.text("method", texts.method);
    line.text("scheme", facts.kind.scheme().as_bytes());
    line.text("host", texts.host);
    line.number("port", Some(u64::from(facts.port)));
    line.text("path", texts.path_and_query);
    line.text("protocol", facts.version.as_str().as_bytes());
    line.text("user_agent", texts.user_agent);
    line.text("trace_id", texts.trace_id);
    line.plain("conn_trace_id", |out| {
        out.extend_from_slice(b"TID_");
        encode::hex(facts.connection, out);
    });
}

fn write_route(record: &Record<'_>, line: &mut Object<'_>) {
    let (facts, texts) = (&record.facts, &record.texts);
    if let Some(id) = facts.group_id {
        line.plain("target_group_arn", |out| {
            encode::group_arn(texts.group, id, encode::quoted_json, out);
        });
    }
    if let Some(priority) = facts.rule_priority {
        line.raw("matched_rule_priority", |out| encode::signed(priority, out));
    }
    line.text("actions_executed", facts.action.as_bytes());
    line.text("error_reason", facts.error_reason.as_bytes());
    line.text("classification", facts.classification.as_bytes());
    line.text("classification_reason", facts.classification_reason.as_bytes());
}

fn write_attempts(record: &Record<'_>, line: &mut Object<'_>) {
    line.raw("attempts", |out| {
        out.push(b'[');
        for (at, attempt) in record.attempts.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let mut object = Object::begin(out);
            object.plain("target", |out| encode::address(attempt.target, out));
            object.number("status_code", attempt.status.map(u64::from));
            object.end();
        }
        out.push(b']');
    });
}

fn write_session(record: &Record<'_>, line: &mut Object<'_>) {
    if let Some(verdict) = record.facts.verdict {
        line.text("verdict", verdict.as_str().as_bytes());
    }
    if let Some(session) = record.facts.session {
        line.plain("session", |out| session::write(session, out));
    }
    line.text("home", record.texts.home);
}

/// Writes the line that says how many are missing.
pub(super) fn write_lost(lines: u64, at: UnixMicros, out: &mut Vec<u8>) {
    let mut line = Object::begin(out);
    line.text("type", b"lost");
    line.plain("time", |out| encode::time(at, out));
    line.number("lines_lost", Some(lines));
    line.end();
}

/// An object that is being written.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    before: u8,
}

impl<'a> Object<'a> {
    fn begin(out: &'a mut Vec<u8>) -> Self {
        Self { out, before: b'{' }
    }

    /// A member whose value `write` writes as it is.
    fn raw(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(self.before);
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        write(self.out);
        self.before = b',';
    }

    /// A string that needs no further escaping.
    fn plain(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.raw(key, |out| {
            out.push(b'"');
            write(out);
            out.push(b'"');
        });
    }

    /// Untrusted bytes; no member where there are none.
    fn text(&mut self, key: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.plain(key, |out| encode::quoted_json(bytes, out));
        }
    }

    fn number(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.raw(key, |out| encode::number(value, out));
        }
    }

    fn seconds(&mut self, key: &str, span: Option<Duration>) {
        if let Some(span) = span {
            self.raw(key, |out| encode::seconds_micros(span, out));
        }
    }

    fn end(self) {
        self.out.push(b'}');
    }
}
