//! What one line of the access log says.

use std::{net::SocketAddr, time::Duration};

use clingfish_model::{ResourceId, Version};

use crate::Verdict;

/// One request at its end.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What has a fixed size.
    pub facts: &'a Facts,
    /// What has not.
    pub texts: Texts<'a>,
    /// Targets tried, in order; at most [`clingfish_model::limits::ATTEMPTS_MAX`].
    pub attempts: &'a [Attempt],
}

/// The part of a record that has a fixed size. Absent values are `None` or an empty text.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What kind of exchange it was.
    pub kind: Kind,
    /// When the request's first byte came.
    pub created_at: UnixMicros,
    /// When the response began; for a WebSocket, when it closed.
    pub responded_at: UnixMicros,
    /// The load balancer's id.
    pub load_balancer_id: ResourceId,
    /// The client's address as the connection has it.
    pub client: SocketAddr,
    /// The target that answered, or else the last one tried.
    pub target: Option<SocketAddr>,
    /// From the request's first byte to its head sent to a target.
    pub request_processing: Option<Duration>,
    /// From there to the head of the target's answer.
    pub target_processing: Option<Duration>,
    /// From there to the head sent to the client.
    pub response_processing: Option<Duration>,
    /// The status for the client; 460 where it left before.
    pub status: Option<u16>,
    /// The status that the target gave.
    pub target_status: Option<u16>,
    /// Bytes that came from the client.
    pub received_bytes: u64,
    /// Bytes that went to the client.
    pub sent_bytes: u64,
    /// The client's version of HTTP.
    pub version: Version,
    /// The listener's port.
    pub port: u16,
    /// The target group's id.
    pub group_id: Option<ResourceId>,
    /// Of the rule that took the request; 0 for the default action.
    pub rule_priority: Option<i32>,
    /// `forward`, `fixed-response`, `redirect`.
    pub action: &'static str,
    /// ALB's word for how a rewrite by a rule went; empty where there was none.
    pub transform_status: &'static str,
    /// The cause of an answer of our own.
    pub error_reason: &'static str,
    /// ALB's desync class: `Acceptable`, `Ambiguous`, `Severe`; empty for a compliant request.
    pub classification: &'static str,
    /// ALB's code for that class.
    pub classification_reason: &'static str,
    /// Version of TLS with the client, as OpenSSL writes it; empty without.
    pub tls_version: &'static str,
    /// Cipher suite, likewise.
    pub tls_cipher: &'static str,
    /// Stands for the client's connection in all its lines.
    pub connection: u64,
    /// Why the request went where it went; none where no target group was reached.
    pub verdict: Option<Verdict>,
    /// Why it went to that target group; none where no rule keeps sessions with their group.
    pub group_verdict: Option<Verdict>,
    /// The session, which is written as a short hash only.
    pub session: Option<[u8; 8]>,
}

/// The part of a record that varies in size. Bytes as they came; over-long ones are cut.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a> {
    /// The load balancer's name.
    pub load_balancer: &'a [u8],
    /// The method's name; empty where no request line could be read.
    pub method: &'a [u8],
    /// The host that the client asked for, without a port.
    pub host: &'a [u8],
    /// Path and query.
    pub path_and_query: &'a [u8],
    /// The client's User-Agent.
    pub user_agent: &'a [u8],
    /// The target group's name.
    pub group: &'a [u8],
    /// X-Amzn-Trace-Id as the target sees it.
    pub trace_id: &'a [u8],
    /// The id of the target that the session is at home on, also where another one served.
    pub home: &'a [u8],
    /// Where a rule sent the client.
    pub redirect_url: &'a [u8],
    /// The host that a rule made of the one that was asked for.
    pub transformed_host: &'a [u8],
    /// The path and query that a rule made of those that were asked for.
    pub transformed_uri: &'a [u8],
    /// The name that the client asked for in its TLS handshake.
    pub server_name: &'a [u8],
    /// The file of the certificate that it got.
    pub certificate: &'a [u8],
}

/// How many texts a record has.
pub(super) const TEXTS: usize = 13;

impl<'a> Texts<'a> {
    /// Each text with the bytes that are kept of it. Together well below the size of a batch.
    pub(super) fn parts(&self) -> [(&'a [u8], usize); TEXTS] {
        [
            (self.load_balancer, 64),
            (self.method, 64),
            (self.host, 1024),
            (self.path_and_query, 16 * 1024),
            (self.user_agent, 8 * 1024),
            (self.group, 64),
            (self.trace_id, 1024),
            (self.home, 255),
            (self.redirect_url, 8 * 1024),
            (self.transformed_host, 255),
            (self.transformed_uri, 16 * 1024),
            (self.server_name, 255),
            (self.certificate, 1024),
        ]
    }

    /// Undoes [`Self::parts`].
    pub(super) fn from_parts(parts: [&'a [u8]; TEXTS]) -> Self {
        let [
            load_balancer,
            method,
            host,
            path_and_query,
            user_agent,
            group,
            trace_id,
            home,
            redirect_url,
            transformed_host,
            transformed_uri,
            server_name,
            certificate,
        ] = parts;
        Self {
            load_balancer,
            method,
            host,
            path_and_query,
            user_agent,
            group,
            trace_id,
            home,
            redirect_url,
            transformed_host,
            transformed_uri,
            server_name,
            certificate,
        }
    }
}

/// One target tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its address.
    pub target: SocketAddr,
    /// The status it gave, if any.
    pub status: Option<u16>,
}

/// What kind of exchange a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTTP/1 without TLS.
    Http,
    /// HTTP/1 over TLS.
    Https,
    /// HTTP/2 over TLS.
    H2,
    /// HTTP/2 without TLS.
    H2c,
    /// gRPC over TLS.
    Grpcs,
    /// gRPC without TLS.
    Grpc,
    /// A WebSocket without TLS.
    Ws,
    /// A WebSocket over TLS.
    Wss,
}

impl Kind {
    /// ALB's word for it; ours where ALB wants TLS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::H2 => "h2",
            Self::H2c => "h2c",
            Self::Grpcs => "grpcs",
            Self::Grpc => "grpc",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The scheme of the URL that was asked for.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http | Self::H2c | Self::Grpc | Self::Ws => "http",
            Self::Https | Self::H2 | Self::Grpcs | Self::Wss => "https",
        }
    }
}

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMicros(pub u64);
