//! What a process and the one that takes over from it say to each other.
//!
//! The two may be of different versions, so that what is written here holds for ever, or gets another [`VERSION`].

use std::{
    fmt::{self, Display},
    net::SocketAddr,
};

use clingfish_model::Name;

/// The version of these messages.
pub(crate) const VERSION: u32 = 1;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Old to new, first: which generation the new process is.
    Begin { generation: u64 },
    /// Old to new, with a socket: made for that listener, whose configuration said this address.
    Listener { bind: SocketAddr, name: Name },
    /// Old to new, with a socket: made for the admin address.
    Admin { bind: SocketAddr },
    /// Old to new: these were all sockets.
    Complete,
    /// New to old: could begin at once.
    Ready,
    /// New to old: cannot begin, and why.
    Failed { reason: String },
    /// Old to new: begin.
    Go,
    /// New to old: has begun; from now on the old one is not needed.
    Accepting,
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { generation } => write!(f, "begin {VERSION} {generation}"),
            Self::Listener { bind, name } => write!(f, "listener {bind} {name}"),
            Self::Admin { bind } => write!(f, "admin {bind}"),
            Self::Complete => f.write_str("complete"),
            Self::Ready => f.write_str("ready"),
            Self::Failed { reason } => write!(f, "failed {reason}"),
            Self::Go => f.write_str("go"),
            Self::Accepting => f.write_str("accepting"),
        }
    }
}

impl Message {
    /// Reads a packet.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let address = |text: &str| text.parse().map_err(|_| unreadable(text));
        Ok(match word {
            "begin" => {
                let (version, generation) = rest.split_once(' ').unwrap_or((rest, ""));
                if version != VERSION.to_string() {
                    return Err(format!(
                        "the other process hands over by version {version}, this one by {VERSION}"
                    ));
                }
                let generation = generation.parse().map_err(|_| unreadable(text))?;
                Self::Begin { generation }
            }
            "listener" => {
                let (bind, name) = rest.split_once(' ').ok_or_else(|| unreadable(text))?;
                let name = Name::new(name).map_err(|_| unreadable(text))?;
                Self::Listener { bind: address(bind)?, name }
            }
            "admin" => Self::Admin { bind: address(rest)? },
            "complete" => Self::Complete,
            "ready" => Self::Ready,
            "failed" => Self::Failed { reason: rest.to_owned() },
            "go" => Self::Go,
            "accepting" => Self::Accepting,
            _ => return Err(unreadable(text)),
        })
    }
}

fn unreadable(text: &str) -> String {
    format!("the other process says {text:?}, which means nothing here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bind = "[::1]:0".parse().unwrap();
        for (message, text) in [
            (Message::Begin { generation: 7 }, "begin 1 7"),
            (Message::Listener { bind, name: Name::new("web").unwrap() }, "listener [::1]:0 web"),
            (Message::Admin { bind }, "admin [::1]:0"),
            (Message::Complete, "complete"),
            (Message::Ready, "ready"),
            (
                Message::Failed { reason: "no, for\ntwo reasons".into() },
                "failed no, for\ntwo reasons",
            ),
            (Message::Go, "go"),
            (Message::Accepting, "accepting"),
        ] {
            assert_eq!(message.to_string(), text);
            assert_eq!(Message::parse(text), Ok(message));
        }
    }

    #[test]
    fn what_means_nothing_is_an_error_that_shows_it() {
        for text in ["", "hello", "begin 2 1", "begin 1 x", "listener 1.2.3.4:5", "admin here"] {
            let error = Message::parse(text).unwrap_err();
            assert!(error.starts_with("the other process"), "{text}: {error}");
        }
    }
}
