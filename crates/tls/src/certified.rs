//! A certificate chain with its key: read, and checked before anybody meets it.

use std::sync::Arc;

use clingfish_model::{UnixMillis, limits::CERTIFICATE_WARNING};
use rustls::{
    RootCertStore, SignatureAlgorithm,
    client::verify_server_cert_signed_by_trust_anchor,
    pki_types::{CertificateDer, UnixTime},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use x509_parser::certificate::X509Certificate;

use crate::{File, TlsFileError, names::rfc4514, pem, provider, x509};

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Shown to clients, who look for the name that they asked for.
    Server,
    /// Shown to targets.
    Client,
}

/// A certificate chain with its key, good for handshakes.
#[derive(Debug)]
pub struct Certified {
    /// What messages and logs call it: the path of its file.
    pub name: Arc<str>,
    /// The first moment of its validity.
    pub not_before: UnixMillis,
    /// The last moment of its validity.
    pub not_after: UnixMillis,
    /// Legal, but hardly meant, for people.
    pub warnings: Vec<String>,
    /// DNS names in small letters; `*.` begins those that stand for any one label.
    names: Vec<Box<str>>,
    key: Arc<CertifiedKey>,
}

impl Certified {
    /// Reads a chain and its key, and checks that clients can do with them `now`.
    pub fn read(
        certificate: File<'_>,
        key: File<'_>,
        ocsp: Option<File<'_>>,
        purpose: Purpose,
        now: UnixMillis,
    ) -> Result<Self, TlsFileError> {
        let chain = pem::certificates(certificate)?;
        let key_der = pem::key(key)?;
        let parsed = parse_all(certificate, &chain)?;
        let Some(leaf) = parsed.first() else {
            return Err(TlsFileError::NoCertificate { file: certificate.name.into() });
        };
        check_order(certificate, &parsed)?;
        check_validity(certificate, leaf, now)?;
        let (names, has_others) = x509::names(leaf);
        if purpose == Purpose::Server && names.is_empty() && !has_others {
            return Err(TlsFileError::NoNames { file: certificate.name.into() });
        }
        let is_self_issued = leaf.issuer().as_raw() == leaf.subject().as_raw();
        let is_alone = chain.len() == 1 && !is_self_issued && x509::names_its_issuer(leaf);
        let warnings = if is_alone && purpose == Purpose::Server {
            vec![alone(certificate, leaf)]
        } else {
            Vec::new()
        };
        let validity = leaf.validity();
        let (not_before, not_after) =
            (x509::millis(validity.not_before), x509::millis(validity.not_after));
        check_signatures(certificate, &chain, not_after)?;
        let signing = provider().key_provider.load_private_key(key_der).map_err(|error| {
            TlsFileError::UnusableKey { file: key.name.into(), what: error.to_string() }
        })?;
        let mut certified = CertifiedKey::new(chain, signing);
        certified.keys_match().map_err(|_| TlsFileError::KeyMismatch {
            certificate: certificate.name.into(),
            key: key.name.into(),
        })?;
        certified.ocsp = ocsp.map(read_ocsp).transpose()?;
        Ok(Self {
            name: certificate.name.into(),
            not_before,
            not_after,
            warnings,
            names,
            key: Arc::new(certified),
        })
    }

    /// The DNS names that it is made for, in small letters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// What to tell an operator about its age, if anything.
    pub fn expiry_warning(&self, now: UnixMillis) -> Option<String> {
        let (name, day) = (&self.name, 24 * 3600 * 1000);
        if self.not_after < now {
            return Some(format!("{name}: the certificate has expired; renew it"));
        }
        let left = self.not_after.0 - now.0;
        let is_soon = u128::from(left) < CERTIFICATE_WARNING.as_millis();
        is_soon.then(|| format!("{name}: the certificate expires in {} days; renew it", left / day))
    }

    pub(crate) fn key(&self) -> &Arc<CertifiedKey> {
        &self.key
    }

    pub(crate) fn algorithm(&self) -> SignatureAlgorithm {
        self.key.key.algorithm()
    }
}

