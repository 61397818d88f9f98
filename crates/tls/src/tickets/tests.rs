use std::time::Duration;

use super::*;
use crate::{
    Clients, ServerTls, TrustStore,
    testing::{At, Authority, NOW, client_with, file, handshake, server_at, ticket_key, tickets},
};

const HOUR: Duration = Duration::from_secs(3600);

fn ticketer(keys: &Arc<TicketKeys>, context: u8, now: UnixMillis) -> Ticketer {
    Ticketer::new(Arc::clone(keys), [context; 32], Arc::new(At(now)))
}

#[test]
fn a_ticket_opens_for_half_a_day_to_a_day() {
    let keys = tickets(1);
    for (sealed_at, opens_until) in [(0, 24), (11, 24)] {
        let ticket = ticketer(&keys, 0, NOW + HOUR * sealed_at).encrypt(b"session").unwrap();
        for hour in sealed_at..30 {
            let opened = ticketer(&keys, 0, NOW + HOUR * hour).decrypt(&ticket);
            let expected = (hour < opens_until).then(|| b"session".to_vec());
            assert_eq!(opened, expected, "sealed at {sealed_at}, opened at {hour}");
        }
    }
    assert_eq!(ticketer(&keys, 0, NOW).lifetime(), 12 * 3600);
}

#[test]
fn an_instance_whose_clock_is_behind_opens_the_tickets_of_the_others() {
    let keys = tickets(1);
    let ticket = ticketer(&keys, 0, NOW).encrypt(b"session").unwrap();
    let behind = UnixMillis(NOW.0 - 60_000);
    assert!(ticketer(&keys, 0, behind).decrypt(&ticket).is_some());
}

#[test]
fn the_current_key_seals_and_old_ones_open_until_they_retire() {
    let old = TicketKey { retires_at: Some(NOW + HOUR * 2), ..ticket_key(1) };
    let new = TicketKey { seals_from: NOW + HOUR, ..ticket_key(2) };
    let keys = Arc::new(TicketKeys::new(vec![old, new], 1));
    let sealed = |hours| ticketer(&keys, 0, NOW + HOUR * hours).encrypt(b"session").unwrap();
    assert_eq!([sealed(0)[2], sealed(1)[2]], [1, 2], "the id of the key that seals");
    let opens =
        |ticket: &[u8], hours| ticketer(&keys, 0, NOW + HOUR * hours).decrypt(ticket).is_some();
    assert!(opens(&sealed(0), 1) && !opens(&sealed(0), 2));
    assert!(opens(&sealed(1), 0), "one that only opens so far");
}

#[test]
fn a_ticket_opens_only_with_its_own_secret_context_and_bytes() {
    let ticket = ticketer(&tickets(1), 0, NOW).encrypt(b"session").unwrap();
    let same_id = TicketKey { secret: [9; 32].into(), ..ticket_key(1) };
    let stranger = Arc::new(TicketKeys::new(vec![same_id], 2));
    assert_eq!(ticketer(&stranger, 0, NOW).decrypt(&ticket), None);
    assert_eq!(ticketer(&tickets(1), 1, NOW).decrypt(&ticket), None);
    let ticketer = ticketer(&tickets(1), 0, NOW);
    for at in 0..ticket.len() {
        let mut damaged = ticket.clone();
        damaged[at] ^= 1;
        assert_eq!(ticketer.decrypt(&damaged), None, "byte {at}");
        assert_eq!(ticketer.decrypt(&ticket[..at]), None, "cut at {at}");
    }
    assert_ne!(ticketer.encrypt(b"session").unwrap(), ticket, "nonces differ");
}

/// Made by another implementation: HKDF-Expand with SHA-256, then XChaCha20-Poly1305.
#[test]
fn a_ticket_means_the_same_in_every_version() {
    let golden = "0100010000a252000102030405060708090a0b0c0d0e0f1011121314\
         15161744ddef079ad986831463091f0c66d92f90e40efba05f9b";
    let byte = |at: usize| u8::from_str_radix(&golden[at..at + 2], 16).unwrap();
    let ticket: Vec<u8> = (0..golden.len()).step_by(2).map(byte).collect();
    let opened = ticketer(&tickets(1), 0, NOW).decrypt(&ticket);
    assert_eq!(opened.as_deref(), Some(&b"session"[..]));
}

fn is_resumed(server: &ServerTls, client: &Arc<rustls::ClientConfig>) -> bool {
    let (connection, _) = handshake(server, client, "a.example").unwrap();
    server.facts(&connection).is_resumed
}

#[test]
fn a_session_resumes_at_every_listener_and_instance_with_the_same_ring() {
    let root = Authority::root("root");
    let certificates = vec![root.issue(&["a.example"]).certified()];
    let server = |ring| server_at(certificates.clone(), Clients::Unasked, tickets(ring), NOW);
    for version in rustls::ALL_VERSIONS {
        let client = Arc::new(client_with(&root, None, &[version]));
        assert!(!is_resumed(&server(1), &client), "{version:?}: the first time");
        assert!(is_resumed(&server(1), &client), "{version:?}: at another instance");
        assert!(!is_resumed(&server(2), &client), "{version:?}: with another ring");
    }
}

#[test]
fn a_session_of_a_listener_that_checks_less_does_not_resume_at_one_that_checks_more() {
    let root = Authority::root("root");
    let certificates = vec![root.issue(&["a.example"]).certified()];
    let shown = Authority::root("stranger").issue(&["client"]);
    let trusting = |authority: &Authority| {
        let spec = clingfish_model::tls::TrustStoreFiles {
            authorities: "ca.pem".into(),
            revocations: None,
            ignore_expiry: false,
            advertise_names: false,
            arn: None,
        };
        TrustStore::read(&spec, file("ca.pem", &authority.pem), None).unwrap()
    };
    let server = |clients| server_at(certificates.clone(), clients, tickets(1), NOW);
    let strict = server(Clients::Verified(Arc::new(trusting(&root))));
    for version in rustls::ALL_VERSIONS {
        for lax in [Clients::Unasked, Clients::Passthrough] {
            let client = Arc::new(client_with(&root, Some(&shown), &[version]));
            let lax = server(lax);
            handshake(&lax, &client, "a.example").unwrap();
            assert!(is_resumed(&lax, &client), "{version:?}");
            assert!(handshake(&strict, &client, "a.example").is_err(), "{version:?}");
        }
        let known = Arc::new(client_with(&root, Some(&root.issue(&["client"])), &[version]));
        handshake(&strict, &known, "a.example").unwrap();
        let again = server(Clients::Verified(Arc::new(trusting(&root))));
        assert!(is_resumed(&again, &known), "{version:?}: the same store at another instance");
        let stranger = Authority::root("stranger");
        let other = server(Clients::Verified(Arc::new(trusting(&stranger))));
        assert!(handshake(&other, &known, "a.example").is_err(), "{version:?}: another store");
    }
}
