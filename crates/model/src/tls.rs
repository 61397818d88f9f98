//! TLS on either side, as configured: which files, which versions, and whose certificates count.

use std::path::{Path, PathBuf};

use crate::elb::Aws;

/// What a listener shows to clients, and what it asks of them. ELBv2: a listener whose `Protocol` is HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// At least one. The first is for names that none is made for, and for clients that send no name.
    pub certificates: Vec<CertificateFiles>,
    /// The oldest version that is spoken; 1.2 by default.
    pub min_version: TlsVersion,
    /// ELBv2's name for versions and ciphers, where the API set it; kept and returned.
    pub policy: Option<String>,
    /// Whether clients show certificates. ELBv2: `MutualAuthentication`.
    pub mutual: MutualAuthentication,
}

impl ListenerTls {
    /// Most certificates of a listener, the default one included.
    pub const CERTIFICATES_MAX: usize = 1000;

    /// With every default.
    pub fn new(certificates: Vec<CertificateFiles>) -> Self {
        Self {
            certificates,
            min_version: TlsVersion::default(),
            policy: None,
            mutual: MutualAuthentication::Off,
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// Where a certificate and its key are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateFiles {
    /// The certificate and its chain.
    pub certificate: PathBuf,
    /// The private key; the certificate's own file where nothing else is said.
    pub key: PathBuf,
    /// A response of the issuer's OCSP responder, in DER, which is handed to clients.
    pub ocsp: Option<PathBuf>,
    /// The ARN that [`Aws::certificates`] has for it, where it was asked for by that.
    pub arn: Option<String>,
}

/// Whether clients show certificates, and whether somebody checks them here. ELBv2: `MutualAuthentication`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MutualAuthentication {
    /// They are not asked.
    #[default]
    Off,
    /// They are asked; whatever they show goes to the target, which judges it.
    Passthrough,
    /// They must show one that a trust store vouches for; the handshake fails otherwise.
    Verify(TrustStoreFiles),
}

/// Whose client certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrustStoreFiles {
    /// Certificates of authorities, in PEM.
    pub authorities: PathBuf,
    /// What those have revoked, in PEM.
    pub revocations: Option<PathBuf>,
    /// Accepts certificates that have expired. ELBv2: `IgnoreClientCertificateExpiry`; false by default.
    pub ignore_expiry: bool,
    /// Tells clients the names of the authorities. ELBv2: `AdvertiseTrustStoreCaNames`; false by default.
    pub advertise_names: bool,
    /// The ARN that [`Aws::trust_stores`] has for it, where it was asked for by that.
    pub arn: Option<String>,
}

/// How targets are reached through TLS. ELBv2: a target group whose `Protocol` is HTTPS.
///
/// Without authorities any certificate will do, as at ALB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetTls {
    /// Certificates of those who may vouch for targets, in PEM; none: nobody need.
    pub authorities: Option<PathBuf>,
    /// The name that targets are asked for and checked against, rather than the host of their address.
    pub server_name: Option<String>,
    /// What is shown to targets that ask for a certificate.
    pub client: Option<CertificateFiles>,
}

/// Takes paths as written relative to a folder.
pub(crate) trait Anchor {
    /// Makes relative paths start at `folder`.
    fn anchor(&mut self, folder: &Path);
}

impl Anchor for PathBuf {
    fn anchor(&mut self, folder: &Path) {
        // An absolute path stays as it is.
        *self = folder.join(&*self);
    }
}

impl<T: Anchor> Anchor for Option<T> {
    fn anchor(&mut self, folder: &Path) {
        self.iter_mut().for_each(|one| one.anchor(folder));
    }
}

impl Anchor for CertificateFiles {
    fn anchor(&mut self, folder: &Path) {
        self.certificate.anchor(folder);
        self.key.anchor(folder);
        self.ocsp.anchor(folder);
    }
}

impl Anchor for Aws {
    fn anchor(&mut self, folder: &Path) {
        self.certificates.values_mut().for_each(|files| files.anchor(folder));
        for store in self.trust_stores.values_mut() {
            store.authorities.anchor(folder);
            store.revocations.anchor(folder);
        }
    }
}

impl Anchor for ListenerTls {
    fn anchor(&mut self, folder: &Path) {
        self.certificates.iter_mut().for_each(|files| files.anchor(folder));
        if let MutualAuthentication::Verify(store) = &mut self.mutual {
            store.authorities.anchor(folder);
            store.revocations.anchor(folder);
        }
    }
}

impl Anchor for TargetTls {
    fn anchor(&mut self, folder: &Path) {
        self.authorities.anchor(folder);
        self.client.anchor(folder);
    }
}
