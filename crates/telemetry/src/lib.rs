//! Counters, histograms, their Prometheus text, and the access log.
//!
//! Rank 2. Nothing here makes a request wait: each worker counts in memory of its own, which is summed when somebody reads,
//! and hands its log records in batches to a thread that formats and writes them. See `docs/metrics.md` for every name.

mod counter;
mod histogram;
pub mod log;
pub mod meter;
mod registry;
pub mod text;

pub use clingfish_affinity::Verdict;
pub use counter::{Counter, Gauge};
pub use histogram::{Histogram, HistogramTotals};
pub use log::{AccessLog, LogWriter, Record};
pub use meter::{GroupMeter, RequestEnd, TargetMeter, WorkerMeter};
pub use registry::{Registry, Totals};
pub use text::{Gauges, render};
