//! The seam through which whoever applies desired state opens listeners, without knowing the data plane.

use std::{io, net::SocketAddr, sync::Arc};

use clingfish_model::{Listener, Name};

use crate::Snapshot;

/// What holds the listening sockets and the workers. Used by one publisher only.
pub trait Doors: Send {
    /// Opens the listeners of `wanted` that are not open yet, without accepting. All or nothing: on errors, nothing has changed.
    fn open(&mut self, wanted: &[Listener]) -> Result<(), Vec<OpenError>>;

    /// Makes every worker use the snapshot: new listeners accept, those that it lacks close. Returns when all workers have.
    fn enforce(&mut self, snapshot: &Arc<Snapshot>);

    /// Where each open listener really is, whatever port was asked for.
    fn addresses(&self) -> Vec<(Name, SocketAddr)>;
}

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another service of this one, has the port.
    #[error("listener {listener}: {address} is already in use by another process")]
    Taken {
        /// The listener's name.
        listener: Name,
        /// Where it wants to be.
        address: SocketAddr,
    },
    /// The system refuses.
    #[error("listener {listener}: cannot listen on {address}: {source}")]
    Refused {
        /// The listener's name.
        listener: Name,
        /// Where it wants to be.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}
