//! What must hold for any bytes, as functions for fuzzers. They panic where it does not.

use std::sync::Arc;

use clingfish_model::{UnixMillis, tls::TrustStoreFiles};
use rustls::{
    pki_types::CertificateDer, server::ProducesTickets, time_provider::DefaultTimeProvider,
};

use crate::{
    Certified, ClientCertificate, File, PeerFacts, Purpose, TicketKey, TicketKeys, TrustStore,
    mtls_fields, tickets::Ticketer,
};

/// Reads bytes as the certificate that a client shows, and tells a target of it: in visible ASCII, whatever it says.
pub fn client_certificate(data: &[u8]) {
    for is_verified in [true, false] {
        let client = ClientCertificate::of(&[CertificateDer::from(data)], is_verified);
        let facts = PeerFacts {
            version: "TLSv1.3",
            cipher: "-",
            server_name: None,
            certificate: None,
            is_http2: false,
            is_resumed: false,
            client: Some(Arc::new(client)),
        };
        for (field, value) in mtls_fields(&facts) {
            let is_visible = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            assert!(is_visible, "{}: {value:?}", field.name());
        }
    }
}

/// Reads bytes as every kind of file. What is wrong with one has a text that names it.
pub fn certificate_file(data: &[u8]) {
    let file = File { name: "file.pem", bytes: data };
    let spec = TrustStoreFiles {
        authorities: "file.pem".into(),
        revocations: None,
        ignore_expiry: false,
        advertise_names: false,
        arn: None,
    };
    let now = UnixMillis(1_795_132_800_000);
    let certified = Certified::read(file, file, Some(file), Purpose::Server, now);
    let store = TrustStore::read(&spec, file, Some(file));
    for error in [certified.err(), store.err()].into_iter().flatten() {
        assert!(error.to_string().starts_with("file.pem: "), "{error}");
    }
}

/// Opens bytes as a ticket, which nobody else can have made.
pub fn ticket(data: &[u8]) {
    let key = TicketKey {
        id: [0, 1],
        secret: [7; 32].into(),
        seals_from: UnixMillis(0),
        retires_at: None,
    };
    let keys = Arc::new(TicketKeys::new(vec![key], 1));
    let ticketer = Ticketer::new(keys, [0; 32], Arc::new(DefaultTimeProvider));
    assert_eq!(ticketer.decrypt(data), None, "a ticket was forged");
    let sealed = ticketer.encrypt(data).expect("there is a key");
    assert_eq!(ticketer.decrypt(&sealed).as_deref(), Some(data));
}
