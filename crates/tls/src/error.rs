//! What is wrong with a file, which one, and what to do about it.

/// Why a file cannot be used for TLS. Texts never quote a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFileError {
    /// The PEM text is damaged.
    #[error("{file}: damaged PEM: {what}; copy the file again, whole and as text")]
    Pem {
        /// The file.
        file: String,
        /// What a reader stumbled over.
        what: String,
    },
    /// No certificate where one is wanted.
    #[error(
        "{file}: there is no certificate in it; write the path of a PEM file with -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate {
        /// The file.
        file: String,
    },
    /// No private key where one is wanted.
    #[error(
        "{file}: there is no private key in it; write the path of a PEM file with -----BEGIN PRIVATE KEY----- as key"
    )]
    NoKey {
        /// The file.
        file: String,
    },
    /// A key with a password.
    #[error("{file}: the private key is encrypted; decrypt it, as with openssl pkey -in {file}")]
    EncryptedKey {
        /// The file.
        file: String,
    },
    /// A key of a kind that cannot be used.
    #[error(
        "{file}: the private key cannot be used: {what}; use RSA from 2048 bits, ECDSA with P-256, P-384 or P-521, or Ed25519"
    )]
    UnusableKey {
        /// The file.
        file: String,
        /// What rustls said.
        what: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "{key}: the private key does not belong to the certificate in {certificate}; use the key that it was requested with"
    )]
    KeyMismatch {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
    },
    /// A certificate that cannot be parsed.
    #[error(
        "{file}: certificate {number} is not a valid X.509 certificate; copy the file again, or have it issued again"
    )]
    Malformed {
        /// The file.
        file: String,
        /// Counted from 1.
        number: usize,
    },
    /// It was valid once.
    #[error("{file}: the certificate expired on {at}; renew it")]
    Expired {
        /// The file.
        file: String,
        /// When, for people.
        at: String,
    },
    /// It will be valid some day.
    #[error(
        "{file}: the certificate is not valid before {at}; check the clock of this machine, or wait"
    )]
    NotYetValid {
        /// The file.
        file: String,
        /// When, for people.
        at: String,
    },
    /// No names that today's clients look at.
    #[error(
        "{file}: the certificate names no host (subjectAltName is missing), so every client would refuse it; have it issued with a DNS name"
    )]
    NoNames {
        /// The file.
        file: String,
    },
    /// The certificates are all there, but not one issued by the next.
    #[error(
        "{file}: the certificates are in the wrong order: {wanted:?} issued certificate {number} and must be next to it; write the host's own first, then its issuer, and so on"
    )]
    WrongOrder {
        /// The file.
        file: String,
        /// Counted from 1.
        number: usize,
        /// The issuer that comes elsewhere.
        wanted: String,
    },
    /// An issuer is not there, though another certificate follows.
    #[error(
        "{file}: certificate {number} was issued by {wanted:?}, which is not in the file, but another certificate follows; add the issuer after it, or remove what does not belong to the chain"
    )]
    MissingIssuer {
        /// The file.
        file: String,
        /// Counted from 1.
        number: usize,
        /// Who issued it.
        wanted: String,
    },
    /// The next certificate has the right name but another key.
    #[error(
        "{file}: the chain does not hold: {what}; use the intermediate certificates that came with the certificate"
    )]
    BrokenChain {
        /// The file.
        file: String,
        /// What rustls said.
        what: String,
    },
    /// Not a single authority.
    #[error(
        "{file}: there is no certificate of an authority in it that can be used; write the path of a PEM file with some"
    )]
    NoAuthorities {
        /// The file.
        file: String,
    },
    /// A list of revocations that cannot be used.
    #[error(
        "{file}: the list of revoked certificates cannot be used: {what}; write the path of a PEM file with -----BEGIN X509 CRL-----"
    )]
    Revocations {
        /// The file.
        file: String,
        /// What rustls said.
        what: String,
    },
    /// Not what a responder sends.
    #[error(
        "{file}: not an OCSP response in DER; fetch it anew, as with openssl ocsp -respout {file}"
    )]
    Ocsp {
        /// The file.
        file: String,
    },
}
