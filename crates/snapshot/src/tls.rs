//! Configurations for handshakes, which stay the same from snapshot to snapshot while nothing about them changes.

use std::sync::Arc;

use clingfish_affinity::{Key, KeyRing};
use clingfish_model::{Name, TargetGroup};
use clingfish_tls::{ClientTls, Material, ServerTls, TicketKey, TicketKeys};

use crate::{Inputs, Snapshot};

/// What the ring gives for session tickets.
pub(crate) fn tickets(ring: &KeyRing, previous: Option<&Snapshot>) -> Arc<TicketKeys> {
    let same = previous.filter(|previous| previous.tickets.revision() == ring.revision());
    if let Some(previous) = same {
        return Arc::clone(&previous.tickets);
    }
    let key = |key: &Key| TicketKey {
        id: key.id().to_bytes(),
        secret: key.derive("tls tickets"),
        seals_from: key.seals_from(),
        retires_at: key.retires_at(),
    };
    Arc::new(TicketKeys::new(ring.keys().iter().map(key).collect(), ring.revision()))
}

/// What the listener of that name accepts connections with; none where its files are not there.
pub(crate) fn server(
    listener: &Name,
    material: &Material,
    tickets: &Arc<TicketKeys>,
    previous: Option<&Snapshot>,
) -> Option<Arc<ServerTls>> {
    let parts = material.listeners.get(listener)?;
    let kept = previous.and_then(|previous| previous.listener(listener)?.tls.as_ref());
    Some(match kept.filter(|kept| kept.is_made_of(parts, tickets)) {
        Some(kept) => Arc::clone(kept),
        None => Arc::new(ServerTls::new(parts.clone(), Arc::clone(tickets))),
    })
}

/// What connections to the targets of a group are made with; none without TLS.
pub(crate) fn client(
    spec: &TargetGroup,
    inputs: &Inputs<'_>,
    previous: Option<&Snapshot>,
) -> Option<Arc<ClientTls>> {
    spec.tls.as_ref()?;
    let parts = inputs.tls.target_groups.get(&spec.name)?;
    let kept = previous.and_then(|previous| {
        previous.groups.iter().find(|group| group.spec.name == spec.name)?.tls.as_ref()
    });
    Some(match kept.filter(|kept| kept.is_made_of(parts, inputs.workers)) {
        Some(kept) => Arc::clone(kept),
        None => Arc::new(ClientTls::new(parts.clone(), inputs.workers)),
    })
}
