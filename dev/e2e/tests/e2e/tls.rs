//! TLS on either side, with OpenSSL and curl as clients and OpenSSL as a target.

mod audit;
mod listener;
mod mutual;
mod reload;
mod resume;
mod targets;

use std::{fs, net::SocketAddr, path::Path};

use clingfish_testkit::{Authority, Clingfish, Finished, Issued, Launch, curl, openssl, run};

use crate::support::root;

/// The text of a configuration whose files below `certs/` are made by that authority, in its folder.
pub(crate) fn with_certificates(text: &str, authority: &Authority) -> String {
    let folder = authority.folder();
    let wanted = text.split('"').filter(|word| word.starts_with("certs/"));
    for path in wanted.map(|word| folder.join(word)) {
        let place = path.parent().unwrap();
        fs::create_dir_all(place).unwrap();
        let name = place.file_name().unwrap().to_str().unwrap();
        match path.file_name().unwrap().to_str().unwrap() {
            "fullchain.pem" => {
                let issued = authority.issue(name, &["shop.example"]);
                fs::rename(&issued.certificate, &path).unwrap();
                fs::rename(&issued.key, place.join("privkey.pem")).unwrap();
            }
            "privkey.pem" => {
                assert!(path.exists(), "{} comes before its certificate", path.display())
            }
            list if list.ends_with(".crl") => {
                fs::rename(authority.revoke("nobody"), &path).unwrap();
            }
            _ => drop(fs::copy(authority.pem(), &path).unwrap()),
        }
    }
    text.replace("\"certs/", &format!("\"{}/certs/", folder.display()))
}

#[test]
fn every_example_of_the_documentation_is_valid() {
    let text = fs::read_to_string(root().join("docs/tls.md")).unwrap();
    let authority = Authority::new("root");
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 4);
    for block in blocks {
        let file = authority.folder().join("clingfish.toml");
        let group =
            if block.contains("[target_groups.web]") { "" } else { "[target_groups.web]\n" };
        fs::write(&file, with_certificates(block, &authority) + group).unwrap();
        let checked = run(&["validate", "--config", file.to_str().unwrap()]);
        assert_eq!(checked.status, 0, "{block}\n{}", checked.stderr);
    }
}

/// A listener `web` that shows these certificates and answers `hello`, with more lines.
fn answering(certificates: &[&Issued], lines: &str) -> String {
    let certificates: Vec<String> = certificates.iter().map(|issued| issued.toml()).collect();
    format!(
        "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nprotocol = \"HTTPS\"\n\
         certificates = [{}]\n\
         fixed_response = {{ status = 200, content_type = \"text/plain\", body = \"hello\" }}\n{lines}\n",
        certificates.join(", ")
    )
}

/// Such a listener with two workers.
fn start(certificates: &[&Issued], lines: &str) -> Clingfish {
    Launch::new(&format!("[server]\nworkers = 2\n\n{}", answering(certificates, lines))).start()
}

/// What `openssl s_client` sees of a whole visit.
fn visit(at: SocketAddr, more: &[&str]) -> Finished {
    let at = at.to_string();
    let request = "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n";
    let args = ["s_client", "-connect", &at, "-ign_eof"];
    openssl(&[&args[..], more].concat(), request)
}

/// The word behind `label` in what a visit printed.
fn said<'v>(visit: &'v Finished, label: &str) -> &'v str {
    let found = visit.stdout.lines().find_map(|line| line.trim().strip_prefix(label));
    found.map_or("", str::trim)
}

/// curl as a client that trusts that authority and knows the host by that name.
fn fetch(at: SocketAddr, host: &str, ca: &Path, more: &[&str]) -> Finished {
    let resolve = format!("{host}:{}:{}", at.port(), at.ip());
    let url = format!("https://{host}:{}/", at.port());
    let args = ["--resolve", &resolve, "--cacert", ca.to_str().unwrap(), &url];
    curl(&[more, &args].concat())
}