fn parse_all<'a>(
    file: File<'_>,
    chain: &'a [CertificateDer<'static>],
) -> Result<Vec<X509Certificate<'a>>, TlsFileError> {
    let malformed = |number| TlsFileError::Malformed { file: file.name.into(), number };
    chain.iter().zip(1..).map(|(der, number)| x509::parse(der).ok_or(malformed(number))).collect()
}

/// Each certificate is issued by the one after it.
fn check_order(file: File<'_>, chain: &[X509Certificate<'_>]) -> Result<(), TlsFileError> {
    let mut links = (1..).zip(chain.windows(2));
    let is_broken = |pair: &[X509Certificate<'_>]| {
        pair.first().zip(pair.last()).is_some_and(|(a, b)| !issued(b, a))
    };
    let Some((broken, [one, ..])) = links.find(|(_, pair)| is_broken(pair)) else {
        return Ok(());
    };
    // Perhaps all of them are there. A root is its own issuer, and needs nobody after it.
    let follows_its_issuer = |at: usize, certificate: &X509Certificate<'_>| {
        issued(certificate, certificate)
            || chain.get(at + 1).is_some_and(|next| issued(next, certificate))
    };
    for (at, certificate) in chain.iter().enumerate() {
        let is_there = chain.iter().any(|issuer| issued(issuer, certificate));
        if is_there && !follows_its_issuer(at, certificate) {
            let (file, wanted) = (file.name.into(), rfc4514(certificate.issuer()));
            return Err(TlsFileError::WrongOrder { file, number: at + 1, wanted });
        }
    }
    let (file, wanted) = (file.name.into(), rfc4514(one.issuer()));
    Err(TlsFileError::MissingIssuer { file, number: broken, wanted })
}

/// Whether `issuer` says it issued `certificate`, as far as names go.
fn issued(issuer: &X509Certificate<'_>, certificate: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == issuer.subject().as_raw()
}

fn check_validity(
    file: File<'_>,
    leaf: &X509Certificate<'_>,
    now: UnixMillis,
) -> Result<(), TlsFileError> {
    let (file, validity) = (file.name.to_owned(), leaf.validity());
    if x509::millis(validity.not_after) < now {
        return Err(TlsFileError::Expired { file, at: x509::iso8601(validity.not_after) });
    }
    if x509::millis(validity.not_before) > now {
        return Err(TlsFileError::NotYetValid { file, at: x509::iso8601(validity.not_before) });
    }
    Ok(())
}

/// Whether the chain holds up to its last certificate, whoever trusts that. Only what every client would stumble over counts.
fn check_signatures(
    file: File<'_>,
    chain: &[CertificateDer<'static>],
    not_after: UnixMillis,
) -> Result<(), TlsFileError> {
    let [leaf, middle @ .., last] = chain else { return Ok(()) };
    let broken = |what: String| TlsFileError::BrokenChain { file: file.name.to_owned(), what };
    let mut roots = RootCertStore::empty();
    roots.add(last.clone()).map_err(|error| broken(error.to_string()))?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(|error| broken(error.to_string()))?;
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_millis(not_after.0));
    let algorithms = provider().signature_verification_algorithms.all;
    match verify_server_cert_signed_by_trust_anchor(&leaf, &roots, middle, at, algorithms) {
        Err(rustls::Error::InvalidCertificate(
            error @ (rustls::CertificateError::BadSignature
            | rustls::CertificateError::UnknownIssuer),
        )) => Err(broken(format!("{error:?}"))),
        _ => Ok(()),
    }
}

fn alone(file: File<'_>, leaf: &X509Certificate<'_>) -> String {
    format!(
        "{}: the certificate comes alone, and clients that do not know {:?} will refuse it; \
         use the full chain",
        file.name,
        rfc4514(leaf.issuer())
    )
}

/// An OCSP response is a sequence that begins with the status "successful".
fn read_ocsp(file: File<'_>) -> Result<Vec<u8>, TlsFileError> {
    let is_sequence = file.bytes.first() == Some(&0x30);
    let is_successful = file.bytes.windows(3).take(6).any(|bytes| bytes == [0x0a, 1, 0]);
    if is_sequence && is_successful {
        return Ok(file.bytes.to_vec());
    }
    Err(TlsFileError::Ocsp { file: file.name.into() })
}

#[cfg(test)]
mod tests;
