//! The admin address by TLS.

use std::{fs, net::SocketAddr, sync::Arc};

use rcgen::{CertificateParams, KeyPair};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName},
    },
};

use super::stage::{Stage, get, run, until};
use crate::Configuration;

/// Writes a certificate with its key where the stage has the admin address's.
fn issue(stage: &Stage) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    for (name, text) in [("admin.pem", certificate.pem()), ("admin.key", key.serialize_pem())] {
        fs::write(stage.path("draft"), text).unwrap();
        fs::rename(stage.path("draft"), stage.path(name)).unwrap();
    }
    certificate.der().clone()
}

const CONFIG: &str =
    "[admin]\nbind = \"127.0.0.1:0\"\ntls = { certificate = \"admin.pem\", key = \"admin.key\" }\n";

/// A connection of a client that trusts this certificate alone.
async fn connect(
    admin: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(admin).await?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>, lines: &str) -> String {
    let request = format!("{lines}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[test]
fn the_admin_address_speaks_tls_and_nothing_else() {
    run(async {
        let stage = Stage::new();
        let certificate = issue(&stage);
        let control = stage.start(CONFIG).await;
        let admin = control.admin_address();
        let mut stream = connect(admin, &certificate, &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert!(ask(&mut stream, "GET /healthz HTTP/1.1").await.starts_with("HTTP/1.1 200"));

        let mut plain = TcpStream::connect(admin).await.unwrap();
        plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // The connection may be reset, or closed after an alert.
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    });
}

#[test]
fn by_tls_the_own_origin_is_https() {
    run(async {
        let stage = Stage::new();
        let certificate = issue(&stage);
        let control = stage.start(CONFIG).await;
        for (origin, is_own) in [("https://localhost", true), ("http://localhost", false)] {
            let mut stream = connect(control.admin_address(), &certificate, &[]).await.unwrap();
            let answer = ask(&mut stream, &format!("GET /v1/x HTTP/1.1\r\nOrigin: {origin}")).await;
            assert_eq!(!answer.starts_with("HTTP/1.1 403"), is_own, "{origin}: {answer}");
        }
    });
}

#[test]
fn a_renewed_certificate_is_shown_and_a_bad_one_is_not() {
    run(async {
        let stage = Stage::new();
        let old = issue(&stage);
        let control = stage.start(CONFIG).await;
        let admin = control.admin_address();
        fs::write(stage.path("admin.pem"), "nothing").unwrap();
        until("the bad one is told", async || {
            let mut stream = connect(admin, &old, &[]).await.unwrap();
            ask(&mut stream, "GET /metrics HTTP/1.1")
                .await
                .contains("clingfish_certificates_kept 1\n")
        })
        .await;
        let new = issue(&stage);
        until("the new one is shown", async || connect(admin, &new, &[]).await.is_ok()).await;
        assert!(connect(admin, &old, &[]).await.is_err());
    });
}

#[test]
fn a_file_that_is_no_good_is_an_error_at_the_start_that_names_it() {
    let stage = Stage::new();
    stage.write(CONFIG);
    let path = stage.path("admin.pem").display().to_string();
    let read = || Configuration::read(&stage.config()).unwrap_err().errors.concat();
    assert!(read().contains(&format!("admin.tls: cannot read {path}: No such file")), "{}", read());
    issue(&stage);
    fs::write(stage.path("admin.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(read().contains("admin.key: the private key does not belong to"), "{}", read());
}

#[test]
fn a_reload_turns_tls_on_and_off() {
    run(async {
        let stage = Stage::new();
        let certificate = issue(&stage);
        let control = stage.start("").await;
        let admin = control.admin_address();
        assert_eq!(get(admin, "/healthz").await.0, 200);
        stage.write(CONFIG);
        control.reload().await.unwrap();
        assert!(connect(admin, &certificate, &[]).await.is_ok());
        stage.write("");
        control.reload().await.unwrap();
        assert_eq!(get(admin, "/healthz").await.0, 200);
    });
}
