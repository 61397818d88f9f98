//! TLS on either side, with OpenSSL and curl as clients and OpenSSL as a target.

mod audit;
mod listener;
mod mutual;
mod reload;
mod resume;
mod targets;

use std::{net::SocketAddr, path::Path};

use clingfish_testkit::{Clingfish, Finished, Issued, Launch, curl, openssl};

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
