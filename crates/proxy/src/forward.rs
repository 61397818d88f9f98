//! Room `forward`: what a target gets to see of a request head.

use std::{
    borrow::Cow,
    io::Write as _,
    net::{IpAddr, SocketAddr},
    rc::Rc,
};

use clingfish_affinity::{Cuts, Origin, Stripped};
use clingfish_h1::{BodyLength, HopByHop, RequestFraming, desync::resembles_framing, write};
use clingfish_model::{
    FieldId, ListenerAttributes, LoadBalancer, RequestHead, UnixMillis, Version, head::without_port,
};
use clingfish_snapshot::{Group, Presented};
use clingfish_tls::PeerFacts;
use http::Request;

use crate::{
    fields::{self, Sieve},
    forwarded_for,
    http2::head,
    identity::unwrap_in,
    rule::Ruling,
    worker::Worker,
};

/// What is said of the client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The peer of the connection.
    pub(crate) peer: SocketAddr,
    /// The address that it connected to.
    pub(crate) local: SocketAddr,
    /// What is known of its handshake; none without TLS.
    pub(crate) tls: Option<&'a Rc<PeerFacts>>,
    /// The peer is a trusted proxy: what it says of the client counts.
    pub(crate) trusted: bool,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(
        peer: SocketAddr,
        local: SocketAddr,
        tls: Option<&'a Rc<PeerFacts>>,
        balancer: &LoadBalancer,
    ) -> Self {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let trusted = balancer.trusted_proxies.iter().any(|net| net.contains(&peer.ip()));
        Self { peer, local, tls, trusted }
    }

    /// Where a request comes from, as far as it may be a key.
    pub(crate) fn origin(&self, head: RequestHead<'_>, balancer: &LoadBalancer) -> Origin<'a> {
        let tls_name = self.tls.and_then(|tls| tls.server_name.as_deref());
        Origin { client: self.client(head, balancer), tls_name }
    }

    /// The client's address: the peer's, or what a trusted proxy says.
    pub(crate) fn client(&self, head: RequestHead<'_>, balancer: &LoadBalancer) -> IpAddr {
        let said = self.trusted.then(|| {
            forwarded_for::client(head.values(FieldId::XForwardedFor), &balancer.trusted_proxies)
        });
        said.flatten().unwrap_or_else(|| self.peer.ip())
    }

    /// Whether the client speaks https: to us, or to a trusted proxy that says so.
    pub(crate) fn is_https(&self, head: RequestHead<'_>) -> bool {
        let said = if self.trusted { head.value(FieldId::XForwardedProto) } else { None };
        said.map_or(self.tls.is_some(), |proto| proto.eq_ignore_ascii_case(b"https"))
    }
}

/// A request head on its way to a target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forwarded<'a> {
    pub(crate) head: RequestHead<'a>,
    pub(crate) framing: RequestFraming,
    pub(crate) balancer: &'a LoadBalancer,
    pub(crate) attributes: &'a ListenerAttributes,
    pub(crate) facts: Facts<'a>,
    /// Cookies that the target does not get to see.
    pub(crate) cuts: &'a Cuts,
    /// An id of the application that came in an envelope, and whose it is.
    pub(crate) presented: Option<(&'a Group, &'a Presented<'a>)>,
    /// X-Amzn-Trace-Id: see [`Trace`].
    pub(crate) trace: &'a [u8],
    /// What a rule made of host and path.
    pub(crate) ruling: Option<&'a Ruling>,
}

/// Time and randomness of a trace id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trace {
    pub(crate) now: UnixMillis,
    pub(crate) random: [u8; 12],
}

/// Largest X-Amzn-Trace-Id that is kept; ALB's own limit on what it takes over is 7 KB of headers.
const TRACE_ID_BYTES_MAX: usize = 1024;

