use rcgen::{KeyPair, PKCS_RSA_SHA256};
use rustls::version::{TLS12, TLS13};

use super::*;
use crate::{
    Clients,
    testing::{Authority, NOW, client, client_with, handshake, moment, server_at, tickets},
};

#[test]
fn a_name_finds_its_certificate_exactly_then_by_wildcard_and_else_the_first() {
    let root = Authority::root("root");
    let certified = |name: &str, names: &[&str]| root.issue(names).certified_as(name);
    let resolver = Resolver::new(vec![
        certified("default", &["default.example"]),
        certified("shop", &["shop.example", "*.shop.example"]),
        certified("www", &["www.shop.example"]),
    ]);
    for (name, expected) in [
        (Some("default.example"), "default"),
        (Some("shop.example"), "shop"),
        (Some("SHOP.example"), "shop"),
        (Some("a.shop.example"), "shop"),
        (Some("www.shop.example"), "www"),
        (Some("a.b.shop.example"), "default"),
        (Some("xshop.example"), "default"),
        (Some("example"), "default"),
        (None, "default"),
    ] {
        let found = resolver.candidates(name).next().unwrap();
        assert_eq!(&*found.name, expected, "{name:?}");
    }
}

#[test]
fn of_several_for_one_name_the_best_that_the_client_can_check_is_chosen() {
    let root = Authority::root("root");
    let rsa = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let rsa = root.issue_with(&["a.example"], &rsa, |_| {}).certified_as("rsa");
    let short = KeyPair::generate().unwrap();
    let short = root.issue_with(&["a.example"], &short, |params| {
        params.not_after = moment(20).into();
    });
    let (short, long) =
        (short.certified_as("short"), root.issue(&["a.example"]).certified_as("long"));
    let server = server_at(vec![rsa, short, long], Clients::Unasked, tickets(1), NOW);
    let resolver = Resolver::new(server.certificates().to_vec());
    let order = |name| -> Vec<&str> { resolver.candidates(name).map(|one| &*one.name).collect() };
    assert_eq!(order(Some("a.example")), ["long", "short", "rsa"]);
    assert_eq!(
        order(Some("unknown.example")),
        ["long", "short", "rsa"],
        "all stand in for the first"
    );

    let all = Arc::new(client(&root, None));
    let (_, connection) = handshake(&server, &all, "a.example").unwrap();
    let leaf =
        |connection: &rustls::ClientConnection| connection.peer_certificates().unwrap()[0].clone();
    assert_eq!(leaf(&connection), server.certificates()[2].key().cert[0]);

    // TLS 1.2 tells by the suites what a client can check.
    let mut provider = (*crate::provider()).clone();
    provider.cipher_suites.retain(|suite| format!("{suite:?}").contains("RSA_WITH"));
    provider.cipher_suites.retain(|suite| !format!("{suite:?}").contains("ECDSA"));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der.clone()).unwrap();
    let only_rsa = rustls::ClientConfig::builder_with_details(
        Arc::new(provider),
        Arc::new(crate::testing::At(NOW)),
    )
    .with_protocol_versions(&[&TLS12])
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let (connection, peer) = handshake(&server, &Arc::new(only_rsa), "a.example").unwrap();
    assert_eq!(leaf(&peer), server.certificates()[0].key().cert[0]);
    assert!(server.facts(&connection).cipher.starts_with("ECDHE-RSA-"));
}

#[test]
fn both_versions_are_spoken_unless_the_older_is_shut_out() {
    let root = Authority::root("root");
    let certified = root.issue(&["a.example"]).certified();
    let server = server_at(vec![Arc::clone(&certified)], Clients::Unasked, tickets(1), NOW);
    for (version, name) in [(&TLS12, "TLSv1.2"), (&TLS13, "TLSv1.3")] {
        let client = Arc::new(client_with(&root, None, &[version]));
        let (connection, _) = handshake(&server, &client, "a.example").unwrap();
        assert_eq!(server.facts(&connection).version, name);
    }
    let parts = crate::ServerParts {
        certificates: vec![certified],
        min_version: clingfish_model::TlsVersion::V1_3,
        http2: false,
        clients: Clients::Unasked,
    };
    let strict = crate::ServerTls::new(parts, tickets(1));
    let old = Arc::new(client_with(&root, None, &[&TLS12]));
    assert!(handshake(&strict, &old, "a.example").is_err());
}
