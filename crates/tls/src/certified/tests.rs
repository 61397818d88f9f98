use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

use super::*;
use crate::testing::{Authority, DAY, NOW, file, moment};

fn read(chain: &str, key: &str) -> Result<Certified, TlsFileError> {
    read_at(chain, key, NOW)
}

fn read_at(chain: &str, key: &str, now: UnixMillis) -> Result<Certified, TlsFileError> {
    let (chain, key) = (file("chain.pem", chain), file("key.pem", key));
    Certified::read(chain, key, None, Purpose::Server, now)
}

#[test]
fn a_chain_with_its_key_is_read_with_its_names_and_ages() {
    let root = Authority::root("root");
    let middle = root.below("middle");
    let leaf = middle.issue(&["Shop.example", "*.shop.example"]);
    let chain = [&*leaf.pem, &*middle.pem].concat();
    let certified = read(&chain, &leaf.key).unwrap();
    assert_eq!(certified.names().collect::<Vec<_>>(), ["shop.example", "*.shop.example"]);
    assert_eq!(
        (certified.not_before, certified.not_after),
        (UnixMillis(NOW.0 - 10 * 24 * 3_600_000), UnixMillis(NOW.0 + 90 * 24 * 3_600_000),)
    );
    assert!(certified.warnings.is_empty());
    read(&[&*chain, &*root.pem].concat(), &leaf.key).unwrap();
}

#[test]
fn one_file_may_hold_both() {
    let leaf = Authority::root("root").issue(&["a.example"]);
    let both = [&*leaf.key, &*leaf.pem].concat();
    read(&both, &both).unwrap();
}

#[test]
fn keys_of_every_usual_kind_are_taken() {
    let root = Authority::root("root");
    for algorithm in [
        &PKCS_RSA_SHA256,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = root.issue_with(&["a.example"], &key, |_| {});
        read(&leaf.pem, &leaf.key).unwrap_or_else(|error| panic!("{algorithm:?}: {error}"));
    }
}

