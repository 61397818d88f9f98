use std::collections::BTreeMap;

use clingfish_model::{listener_attributes::TlsField, tls::TrustStoreFiles};
use rcgen::{CertificateParams, DnType, DnValue, KeyPair};

use super::*;
use crate::{
    TrustStore,
    testing::{Authority, Leaf, NOW, client, file, handshake, server_at, tickets},
};

fn facts(clients: Clients, root: &Authority, shown: Option<&Leaf>) -> PeerFacts {
    let certified = root.issue(&["a.example", "*.b.example"]).certified_as("certs/a.pem");
    let server = server_at(vec![certified], clients, tickets(1), NOW);
    let client = Arc::new(client(root, shown));
    let (connection, _) = handshake(&server, &client, "X.b.example").unwrap();
    server.facts(&connection)
}

fn verified(authority: &Authority) -> Clients {
    let spec = TrustStoreFiles {
        authorities: "ca.pem".into(),
        revocations: None,
        ignore_expiry: false,
        advertise_names: false,
        arn: None,
    };
    let store = TrustStore::read(&spec, file("ca.pem", &authority.pem), None).unwrap();
    Clients::Verified(Arc::new(store))
}

#[test]
fn a_handshake_tells_what_was_agreed_on() {
    let facts = facts(Clients::Unasked, &Authority::root("root"), None);
    assert_eq!(facts.version, "TLSv1.3");
    assert!(facts.cipher.starts_with("TLS_AES_"), "{}", facts.cipher);
    assert_eq!(facts.server_name.as_deref(), Some("x.b.example"));
    assert_eq!(facts.certificate.as_deref(), Some("certs/a.pem"));
    assert!(!facts.is_http2 && !facts.is_resumed && facts.client.is_none());
    assert_eq!(mtls_fields(&facts).count(), 0);
}

/// Undoes what [`push_pem`] does.
fn decoded(text: &str) -> String {
    text.replace("%20", " ").replace("%0A", "\n")
}

#[test]
fn a_target_is_told_the_parts_of_a_certificate_that_was_checked() {
    let root = Authority::root("root");
    let shown = root.issue(&["ada"]);
    let facts = facts(verified(&root), &root, Some(&shown));
    let fields: BTreeMap<&str, &str> =
        mtls_fields(&facts).map(|(field, value)| (field.name(), value)).collect();
    let leaf = fields["X-Amzn-Mtls-Clientcert-Leaf"];
    assert_eq!(decoded(leaf), shown.pem.replace("\r\n", "\n"));
    assert!(leaf.bytes().all(|byte| byte.is_ascii_graphic()), "{leaf}");
    assert_eq!(fields["X-Amzn-Mtls-Clientcert-Serial-Number"], "010203");
    assert_eq!(fields["X-Amzn-Mtls-Clientcert-Issuer"], "CN=root");
    assert_eq!(fields["X-Amzn-Mtls-Clientcert-Subject"], "CN=rcgen self signed cert");
    assert_eq!(
        fields["X-Amzn-Mtls-Clientcert-Validity"],
        "NotBefore=2026-11-10T00:00:00Z;NotAfter=2027-02-18T00:00:00Z"
    );
    assert_eq!(fields.len(), 5);
}

#[test]
fn a_target_gets_the_whole_chain_that_nobody_checked() {
    let root = Authority::root("root");
    let middle = Authority::root("stranger").below("middle");
    let mut shown = middle.issue(&["ada"]);
    shown.pem.push_str(&middle.pem);
    let facts = facts(Clients::Passthrough, &root, Some(&shown));
    let fields: Vec<_> = mtls_fields(&facts).collect();
    assert_eq!(fields.len(), 1);
    assert_eq!(fields[0].0, TlsField::Clientcert);
    assert_eq!(decoded(fields[0].1), shown.pem.replace("\r\n", "\n"));
}

#[test]
fn names_are_written_so_that_nobody_can_break_out_of_a_header() {
    let root = Authority::root("root");
    let key = KeyPair::generate().unwrap();
    let change = |params: &mut CertificateParams| {
        let name = &mut params.distinguished_name;
        name.remove(DnType::CommonName);
        let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
        name.push(DnType::CountryName, "DE");
        name.push(DnType::OrganizationName, utf8("Müller, Söhne + \"Co\" <x>"));
        name.push(DnType::OrganizationalUnitName, utf8("#1 a=b\\c; "));
        name.push(DnType::CommonName, utf8("a\r\nX-Evil: 1\0"));
        name.push(DnType::from_oid(&[1, 2, 3, 4]), utf8("odd"));
    };
    let shown = root.issue_with(&["ada"], &key, change);
    let facts = facts(verified(&root), &root, Some(&shown));
    assert_eq!(
        facts.client.as_ref().unwrap().subject,
        "1.2.3.4=#0C036F6464,CN=a\\0D\\0AX-Evil: 1\\00,OU=\\#1 a=b\\\\c\\;\\ ,\
         O=M\\C3\\BCller\\, S\\C3\\B6hne \\+ \\\"Co\\\" \\<x\\>,C=DE"
    );
    for (_, value) in mtls_fields(&facts) {
        assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value}");
    }
}
