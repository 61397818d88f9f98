//! The control plane: applies desired state, watches files and names, checks targets, and answers operators.
//!
//! Rank 3. Runs on a thread and runtime of its own, so that a busy data plane still answers. It reaches the data plane only
//! through [`clingfish_snapshot::Doors`] and what it publishes. One task, the steward, changes what is in force; the prober and
//! the admin address follow what it says.
//!
//! A start, in order: [`Configuration::read`], [`StateDir::open`], [`KeyFile::load_or_create`], [`first_snapshot`], the workers
//! on it, then [`Control::start`].

mod admin;
mod apply;
mod aside;
mod census;
mod certificates;
mod change;
mod checks;
mod clock;
mod configuration;
mod control;
pub mod explain;
mod files;
pub mod history;
mod keys;
mod lookups;
mod metrics;
mod names;
mod observed;
mod prober;
mod recorder;
mod state_dir;
mod status;
mod steward;
pub mod store;
mod watch;

pub use admin::{Asset, Credentials, EnvironmentError, FreshToken};
pub use apply::first_snapshot;
pub use checks::{CheckPlan, CheckProgress, Checker, Checking};
pub use clingfish_telemetry::text::{Build, Process};
pub use clingfish_upstream::Reach;
pub use configuration::{Configuration, ConfigurationError};
pub use control::{Control, Reloader, Setup, StartError};
pub use history::Annals;
pub use keys::{KeyFile, KeyFileError, KeyRow, KeyState};
pub use state_dir::{StateDir, StateDirError};
pub use status::Phase;

#[cfg(test)]
mod tests;