impl Forwarded<'_> {
    /// Appends the head, complete.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write::request_line(out, self.head.method_name(), &self.path_and_query());
        out.extend_from_slice(b"Host: ");
        self.write_authority(out);
        out.extend_from_slice(write::LINE_END);
        self.write_fields(out);
        self.write_framing(out);
        write::head_end(out);
    }

    /// The same for a stream of HTTP/2. None where the request has no such form.
    pub(crate) fn request(&self, worker: &Worker, scheme: &'static str) -> Option<Request<()>> {
        let mut lines = worker.buffers.take();
        self.write_authority(&mut lines);
        let authority_len = lines.len();
        self.write_fields(&mut lines);
        if let BodyLength::Known(length) = self.framing.body {
            write::content_length(&mut lines, length);
        }
        // The only TE that HTTP/2 knows; gRPC's servers insist on it.
        let takes_trailers = |te: &[u8]| te.eq_ignore_ascii_case(b"trailers");
        if self.head.values(FieldId::Te).any(takes_trailers) {
            write::field(&mut lines, b"te", b"trailers");
        }
        let (method, path) = (self.head.method_name(), self.path_and_query());
        let (authority, lines) = lines.split_at(authority_len);
        head::request(method, scheme, authority, &path, lines)
    }

    /// As a rule has it, or else as it came, without the token that it may have brought.
    fn path_and_query(&self) -> Cow<'_, [u8]> {
        let made = self.ruling.and_then(|ruling| ruling.path_and_query.as_deref());
        if let Some(made) = made {
            return Cow::Borrowed(made);
        }
        match self.cuts.path(self.head.path_and_query()) {
            [all, b""] => Cow::Borrowed(all),
            parts => Cow::Owned(parts.concat()),
        }
    }

    /// Appends the fields, but for Host and what frames the body.
    fn write_fields(&self, out: &mut Vec<u8>) {
        let hop_by_hop = HopByHop::new(self.head.values(FieldId::Connection));
        let (balancer, attributes, trusted) = (self.balancer, self.attributes, self.facts.trusted);
        let sieve = Sieve { balancer, attributes, trusted };
        let mut cookies = 0;
        for (ordinal, line) in self.head.fields().enumerate() {
            let start = out.len();
            match line.id {
                FieldId::Host
                | FieldId::ContentLength
                | FieldId::XForwardedFor
                | FieldId::XAmznTraceId => {}
                FieldId::Cookie => {
                    self.write_cookie(cookies, line.value, out);
                    cookies += 1;
                }
                _ if hop_by_hop.removes(&line) || sieve.drops(&line) => {}
                _ if self.framing.desync.is_some() && resembles_framing(line.name) => {}
                _ if self.cuts.hides(ordinal) => {}
                _ => write::field(out, line.name, line.value),
            }
            if let Some((group, presented)) = self.presented
                && group.carries(line.id, line.name)
            {
                unwrap_in(presented, out, start);
            }
        }
        let write_peer = |out: &mut Vec<u8>| {
            write_address(self.facts.peer, self.balancer.xff_client_port, out);
        };
        fields::write_forwarded_for(self.head, self.balancer.xff_mode, write_peer, out);
        self.write_proto_and_port(out);
        if let Some(tls) = self.facts.tls {
            fields::write_tls(tls, self.balancer, self.attributes, out);
        }
        write::field(out, b"X-Amzn-Trace-Id", self.trace);
    }

    /// As the client wrote it; or as ALB does it, with the listener's port unless that is the scheme's own.
    fn write_authority(&self, out: &mut Vec<u8>) {
        let authority = self.head.authority();
        let host = without_port(authority);
        let made = self.ruling.and_then(|ruling| ruling.host.as_deref());
        if authority.is_empty() {
            // HTTP/1.0 may leave it out, HTTP/1.1 may not: our own address is the only name there is.
            let _ = write!(out, "{}", self.facts.local);
        } else if self.balancer.preserve_host_header {
            out.extend_from_slice(made.unwrap_or(host));
            out.extend_from_slice(authority.get(host.len()..).unwrap_or_default());
        } else {
            out.extend_from_slice(made.unwrap_or(host));
            if !matches!(self.facts.local.port(), 80 | 443) {
                let _ = write!(out, ":{}", self.facts.local.port());
            }
        }
    }

    fn write_cookie(&self, ordinal: usize, value: &[u8], out: &mut Vec<u8>) {
        if self.cuts.is_empty() {
            return write::field(out, b"Cookie", value);
        }
        let line = out.len();
        out.extend_from_slice(b"Cookie: ");
        match self.cuts.strip(ordinal, value, out) {
            Stripped::Untouched => out.extend_from_slice(value),
            Stripped::Shortened => {}
            Stripped::Emptied => return out.truncate(line),
        }
        out.extend_from_slice(write::LINE_END);
    }

    /// A nonce in base64 (RFC 6455 section 4.1): nobody checks it but the target, which only proves that it has read it.
    fn websocket_key(&self) -> [u8; 24] {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        // 16 bytes are 22 digits; of the last one only two bits count. The trace id ends in 24 random hexadecimal digits.
        let mut key = *b"AAAAAAAAAAAAAAAAAAAAAA==";
        for (digit, random) in key.iter_mut().take(21).zip(self.trace.iter().rev()) {
            *digit = ALPHABET.get(usize::from(random & 63)).copied().unwrap_or(b'A');
        }
        key
    }

    fn write_proto_and_port(&self, out: &mut Vec<u8>) {
        let says = |id| self.facts.trusted && self.head.value(id).is_some();
        if !says(FieldId::XForwardedProto) {
            let proto: &[u8] = if self.facts.tls.is_some() { b"https" } else { b"http" };
            write::field(out, b"X-Forwarded-Proto", proto);
        }
        if !says(FieldId::XForwardedPort) {
            out.extend_from_slice(b"X-Forwarded-Port: ");
            write::decimal(out, self.facts.local.port().into());
            out.extend_from_slice(write::LINE_END);
        }
    }

    fn write_framing(&self, out: &mut Vec<u8>) {
        match self.framing.body {
            BodyLength::Known(length) => write::content_length(out, length),
            BodyLength::Chunked => write::chunked(out),
            BodyLength::None | BodyLength::UntilClose => {}
        }
        if self.framing.upgrade.is_some() {
            for protocol in self.head.values(FieldId::Upgrade) {
                write::field(out, b"Upgrade", protocol);
            }
            out.extend_from_slice(b"Connection: Upgrade\r\n");
        }
        if self.framing.upgrade.is_some() && self.head.version() == Version::Http2 {
            // RFC 8441 needs neither: what comes in frames cannot be mistaken for another's.
            write::field(out, b"Upgrade", b"websocket");
            write::field(out, b"Sec-WebSocket-Key", self.websocket_key().as_slice());
        }
    }
}

