//! What is kept of one request.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use clingfish_model::{UnixMillis, Version};

use super::Sort;
use crate::{Verdict, log::Kind};

/// A request at its end; a WebSocket when it opens.
#[derive(Debug)]
pub struct Sample {
    /// Counts samples from 1; given by [`super::Recent::keep`].
    pub id: u64,
    /// What it gives way to.
    pub sort: Sort,
    /// When its first byte came.
    pub at: UnixMillis,
    /// What kind of exchange it was.
    pub kind: Kind,
    /// The client's version of HTTP.
    pub version: Version,
    /// The method's name; empty where no request line could be read.
    pub method: Box<str>,
    /// The host that the client asked for, without a port.
    pub host: Box<str>,
    /// The path without what may be secret in it, and without the query.
    pub path: Box<str>,
    /// It had a query.
    pub has_query: bool,
    /// The client's address as the connection has it.
    pub client: SocketAddr,
    /// The listener's name; none where it is gone.
    pub listener: Option<Box<str>>,
    /// Priority of the rule that took it; 0 for the default action.
    pub rule: Option<u16>,
    /// `forward`, `fixed-response`, `redirect`; empty where no rule took it.
    pub action: &'static str,
    /// The target group's name.
    pub group: Option<Box<str>>,
    /// Id of the target that answered, or else of the last one tried.
    pub target: Option<Box<str>>,
    /// Why it went there.
    pub verdict: Option<Verdict>,
    /// Why it went to that target group, where a rule keeps sessions with theirs.
    pub group_verdict: Option<Verdict>,
    /// The status for the client.
    pub status: Option<u16>,
    /// The status that the target gave.
    pub target_status: Option<u16>,
    /// The cause of an answer of our own; empty without.
    pub error_reason: &'static str,
    /// From its first byte to its end; of a WebSocket, until it opened.
    pub duration: Duration,
    /// From its head sent to a target to the head of the answer.
    pub target_response: Option<Duration>,
    /// Bytes that came from the client.
    pub received_bytes: u64,
    /// Bytes that went to the client.
    pub sent_bytes: u64,
    /// Targets tried.
    pub tries: usize,
    /// The session; shown as a short hash only.
    pub session: Option<[u8; 8]>,
    /// The snapshot that it used.
    pub revision: u64,
    /// What can be explained; none where the request could not be read, or had too long a head.
    pub head: Option<KeptHead>,
}

/// What decides where a request goes: for its explanation, and never shown.
pub struct KeptHead {
    /// A head as HTTP/1, with those fields and cookies alone that rules or stickiness look at.
    pub bytes: Box<[u8]>,
    /// Whose request it is: the peer, or the client that a trusted proxy names.
    pub client: IpAddr,
    /// The name that the client asked for in its TLS handshake.
    pub server_name: Option<Box<str>>,
    /// Whether it came by https.
    pub https: bool,
}

impl fmt::Debug for KeptHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptHead").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
