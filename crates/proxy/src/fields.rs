//! Which fields of a request a target gets to see, and what is said of the connection beside them.

use clingfish_h1::{connection::is_twin, write};
use clingfish_model::{
    FieldId, ListenerAttributes, LoadBalancer, RequestHead, head::FieldLine, listener::XffMode,
    listener_attributes::TlsField,
};
use clingfish_tls::{PeerFacts, mtls_fields};

use crate::refusal::Refusal;

/// Addresses that X-Forwarded-For may name; with more, ALB answers 463.
const FORWARDED_FOR_MAX: usize = 30;

/// What decides which of a client's fields go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieve<'a> {
    pub(crate) balancer: &'a LoadBalancer,
    pub(crate) attributes: &'a ListenerAttributes,
    /// The peer is a trusted proxy: what it says of the client counts.
    pub(crate) trusted: bool,
}

impl Sieve<'_> {
    /// Whether a field is kept from the target because of its name, or because of who says it.
    pub(crate) fn drops(&self, line: &FieldLine<'_>) -> bool {
        match line.id {
            FieldId::Other => {
                is_twin(line.name)
                    || self.attributes.is_reserved(line.name)
                    || (!self.trusted && is_word_of_proxy(line.name))
                    || self.is_invalid(line)
            }
            // These are said of the client, not by it.
            FieldId::Forwarded | FieldId::XForwardedHost => !self.trusted,
            FieldId::XForwardedProto | FieldId::XForwardedPort => !self.trusted,
            _ => false,
        }
    }

    /// Whether ALB would drop it for its name.
    pub(crate) fn is_invalid(&self, line: &FieldLine<'_>) -> bool {
        self.balancer.drop_invalid_header_fields
            && line.id == FieldId::Other
            && !line.name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    }
}

/// Whether proxies tell of their clients by that name: `X-Forwarded-…`, `X-Real-IP`, and what ALB says of whom it let in.
fn is_word_of_proxy(name: &[u8]) -> bool {
    const STARTS: [&[u8]; 2] = [b"x-forwarded-", b"x-amzn-oidc-"];
    let starts = |start: &[u8]| {
        name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    name.first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'x'))
        && (name.eq_ignore_ascii_case(b"x-real-ip") || STARTS.into_iter().any(starts))
}

/// Refuses a request that has come through more proxies than anybody has.
pub(crate) fn judge_forwarded_for(head: RequestHead<'_>) -> Result<(), Refusal> {
    let values = head.values(FieldId::XForwardedFor);
    let addresses = values.flat_map(|value| value.split(|byte| *byte == b','));
    let count = addresses.filter(|address| !address.trim_ascii().is_empty()).count();
    if count > FORWARDED_FOR_MAX { Err(Refusal::TooManyForwarded) } else { Ok(()) }
}

/// Appends X-Forwarded-For as the load balancer wants it; `peer` appends the client's address.
pub(crate) fn write_forwarded_for(
    head: RequestHead<'_>,
    mode: XffMode,
    peer: impl FnOnce(&mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    let came = head.values(FieldId::XForwardedFor).filter(|value| !value.is_empty());
    match mode {
        XffMode::Append => {
            out.extend_from_slice(b"X-Forwarded-For: ");
            for value in came {
                out.extend_from_slice(value);
                out.extend_from_slice(b", ");
            }
            peer(out);
            out.extend_from_slice(write::LINE_END);
        }
        XffMode::Preserve => came.for_each(|value| write::field(out, b"X-Forwarded-For", value)),
        XffMode::Remove => {}
    }
}

/// Appends what is known of the client's TLS connection, as far as the target is to know.
pub(crate) fn write_tls(
    facts: &PeerFacts,
    balancer: &LoadBalancer,
    attributes: &ListenerAttributes,
    out: &mut Vec<u8>,
) {
    let session = [(TlsField::Version, facts.version), (TlsField::CipherSuite, facts.cipher)];
    let session = session.into_iter().filter(|_| balancer.tls_headers);
    for (field, value) in session.chain(mtls_fields(facts)) {
        write::field(out, attributes.name_of(field).as_bytes(), value.as_bytes());
    }
}

/// Appends the fields that a listener adds to its responses.
pub(crate) fn write_inserted(attributes: &ListenerAttributes, out: &mut Vec<u8>) {
    for one in &attributes.inserted {
        write::field(out, one.field.name().as_bytes(), one.value.as_str().as_bytes());
    }
}
