//! What a listener accepts connections with.

use std::sync::Arc;

use clingfish_model::TlsVersion;
use rustls::{
    ServerConfig, ServerConnection, SupportedProtocolVersion,
    server::{NoServerSessionStorage, WebPkiClientVerifier, danger::ClientCertVerifier},
    time_provider::{DefaultTimeProvider, TimeProvider},
    version::{TLS12, TLS13},
};
use sha2::{Digest, Sha256};

use crate::{
    Certified, PeerFacts, TicketKeys, TrustStore, clients::Passthrough, provider,
    resolver::Resolver, tickets::Ticketer,
};

/// What a listener's configuration is made of, but for the key ring.
#[derive(Clone, Debug)]
pub struct ServerParts {
    /// At least one; the first is for names that none is made for.
    pub certificates: Vec<Arc<Certified>>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Whether HTTP/2 is offered.
    pub http2: bool,
    /// What is asked of clients.
    pub clients: Clients,
}

/// What is asked of clients.
#[derive(Clone, Debug)]
pub enum Clients {
    /// Nothing.
    Unasked,
    /// A certificate, whatever it is.
    Passthrough,
    /// A certificate that somebody vouches for.
    Verified(Arc<TrustStore>),
}

/// What a listener accepts connections with. Shared by all workers: nothing in it changes.
#[derive(Debug)]
pub struct ServerTls {
    /// For the handshake.
    pub config: Arc<ServerConfig>,
    parts: ServerParts,
    tickets: Arc<TicketKeys>,
    resolver: Arc<Resolver>,
}

impl ServerTls {
    /// Makes the configuration of checked parts.
    pub fn new(parts: ServerParts, tickets: Arc<TicketKeys>) -> Self {
        Self::at(parts, tickets, Arc::new(DefaultTimeProvider))
    }

    pub(crate) fn at(
        parts: ServerParts,
        tickets: Arc<TicketKeys>,
        time: Arc<dyn TimeProvider>,
    ) -> Self {
        let resolver = Arc::new(Resolver::new(parts.certificates.clone()));
        let mut config = ServerConfig::builder_with_details(provider(), Arc::clone(&time))
            .with_protocol_versions(versions(parts.min_version))
            .expect("the provider has suites for every version")
            .with_client_cert_verifier(parts.clients.verifier())
            .with_cert_resolver(Arc::clone(&resolver) as _);
        config.alpn_protocols = match parts.http2 {
            true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            false => vec![b"http/1.1".to_vec()],
        };
        let context = parts.clients.context();
        config.ticketer = Arc::new(Ticketer::new(Arc::clone(&tickets), context, time));
        // Tickets do it all: what one worker or instance remembered, another would not know.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.max_early_data_size = 0;
        Self { config: Arc::new(config), parts, tickets, resolver }
    }

    /// Whether it is what [`Self::new`] would make of these.
    pub fn is_made_of(&self, parts: &ServerParts, tickets: &Arc<TicketKeys>) -> bool {
        Arc::ptr_eq(&self.tickets, tickets) && self.parts.is_same(parts)
    }

    /// The certificates, the default one first.
    pub fn certificates(&self) -> &[Arc<Certified>] {
        &self.parts.certificates
    }

    /// What is asked of clients.
    pub fn clients(&self) -> &Clients {
        &self.parts.clients
    }

    /// What is worth knowing of a connection whose handshake is done. To be asked once.
    pub fn facts(&self, connection: &ServerConnection) -> PeerFacts {
        PeerFacts::of(connection, self)
    }

    /// The certificate that a client of that name got. Of several for one name it is the best one, which a client that can check
    /// no elliptic curves did not get.
    pub(crate) fn certificate_for(&self, name: Option<&str>) -> Option<&Arc<Certified>> {
        self.resolver.candidates(name).next()
    }
}

impl ServerParts {
    /// Whether both are made of the same files, read at the same time.
    pub fn is_same(&self, other: &Self) -> bool {
        let certificates = || self.certificates.iter().zip(&other.certificates);
        self.certificates.len() == other.certificates.len()
            && certificates().all(|(one, other)| Arc::ptr_eq(one, other))
            && (self.min_version, self.http2) == (other.min_version, other.http2)
            && self.clients.is_same(&other.clients)
    }
}

impl Clients {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unasked, Self::Unasked) | (Self::Passthrough, Self::Passthrough) => true,
            (Self::Verified(one), Self::Verified(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        match self {
            Self::Unasked => WebPkiClientVerifier::no_client_auth(),
            Self::Passthrough => Arc::new(Passthrough),
            Self::Verified(store) => Arc::clone(&store.verifier),
        }
    }

    /// The same for listeners that check clients alike, whichever instance they are of.
    fn context(&self) -> [u8; 32] {
        let text: &[u8] = match self {
            Self::Unasked => b"unasked",
            Self::Passthrough => b"passthrough",
            Self::Verified(_) => b"verified",
        };
        let hash = Sha256::new().chain_update(text);
        match self {
            Self::Verified(store) => hash.chain_update(store.digest).finalize().into(),
            Self::Unasked | Self::Passthrough => hash.finalize().into(),
        }
    }
}

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    static NEW: [&SupportedProtocolVersion; 1] = [&TLS13];
    match min {
        TlsVersion::V1_2 => &BOTH,
        TlsVersion::V1_3 => &NEW,
    }
}
