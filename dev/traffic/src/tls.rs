//! The client side of TLS: version 1.3 over X25519, like everybody's here.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use rustls::{
    ClientConfig, NamedGroup, RootCertStore,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::aws_lc_rs::{default_provider, kx_group::X25519},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::TLS13,
};

/// What the certificate is for.
pub(crate) const NAME: &str = "bench.test";

/// Who is asked for.
pub(crate) fn name() -> Result<ServerName<'static>> {
    Ok(ServerName::try_from(NAME)?)
}

/// A client that trusts one certificate; `store` decides about coming back.
pub(crate) fn client(cert: &str, store: Arc<dyn ClientSessionStore>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(cert).context("no certificate")?)?;
    let mut provider = default_provider();
    provider.kx_groups = vec![X25519];
    let builder = ClientConfig::builder_with_provider(Arc::new(provider));
    let mut config = builder
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::store(store);
    Ok(config)
}

/// Hands out the latest ticket where asked to: each connection brings the one for the next.
#[derive(Debug)]
pub(crate) struct Tickets {
    comes_back: bool,
    /// The latest. A mutex, because the trait wants the store to be shared between threads; there is one.
    latest: Mutex<Option<Tls13ClientSessionValue>>,
}

impl Tickets {
    /// A store for one connection at a time.
    pub(crate) fn new(comes_back: bool) -> Arc<Self> {
        Arc::new(Self { comes_back, latest: Mutex::new(None) })
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        if let (true, Ok(mut latest)) = (self.comes_back, self.latest.lock()) {
            *latest = Some(ticket);
        }
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.latest.lock().ok()?.take()
    }
}
