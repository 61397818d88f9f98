use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};

use super::*;
use crate::{
    Clients, ServerTls,
    testing::{Authority, Leaf, NOW, client, file, handshake, moment, server_at, tickets},
};

fn spec() -> TrustStoreFiles {
    TrustStoreFiles {
        authorities: "ca.pem".into(),
        revocations: None,
        ignore_expiry: false,
        advertise_names: false,
        arn: None,
    }
}

fn listener(root: &Authority, clients: Clients) -> ServerTls {
    server_at(vec![root.issue(&["a.example"]).certified()], clients, tickets(1), NOW)
}

fn verified(store: Result<TrustStore, TlsFileError>) -> Clients {
    Clients::Verified(Arc::new(store.unwrap()))
}

/// What the server says of a client that shows that.
fn visit(root: &Authority, server: &ServerTls, shown: Option<&Leaf>) -> Result<(), String> {
    let client = Arc::new(client(root, shown));
    handshake(server, &client, "a.example").map(drop).map_err(|error| error.to_string())
}

#[test]
fn only_clients_of_the_authorities_are_let_in() {
    let (root, clients) = (Authority::root("root"), Authority::root("clients"));
    let ca = file("ca.pem", &clients.pem);
    let server = listener(&root, verified(TrustStore::read(&spec(), ca, None)));
    visit(&root, &server, Some(&clients.issue(&["ada"]))).unwrap();
    let middle = clients.below("middle");
    let mut chained = middle.issue(&["ada"]);
    chained.pem.push_str(&middle.pem);
    visit(&root, &server, Some(&chained)).unwrap();
    for (what, shown) in [("nothing", None), ("another's", Some(root.issue(&["ada"])))] {
        visit(&root, &server, shown.as_ref()).expect_err(what);
    }
}

#[test]
fn passthrough_takes_whatever_is_shown_and_nothing() {
    let root = Authority::root("root");
    let server = listener(&root, Clients::Passthrough);
    visit(&root, &server, None).unwrap();
    visit(&root, &server, Some(&Authority::root("stranger").issue(&["ada"]))).unwrap();
}

#[test]
fn a_chain_beyond_the_limit_is_refused() {
    let root = Authority::root("root");
    let server = listener(&root, Clients::Passthrough);
    let mut shown = root.issue(&["ada"]);
    while shown.pem.len() < 24 * 1024 {
        shown.pem.push_str(&root.pem);
    }
    visit(&root, &server, Some(&shown)).unwrap_err();
}

#[test]
fn revoked_clients_are_kept_out() {
    let (root, clients) = (Authority::root("root"), Authority::root("clients"));
    let serial = |number: u64, params: &mut rcgen::CertificateParams| {
        params.serial_number = Some(SerialNumber::from(number));
    };
    let key = KeyPair::generate().unwrap();
    let (good, revoked) = (
        clients.issue_with(&["good"], &key, |params| serial(5, params)),
        clients.issue_with(&["revoked"], &key, |params| serial(6, params)),
    );
    let list = CertificateRevocationListParams {
        this_update: moment(-1).into(),
        next_update: moment(1).into(),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(6_u64),
            revocation_time: moment(-1).into(),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&clients.issuer).unwrap().pem().unwrap();
    let ca = [&*clients.pem, &*root.pem].concat();
    let (ca, list) = (file("ca.pem", &ca), file("crl.pem", &list));
    let server = listener(&root, verified(TrustStore::read(&spec(), ca, Some(list))));
    visit(&root, &server, Some(&good)).unwrap();
    visit(&root, &server, Some(&revoked)).unwrap_err();
    visit(&root, &server, Some(&root.issue(&["of an authority without a list"]))).unwrap();
    let damaged = file("crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    let error = TrustStore::read(&spec(), ca, Some(damaged)).unwrap_err().to_string();
    assert!(error.starts_with("crl.pem: the list of revoked"), "{error}");
    let empty = TrustStore::read(&spec(), ca, Some(file("crl.pem", ""))).unwrap_err();
    assert!(empty.to_string().starts_with("crl.pem: the list of revoked"), "{empty}");
}

#[test]
fn expired_clients_are_let_in_only_where_that_is_asked_for() {
    let (root, clients) = (Authority::root("root"), Authority::root("clients"));
    let expired = clients.issue_with(&["ada"], &KeyPair::generate().unwrap(), |params| {
        params.not_after = moment(-1).into();
    });
    let early = clients.issue_with(&["ada"], &KeyPair::generate().unwrap(), |params| {
        params.not_before = moment(1).into();
    });
    let stranger = root.issue_with(&["ada"], &KeyPair::generate().unwrap(), |params| {
        params.not_after = moment(-1).into();
    });
    let ca = file("ca.pem", &clients.pem);
    let strict = listener(&root, verified(TrustStore::read(&spec(), ca, None)));
    let lenient = TrustStoreFiles { ignore_expiry: true, ..spec() };
    let lenient = listener(&root, verified(TrustStore::read(&lenient, ca, None)));
    visit(&root, &strict, Some(&expired)).unwrap_err();
    visit(&root, &lenient, Some(&expired)).unwrap();
    visit(&root, &lenient, Some(&early)).unwrap_err();
    visit(&root, &lenient, Some(&stranger)).unwrap_err();
}

#[test]
fn names_of_authorities_are_told_only_where_that_is_asked_for() {
    let clients = Authority::root("clients");
    for advertise_names in [false, true] {
        let spec = TrustStoreFiles { advertise_names, ..spec() };
        let store = TrustStore::read(&spec, file("ca.pem", &clients.pem), None).unwrap();
        assert_eq!(store.verifier.root_hint_subjects().is_empty(), !advertise_names);
    }
}

#[test]
fn a_bundle_without_a_single_authority_is_refused_and_what_cannot_be_used_is_counted() {
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = Authorities::read(file("ca.pem", garbage)).unwrap_err().to_string();
    assert!(error.starts_with("ca.pem: there is no certificate of an authority"), "{error}");
    let mixed = [&*Authority::root("root").pem, garbage].concat();
    assert_eq!(Authorities::read(file("ca.pem", &mixed)).unwrap().ignored, 1);
}
