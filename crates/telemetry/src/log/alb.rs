//! Lines as ALB writes them: 33 fields in ALB's order, then ours. Parsers of ALB's logs ignore further fields.

use std::time::Duration;

use super::{
    encode::{self, ABSENT, Calendar, Pen},
    record::{Attempt, Record, UnixMicros},
    session,
};

/// Fields of a line, ours included: verdict, session, home, attempts, verdict on the group.
#[cfg(test)]
pub(super) const FIELDS: usize = 38;

/// Writes one line. Where `is_plain`, no text of the record needs escaping.
pub(super) fn write(record: &Record<'_>, is_plain: bool, pen: &mut Pen, out: &mut Vec<u8>) {
    let Pen { calendar, group_arn } = pen;
    let (facts, texts) = (record.facts, &record.texts);
    let mut line = Line { out, is_first: true, is_plain };
    line.bare(|out| out.extend_from_slice(facts.kind.as_str().as_bytes()));
    line.bare(|out| calendar.write(facts.responded_at, out));
    line.bare(|out| {
        out.extend_from_slice(b"app/");
        quote(texts.load_balancer, is_plain, out);
        out.push(b'/');
        encode::hex(facts.load_balancer_id.value(), out);
    });
    line.bare(|out| encode::address(facts.client, out));
    line.bare(|out| or_absent(facts.target, out, encode::address));
    line.bare(|out| or_minus_one(facts.request_processing, out));
    line.bare(|out| or_minus_one(facts.target_processing, out));
    line.bare(|out| or_minus_one(facts.response_processing, out));
    line.bare(|out| or_absent(facts.status.map(u64::from), out, encode::number));
    line.bare(|out| or_absent(facts.target_status.map(u64::from), out, encode::number));
    line.bare(|out| encode::number(facts.received_bytes, out));
    line.bare(|out| encode::number(facts.sent_bytes, out));
    line.quoted_by(|out| write_request(record, is_plain, out));
    line.quoted(texts.user_agent);
    line.word(facts.tls_cipher);
    line.word(facts.tls_version);
    line.bare(|out| {
        or_absent(facts.group_id, out, |id, out| {
            out.extend_from_slice(group_arn);
            quote(texts.group, is_plain, out);
            out.push(b'/');
            encode::hex(id.value(), out);
        });
    });
    line.quoted(texts.trace_id);
    line.quoted(texts.server_name);
    line.quoted(texts.certificate);
    write_outcome(record, calendar, &mut line);
    write_ours(record, &mut line);
}

fn write_outcome(record: &Record<'_>, calendar: &mut Calendar, line: &mut Line<'_>) {
    let facts = record.facts;
    line.bare(|out| {
        or_absent(facts.rule_priority, out, encode::signed);
    });
    line.bare(|out| calendar.write(facts.created_at, out));
    line.quoted(facts.action.as_bytes());
    line.quoted(record.texts.redirect_url);
    line.quoted(facts.error_reason.as_bytes());
    line.quoted_by(|out| {
        write_list(record.attempts, out, |attempt, out| encode::address(attempt.target, out))
    });
    line.quoted_by(|out| {
        write_list(record.attempts, out, |attempt, out| {
            or_absent(attempt.status.map(u64::from), out, encode::number);
        });
    });
    line.quoted(facts.classification.as_bytes());
    line.quoted(facts.classification_reason.as_bytes());
    line.bare(|out| {
        out.extend_from_slice(b"TID_");
        encode::hex(facts.connection, out);
    });
    line.quoted(record.texts.transformed_host);
    line.quoted(record.texts.transformed_uri);
    line.quoted(facts.transform_status.as_bytes());
}

fn write_ours(record: &Record<'_>, line: &mut Line<'_>) {
    let verdict = record.facts.verdict.map_or("", |verdict| verdict.as_str());
    line.quoted(verdict.as_bytes());
    line.quoted_by(|out| or_absent(record.facts.session, out, session::write));
    line.quoted(record.texts.home);
    line.bare(|out| encode::number(record.attempts.len() as u64, out));
    let group_verdict = record.facts.group_verdict.map_or("", |verdict| verdict.as_str());
    line.quoted(group_verdict.as_bytes());
}

