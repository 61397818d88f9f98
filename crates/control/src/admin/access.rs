//! Who may ask for what.

use clingfish_model::Role;

use super::{asked::Author, peer::Peer, refusal::Refusal, routes::Intent};

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

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(is_loopback: bool, is_veiled: bool) -> Peer {
        let address = if is_loopback { [127, 0, 0, 1] } else { [192, 0, 2, 1] }.into();
        Peer { address, is_veiled, is_loopback, is_tls: false }
    }

    #[test]
    fn without_credentials_this_machine_may_do_everything_and_others_nothing() {
        for (peer, expected) in [
            (peer(true, false), Ok(Author::loopback())),
            (peer(true, true), Err(Refusal::Proxied)),
            (peer(false, false), Err(Refusal::NotLocal)),
            (peer(false, true), Err(Refusal::NotLocal)),
        ] {
            for intent in [Intent::Read, Intent::Change] {
                let admitted = admit(&peer, false, intent, || unreachable!("nobody is asked"));
                assert_eq!(admitted, expected, "{intent:?} by {peer:?}");
            }
        }
    }

    #[test]
    fn with_credentials_everybody_shows_them_and_may_do_what_they_are_good_for() {
        let (admin, reader) =
            (Author::token("ci", Role::Admin), Author::token("w", Role::ReadOnly));
        for (shown, intent, expected) in [
            (Ok(admin.clone()), Intent::Read, Ok(admin.clone())),
            (Ok(admin.clone()), Intent::Change, Ok(admin)),
            (Ok(reader.clone()), Intent::Read, Ok(reader.clone())),
            (Ok(reader), Intent::Change, Err(Refusal::ReadOnly)),
            (Err(Refusal::NoCredentials), Intent::Read, Err(Refusal::NoCredentials)),
            (Err(Refusal::WrongCredentials), Intent::Read, Err(Refusal::WrongCredentials)),
        ] {
            for peer in [peer(true, false), peer(true, true), peer(false, false)] {
                let admitted = admit(&peer, true, intent, || shown.clone());
                assert_eq!(admitted, expected, "{shown:?} for {intent:?} by {peer:?}");
            }
        }
    }
}
