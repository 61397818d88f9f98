//! What the demo needs from the one who runs Clingfish.

use std::{future::Future, io, pin::Pin};

/// What a [`Lever`] answers with.
pub type LeverFuture<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// Switches stickiness of the balancer in front of the sample applications.
///
/// The seam to the binary, which rewrites the configuration file and asks for a reload.
pub trait Lever: Send + Sync {
    /// Ready when the new setting is in force for every request that starts from now on.
    fn set_stickiness(&self, on: bool) -> LeverFuture<'_>;
}