/// `METHOD scheme://host:port/uri HTTP/x`.
fn write_request(record: &Record<'_>, is_plain: bool, out: &mut Vec<u8>) {
    let (facts, texts) = (record.facts, &record.texts);
    let text = |bytes: &[u8], out: &mut Vec<u8>| match bytes {
        [] => out.extend_from_slice(ABSENT),
        _ => quote(bytes, is_plain, out),
    };
    text(texts.method, out);
    out.push(b' ');
    out.extend_from_slice(facts.kind.scheme().as_bytes());
    out.extend_from_slice(b"://");
    text(texts.host, out);
    out.push(b':');
    encode::number(u64::from(facts.port), out);
    text(texts.path_and_query, out);
    out.push(b' ');
    out.extend_from_slice(match texts.method {
        [] => ABSENT,
        _ => facts.version.as_str().as_bytes(),
    });
}

fn write_list(attempts: &[Attempt], out: &mut Vec<u8>, write: impl Fn(&Attempt, &mut Vec<u8>)) {
    if attempts.is_empty() {
        out.extend_from_slice(ABSENT);
    }
    for (at, attempt) in attempts.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        write(attempt, out);
    }
}

/// Writes the line that says how many are missing: as wide as any other, with the number as its error reason.
pub(super) fn write_lost(lines: u64, at: UnixMicros, calendar: &mut Calendar, out: &mut Vec<u8>) {
    let mut line = Line { out, is_first: true, is_plain: true };
    line.bare(|out| out.extend_from_slice(b"lost"));
    line.bare(|out| calendar.write(at, out));
    line.absent(10);
    line.absent_quoted(2);
    line.absent(3);
    line.absent_quoted(3);
    line.absent(2);
    line.absent_quoted(2);
    line.quoted_by(|out| {
        encode::number(lines, out);
        out.extend_from_slice(b" lines lost");
    });
    line.absent_quoted(4);
    line.absent(1);
    line.absent_quoted(6);
    line.absent(1);
    line.absent_quoted(1);
}

fn or_absent<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        Some(value) => write(value, out),
        None => out.extend_from_slice(ABSENT),
    }
}

fn or_minus_one(span: Option<Duration>, out: &mut Vec<u8>) {
    match span {
        Some(span) => encode::seconds_millis(span, out),
        None => out.extend_from_slice(b"-1"),
    }
}

/// A line that is being written: fields with spaces between.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    is_first: bool,
    is_plain: bool,
}

/// Untrusted bytes, escaped where they need it.
fn quote(bytes: &[u8], is_plain: bool, out: &mut Vec<u8>) {
    if is_plain {
        out.extend_from_slice(bytes);
    } else {
        encode::quoted_alb(bytes, out);
    }
}

impl Line<'_> {
    /// A field without quotes; what `write` writes has no spaces.
    fn bare(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b' ');
        }
        write(self.out);
    }

    /// A field in quotes; what `write` writes is escaped.
    fn quoted_by(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.bare(|out| {
            out.push(b'"');
            write(out);
            out.push(b'"');
        });
    }

    /// Untrusted bytes.
    fn quoted(&mut self, bytes: &[u8]) {
        let is_plain = self.is_plain;
        self.quoted_by(|out| match bytes {
            [] => out.extend_from_slice(ABSENT),
            _ => quote(bytes, is_plain, out),
        });
    }

    /// A word of ours without quotes, or none.
    fn word(&mut self, word: &'static str) {
        self.bare(|out| {
            or_absent((!word.is_empty()).then_some(word), out, |word, out| {
                out.extend_from_slice(word.as_bytes())
            })
        });
    }

    fn absent(&mut self, fields: usize) {
        for _ in 0..fields {
            self.bare(|out| out.extend_from_slice(ABSENT));
        }
    }

    fn absent_quoted(&mut self, fields: usize) {
        for _ in 0..fields {
            self.quoted(b"");
        }
    }
}
