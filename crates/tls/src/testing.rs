//! What tests of this room share: authorities and certificates made on the spot, and handshakes in memory.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use clingfish_model::UnixMillis;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use rustls::{
    ClientConfig, ClientConnection, Error, RootCertStore, ServerConnection,
    client::Resumption,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
    time_provider::TimeProvider,
};

use crate::{
    Certified, Clients, File, Purpose, ServerParts, ServerTls, TicketKey, TicketKeys, provider,
};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// 2026-11-20T00:00:00Z, a beginning of a ticket period.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_132_800_000);

pub(crate) fn moment(days: i64) -> SystemTime {
    let offset = Duration::from_secs(days.unsigned_abs() * 24 * 3600);
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.0);
    if days < 0 { now - offset } else { now + offset }
}

/// Whoever issues certificates.
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// A certificate without its chain.
pub(crate) struct Leaf {
    pub(crate) pem: String,
    pub(crate) key: String,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(-1000).into();
    params.not_after = moment(1000).into();
    params
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        let (key, params) = (KeyPair::generate().unwrap(), authority_params(name));
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Self { pem, der, issuer: Issuer::new(params, key) }
    }

    /// Another authority, which this one vouches for.
    pub(crate) fn below(&self, name: &str) -> Self {
        let (key, params) = (KeyPair::generate().unwrap(), authority_params(name));
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (pem, der) = (certificate.pem(), certificate.der().clone());
        Self { pem, der, issuer: Issuer::new(params, key) }
    }

    /// A certificate for those names, with changes.
    pub(crate) fn issue_with(
        &self,
        names: &[&str],
        key: &KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Leaf {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = moment(-10).into();
        params.not_after = moment(90).into();
        params.serial_number = Some(SerialNumber::from(0x0001_0203_u64));
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        Leaf { pem: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn issue(&self, names: &[&str]) -> Leaf {
        self.issue_with(names, &KeyPair::generate().unwrap(), |_| {})
    }
}

pub(crate) fn file<'a>(name: &'a str, text: &'a str) -> File<'a> {
    File { name, bytes: text.as_bytes() }
}

impl Leaf {
    pub(crate) fn certified(&self) -> Arc<Certified> {
        self.certified_as("leaf.pem")
    }

    pub(crate) fn certified_as(&self, name: &str) -> Arc<Certified> {
        let (certificate, key) = (file(name, &self.pem), file("leaf.key", &self.key));
        Arc::new(Certified::read(certificate, key, None, Purpose::Server, NOW).unwrap())
    }
}

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct At(pub(crate) UnixMillis);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(self.0.0)))
    }
}

/// A ring of one key.
pub(crate) fn tickets(secret: u8) -> Arc<TicketKeys> {
    Arc::new(TicketKeys::new(vec![ticket_key(secret)], u64::from(secret)))
}

pub(crate) fn ticket_key(secret: u8) -> TicketKey {
    let (seals_from, retires_at) = (UnixMillis(0), None);
    TicketKey { id: [0, secret], secret: [secret; 32].into(), seals_from, retires_at }
}

pub(crate) fn server_at(
    certificates: Vec<Arc<Certified>>,
    clients: Clients,
    tickets: Arc<TicketKeys>,
    now: UnixMillis,
) -> ServerTls {
    let parts = ServerParts {
        certificates,
        min_version: clingfish_model::TlsVersion::V1_2,
        http2: true,
        clients,
    };
    ServerTls::at(parts, tickets, Arc::new(At(now)))
}

/// A client that trusts that authority, remembers sessions, and shows a certificate if it has one.
pub(crate) fn client(authority: &Authority, shown: Option<&Leaf>) -> ClientConfig {
    client_with(authority, shown, rustls::ALL_VERSIONS)
}

pub(crate) fn client_with(
    authority: &Authority,
    shown: Option<&Leaf>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    use rustls::pki_types::pem::PemObject;

    let mut roots = RootCertStore::empty();
    roots.add(authority.der.clone()).unwrap();
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(At(NOW)))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(leaf) => {
            let chain =
                CertificateDer::pem_slice_iter(leaf.pem.as_bytes()).collect::<Result<_, _>>();
            let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain.unwrap(), key).unwrap()
        }
    };
    config.resumption = Resumption::in_memory_sessions(32);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Both ends of a handshake, after it, or what went wrong at the server.
pub(crate) fn handshake(
    server: &ServerTls,
    client: &Arc<ClientConfig>,
    name: &str,
) -> Result<(ServerConnection, ClientConnection), Error> {
    handshake_as(server, client, ServerName::try_from(name.to_owned()).unwrap())
}

/// As [`handshake`], with any name.
pub(crate) fn handshake_as(
    server: &ServerTls,
    client: &Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<(ServerConnection, ClientConnection), Error> {
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    let mut server = ServerConnection::new(Arc::clone(&server.config))?;
    for _ in 0..8 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!server.is_handshaking() && !client.is_handshaking());
    Ok((server, client))
}
