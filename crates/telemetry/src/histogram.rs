//! How long things took, in fixed buckets.

use std::time::Duration;

use crate::Counter;

/// Upper bounds in microseconds, and the same in seconds as Prometheus writes them.
///
/// From what a hop on the same machine takes to the default response timeout, about two and a half times apart.
pub(crate) const BOUNDS: [(u64, &str); 18] = [
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
    (60_000_000, "60"),
];

/// One bucket more than there are bounds, for what took longer than all of them.
pub(crate) const BUCKETS: usize = BOUNDS.len() + 1;

/// Which bucket a duration falls into: worked out once, wherever it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket(usize);

impl Bucket {
    fn of(micros: u64) -> Self {
        Self(BOUNDS.partition_point(|(bound, _)| *bound < micros))
    }
}

/// Durations by bucket, without their sum. One thread writes.
#[derive(Debug, Default)]
pub(crate) struct Buckets([Counter; BUCKETS]);

impl Buckets {
    /// Counts one duration; on the owning thread only.
    pub(crate) fn count(&self, bucket: Bucket) {
        if let Some(counter) = self.0.get(bucket.0) {
            counter.increment();
        }
    }

    /// Adds what it has counted.
    pub(crate) fn add_to(&self, totals: &mut [u64; BUCKETS]) {
        for (total, counter) in totals.iter_mut().zip(&self.0) {
            *total += counter.value();
        }
    }
}

/// Durations by bucket. One thread writes.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: Buckets,
    sum_micros: Counter,
}

impl Histogram {
    /// Counts one duration, and tells its bucket; on the owning thread only.
    pub(crate) fn observe(&self, took: Duration) -> Bucket {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = Bucket::of(micros);
        self.buckets.count(bucket);
        self.sum_micros.add(micros);
        bucket
    }
}

/// What histograms of several threads add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramTotals {
    buckets: [u64; BUCKETS],
    sum_micros: u64,
}

impl HistogramTotals {
    /// Adds what one thread counted.
    pub fn add(&mut self, histogram: &Histogram) {
        histogram.buckets.add_to(&mut self.buckets);
        self.sum_micros = self.sum_micros.wrapping_add(histogram.sum_micros.value());
    }

    /// Durations by bucket.
    pub(crate) fn buckets(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    /// Durations counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All durations together, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        self.sum_micros as f64 / 1e6
    }

    /// Each bound in seconds, with the number of durations up to it.
    pub fn cumulative(&self) -> impl Iterator<Item = (&'static str, u64)> {
        BOUNDS.iter().zip(&self.buckets).scan(0, |below, ((_, bound), bucket)| {
            *below += bucket;
            Some((*bound, *below))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_holds_it() {
        for (micros, bound) in [
            (0, Some("0.0001")),
            (100, Some("0.0001")),
            (101, Some("0.00025")),
            (1_000_000, Some("1")),
            (60_000_000, Some("60")),
            (60_000_001, None),
        ] {
            let histogram = Histogram::default();
            histogram.observe(Duration::from_micros(micros));
            let mut totals = HistogramTotals::default();
            totals.add(&histogram);
            let first = totals.cumulative().find(|(_, count)| *count == 1);
            assert_eq!(first.map(|(bound, _)| bound), bound, "{micros} µs");
            assert_eq!(totals.count(), 1, "{micros} µs");
        }
    }

    #[test]
    fn bounds_read_the_same_in_both_units() {
        for (micros, seconds) in BOUNDS {
            assert_eq!(seconds.parse::<f64>().unwrap(), micros as f64 / 1e6);
        }
    }
}
