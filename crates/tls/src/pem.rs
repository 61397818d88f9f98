//! PEM files: what is in them, and what is not.

use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};

use crate::{File, TlsFileError};

/// The certificates of a file, in its order; at least one.
pub(crate) fn certificates(file: File<'_>) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let found: Vec<_> = all(file)?;
    if found.is_empty() {
        return Err(TlsFileError::NoCertificate { file: file.name.into() });
    }
    Ok(found)
}

/// The first private key of a file.
pub(crate) fn key(file: File<'_>) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    match PrivateKeyDer::from_pem_slice(file.bytes) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) if has_encrypted_key(file.bytes) => {
            Err(TlsFileError::EncryptedKey { file: file.name.into() })
        }
        Err(pem::Error::NoItemsFound) => Err(TlsFileError::NoKey { file: file.name.into() }),
        Err(error) => Err(damaged(file, &error)),
    }
}

/// The lists of revoked certificates of a file; at least one, for who names a file means to keep somebody out.
pub(crate) fn revocations(
    file: File<'_>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFileError> {
    let found: Vec<_> = all(file)?;
    if found.is_empty() {
        let what = "there is none in it".to_owned();
        return Err(TlsFileError::Revocations { file: file.name.into(), what });
    }
    Ok(found)
}

fn all<T: PemObject>(file: File<'_>) -> Result<Vec<T>, TlsFileError> {
    T::pem_slice_iter(file.bytes).collect::<Result<_, _>>().map_err(|error| damaged(file, &error))
}

fn damaged(file: File<'_>, error: &pem::Error) -> TlsFileError {
    // The error's own text shows bytes as numbers, and might show some of a key.
    let what = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end",
        pem::Error::IllegalSectionStart { .. } => "a section has no proper beginning",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be read",
    };
    TlsFileError::Pem { file: file.name.into(), what: what.into() }
}

fn has_encrypted_key(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];
    MARKS.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
}
