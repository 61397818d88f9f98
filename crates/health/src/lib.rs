//! Judges checks and real traffic: which targets may get requests, and what is reported about them.
//!
//! Rank 1: takes results and `now`, gives states and reasons as ELBv2 names them. Who probes, counts and routes is elsewhere.
//!
//! ```
//! use clingfish_health::{CheckOutcome, State, TargetHealth};
//! use clingfish_model::HealthCheck;
//!
//! let check = HealthCheck::default();
//! let mut health = TargetHealth::new(&check);
//! assert!(!health.is_routable());
//! health.observe(CheckOutcome::Good, &check);
//! assert_eq!(health.state(), State::Healthy);
//! ```

mod anomaly;
mod pacing;
mod passive;
mod reason;
mod target;

pub use anomaly::{LOOKS, PEERS_MIN, Recent, Tally, anomalies};
pub use pacing::{FIRST_CHECK_WITHIN, first_check_delay, second_check_delay};
pub use passive::{AfterFailure, after_connect_failure, fail_open};
pub use reason::{Reason, State};
pub use target::{CheckOutcome, EJECTION_PAUSE, Registration, TargetHealth, Transition};
