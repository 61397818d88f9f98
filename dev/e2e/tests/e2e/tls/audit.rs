//! What an auditor says: sslyze, against Mozilla's "intermediate" configuration.

use clingfish_testkit::{Authority, KeyKind, python};

use super::*;

const AUDIT: &str = "import runpy, sys; sys.argv[0] = 'sslyze'; \
                     runpy.run_module('sslyze', run_name='__main__')";

#[test]
fn an_audit_against_the_intermediate_configuration_is_clean() {
    let authority = Authority::new("root");
    let hosts = ["shop.example"];
    let rsa = authority.issue_for("rsa", &hosts, KeyKind::Rsa, 90);
    let ecdsa = authority.issue("ecdsa", &hosts);
    let clingfish = start(&[&ecdsa, &rsa], "");
    let at = clingfish.listener("web").to_string();
    let ca = authority.pem().to_str().unwrap();
    let told = python(
        AUDIT,
        &["--mozilla_config=intermediate", "--certinfo_ca_file", ca, "--sni", hosts[0], &at],
    );
    assert!(told.contains("OK - Compliant"), "{told}");
}
