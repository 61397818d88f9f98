//! Clients that show certificates.

use clingfish_testkit::{Authority, KeyKind, Target};

use super::*;

/// A listener `web` before that target, which asks clients for certificates in this way.
fn asking(issued: &Issued, target: &Target, how: &str) -> Clingfish {
    Clingfish::start(&format!(
        "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n\
         protocol = \"HTTPS\"\ncertificates = [{}]\nmutual_authentication = {{ {how} }}\n\
         [target_groups.web]\ntargets = [\"{}\"]\nhealth_check = false\n",
        issued.toml(),
        target.address()
    ))
}

/// Status and body for a client that shows that; status 0 where the handshake failed.
fn ask(clingfish: &Clingfish, authority: &Authority, shown: Option<&Issued>) -> String {
    let mut more = vec!["--write-out", "%{http_code} ", "--output", "/dev/null"];
    if let Some(shown) = shown {
        more.extend(["--cert", shown.certificate.to_str().unwrap()]);
        more.extend(["--key", shown.key.to_str().unwrap()]);
    }
    // What a client says of itself does not count.
    more.extend(["--header", "X-Amzn-Mtls-Clientcert-Subject: CN=root"]);
    more.extend(["--header", "X-Amzn-Mtls-Clientcert: forged"]);
    let fetched = fetch(clingfish.listener("web"), "shop.example", authority.pem(), &more);
    fetched.stdout.trim().to_owned()
}

#[test]
fn only_clients_that_the_trust_store_vouches_for_are_let_in() {
    let (root, people) = (Authority::new("root"), Authority::new("people"));
    let shop = Target::start("shop");
    let issued = root.issue("shop", &["shop.example"]);
    let how = format!("mode = \"verify\", trust_store = {:?}", people.pem());
    let clingfish = asking(&issued, &shop, &how);
    let expired = people.issue_for("expired", &["expired"], KeyKind::Ecdsa, -1);
    for (what, shown, expected) in [
        ("a known client", Some(people.issue("ada", &["ada"])), "200"),
        ("nothing", None, "000"),
        ("another authority's client", Some(root.issue("eve", &["eve"])), "000"),
        ("an expired client", Some(expired.clone()), "000"),
    ] {
        assert_eq!(ask(&clingfish, &root, shown.as_ref()), expected, "{what}");
    }
    assert_eq!(shop.count(), 1);
    let lenient =
        asking(&issued, &shop, &format!("{how}, ignore_client_certificate_expiry = true"));
    assert_eq!(ask(&lenient, &root, Some(&expired)), "200");
}

#[test]
fn revoked_clients_are_kept_out_once_the_list_changes() {
    let (root, people) = (Authority::new("root"), Authority::new("people"));
    let shop = Target::start("shop");
    let (ada, eve) = (people.issue("ada", &["ada"]), people.issue("eve", &["eve"]));
    let list = people.revoke("nobody");
    let how =
        format!("mode = \"verify\", trust_store = {:?}, revocations = {list:?}", people.pem());
    let clingfish = asking(&root.issue("shop", &["shop.example"]), &shop, &how);
    assert_eq!(ask(&clingfish, &root, Some(&eve)), "200");
    let before = clingfish.revision();
    fs::rename(people.revoke("eve"), &list).unwrap();
    clingfish.wait_revision(before + 1);
    assert_eq!(ask(&clingfish, &root, Some(&eve)), "000");
    assert_eq!(ask(&clingfish, &root, Some(&ada)), "200");
}

#[test]
fn a_target_is_told_who_the_client_is() {
    let (root, people) = (Authority::new("root"), Authority::new("people"));
    let shop = Target::start("shop");
    let issued = root.issue("shop", &["shop.example"]);
    let ada = people.issue("ada", &["ada"]);
    let how = format!("mode = \"verify\", trust_store = {:?}", people.pem());
    let verifying = asking(&issued, &shop, &how);
    assert_eq!(ask(&verifying, &root, Some(&ada)), "200");
    let asking_only = asking(&issued, &shop, "mode = \"passthrough\"");
    assert_eq!(ask(&asking_only, &root, Some(&ada)), "200");
    assert_eq!(ask(&asking_only, &root, None), "200");
    let requests = shop.requests();
    let value = |at: usize, part: &str| {
        let name = format!("x-amzn-mtls-clientcert{part}");
        requests[at].header(&name).map(ToOwned::to_owned)
    };
    let pem = fs::read_to_string(&ada.certificate).unwrap();
    let encoded = pem.trim().replace("\r\n", "\n").replace('\n', "%0A").replace(' ', "%20");
    let encoded = Some(format!("{encoded}%0A"));
    assert_eq!(value(0, "-subject").as_deref(), Some("CN=ada,C=DE"));
    assert_eq!(value(0, "-issuer").as_deref(), Some("CN=people"));
    assert_eq!(value(0, "-serial-number"), Some(Authority::serial("ada")));
    assert!(value(0, "-validity").unwrap().starts_with("NotBefore=20"));
    assert_eq!(value(0, "-leaf"), encoded);
    assert_eq!(value(0, ""), None, "a forged one is taken out");
    assert_eq!((value(1, ""), value(1, "-subject")), (encoded, None));
    assert_eq!((value(2, ""), value(2, "-subject")), (None, None));
}
