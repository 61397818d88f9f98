//! Keys of TLS that cannot be meant as they are written.

use clingfish_model::{MutualAuthentication, TlsVersion};

use super::*;

const LISTENER: &str =
    "[target_groups.web]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n";
const HTTPS: &str = "protocol = \"HTTPS\"\ncertificates = [{ certificate = \"a.pem\" }]\n";

#[test]
fn keys_that_do_not_fit_together_are_told_what_is_missing() {
    let https = |lines: &str| format!("{LISTENER}{HTTPS}{lines}");
    let plain = |lines: &str| format!("{LISTENER}{lines}");
    let group = |lines: &str| format!("[target_groups.web]\n{lines}");
    for (text, message, help) in [
        (plain("protocol = \"HTTPS\""), "has no certificates", "certificates = [{"),
        (
            plain("protocol = \"HTTPS\"\ncertificates = []"),
            "needs a certificate",
            "certificates = [{",
        ),
        (
            plain("protocol = \"HTTPS\"\ncertificates = [{ key = \"a\" }]"),
            "has no certificate",
            "certificates = [{",
        ),
        (
            plain("certificates = [{ certificate = \"a\" }]"),
            "no effect without TLS",
            "add protocol = \"HTTPS\"",
        ),
        (plain("tls_min_version = \"1.3\""), "no effect without TLS", "add protocol"),
        (https("tls_min_version = \"1.1\""), "is not known", "did you mean"),
        (https("mutual_authentication.mode = \"verify\""), "has no mutual_auth", "trust_store ="),
        (
            https("mutual_authentication.trust_store = \"ca.pem\""),
            "no effect unless certificates are checked",
            "mode = \"verify\"",
        ),
        (
            https("mutual_authentication = { mode = \"passthrough\", revocations = \"crl\" }"),
            "no effect unless certificates are checked",
            "mode = \"verify\"",
        ),
        (plain("protocol = \"TLS\""), "is not known", "\"HTTP\" or \"HTTPS\""),
        (group("tls.ca = \"ca.pem\""), "no effect without TLS", "add protocol = \"HTTPS\""),
        (
            group("protocol = \"HTTPS\"\ntls.key = \"a\""),
            "a key without its certificate",
            "add tls.certificate",
        ),
        (
            group("protocol = \"HTTPS\"\ntls.server_name = \"https://a\""),
            "is not a host name",
            "without port",
        ),
        (
            group("protocol = \"HTTPS\"\ntls.ca = \"-----BEGIN CERTIFICATE-----\""),
            "is the certificate or key itself",
            "put it into a file",
        ),
        (
            group("protocol = \"HTTPS\"\ntls.ca = \" \""),
            "is not the path of a file",
            "write a path",
        ),
    ] {
        let errors = errors(&text);
        assert_eq!(errors.len(), 1, "{text}\n{}", rendered(&errors));
        assert!(errors[0].message.contains(message), "{text}\n{}", rendered(&errors));
        assert!(errors[0].help.contains(help), "{text}\n{}", rendered(&errors));
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let tls = |lines: &str| state(&format!("{LISTENER}{HTTPS}{lines}")).listeners[0].tls.clone();
    let tls = tls("").unwrap();
    assert_eq!(tls.certificates[0].key.to_str(), Some("a.pem"), "the file of the certificate");
    assert_eq!((tls.min_version, tls.mutual), (TlsVersion::V1_2, MutualAuthentication::Off));
    let plain = state(LISTENER);
    assert!(plain.listeners[0].tls.is_none() && plain.target_groups[0].tls.is_none());
}

#[test]
fn relative_paths_start_where_the_file_is() {
    let text = format!(
        "{LISTENER}{HTTPS}mutual_authentication = {{ mode = \"verify\", trust_store = \"ca.pem\" }}\n"
    );
    let mut desired = state(&text);
    desired.anchor(std::path::Path::new("/etc/clingfish"));
    let tls = desired.listeners[0].tls.as_ref().unwrap();
    assert_eq!(tls.certificates[0].certificate.to_str(), Some("/etc/clingfish/a.pem"));
    let MutualAuthentication::Verify(store) = &tls.mutual else { panic!("{tls:?}") };
    assert_eq!(store.authorities.to_str(), Some("/etc/clingfish/ca.pem"));
    desired.anchor(std::path::Path::new("/elsewhere"));
    let tls = desired.listeners[0].tls.as_ref().unwrap();
    assert_eq!(
        tls.certificates[0].key.to_str(),
        Some("/etc/clingfish/a.pem"),
        "absolute ones stay"
    );
}
