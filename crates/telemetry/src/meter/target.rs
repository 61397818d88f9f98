//! What one worker counts for one target.

use super::RequestEnd;
use crate::{
    Counter, Verdict,
    histogram::{BUCKETS, Bucket, Buckets},
};

pub(super) const VERDICTS: usize = Verdict::ALL.len();

/// What one worker counts for one target: 512 bytes, of which a request that goes well changes four cache lines.
///
/// A request counts at the target that it went to last.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct TargetMeter {
    requests: [Counter; VERDICTS],
    /// Connects that failed on real traffic.
    pub connect_failures: Counter,
    responses_4xx: Counter,
    responses_5xx: Counter,
    duration: Buckets,
    target_response: Buckets,
}

impl TargetMeter {
    /// Counts one request at its end, whose durations its group has put into buckets.
    pub(super) fn count(&self, end: &RequestEnd, duration: Bucket, response: Option<Bucket>) {
        if let Some(counter) = self.requests.get(end.verdict.index()) {
            counter.increment();
        }
        match end.target_status {
            Some(400..=499) => self.responses_4xx.increment(),
            Some(500..) => self.responses_5xx.increment(),
            _ => {}
        }
        self.duration.count(duration);
        if let Some(response) = response {
            self.target_response.count(response);
        }
    }
}

/// What all workers counted for one target, but for times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetTotals {
    /// Requests by [`Verdict::index`]. A verdict says why a request came here: it is told of who took it, not of who lost it.
    pub verdicts: [u64; VERDICTS],
    /// Its answers with a status from 400 to 499.
    pub responses_4xx: u64,
    /// Its answers with a status of 500 or more.
    pub responses_5xx: u64,
    /// Sum of [`TargetMeter::connect_failures`].
    pub connect_failures: u64,
}

impl TargetTotals {
    /// Adds what one worker counted.
    pub fn add(&mut self, meter: &TargetMeter) {
        for (total, counter) in self.verdicts.iter_mut().zip(&meter.requests) {
            *total += counter.value();
        }
        self.responses_4xx += meter.responses_4xx.value();
        self.responses_5xx += meter.responses_5xx.value();
        self.connect_failures += meter.connect_failures.value();
    }

    /// Requests that ended here.
    pub fn requests(&self) -> u64 {
        self.verdicts.iter().sum()
    }

    /// Requests by verdict.
    pub fn by_verdict(&self) -> impl Iterator<Item = (Verdict, u64)> {
        Verdict::ALL.into_iter().zip(self.verdicts)
    }
}

/// How long requests at one target took, by the buckets of [`crate::Histogram`]. Apart from [`TargetTotals`], as these are large, and few want them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetTimes {
    pub(crate) duration: [u64; BUCKETS],
    pub(crate) target_response: [u64; BUCKETS],
}

impl TargetTimes {
    /// Adds what one worker counted.
    pub fn add(&mut self, meter: &TargetMeter) {
        meter.duration.add_to(&mut self.duration);
        meter.target_response.add_to(&mut self.target_response);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::GroupMeter;

    #[test]
    fn a_meter_takes_as_much_memory_as_is_said() {
        assert_eq!(size_of::<TargetMeter>(), 512);
    }

    #[test]
    fn every_verdict_and_class_counts_for_itself() {
        for verdict in Verdict::ALL {
            for (target_status, expected) in [
                (Some(200), (0, 0)),
                (Some(399), (0, 0)),
                (Some(400), (1, 0)),
                (Some(499), (1, 0)),
                (Some(500), (0, 1)),
                (Some(999), (0, 1)),
                (None, (0, 0)),
            ] {
                let (group, target) = (GroupMeter::default(), TargetMeter::default());
                let end = RequestEnd {
                    status: Some(502),
                    target_status,
                    verdict,
                    duration: Duration::from_millis(2),
                    target_response: target_status.map(|_| Duration::from_millis(1)),
                    received_bytes: 3,
                    sent_bytes: 4,
                };
                group.count(&end, Some(&target));
                let (mut totals, mut times) = (TargetTotals::default(), TargetTimes::default());
                totals.add(&target);
                times.add(&target);
                let counted: Vec<_> = totals.by_verdict().filter(|(_, count)| *count > 0).collect();
                assert_eq!(counted, [(verdict, 1)], "{target_status:?}");
                let classes = (totals.responses_4xx, totals.responses_5xx);
                assert_eq!(classes, expected, "{target_status:?}");
                assert_eq!(times.duration.iter().sum::<u64>(), 1);
                let answers: u64 = times.target_response.iter().sum();
                assert_eq!(answers, u64::from(target_status.is_some()), "{target_status:?}");
            }
        }
    }
}
