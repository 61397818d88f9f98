//! What connections to targets are made with.

use std::{net::IpAddr, sync::Arc};

use clingfish_model::limits::TARGET_SESSIONS_MAX;
use rustls::{
    ClientConfig,
    client::{Resumption, WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::ServerName,
    sign::SingleCertAndKey,
    time_provider::{DefaultTimeProvider, TimeProvider},
};

use crate::{Authorities, Certified, accept_any::AcceptAny, provider};

/// What a target group's configuration is made of.
#[derive(Clone, Debug)]
pub struct TargetParts {
    /// Who may vouch for targets; none: nobody need.
    pub authorities: Option<Arc<Authorities>>,
    /// What targets are asked for and checked against, rather than the host of their address.
    pub server_name: Option<ServerName<'static>>,
    /// What is shown to targets that ask.
    pub client: Option<Arc<Certified>>,
    /// Whether HTTP/2 is wanted, rather than HTTP/1.1.
    pub http2: bool,
}

/// What connections to the targets of a group are made with: a configuration for each worker, with the sessions it remembers.
#[derive(Debug)]
pub struct ClientTls {
    parts: TargetParts,
    /// For each worker, and at the end one for health checks.
    configs: Vec<Arc<ClientConfig>>,
}

impl ClientTls {
    /// Makes the configurations of checked parts.
    pub fn new(parts: TargetParts, workers: usize) -> Self {
        Self::at(parts, workers, Arc::new(DefaultTimeProvider))
    }

    fn at(parts: TargetParts, workers: usize, time: Arc<dyn TimeProvider>) -> Self {
        let mut first = config(&parts, time);
        let mut configs = Vec::with_capacity(workers + 1);
        for _ in 0..=workers {
            first.resumption = Resumption::in_memory_sessions(TARGET_SESSIONS_MAX);
            configs.push(Arc::new(first.clone()));
        }
        Self { parts, configs }
    }

    /// Whether it is what [`Self::new`] would make of these.
    pub fn is_made_of(&self, parts: &TargetParts, workers: usize) -> bool {
        self.configs.len() == workers + 1 && self.parts.is_same(parts)
    }

    /// What that worker connects with. Sessions are its own: no handshake waits for another worker's.
    pub fn config(&self, worker: usize) -> &Arc<ClientConfig> {
        self.configs.get(worker).unwrap_or_else(|| self.config_for_checks())
    }

    /// What health checks connect with.
    pub fn config_for_checks(&self) -> &Arc<ClientConfig> {
        self.configs.last().expect("there is always one for health checks")
    }

    /// What is shown to targets that ask, if anything.
    pub fn certificate(&self) -> Option<&Arc<Certified>> {
        self.parts.client.as_ref()
    }

    /// The name that a target is asked for, and checked against where anybody must vouch for it: as configured, or the host of
    /// its address, or the address itself, which is not sent.
    pub fn name_of(&self, host: Option<&str>, address: IpAddr) -> ServerName<'static> {
        let host = host.and_then(|host| ServerName::try_from(host.to_owned()).ok());
        let configured = self.parts.server_name.clone();
        configured.or(host).unwrap_or_else(|| ServerName::IpAddress(address.into()))
    }
}

impl TargetParts {
    /// Whether both are made of the same files, read at the same time.
    pub fn is_same(&self, other: &Self) -> bool {
        same(&self.authorities, &other.authorities)
            && same(&self.client, &other.client)
            && self.server_name == other.server_name
            && self.http2 == other.http2
    }

    fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        let Some(authorities) = &self.authorities else {
            return Arc::new(AcceptAny);
        };
        let roots = Arc::clone(&authorities.roots);
        WebPkiServerVerifier::builder_with_provider(roots, provider())
            .build()
            .expect("there is an authority, and no list of revocations that could be wrong")
    }
}

fn config(parts: &TargetParts, time: Arc<dyn TimeProvider>) -> ClientConfig {
    let builder = ClientConfig::builder_with_details(provider(), time)
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for every version")
        .dangerous()
        .with_custom_certificate_verifier(parts.verifier());
    let mut config = match &parts.client {
        Some(certified) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
            Arc::clone(certified.key()),
        ))),
        None => builder.with_no_client_auth(),
    };
    let protocol: &[u8] = if parts.http2 { b"h2" } else { b"http/1.1" };
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}

fn same<T>(one: &Option<Arc<T>>, other: &Option<Arc<T>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
