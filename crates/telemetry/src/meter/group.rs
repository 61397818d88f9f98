//! What one worker counts for one target group.

use std::time::Duration;

use super::{TargetMeter, target::VERDICTS};
use crate::{Counter, Histogram, HistogramTotals, Verdict};

/// Classes of statuses, as the label `class` has them; `none` where no response began.
pub const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "none"];

/// What one worker counts for one target group.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct GroupMeter {
    requests: [[Counter; CLASSES.len()]; VERDICTS],
    choices: [Counter; VERDICTS],
    duration: Histogram,
    target_response: Histogram,
    received_bytes: Counter,
    sent_bytes: Counter,
    /// Further attempts after a failed one.
    pub retries: Counter,
    /// Retries that the budget did not allow.
    pub retries_refused: Counter,
    /// New bindings given to clients.
    pub sessions_created: Counter,
    /// Bodies in which an id was looked for in vain.
    pub id_searches_given_up: Counter,
    /// Ids that went out as they were, since they are too long for an envelope.
    pub ids_not_wrapped: Counter,
    /// Requests placed while no target was healthy.
    pub fail_open_requests: Counter,
}

/// The end of one request, as counters see it.
#[derive(Clone, Copy, Debug)]
pub struct RequestEnd {
    /// Status of the response that went to the client; none where the client left before.
    pub status: Option<u16>,
    /// Status of the target's answer; none where there was no answer.
    pub target_status: Option<u16>,
    /// Why it went where it went.
    pub verdict: Verdict,
    /// From the request's first byte to the response's last.
    pub duration: Duration,
    /// From the request sent to the target to the head of its answer; none where there was no answer.
    pub target_response: Option<Duration>,
    /// Bytes that came from the client.
    pub received_bytes: u64,
    /// Bytes that went to the client.
    pub sent_bytes: u64,
}

#[cfg(test)]
impl RequestEnd {
    /// A request with that verdict that went well.
    pub(crate) fn good(verdict: Verdict) -> Self {
        Self {
            status: Some(200),
            target_status: Some(200),
            verdict,
            duration: Duration::from_millis(2),
            target_response: Some(Duration::from_millis(1)),
            received_bytes: 1,
            sent_bytes: 1,
        }
    }
}

impl GroupMeter {
    /// Counts one request at its end, and at the target that it went to last.
    pub fn count(&self, end: &RequestEnd, target: Option<&TargetMeter>) {
        let row = self.requests.get(end.verdict.index());
        if let Some(counter) = row.and_then(|row| row.get(class_of(end.status))) {
            counter.increment();
        }
        let duration = self.duration.observe(end.duration);
        let response = end.target_response.map(|took| self.target_response.observe(took));
        self.received_bytes.add(end.received_bytes);
        self.sent_bytes.add(end.sent_bytes);
        if let Some(target) = target {
            target.count(end, duration, response);
        }
    }

    /// Counts a request that came to the group by group stickiness.
    pub fn count_choice(&self, verdict: Verdict) {
        if let Some(counter) = self.choices.get(verdict.index()) {
            counter.increment();
        }
    }
}

/// Index into [`CLASSES`].
fn class_of(status: Option<u16>) -> usize {
    match status {
        Some(status @ 100..=599) => usize::from(status / 100) - 1,
        _ => CLASSES.len() - 1,
    }
}

/// What all workers counted for one target group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupTotals {
    requests: [[u64; CLASSES.len()]; VERDICTS],
    choices: [u64; VERDICTS],
    /// How long requests took.
    pub duration: HistogramTotals,
    /// How long targets took to answer.
    pub target_response: HistogramTotals,
    /// Bytes that came from clients.
    pub received_bytes: u64,
    /// Bytes that went to clients.
    pub sent_bytes: u64,
    /// Further attempts after a failed one.
    pub retries: u64,
    /// Retries that the budget did not allow.
    pub retries_refused: u64,
    /// New bindings given to clients.
    pub sessions_created: u64,
    /// Bodies in which an id was looked for in vain.
    pub id_searches_given_up: u64,
    /// Ids that went out as they were, since they are too long for an envelope.
    pub ids_not_wrapped: u64,
    /// Requests placed while no target was healthy.
    pub fail_open_requests: u64,
}

impl GroupTotals {
    /// Adds what one worker counted.
    pub fn add(&mut self, meter: &GroupMeter) {
        let counters = meter.requests.iter().flatten();
        for (total, counter) in self.requests.iter_mut().flatten().zip(counters) {
            *total += counter.value();
        }
        for (total, counter) in self.choices.iter_mut().zip(&meter.choices) {
            *total += counter.value();
        }
        self.duration.add(&meter.duration);
        self.target_response.add(&meter.target_response);
        self.received_bytes += meter.received_bytes.value();
        self.sent_bytes += meter.sent_bytes.value();
        self.retries += meter.retries.value();
        self.retries_refused += meter.retries_refused.value();
        self.sessions_created += meter.sessions_created.value();
        self.id_searches_given_up += meter.id_searches_given_up.value();
        self.ids_not_wrapped += meter.ids_not_wrapped.value();
        self.fail_open_requests += meter.fail_open_requests.value();
    }

    /// Requests by class and verdict.
    pub fn requests(&self) -> impl Iterator<Item = (&'static str, Verdict, u64)> {
        Verdict::ALL.into_iter().zip(&self.requests).flat_map(|(verdict, row)| {
            let by_class = CLASSES.into_iter().zip(row);
            by_class.map(move |(class, count)| (class, verdict, *count))
        })
    }

    /// Requests that came by group stickiness, by the verdict on their group.
    pub fn choices(&self) -> impl Iterator<Item = (Verdict, u64)> {
        Verdict::ALL.into_iter().zip(self.choices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_and_class_counts_for_itself() {
        for (at, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict.index(), at, "{verdict:?}");
            for (status, expected) in [
                (Some(101), "1xx"),
                (Some(200), "2xx"),
                (Some(399), "3xx"),
                (Some(460), "4xx"),
                (Some(599), "5xx"),
                (Some(600), "none"),
                (None, "none"),
            ] {
                let meter = GroupMeter::default();
                let end = RequestEnd {
                    status,
                    target_status: status,
                    verdict,
                    duration: Duration::from_millis(2),
                    target_response: None,
                    received_bytes: 3,
                    sent_bytes: 4,
                };
                meter.count(&end, None);
                let mut totals = GroupTotals::default();
                totals.add(&meter);
                let counted: Vec<_> = totals.requests().filter(|(.., count)| *count > 0).collect();
                assert_eq!(counted, [(expected, verdict, 1)], "{status:?}");
                assert_eq!((totals.received_bytes, totals.sent_bytes), (3, 4));
                assert_eq!((totals.duration.count(), totals.target_response.count()), (1, 0));
            }
        }
    }
}
