//! What requests and logs need to know of a handshake, worked out once per connection.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use clingfish_model::listener_attributes::TlsField;
use rustls::{HandshakeKind, ServerConnection, pki_types::CertificateDer};

use crate::{Clients, ServerTls, names::rfc4514, suites, x509};

/// What is worth knowing of a client's connection.
#[derive(Clone, Debug)]
pub struct PeerFacts {
    /// As OpenSSL writes it: `TLSv1.3`.
    pub version: &'static str,
    /// As OpenSSL writes it: `TLS_AES_128_GCM_SHA256`, `ECDHE-RSA-AES128-GCM-SHA256`.
    pub cipher: &'static str,
    /// The name that the client asked for, in small letters.
    pub server_name: Option<Box<str>>,
    /// The path of the certificate that it got, or would have got where its session was resumed.
    pub certificate: Option<Arc<str>>,
    /// Whether HTTP/2 was agreed on.
    pub is_http2: bool,
    /// Whether a ticket spared it the full handshake.
    pub is_resumed: bool,
    /// What the client showed, where it was asked.
    pub client: Option<Arc<ClientCertificate>>,
}

/// What a client showed. Texts are ASCII without control characters, good for header fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Whether a trust store vouched for it.
    pub is_verified: bool,
    /// The leaf as PEM, percent-encoded but for what ALB leaves as it is.
    pub leaf: String,
    /// All certificates as PEM, in the same way.
    pub chain: String,
    /// Hexadecimal, in capitals.
    pub serial_number: String,
    /// As in RFC 4514.
    pub issuer: String,
    /// As in RFC 4514.
    pub subject: String,
    /// `NotBefore=2026-01-31T12:00:00Z;NotAfter=...`.
    pub validity: String,
}

/// The header fields for the target, whose names are the listener's to say: as ALB, the whole chain of a client that nobody checked
/// here, or the parts of a certificate that a trust store vouched for.
pub fn mtls_fields(facts: &PeerFacts) -> impl Iterator<Item = (TlsField, &str)> {
    let client = facts.client.as_deref();
    let chain = client.filter(|client| !client.is_verified);
    let verified = client.filter(|client| client.is_verified);
    let fields = [
        chain.map(|client| (TlsField::Clientcert, &client.chain)),
        verified.map(|client| (TlsField::Leaf, &client.leaf)),
        verified.map(|client| (TlsField::SerialNumber, &client.serial_number)),
        verified.map(|client| (TlsField::Issuer, &client.issuer)),
        verified.map(|client| (TlsField::Subject, &client.subject)),
        verified.map(|client| (TlsField::Validity, &client.validity)),
    ];
    let fields = fields.into_iter().flatten();
    fields.map(|(field, value)| (field, value.as_str())).filter(|(_, value)| !value.is_empty())
}

impl PeerFacts {
    pub(crate) fn of(connection: &ServerConnection, tls: &ServerTls) -> Self {
        let suite = connection.negotiated_cipher_suite().map(|suite| suite.suite());
        let name = connection.server_name();
        let is_verified = matches!(tls.clients(), Clients::Verified(_));
        let client = connection.peer_certificates().filter(|chain| !chain.is_empty());
        Self {
            version: connection.protocol_version().map_or("-", suites::version_name),
            cipher: suite.map_or("-", suites::openssl_name),
            server_name: name.map(|name| name.to_ascii_lowercase().into()),
            certificate: tls.certificate_for(name).map(|one| Arc::clone(&one.name)),
            is_http2: connection.alpn_protocol() == Some(b"h2"),
            is_resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            client: client.map(|chain| Arc::new(ClientCertificate::of(chain, is_verified))),
        }
    }
}

impl ClientCertificate {
    pub(crate) fn of(chain: &[CertificateDer<'_>], is_verified: bool) -> Self {
        let mut client = Self { is_verified, ..Self::default() };
        for (at, certificate) in chain.iter().enumerate() {
            push_pem(&mut client.chain, certificate);
            if at == 0 {
                client.leaf.clone_from(&client.chain);
            }
        }
        if let Some(leaf) = chain.first().and_then(x509::parse) {
            let hex = |byte: &u8| format!("{byte:02X}");
            client.serial_number = leaf.raw_serial().iter().map(hex).collect();
            client.issuer = rfc4514(leaf.issuer());
            client.subject = rfc4514(leaf.subject());
            let validity = leaf.validity();
            client.validity = format!(
                "NotBefore={};NotAfter={}",
                x509::iso8601(validity.not_before),
                x509::iso8601(validity.not_after)
            );
        }
        client
    }
}

/// Appends PEM with `+`, `/`, `=` and `-` as they are, spaces as `%20` and line ends as `%0A`.
fn push_pem(text: &mut String, der: &[u8]) {
    const CHARACTERS_PER_LINE: usize = 64;
    text.push_str("-----BEGIN%20CERTIFICATE-----%0A");
    for (at, letter) in STANDARD.encode(der).chars().enumerate() {
        if at > 0 && at % CHARACTERS_PER_LINE == 0 {
            text.push_str("%0A");
        }
        text.push(letter);
    }
    text.push_str("%0A-----END%20CERTIFICATE-----%0A");
}

#[cfg(test)]
mod tests;
