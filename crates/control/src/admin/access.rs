//! Who may ask for what.

use super::{asked::Author, peer::Peer, refusal::Refusal, routes::Intent};
use clingfish_model::Role;

/// What an API asks of who comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Nothing: it is known who that is.
    Open(Author),
    /// To show who that is.
    Locked,
}

/// What an API asks of `peer`. Without credentials only this machine has a door.
pub(crate) fn knock(peer: &Peer, has_credentials: bool) -> Result<Door, Refusal> {
    if has_credentials {
        return Ok(Door::Locked);
    }
    if peer.is_local() {
        return Ok(Door::Open(Author::loopback()));
    }
    Err(if peer.is_loopback { Refusal::Proxied } else { Refusal::NotLocal })
}

/// Whether somebody may do that.
pub(crate) fn permit(author: Author, intent: Intent) -> Result<Author, Refusal> {
    match (author.role, intent) {
        (Role::Admin, _) | (Role::ReadOnly, Intent::Read) => Ok(author),
        (Role::ReadOnly, Intent::Change) => Err(Refusal::ReadOnly),
    }
}

/// The author of a request, or why there is none: the whole decision.
///
/// `identify` says who has shown what; it is asked only where that matters.
pub(crate) fn admit(
    peer: &Peer,
    has_credentials: bool,
    intent: Intent,
    identify: impl FnOnce() -> Result<Author, Refusal>,
) -> Result<Author, Refusal> {
    let author = match knock(peer, has_credentials)? {
        Door::Open(author) => author,
        Door::Locked => identify()?,
    };
    permit(author, intent)
}
