//! Room `streams`: clients that have a stream are here, whatever their token says.
//!
//! Writes to what all workers share when a stream begins and ends, and reads it for tokens that have expired or are about to be written.

use std::time::{Duration, Instant};

use clingfish_affinity::{Claim, Judgement, Policy, SessionId};
use clingfish_h1::BodyLength;
use clingfish_model::{FieldId, ResponseHead, UnixMillis};
use clingfish_sessions::{Noted, StreamKey};

use crate::{
    clock, exchange::Exchange, outcome::Outcome, receive::Receiver, view::GroupLocal,
    worker::Worker,
};

/// Whether an answer begins what may go on for long: another protocol, or events. What says its length has an end.
#[inline]
pub(crate) fn begins_stream(head: ResponseHead<'_>, body: BodyLength) -> bool {
    let is_open = matches!(body, BodyLength::Chunked | BodyLength::UntilClose);
    head.status() == 101 || is_open && head.value(FieldId::ContentType).is_some_and(is_events)
}

fn is_events(content_type: &[u8]) -> bool {
    const KIND: &[u8] = b"text/event-stream";
    // No search for the `;`: every answer is asked, and hardly one of them is events.
    let kind = content_type.trim_ascii_start().split_at_checked(KIND.len());
    kind.is_some_and(|(kind, parameters)| {
        kind.eq_ignore_ascii_case(KIND) && matches!(parameters.trim_ascii_start(), [] | [b';', ..])
    })
}

/// A stream of a session, from its answer to its end, however it ends.
#[derive(Debug)]
pub(crate) struct Streaming<'w> {
    worker: &'w Worker,
    kept: Kept,
}

/// A session that is kept, and for how long.
#[derive(Clone, Copy, Debug)]
struct Kept {
    key: StreamKey,
    idle: Duration,
}

impl<'w> Streaming<'w> {
    /// Begins if the answer goes to a client that is bound to its target, and there is room.
    pub(crate) fn begin(worker: &'w Worker, outcome: &Outcome) -> Option<Self> {
        let kept = kept(outcome)?;
        let now = millis(worker, clock::now());
        if !count(worker, worker.shared.streams.begin(kept.key, now)) {
            return None;
        }
        worker.meter.session_streams_active.increment();
        Some(Self { worker, kept })
    }
}

impl Drop for Streaming<'_> {
    fn drop(&mut self) {
        let now = millis(self.worker, clock::now());
        self.worker.shared.streams.end(self.kept.key, now, self.kept.idle);
        self.worker.meter.session_streams_active.decrement();
    }
}

/// Notes a request whose client has been here for longer than its token may be out of date. To be called at its end.
pub(crate) fn note_long(worker: &Worker, outcome: &Outcome, took: Duration, now: Instant) {
    let policy = outcome.group.as_ref().and_then(|group| group.group.policy.as_ref());
    if policy.is_none_or(|policy| took <= policy.renew_after()) {
        return;
    }
    let Some(kept) = kept(outcome) else { return };
    let noted = worker.shared.streams.note(kept.key, millis(worker, now), kept.idle);
    count(worker, noted);
}

impl Exchange<'_> {
    /// A token that has expired says nothing if its client has been here since, by a stream.
    pub(crate) fn recall_stream(&self, group: &GroupLocal, claim: &mut Claim) {
        let (Some(policy), Claim::Bound(opened)) = (&group.group.policy, &*claim) else { return };
        let token = &opened.token;
        if token.group != policy.group() || !policy.has_idled(token, self.now) {
            return;
        }
        let key = key(policy, token.session);
        if let Some(last_seen) = self.worker.shared.streams.last_seen(key, self.now) {
            *claim = claim.seen_at(last_seen);
            self.worker.meter.stream_sessions_kept.increment();
        }
    }
}

impl Receiver<'_> {
    /// Whether the session that an answer goes on with has a stream. Asked for answers that carry a cookie only.
    pub(crate) fn has_open_stream(&self, policy: &Policy, judgement: Judgement) -> bool {
        let goes_on = judgement.keeps_session() && !policy.is_classic();
        let session = self.reading.claim.session().filter(|_| goes_on);
        let streams = &self.exchange.worker.shared.streams;
        session.is_some_and(|session| streams.is_open(key(policy, session)))
    }
}

/// The session that a request goes on with, if its client is bound to a target that is its home, and its token has an age.
fn kept(outcome: &Outcome) -> Option<Kept> {
    let policy = outcome.group.as_ref()?.group.policy.as_ref()?;
    let session = outcome.session.filter(|_| outcome.home.is_some() && !policy.is_classic())?;
    Some(Kept { key: key(policy, session), idle: policy.idle_limit() })
}

fn key(policy: &Policy, SessionId(session): SessionId) -> StreamKey {
    StreamKey { group: policy.group(), session }
}

/// Counts what noting a stream came to; true if it was noted.
fn count(worker: &Worker, noted: Noted) -> bool {
    let meter = &worker.meter;
    match noted {
        Noted::Known => {}
        Noted::New => meter.stream_sessions_noted.increment(),
        Noted::Displaced => {
            meter.stream_sessions_noted.increment();
            meter.stream_sessions_evicted.increment();
        }
        Noted::Refused => meter.stream_sessions_refused.increment(),
    }
    noted != Noted::Refused
}

fn millis(worker: &Worker, now: Instant) -> UnixMillis {
    UnixMillis(worker.wall.at(now).0 / 1000)
}

#[cfg(test)]
mod tests {
    use clingfish_model::{Field, Span, head::ResponseParts};

    use super::*;

    #[test]
    fn events_of_a_known_length_are_no_stream() {
        let bytes = b"content-typetext/event-stream";
        let field =
            Field { name: Span::new(0, 12), value: Span::new(12, 17), id: FieldId::ContentType };
        for (status, body, expected) in [
            (200, BodyLength::Chunked, true),
            (200, BodyLength::UntilClose, true),
            (200, BodyLength::Known(17), false),
            (200, BodyLength::None, false),
            (101, BodyLength::None, true),
        ] {
            let fields = [field].into_iter().collect();
            let parts = ResponseParts { status, fields, ..ResponseParts::default() };
            let head = ResponseHead::new(bytes, &parts);
            assert_eq!(begins_stream(head, body), expected, "{status} {body:?}");
        }
    }

    #[test]
    fn events_are_known_by_their_media_type() {
        for (content_type, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            (" text/event-stream ;x", true),
            ("text/event-streams", false),
            ("text/html; text/event-stream", false),
            ("", false),
        ] {
            assert_eq!(is_events(content_type.as_bytes()), expected, "{content_type:?}");
        }
    }
}
