//! Certificates by their ARNs: those of `[aws.certificates]`, and those that listeners have by the paths of their files.

use std::path::Path;

use clingfish_model::{CertificateFiles, Setting};
use sha2::{Digest, Sha256};

use crate::{Code, Error, World, hex};

/// The ARN of a certificate. One that has only files gets an ARN made of their paths, which stays as long as they do.
pub(crate) fn arn(files: &CertificateFiles, world: &World<'_>) -> String {
    if let Some(arn) = &files.arn {
        return arn.clone();
    }
    let aws = &world.desired.aws;
    let hash = Sha256::new()
        .chain_update(files.certificate.as_os_str().as_encoded_bytes())
        .chain_update([0])
        .chain_update(files.key.as_os_str().as_encoded_bytes())
        .finalize();
    let digits: String = hex::encode(&hash).chars().take(32).collect();
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    let uuid = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-");
    format!("arn:aws:acm:{}:{}:certificate/{uuid}", aws.owner.region(), aws.owner.account())
}

/// The certificate of that ARN, as a listener's list has it.
pub(crate) fn setting(arn: &str, world: &World<'_>) -> Result<Setting, Error> {
    if world.desired.aws.certificates.contains_key(arn) {
        return Ok(Setting::table([("arn", Setting::text(arn))]));
    }
    let of_listeners = world.desired.listeners.iter().filter_map(|one| one.tls.as_ref());
    let mut files = of_listeners.flat_map(|tls| &tls.certificates);
    match files.find(|files| self::arn(files, world) == arn) {
        Some(files) => Ok(of_files(files)),
        None => {
            let message = format!("Certificate {arn} not found");
            Err(Error::new(Code::CertificateNotFound, message))
        }
    }
}

fn of_files(files: &CertificateFiles) -> Setting {
    let path = |path: &Path| Setting::text(path.to_string_lossy());
    let mut entries = vec![("certificate", path(&files.certificate))];
    if files.key != files.certificate {
        entries.push(("key", path(&files.key)));
    }
    entries.extend(files.ocsp.as_deref().map(|ocsp| ("ocsp", path(ocsp))));
    Setting::table(entries)
}
