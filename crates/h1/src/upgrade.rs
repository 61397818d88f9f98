//! Changing protocols (RFC 9110 section 7.8).

use crate::bytes::list;

/// A change of protocol that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// To WebSocket.
    WebSocket,
    /// To some other protocol, or to one of several.
    Other,
}

/// What the Upgrade fields of one message name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocols {
    #[default]
    None,
    WebSocket,
    Other,
    /// HTTP/2 among them: a way past the rules of HTTP/1, so never gone.
    Http2,
}

impl Protocols {
    /// Adds the protocols of one Upgrade field.
    pub(crate) fn add(&mut self, value: &[u8]) {
        for protocol in list(value) {
            let name = protocol.split(|&byte| byte == b'/').next().unwrap_or(protocol);
            *self = match self {
                Self::Http2 => Self::Http2,
                _ if is_http2(name) => Self::Http2,
                Self::None if protocol.eq_ignore_ascii_case(b"websocket") => Self::WebSocket,
                _ => Self::Other,
            };
        }
    }

    /// What may be asked of a target.
    pub(crate) fn upgrade(self) -> Option<Upgrade> {
        match self {
            Self::None | Self::Http2 => None,
            Self::WebSocket => Some(Upgrade::WebSocket),
            Self::Other => Some(Upgrade::Other),
        }
    }
}

fn is_http2(name: &[u8]) -> bool {
    [b"h2c".as_slice(), b"h2", b"http"].iter().any(|known| name.eq_ignore_ascii_case(known))
}
