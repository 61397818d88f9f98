//! Certificates for tests, made on the spot.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber,
};

use crate::clock;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whoever issues certificates, with a folder for them that goes when this value is dropped.
pub struct Authority {
    folder: tempfile::TempDir,
    pem: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
}

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// With the curve P-256.
    Ecdsa,
    /// With 2048 bits.
    Rsa,
}

impl Authority {
    /// An authority of that name.
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut params = CertificateParams::new(Vec::new()).expect("there is no name to be wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) =
            (days_from_now(-2).into(), days_from_now(300).into());
        let key = key(KeyKind::Ecdsa);
        let certificate = params.self_signed(&key).expect("the parameters are good");
        let pem = write(folder.path().join("ca.pem"), certificate.pem());
        Self { folder, pem, issuer: Issuer::new(params, key) }
    }

    /// The authority's own certificate.
    pub fn pem(&self) -> &Path {
        &self.pem
    }

    /// The authority's own key, for who speaks in its name.
    pub fn key(&self) -> PathBuf {
        write(self.folder().join("ca.key"), self.issuer.key().serialize_pem())
    }

    /// The serial number of the certificate that was issued as that name, in hexadecimal digits.
    pub fn serial(name: &str) -> String {
        let digits =
            serial(name).to_bytes().iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        digits.trim_start_matches("00").to_owned()
    }

    /// Where files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A certificate for these DNS names and addresses, valid for three months, as `NAME.pem` and `NAME.key`.
    pub fn issue(&self, name: &str, hosts: &[&str]) -> Issued {
        self.issue_for(name, hosts, KeyKind::Ecdsa, 90)
    }

    /// As [`Self::issue`], with a key of that kind, valid until `days` from now.
    pub fn issue_for(&self, name: &str, hosts: &[&str], kind: KeyKind, days: i64) -> Issued {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).expect("the names are names");
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CountryName, "DE");
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) =
            (days_from_now(-2).into(), days_from_now(days).into());
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(serial(name));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = key(kind);
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are good");
        Issued {
            certificate: write(self.folder().join(format!("{name}.pem")), certificate.pem()),
            key: write(self.folder().join(format!("{name}.key")), key.serialize_pem()),
        }
    }

    /// A list that revokes the certificate that was issued as that name.
    pub fn revoke(&self, name: &str) -> PathBuf {
        let list = CertificateRevocationListParams {
            this_update: days_from_now(-1).into(),
            next_update: days_from_now(30).into(),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: serial(name),
                revocation_time: days_from_now(-1).into(),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("the parameters are good");
        let list = list.pem().expect("a list can be written");
        write(self.folder().join(format!("{name}.crl")), list)
    }
}

impl Issued {
    /// An element of `certificates` in a listener.
    pub fn toml(&self) -> String {
        format!("{{ certificate = {:?}, key = {:?} }}", self.certificate, self.key)
    }
}

/// The same for the same name, so that it can be revoked by it.
fn serial(name: &str) -> SerialNumber {
    let number = name.bytes().fold(1_u64, |number, byte| number * 31 % 1_000_007 + u64::from(byte));
    SerialNumber::from(number)
}

fn key(kind: KeyKind) -> KeyPair {
    let algorithm = match kind {
        KeyKind::Ecdsa => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyKind::Rsa => &rcgen::PKCS_RSA_SHA256,
    };
    KeyPair::generate_for(algorithm).expect("there are random numbers")
}

fn days_from_now(days: i64) -> SystemTime {
    let span = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    if days < 0 { clock::wall() - span } else { clock::wall() + span }
}

fn write(path: PathBuf, text: String) -> PathBuf {
    let draft = path.with_extension("draft");
    fs::write(&draft, text).expect("the folder is ours");
    fs::rename(&draft, &path).expect("the folder is ours");
    path
}
