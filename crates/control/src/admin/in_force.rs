//! What the configuration in force says of the admin address.

use std::sync::Arc;

use clingfish_model::desired;
use clingfish_tls::{ServerParts, ServerTls, TicketKeys};

use super::credentials::{Credentials, Known};

/// What the configuration in force says of the admin address, with what its files hold.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) settings: desired::Admin,
    /// Who may use the APIs.
    pub(crate) known: Known,
    /// What connections are accepted with; none is HTTP.
    pub(crate) tls: Option<Arc<ServerTls>>,
}

impl InForce {
    /// Puts it together. What `previous` has of the same files is used on, and with it the tickets that clients have.
    pub(crate) fn new(
        settings: &desired::Admin,
        environment: &Credentials,
        parts: Option<&ServerParts>,
        tickets: &Arc<TicketKeys>,
        previous: Option<&Self>,
    ) -> Self {
        let used = previous.and_then(|previous| previous.tls.as_ref());
        let make = |parts: &ServerParts| match used {
            Some(tls) if tls.is_made_of(parts, tickets) => Arc::clone(tls),
            _ => Arc::new(ServerTls::new(parts.clone(), Arc::clone(tickets))),
        };
        let known = Known::new(settings, environment);
        Self { settings: settings.clone(), known, tls: parts.map(make) }
    }
}