/// What is said of a chain and a key must have both texts.
fn refused(what: &str, chain: &str, key: &str, expected: [&str; 2]) {
    let error = read(chain, key).expect_err(what).to_string();
    for part in expected {
        assert!(error.contains(part), "{what}: {error}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_what_to_do() {
    let root = Authority::root("root");
    let (leaf, other, nameless) =
        (root.issue(&["a.example"]), root.issue(&["b.example"]), root.issue(&[]));
    let cut = leaf.pem.rsplit_once("-----END").unwrap().0;
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let none = ["chain.pem: there is no certificate", "BEGIN CERTIFICATE"];
    refused("no certificate", &leaf.key, &leaf.key, none);
    refused("nothing", "", &leaf.key, none);
    let none = ["key.pem: there is no private key", "BEGIN PRIVATE KEY"];
    refused("no key", &leaf.pem, &leaf.pem, none);
    let damaged = ["chain.pem: damaged PEM: a section has no end", "copy the file again"];
    refused("cut off", cut, &leaf.key, damaged);
    let malformed = ["chain.pem: certificate 1 is not", "copy the file again"];
    refused("not a certificate", garbage, &leaf.key, malformed);
    let mismatch = ["key.pem: the private key does not belong to the certificate", "use the key"];
    refused("another's key", &leaf.pem, &other.key, mismatch);
    let nobody = ["chain.pem: the certificate names no host", "have it issued"];
    refused("no names", &nameless.pem, &nameless.key, nobody);
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    refused("encrypted", &leaf.pem, encrypted, ["key.pem: the private key is", "openssl pkey"]);
}

#[test]
fn what_is_wrong_with_a_chain_is_told_with_what_to_do() {
    let root = Authority::root("root");
    let (middle, namesake) = (root.below("middle"), root.below("middle"));
    let leaf = middle.issue(&["a.example"]);
    let (leaf_pem, middle, root) = (&*leaf.pem, &*middle.pem, &*root.pem);
    let order = "wrong order: \"CN=middle\" issued certificate 1";
    let gap = "certificate 1 was issued by \"CN=middle\", which is not in the file";
    let second = "wrong order: \"CN=middle\" issued certificate 2";
    let own = "the host's own first";
    for (what, chain, expected) in [
        ("issuer first", vec![middle, leaf_pem], [second, own]),
        ("root in between", vec![leaf_pem, root, middle], [order, own]),
        ("root first", vec![root, middle, leaf_pem], ["wrong order", own]),
        ("a gap", vec![leaf_pem, root], [gap, "add the issuer"]),
        (
            "another of that name",
            vec![leaf_pem, &namesake.pem],
            ["the chain does not hold", "came with the certificate"],
        ),
    ] {
        refused(what, &chain.concat(), &leaf.key, expected);
    }
}

#[test]
fn a_certificate_is_taken_from_its_first_moment_to_its_last() {
    let leaf = Authority::root("root").issue(&["a.example"]);
    let at = |days: i64| UnixMillis((NOW.0 as i64 + days * 24 * 3_600_000) as u64);
    for (days, expected) in [
        (-11, Some("not valid before 2026-11-10T00:00:00Z")),
        (-10, None),
        (90, None),
        (91, Some("expired on 2027-02-18T00:00:00Z")),
    ] {
        let found = read_at(&leaf.pem, &leaf.key, at(days)).map_err(|error| error.to_string());
        match expected {
            None => assert!(found.is_ok(), "{days}: {found:?}"),
            Some(text) => assert!(found.unwrap_err().contains(text), "{days}"),
        }
    }
}

#[test]
fn an_operator_is_warned_two_weeks_ahead_and_after_the_end() {
    let certified = Authority::root("root").issue(&["a.example"]).certified();
    let warning = |days: u32| certified.expiry_warning(NOW + DAY * days);
    assert_eq!(warning(75), None);
    assert_eq!(warning(80).unwrap(), "leaf.pem: the certificate expires in 10 days; renew it");
    assert_eq!(warning(91).unwrap(), "leaf.pem: the certificate has expired; renew it");
}

#[test]
fn a_certificate_of_a_public_authority_that_comes_alone_is_warned_of() {
    let root = Authority::root("root");
    // Authority information access: CA issuers, http://a.
    let access = vec![
        0x30, 0x16, 0x30, 0x14, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 0x30, 2, 0x86, 8, b'h', b't',
        b't', b'p', b':', b'/', b'/', b'a',
    ];
    let change = |params: &mut CertificateParams| {
        let id = [1, 3, 6, 1, 5, 5, 7, 1, 1];
        params.custom_extensions =
            vec![rcgen::CustomExtension::from_oid_content(&id, access.clone())];
        params.not_after = moment(50).into();
    };
    let key = KeyPair::generate().unwrap();
    let leaf = root.issue_with(&["a.example"], &key, change);
    let warnings = |chain: &str| read(chain, &leaf.key).unwrap().warnings.concat();
    assert!(warnings(&leaf.pem).contains("comes alone"), "{}", warnings(&leaf.pem));
    assert_eq!(warnings(&[&*leaf.pem, &*root.pem].concat()), "");
}

#[test]
fn only_a_response_of_a_responder_is_stapled() {
    let leaf = Authority::root("root").issue(&["a.example"]);
    let with = |ocsp: &[u8]| {
        let (chain, key) = (file("chain.pem", &leaf.pem), file("key.pem", &leaf.key));
        let ocsp = File { name: "ocsp.der", bytes: ocsp };
        Certified::read(chain, key, Some(ocsp), Purpose::Server, NOW)
    };
    with(&[0x30, 0x03, 0x0a, 1, 0]).unwrap();
    for bad in [&b"-----BEGIN"[..], &[], &[0x30, 0x03, 0x0a, 1, 6], &[0x30]] {
        let error = with(bad).unwrap_err().to_string();
        assert!(error.starts_with("ocsp.der: not an OCSP response"), "{error}");
    }
}
