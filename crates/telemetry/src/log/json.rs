//! Lines as JSON objects. What is absent has no key.

use std::time::Duration;

use super::{
    encode::{self, Calendar, Pen},
    record::{Record, UnixMicros},
    session,
};

/// A key with what stands before and behind it. Each object begins with a member of its own, so all others follow a comma.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":").as_bytes()
    };
}

/// Writes one line. Where `is_plain`, no text of the record needs escaping.
pub(super) fn write(record: &Record<'_>, is_plain: bool, pen: &mut Pen, out: &mut Vec<u8>) {
    let Pen { calendar, group_arn } = pen;
    let (facts, texts) = (record.facts, &record.texts);
    let mut line = Line { out, is_plain };
    line.out.extend_from_slice(b"{\"type\":\"");
    line.out.extend_from_slice(facts.kind.as_str().as_bytes());
    line.out.push(b'"');
    line.quoted(key!("time"), |line| calendar.write(facts.responded_at, line.out));
    line.quoted(key!("request_creation_time"), |line| calendar.write(facts.created_at, line.out));
    line.quoted(key!("elb"), |line| {
        line.out.extend_from_slice(b"app/");
        line.untrusted(texts.load_balancer);
        line.out.push(b'/');
        encode::hex(facts.load_balancer_id.value(), line.out);
    });
    line.quoted(key!("client"), |line| encode::address(facts.client, line.out));
    if let Some(target) = facts.target {
        line.quoted(key!("target"), |line| encode::address(target, line.out));
    }
    line.seconds(key!("request_processing_time"), facts.request_processing);
    line.seconds(key!("target_processing_time"), facts.target_processing);
    line.seconds(key!("response_processing_time"), facts.response_processing);
    line.number(key!("elb_status_code"), facts.status);
    line.number(key!("target_status_code"), facts.target_status);
    line.number(key!("received_bytes"), Some(facts.received_bytes));
    line.number(key!("sent_bytes"), Some(facts.sent_bytes));
    write_request(record, &mut line);
    write_route(record, group_arn, &mut line);
    write_attempts(record, &mut line);
    write_session(record, &mut line);
    line.out.push(b'}');
}

fn write_request(record: &Record<'_>, line: &mut Line<'_>) {
    let (facts, texts) = (record.facts, &record.texts);
    line.text(key!("method"), texts.method);
    line.known(key!("scheme"), facts.kind.scheme());
    line.text(key!("host"), texts.host);
    line.number(key!("port"), Some(facts.port));
    line.text(key!("path"), texts.path_and_query);
    line.known(key!("protocol"), facts.version.as_str());
    line.text(key!("user_agent"), texts.user_agent);
    if !facts.tls_version.is_empty() {
        line.known(key!("ssl_cipher"), facts.tls_cipher);
        line.known(key!("ssl_protocol"), facts.tls_version);
        line.text(key!("domain_name"), texts.server_name);
        line.text(key!("chosen_cert"), texts.certificate);
    }
    line.text(key!("trace_id"), texts.trace_id);
    line.quoted(key!("conn_trace_id"), |line| {
        line.out.extend_from_slice(b"TID_");
        encode::hex(facts.connection, line.out);
    });
}

fn write_route(record: &Record<'_>, group_arn: &[u8], line: &mut Line<'_>) {
    let (facts, texts) = (record.facts, &record.texts);
    if let Some(id) = facts.group_id {
        line.quoted(key!("target_group_arn"), |line| {
            line.out.extend_from_slice(group_arn);
            line.untrusted(texts.group);
            line.out.push(b'/');
            encode::hex(id.value(), line.out);
        });
    }
    if let Some(priority) = facts.rule_priority {
        line.raw(key!("matched_rule_priority"), |line| encode::signed(priority, line.out));
    }
    line.known(key!("actions_executed"), facts.action);
    line.text(key!("redirect_url"), record.texts.redirect_url);
    line.text(key!("transformed_host"), record.texts.transformed_host);
    line.text(key!("transformed_uri"), record.texts.transformed_uri);
    line.known(key!("request_transform_status"), facts.transform_status);
    line.known(key!("error_reason"), facts.error_reason);
    line.known(key!("classification"), facts.classification);
    line.known(key!("classification_reason"), facts.classification_reason);
}

fn write_attempts(record: &Record<'_>, line: &mut Line<'_>) {
    line.raw(key!("attempts"), |line| {
        line.out.push(b'[');
        for (at, attempt) in record.attempts.iter().enumerate() {
            if at > 0 {
                line.out.push(b',');
            }
            line.out.extend_from_slice(b"{\"target\":\"");
            encode::address(attempt.target, line.out);
            line.out.push(b'"');
            line.number(key!("status_code"), attempt.status);
            line.out.push(b'}');
        }
        line.out.push(b']');
    });
}

fn write_session(record: &Record<'_>, line: &mut Line<'_>) {
    if let Some(verdict) = record.facts.verdict {
        line.known(key!("verdict"), verdict.as_str());
    }
    if let Some(verdict) = record.facts.group_verdict {
        line.known(key!("group_verdict"), verdict.as_str());
    }
    if let Some(session) = record.facts.session {
        line.quoted(key!("session"), |line| session::write(session, line.out));
    }
    line.text(key!("home"), record.texts.home);
}

/// Writes the line that says how many are missing.
pub(super) fn write_lost(lines: u64, at: UnixMicros, calendar: &mut Calendar, out: &mut Vec<u8>) {
    let mut line = Line { out, is_plain: true };
    line.out.extend_from_slice(b"{\"type\":\"lost\"");
    line.quoted(key!("time"), |line| calendar.write(at, line.out));
    line.number(key!("lines_lost"), Some(lines));
    line.out.push(b'}');
}

/// A line that is being written. Its members are always inlined: to copy a key of known length takes a few moves, else a call.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    /// Untrusted bytes turned out to need no escaping.
    is_plain: bool,
}

impl Line<'_> {
    /// A member whose value `write` writes as it is.
    #[inline(always)]
    fn raw(&mut self, key: &[u8], write: impl FnOnce(&mut Self)) {
        self.out.extend_from_slice(key);
        write(self);
    }

    /// A string that needs no further escaping.
    #[inline(always)]
    fn quoted(&mut self, key: &[u8], write: impl FnOnce(&mut Self)) {
        self.raw(key, |line| {
            line.out.push(b'"');
            write(line);
            line.out.push(b'"');
        });
    }

    /// Words of our own; no member where there are none.
    #[inline(always)]
    fn known(&mut self, key: &[u8], word: &'static str) {
        debug_assert!(encode::are_plain(word.as_bytes()), "our own words need no escaping");
        if !word.is_empty() {
            self.quoted(key, |line| line.out.extend_from_slice(word.as_bytes()));
        }
    }

    /// Untrusted bytes; no member where there are none.
    #[inline(always)]
    fn text(&mut self, key: &[u8], bytes: &[u8]) {
        if !bytes.is_empty() {
            self.quoted(key, |line| line.untrusted(bytes));
        }
    }

    fn untrusted(&mut self, bytes: &[u8]) {
        if self.is_plain {
            self.out.extend_from_slice(bytes);
        } else {
            encode::quoted_json(bytes, self.out);
        }
    }

    #[inline(always)]
    fn number(&mut self, key: &[u8], value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.raw(key, |line| encode::number(value.into(), line.out));
        }
    }

    #[inline(always)]
    fn seconds(&mut self, key: &[u8], span: Option<Duration>) {
        if let Some(span) = span {
            self.raw(key, |line| encode::seconds_micros(span, line.out));
        }
    }
}
