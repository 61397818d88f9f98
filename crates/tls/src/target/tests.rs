use std::net::Ipv4Addr;

use rustls::CertificateError;

use super::*;
use crate::{
    Clients, TrustStore,
    testing::{At, Authority, NOW, file, handshake_as, server_at, tickets},
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn parts() -> TargetParts {
    TargetParts { authorities: None, server_name: None, client: None, http2: false }
}

fn trusting(authority: &Authority) -> TargetParts {
    let authorities = Authorities::read(file("ca.pem", &authority.pem)).unwrap();
    TargetParts { authorities: Some(Arc::new(authorities)), ..parts() }
}

fn client(parts: TargetParts) -> ClientTls {
    ClientTls::at(parts, 1, Arc::new(At(NOW)))
}

#[test]
fn without_authorities_any_target_will_do_and_with_them_only_theirs() {
    let (root, stranger) = (Authority::root("root"), Authority::root("stranger"));
    let certified = vec![root.issue(&["app.internal", "127.0.0.1"]).certified()];
    let target = server_at(certified, Clients::Unasked, tickets(1), NOW);
    let named = |name: &str, parts| TargetParts {
        server_name: Some(ServerName::try_from(name.to_owned()).unwrap()),
        ..parts
    };
    for (what, parts, host, is_good) in [
        ("nobody vouches", parts(), Some("other.internal"), true),
        ("nobody vouches for an address", parts(), None, true),
        ("its authority", trusting(&root), Some("app.internal"), true),
        ("its authority, by address", trusting(&root), None, true),
        ("another name", trusting(&root), Some("other.internal"), false),
        (
            "the configured name",
            named("app.internal", trusting(&root)),
            Some("other.internal"),
            true,
        ),
        ("another configured name", named("other.internal", trusting(&root)), None, false),
        ("another authority", trusting(&stranger), Some("app.internal"), false),
    ] {
        let client = client(parts);
        let name = client.name_of(host, LOOPBACK);
        assert_eq!(handshake_as(&target, client.config(0), name).is_ok(), is_good, "{what}");
    }
}

#[test]
fn the_name_that_is_sent_is_never_an_address() {
    let root = Authority::root("root");
    let certified = vec![root.issue(&["app.internal"]).certified()];
    let target = server_at(certified, Clients::Unasked, tickets(1), NOW);
    let client = client(parts());
    for (host, sent) in [
        (Some("app.internal"), Some("app.internal")),
        (Some("my_app"), Some("my_app")),
        (None, None),
    ] {
        let name = client.name_of(host, LOOPBACK);
        let (server, _) = handshake_as(&target, client.config(0), name).unwrap();
        assert_eq!(server.server_name(), sent);
    }
}

#[test]
fn a_target_that_asks_gets_our_certificate() {
    let (root, clients) = (Authority::root("root"), Authority::root("clients"));
    let spec = clingfish_model::tls::TrustStoreFiles {
        authorities: "ca.pem".into(),
        revocations: None,
        ignore_expiry: false,
        advertise_names: false,
        arn: None,
    };
    let store = TrustStore::read(&spec, file("ca.pem", &clients.pem), None).unwrap();
    let certified = vec![root.issue(&["app.internal"]).certified()];
    let target = server_at(certified, Clients::Verified(Arc::new(store)), tickets(1), NOW);
    let with = TargetParts { client: Some(clients.issue(&["us"]).certified()), ..parts() };
    for (parts, is_good) in [(parts(), false), (with, true)] {
        let client = client(parts);
        let name = client.name_of(Some("app.internal"), LOOPBACK);
        assert_eq!(handshake_as(&target, client.config(0), name).is_ok(), is_good);
    }
}

#[test]
fn each_worker_remembers_sessions_of_its_own() {
    let root = Authority::root("root");
    let certified = vec![root.issue(&["app.internal"]).certified()];
    let target = server_at(certified, Clients::Unasked, tickets(1), NOW);
    let client = client(parts());
    let is_resumed = |config| {
        let name = client.name_of(Some("app.internal"), LOOPBACK);
        let (server, _) = handshake_as(&target, config, name).unwrap();
        target.facts(&server).is_resumed
    };
    assert!(!is_resumed(client.config(0)));
    assert!(is_resumed(client.config(0)));
    assert!(!is_resumed(client.config_for_checks()));
}

#[test]
fn the_protocol_is_the_one_that_targets_speak() {
    let root = Authority::root("root");
    let certified = vec![root.issue(&["app.internal"]).certified()];
    let target = server_at(certified, Clients::Unasked, tickets(1), NOW);
    for http2 in [false, true] {
        let client = client(TargetParts { http2, ..parts() });
        let name = client.name_of(None, LOOPBACK);
        let (server, _) = handshake_as(&target, client.config(0), name).unwrap();
        assert_eq!(target.facts(&server).is_http2, http2);
    }
}

#[test]
fn a_target_without_the_key_of_its_certificate_is_refused_whoever_vouches() {
    let message = b"message";
    let root = Authority::root("root");
    let leaf = root.issue(&["app.internal"]).certified();
    let certificate = &leaf.key().cert[0];
    let other = root.issue(&["app.internal"]).certified();
    let scheme = rustls::SignatureScheme::ECDSA_NISTP256_SHA256;
    let signer = other.key().key.choose_scheme(&[scheme]).unwrap();
    let signature = signer.sign(message).unwrap();
    // The structure has no constructor; its wire form is scheme, length, signature.
    let mut wire = u16::from(scheme).to_be_bytes().to_vec();
    wire.extend((signature.len() as u16).to_be_bytes());
    wire.extend(signature);
    let signed = rustls::internal::msgs::codec::Codec::read_bytes(&wire).unwrap();
    let verified = AcceptAny.verify_tls13_signature(message, certificate, &signed);
    let bad = rustls::Error::InvalidCertificate(CertificateError::BadSignature);
    assert_eq!(verified.unwrap_err(), bad);
}
