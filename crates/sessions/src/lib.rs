//! The table of learned sessions: which target an application's own session id belongs to.
//!
//! Where the application invents the id, nothing of ours travels with the client, so the binding has to be kept here. [`Table`] is
//! the structure on the request path that all workers share: bounded, sharded, keyed by a hash that clients cannot aim.
//!
//! [`Streams`] is beside it, for sessions of tokens: when clients with long streams were last seen.
//!
//! [`Sightings`] and [`Recent`] count sessions that nobody has a list of, by a sketch.
//!
//! Pure: no I/O, no clock, no randomness. Callers bring `now` and the [`Seed`].

mod cell;
mod counts;
mod entry;
mod holdings;
mod key;
mod outcome;
mod shard;
mod sketch;
mod slab;
mod streams;
mod table;

pub use counts::Counts;
pub use key::{ClientKey, Seed, SessionKey};
pub use outcome::{Evicted, Found, Learned, Swept, TargetCounts};
pub use sketch::{Mark, Recent, Sightings};
pub use streams::{Noted, StreamKey, Streams};
pub use table::{Limits, Table};
