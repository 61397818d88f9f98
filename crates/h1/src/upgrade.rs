//! Changing protocols (RFC 9110 section 7.8).

use crate::bytes::list;

/// A change of protocol that a client asks for. WebSocket is the only one that goes through, as at ALB: a request for any other,
/// or for a choice of several, is an ordinary request (RFC 9110 section 7.8 lets a server ignore it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// To WebSocket.
    WebSocket,
}

/// What the Upgrade fields of one message name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocols {
    #[default]
    None,
    WebSocket,
    /// Anything else, or several.
    Other,
}

impl Protocols {
    /// Adds the protocols of one Upgrade field.
    pub(crate) fn add(&mut self, value: &[u8]) {
        for protocol in list(value) {
            *self = match self {
                Self::None if protocol.eq_ignore_ascii_case(b"websocket") => Self::WebSocket,
                _ => Self::Other,
            };
        }
    }

    /// What may be asked of a target.
    pub(crate) fn upgrade(self) -> Option<Upgrade> {
        match self {
            Self::WebSocket => Some(Upgrade::WebSocket),
            Self::None | Self::Other => None,
        }
    }
}
