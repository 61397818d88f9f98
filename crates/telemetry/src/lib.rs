//! Counters, histograms, their Prometheus text, the access log, and a sample of recent requests.
//!
//! Rank 2. Nothing here makes a request wait: each worker counts in memory of its own, which is summed when somebody reads,
//! and hands its log records in batches to a thread that formats and writes them. See `docs/metrics.md` for every name.
//!
//! ```
//! use clingfish_telemetry::{Gauges, Registry, render};
//!
//! let registry = Registry::new(2);
//! registry.group(0, "web").retries.increment();
//! registry.group(1, "web").retries.increment();
//! let text = render(&registry, &Gauges::default());
//! assert!(text.contains("clingfish_target_group_retries_total{target_group=\"web\"} 2"));
//! ```

mod counter;
mod histogram;
pub mod history;
pub mod log;
pub mod meter;
pub mod recent;
mod registry;
pub mod text;

pub use clingfish_affinity::Verdict;
pub use counter::{Counter, Gauge};
pub use histogram::{Histogram, HistogramTotals};
pub use history::History;
pub use log::{AccessLog, LogPlan, LogWriter, Record};
pub use meter::{GroupMeter, PreambleRefusal, RequestEnd, TargetMeter, WorkerMeter};
pub use recent::Recent;
pub use registry::{GroupRow, Registry, Totals};
pub use text::{Gauges, render};
