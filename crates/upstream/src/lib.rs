//! The direction towards targets: names become addresses, addresses connections, connections are kept and probed.
//!
//! Rank 2, and the only room that dials. It knows nothing of affinity, groups or requests.

pub mod dial;
pub mod pool;
pub mod probe;
pub mod reach;
pub mod resolve;

pub use dial::{DialError, dial};
pub use pool::IdlePool;
pub use probe::{CheckTls, probe};
pub use reach::Reach;
pub use resolve::{ResolveError, Resolved, Resolver};
