//! A listener as one worker sees it, and what it asks of connections before their first request.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
};

use clingfish_model::{Listener, MutualAuthentication, tls::TrustStoreFiles};
use tokio::sync::Notify;

/// One listener as one worker sees it; connections hold it to know whose they are.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) id: u64,
    pub(crate) address: SocketAddr,
    /// Position in the snapshot's listeners; none once it is closed.
    pub(crate) listener: Cell<Option<usize>>,
    /// Tells the accepting task to stop.
    pub(crate) closing: Rc<Notify>,
    /// What all of its connections brought at least; none before the first snapshot.
    demands: RefCell<Option<Demands>>,
}

/// What a listener asks of a connection once, at its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Demands {
    tls: bool,
    preamble: bool,
    /// Whose clients are let in; none: everybody.
    clients: Option<TrustStoreFiles>,
}

impl Door {
    /// Closed until it gets a listener.
    pub(crate) fn new(id: u64, address: SocketAddr) -> Self {
        Self {
            id,
            address,
            listener: Cell::new(None),
            closing: Rc::default(),
            demands: RefCell::default(),
        }
    }

    /// The accepting task takes what waits already, then closes its socket.
    pub(crate) fn stop_accepting(&self) {
        self.closing.notify_one();
    }

    /// Takes its place in another snapshot. Where that asks for what connections did not bring, they stay behind with this door,
    /// which is closed, and those that come get the one that is returned.
    pub(crate) fn move_to(&self, place: usize, listener: &Listener) -> Option<Self> {
        let wanted = Demands::of(listener);
        let mut brought = self.demands.borrow_mut();
        if brought.as_ref().is_none_or(|brought| wanted.are_met_by(brought)) {
            self.listener.set(Some(place));
            *brought = Some(wanted);
            return None;
        }
        self.listener.set(None);
        Some(Self {
            listener: Cell::new(Some(place)),
            closing: Rc::clone(&self.closing),
            demands: RefCell::new(Some(wanted)),
            ..Self::new(self.id, self.address)
        })
    }
}

impl Demands {
    fn of(listener: &Listener) -> Self {
        let mutual = listener.tls.as_ref().map(|tls| &tls.mutual);
        let clients = match mutual {
            Some(MutualAuthentication::Verify(files)) => Some(files.clone()),
            Some(MutualAuthentication::Off | MutualAuthentication::Passthrough) | None => None,
        };
        Self { tls: listener.tls.is_some(), preamble: listener.has_proxy_protocol(), clients }
    }

    fn are_met_by(&self, brought: &Self) -> bool {
        (brought.tls || !self.tls)
            && (brought.preamble || !self.preamble)
            && (self.clients.is_none() || self.clients == brought.clients)
    }
}

#[cfg(test)]
mod tests {
    use clingfish_model::{ListenerTls, Name};

    use super::*;

    fn listener(tls: Option<MutualAuthentication>, preamble: bool) -> Listener {
        let name = || Name::new("web").unwrap();
        let tls = tls.map(|mutual| ListenerTls { mutual, ..ListenerTls::new(Vec::new()) });
        let proxy_protocol_from =
            if preamble { vec!["10.0.0.0/8".parse().unwrap()] } else { Vec::new() };
        let bind = "127.0.0.1:0".parse().unwrap();
        Listener { tls, proxy_protocol_from, ..Listener::new(name(), name(), bind) }
    }

    fn verify(store: &str) -> MutualAuthentication {
        MutualAuthentication::Verify(TrustStoreFiles {
            authorities: store.into(),
            revocations: None,
            ignore_expiry: false,
            advertise_names: false,
            arn: None,
        })
    }

    #[test]
    fn connections_stay_while_they_have_brought_what_is_asked() {
        let off = || Some(MutualAuthentication::Off);
        let plain = || listener(None, false);
        let tls = || listener(off(), false);
        let strict = || listener(Some(verify("ca")), false);
        for (what, steps, stays) in [
            ("nothing changes", vec![strict(), strict()], true),
            ("TLS is asked for", vec![plain(), tls()], false),
            ("TLS is given up", vec![tls(), plain()], true),
            ("certificates are asked for", vec![tls(), strict()], false),
            ("others' certificates", vec![strict(), listener(Some(verify("else")), false)], false),
            ("certificates are given up", vec![strict(), tls()], true),
            ("and asked for again", vec![strict(), tls(), strict()], false),
            (
                "certificates go to the target",
                vec![tls(), listener(Some(MutualAuthentication::Passthrough), false)],
                true,
            ),
            ("a PROXY header is asked for", vec![plain(), listener(None, true)], false),
        ] {
            let door = Door::new(1, "127.0.0.1:80".parse().unwrap());
            let mut next = None;
            for (place, listener) in steps.iter().enumerate() {
                assert!(next.is_none(), "{what}");
                next = door.move_to(place, listener);
            }
            let last = steps.len() - 1;
            assert_eq!(door.listener.get(), stays.then_some(last), "{what}");
            let next = next.map(|next| (next.id, next.listener.get()));
            assert_eq!(next, (!stays).then_some((1, Some(last))), "{what}");
        }
    }
}
