//! What the configuration in force says of the admin address.

use std::sync::Arc;

use clingfish_model::desired;
use clingfish_tls::{ServerParts, ServerTls, TicketKeys};

/// What the configuration in force says of the admin address, with what its files hold.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) settings: desired::Admin,
    /// What connections are accepted with; none is HTTP.
    pub(crate) tls: Option<Arc<ServerTls>>,
}

impl InForce {
    /// Puts it together. What `previous` has of the same files is used on, and with it the tickets that clients have.
    pub(crate) fn new(
        settings: &desired::Admin,
        parts: Option<&ServerParts>,
        tickets: &Arc<TicketKeys>,
        previous: Option<&Self>,
    ) -> Self {
        let known = previous.and_then(|previous| previous.tls.as_ref());
        let make = |parts: &ServerParts| match known {
            Some(tls) if tls.is_made_of(parts, tickets) => Arc::clone(tls),
            _ => Arc::new(ServerTls::new(parts.clone(), Arc::clone(tickets))),
        };
        Self { settings: settings.clone(), tls: parts.map(make) }
    }
}
