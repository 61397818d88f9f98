//! What a listener shows.

use std::fs;

use clingfish_testkit::{Authority, KeyKind, openssl, run};

use super::*;

#[test]
fn a_client_gets_the_certificate_for_the_name_that_it_asks_for() {
    let authority = Authority::new("root");
    let clingfish = start(
        &[
            &authority.issue("first", &["first.example"]),
            &authority.issue("shop", &["shop.example", "*.shop.example"]),
            &authority.issue("www", &["www.shop.example"]),
        ],
        "",
    );
    let at = clingfish.listener("web");
    for (name, expected) in [
        ("first.example", "first"),
        ("shop.example", "shop"),
        ("a.shop.example", "shop"),
        ("www.shop.example", "www"),
        ("a.b.shop.example", "first"),
        ("other.example", "first"),
    ] {
        let visit = visit(at, &["-servername", name]);
        assert_eq!(said(&visit, "subject="), format!("C = DE, CN = {expected}"), "{name}");
    }
    let nameless = visit(at, &["-noservername"]);
    assert_eq!(said(&nameless, "subject="), "C = DE, CN = first");
    let trusted = fetch(at, "a.shop.example", authority.pem(), &[]);
    assert_eq!(trusted.stdout, "hello", "{}", trusted.stderr);
}

#[test]
fn of_two_kinds_of_keys_each_client_gets_one_that_it_can_check() {
    let authority = Authority::new("root");
    let rsa = authority.issue_for("rsa", &["shop.example"], KeyKind::Rsa, 90);
    let ecdsa = authority.issue("ecdsa", &["shop.example"]);
    let clingfish = start(&[&rsa, &ecdsa], "");
    let at = clingfish.listener("web");
    for (more, expected, cipher) in [
        (&["-tls1_3"][..], "ecdsa", "TLS_"),
        (&["-tls1_2"], "ecdsa", "ECDHE-ECDSA-"),
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsa", "ECDHE-RSA-AES128-GCM-"),
        (&["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"], "rsa", "TLS_"),
    ] {
        let visit = visit(at, &[&["-servername", "shop.example"], more].concat());
        assert_eq!(said(&visit, "subject="), format!("C = DE, CN = {expected}"), "{more:?}");
        assert!(visit.stdout.contains(&format!("Cipher is {cipher}")), "{more:?}");
        assert!(visit.stdout.contains("hello"), "{more:?}");
    }
}

#[test]
fn old_versions_are_refused() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let both = start(&[&issued], "");
    let new = start(&[&issued], "tls_min_version = \"1.3\"");
    for (clingfish, version, is_spoken) in [
        (&both, "-tls1_1", false),
        (&both, "-tls1_2", true),
        (&both, "-tls1_3", true),
        (&new, "-tls1_2", false),
        (&new, "-tls1_3", true),
    ] {
        let visit = visit(clingfish.listener("web"), &[version]);
        assert_eq!(visit.stdout.contains("hello"), is_spoken, "{version}: {}", visit.stderr);
    }
}

#[test]
fn http2_is_offered_unless_it_is_turned_off() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let on = start(&[&issued], "");
    let off = start(&[&issued], "[load_balancers.default]\nhttp2 = false");
    for (clingfish, expected) in [(&on, "2"), (&off, "1.1")] {
        let at = clingfish.listener("web");
        let version = ["--write-out", "%{http_version}", "--output", "/dev/null"];
        assert_eq!(fetch(at, "shop.example", authority.pem(), &version).stdout, expected);
    }
}

#[test]
fn an_ocsp_response_is_handed_to_clients_that_ask() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let path = |name: &str| authority.folder().join(name).to_str().unwrap().to_owned();
    let serial = Authority::serial("shop");
    let index = format!("V\t400101000000Z\t\t{serial}\tunknown\t/C=DE/CN=shop\n");
    fs::write(path("index.txt"), index).unwrap();
    let (ca, key) = (authority.pem().to_str().unwrap(), authority.key());
    let key = key.to_str().unwrap();
    let (request, response) = (path("request.der"), path("response.der"));
    let shop = issued.certificate.to_str().unwrap();
    let asked = openssl(&["ocsp", "-issuer", ca, "-cert", shop, "-reqout", &request], "");
    assert_eq!(asked.status, 0, "{}", asked.stderr);
    let index = path("index.txt");
    let answered = openssl(
        &[
            "ocsp", "-index", &index, "-CA", ca, "-rsigner", ca, "-rkey", key, "-reqin", &request,
            "-respout", &response, "-ndays", "7",
        ],
        "",
    );
    assert_eq!(answered.status, 0, "{}", answered.stderr);
    let stapled =
        format!("{{ certificate = {shop:?}, key = {:?}, ocsp = {response:?} }}", issued.key);
    let config = answering(&[&issued], "").replace(&issued.toml(), &stapled);
    let clingfish = Clingfish::start(&config);
    for version in ["-tls1_2", "-tls1_3"] {
        let visit = visit(clingfish.listener("web"), &["-status", version]);
        assert!(visit.stdout.contains("OCSP Response Status: successful"), "{}", visit.stdout);
        assert!(visit.stdout.contains("Cert Status: good"), "{}", visit.stdout);
    }
}

#[test]
fn whoever_speaks_no_tls_gets_no_answer() {
    let authority = Authority::new("root");
    let clingfish = start(&[&authority.issue("shop", &["shop.example"])], "");
    let plain = curl(&[&format!("http://{}/", clingfish.listener("web"))]);
    assert_ne!(plain.status, 0);
    assert!(!plain.stdout.contains("hello"), "{}", plain.stdout);
}

#[test]
fn a_bad_file_stops_the_start_and_validate_tells_every_one() {
    let authority = Authority::new("root");
    let good = authority.issue("good", &["good.example"]);
    let other = authority.issue("other", &["other.example"]);
    let expired = authority.issue_for("expired", &["expired.example"], KeyKind::Ecdsa, -1);
    let swapped = Issued { key: other.key.clone(), ..good.clone() };
    let keyless = Issued { key: good.certificate.clone(), ..good.clone() };
    let config = answering(&[&good, &expired, &swapped, &keyless], "");
    let refused = Launch::new(&config).try_start().expect_err("it refuses to start");
    let file = authority.folder().join("clingfish.toml");
    fs::write(&file, &config).unwrap();
    let checked = run(&["validate", "--config", file.to_str().unwrap()]);
    assert_eq!((checked.status, refused.status.code()), (1, Some(1)));
    for text in [
        "expired.pem: the certificate expired on ",
        "other.key: the private key does not belong to the certificate in ",
        "good.pem: there is no private key in it",
    ] {
        assert!(refused.log.contains(text), "{text}: {}", refused.log);
        assert!(checked.stderr.contains(text), "{text}: {}", checked.stderr);
    }
    assert!(checked.stderr.contains("3 errors"), "{}", checked.stderr);
}
