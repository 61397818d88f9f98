#![doc = include_str!("../README.md")]

pub mod authorities;
pub mod certified;
pub mod error;
pub mod facts;
pub mod fuzzing;
pub mod server;
pub mod suites;
pub mod target;
pub mod tickets;

mod accept_any;
mod clients;
mod names;
mod pem;
mod resolver;
mod x509;

#[cfg(test)]
mod testing;

pub use authorities::{Authorities, TrustStore};
pub use certified::{Certified, Purpose};
pub use error::TlsFileError;
pub use facts::{ClientCertificate, PeerFacts, mtls_fields};
pub use server::{Clients, ServerParts, ServerTls};
pub use target::{ClientTls, TargetParts};
pub use tickets::{TicketKey, TicketKeys};

use std::{collections::HashMap, sync::Arc};

use clingfish_model::Name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};

/// What the files of a configuration hold, checked: all that is needed to speak TLS but for the key ring.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// By the name of the listener.
    pub listeners: HashMap<Name, ServerParts>,
    /// By the name of the target group.
    pub target_groups: HashMap<Name, TargetParts>,
}

/// A file as it was read: the name that messages call it by, and what is in it.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// As errors write it.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// The one set of algorithms. Its suites are those of Mozilla's "intermediate" configuration that have forward secrecy by
/// elliptic curves, which all of its clients know.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: std::sync::OnceLock<Arc<CryptoProvider>> = std::sync::OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())))
}