impl Trace {
    /// ALB's rule: without a Root, ours is the Root; with one, ours is Self, and a Self from before goes.
    pub(crate) fn write(self, came: Option<&[u8]>, out: &mut Vec<u8>) {
        let came = came.filter(|value| value.len() <= TRACE_ID_BYTES_MAX).unwrap_or_default();
        let fields =
            || came.split(|c| *c == b';').map(<[u8]>::trim_ascii).filter(|f| !f.is_empty());
        let has_root = fields().any(|field| field.starts_with(b"Root="));
        self.write_own(if has_root { "Self" } else { "Root" }, out);
        for field in fields().filter(|field| !field.starts_with(b"Self=")) {
            out.push(b';');
            out.extend_from_slice(field);
        }
    }

    /// `Root=1-5759e988-bd862e3fe1be46a994272793`.
    fn write_own(self, label: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(b"=1-");
        let [.., a, b, c, d] = self.now.as_secs().to_be_bytes();
        out.extend_from_slice(&hex([a, b, c, d]));
        out.push(b'-');
        let (words, _) = self.random.as_chunks();
        words.iter().for_each(|word| out.extend_from_slice(&hex(*word)));
    }
}

/// Hexadecimal digits of four bytes, all at once: one digit in each byte of a word.
fn hex(bytes: [u8; 4]) -> [u8; 8] {
    let bytes = u64::from(u32::from_le_bytes(bytes));
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    let lanes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (lanes >> 4 | lanes << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    let is_letter = (digits + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let text = digits + 0x3030_3030_3030_3030 + is_letter * u64::from(b'a' - b'9' - 1);
    text.to_le_bytes()
}

/// Address as X-Forwarded-For has it; with a port, IPv6 stands in brackets.
fn write_address(address: SocketAddr, with_port: bool, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = match (with_port, address.ip()) {
        (true, _) => write!(out, "{address}"),
        (false, IpAddr::V4(ip)) => {
            let [a, b, c, d] = ip.octets();
            for (at, octet) in [a, b, c, d].into_iter().enumerate() {
                if at > 0 {
                    out.push(b'.');
                }
                write::decimal(out, octet.into());
            }
            Ok(())
        }
        (false, IpAddr::V6(ip)) => write!(out, "{ip}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_two_hexadecimal_digits() {
        for value in (0..=255).map(|byte| byte * 0x0101_0101).chain([0x0123_4567, 0x89ab_cdef]) {
            assert_eq!(hex(u32::to_be_bytes(value)), *format!("{value:08x}").as_bytes());
        }
    }
}
