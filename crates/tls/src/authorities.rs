//! Those who vouch for others: for targets, and for clients.

use std::sync::Arc;

use clingfish_model::tls::TrustStoreFiles;
use rustls::{
    RootCertStore,
    pki_types::CertificateDer,
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use sha2::{Digest, Sha256};

use crate::{File, TlsFileError, clients::IgnoreExpiry, pem, provider};

/// Certificates of authorities.
#[derive(Clone, Debug)]
pub struct Authorities {
    pub(crate) roots: Arc<RootCertStore>,
    /// How many of the file cannot be used.
    pub ignored: usize,
}

impl Authorities {
    /// Reads the certificates of a file. Of a bundle, those that cannot be used are passed over and counted.
    pub fn read(file: File<'_>) -> Result<Self, TlsFileError> {
        let certificates: Vec<CertificateDer<'static>> = pem::certificates(file)?;
        let mut roots = RootCertStore::empty();
        let (_, ignored) = roots.add_parsable_certificates(certificates);
        if roots.is_empty() {
            return Err(TlsFileError::NoAuthorities { file: file.name.into() });
        }
        Ok(Self { roots: Arc::new(roots), ignored })
    }
}

/// Whose client certificates are accepted, and which of them no more.
#[derive(Debug)]
pub struct TrustStore {
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    /// Differs between stores that differ: a session that one let in does not resume at another.
    pub(crate) digest: [u8; 32],
    /// How many authorities of the file cannot be used.
    pub ignored: usize,
}

impl TrustStore {
    /// Makes a store of files whose paths are in `spec`.
    pub fn read(
        spec: &TrustStoreFiles,
        authorities: File<'_>,
        revocations: Option<File<'_>>,
    ) -> Result<Self, TlsFileError> {
        let Authorities { roots, ignored } = Authorities::read(authorities)?;
        let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
        if let Some(file) = revocations {
            // An authority without a list has revoked nothing.
            builder = builder.with_crls(pem::revocations(file)?).allow_unknown_revocation_status();
        }
        if !spec.advertise_names {
            builder = builder.clear_root_hint_subjects();
        }
        let verifier = builder.build().map_err(|error| TlsFileError::Revocations {
            file: revocations.unwrap_or(authorities).name.into(),
            what: error.to_string(),
        })?;
        let verifier = if spec.ignore_expiry { IgnoreExpiry::around(verifier) } else { verifier };
        let digest = Sha256::new()
            .chain_update([u8::from(spec.ignore_expiry)])
            .chain_update(Sha256::digest(authorities.bytes))
            .chain_update(Sha256::digest(revocations.map_or(&[][..], |file| file.bytes)))
            .finalize();
        Ok(Self { verifier, digest: digest.into(), ignored })
    }
}

#[cfg(test)]
mod tests;
