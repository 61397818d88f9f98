//! `protocol = "HTTPS"` on either side, and the files that it takes.

use std::path::PathBuf;

use clingfish_model::{
    CertificateFiles, ListenerTls, MutualAuthentication, TargetTls, TlsVersion, elb::Aws,
    tls::TrustStoreFiles,
};

use crate::{address, aws, keys, report::Report, section::Section, value::Value};

const CERTIFICATES_HELP: &str =
    "write certificates = [{ certificate = \"fullchain.pem\", key = \"privkey.pem\" }]";
const TRUST_STORE_HELP: &str =
    "write mutual_authentication = { mode = \"verify\", trust_store = \"ca.pem\" }";
/// Keys of a listener that say nothing without TLS.
const LISTENER_KEYS: [&str; 9] = [
    "certificates",
    "tls_min_version",
    "ssl_policy",
    "mutual_authentication.mode",
    TRUST_STORE,
    TRUST_STORE_ARN,
    REVOCATIONS,
    IGNORE_EXPIRY,
    ADVERTISE_NAMES,
];
const TARGET_KEYS: [&str; 4] = ["tls.ca", "tls.server_name", "tls.certificate", "tls.key"];
const TRUST_STORE: &str = "mutual_authentication.trust_store";
const TRUST_STORE_ARN: &str = "mutual_authentication.trust_store_arn";
const REVOCATIONS: &str = "mutual_authentication.revocations";
const IGNORE_EXPIRY: &str = "mutual_authentication.ignore_client_certificate_expiry";
const ADVERTISE_NAMES: &str = "mutual_authentication.advertise_trust_store_ca_names";

/// What `protocol` may be.
const PROTOCOLS: [(&str, bool); 2] = [("HTTP", false), ("HTTPS", true)];

/// Reads the TLS of a listener; none for `protocol = "HTTP"`.
pub(crate) fn read_listener(
    section: &Section<'_>,
    aws: &Aws,
    report: &mut Report<'_>,
) -> Option<ListenerTls> {
    if !section.word("protocol", &PROTOCOLS, false, report) {
        refuse_without_tls(section, &LISTENER_KEYS, report);
        return None;
    }
    let certificates = section.required("certificates", report, CERTIFICATES_HELP)?;
    let certificates = read_certificates(certificates, aws, report);
    let policy = section.value("ssl_policy").and_then(|value| aws::read_id(value, report));
    let versions = [("1.2", TlsVersion::V1_2), ("1.3", TlsVersion::V1_3)];
    Some(ListenerTls {
        certificates,
        min_version: section.word("tls_min_version", &versions, TlsVersion::default(), report),
        policy,
        mutual: read_mutual(section, aws, report),
    })
}

/// Reads the TLS of a target group; none for `protocol = "HTTP"`.
pub(crate) fn read_target_group(
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<TargetTls> {
    if !section.word("protocol", &PROTOCOLS, false, report) {
        refuse_without_tls(section, &TARGET_KEYS, report);
        return None;
    }
    let server_name = section.value("tls.server_name");
    Some(TargetTls {
        authorities: path_of(section, "tls.ca", report),
        server_name: server_name.and_then(|value| read_server_name(value, report)),
        client: read_pair(section, ["tls.certificate", "tls.key", ""], report),
    })
}

fn refuse_without_tls(section: &Section<'_>, keys: &[&str], report: &mut Report<'_>) {
    for value in keys.iter().filter_map(|key| section.value(key)) {
        let message = format!("{} has no effect without TLS", value.name);
        value.refuse(report, message, "add protocol = \"HTTPS\", or remove it");
    }
}

fn read_certificates(
    value: &Value<'_>,
    aws: &Aws,
    report: &mut Report<'_>,
) -> Vec<CertificateFiles> {
    let elements = value.list(report, CERTIFICATES_HELP);
    if value.is_empty_list() {
        value.refuse(report, "an HTTPS listener needs a certificate", CERTIFICATES_HELP);
    }
    if elements.len() > ListenerTls::CERTIFICATES_MAX {
        let message = format!("{} are too many certificates", elements.len());
        let help = format!("use at most {} for a listener", ListenerTls::CERTIFICATES_MAX);
        value.refuse(report, message, help);
    }
    let mut certificates = Vec::with_capacity(elements.len());
    for element in &elements {
        let label = "a certificate of [[listeners]]".to_owned();
        let Some(section) = Section::read(element, label, &keys::CERTIFICATE, report) else {
            continue;
        };
        if let Some(arn) = section.value("arn") {
            certificates.extend(read_by_arn(&section, arn, aws, report));
        } else if section.required("certificate", report, CERTIFICATES_HELP).is_some() {
            certificates.extend(read_pair(&section, ["certificate", "key", "ocsp"], report));
        }
    }
    certificates
}

/// A certificate of which the file says the ARN alone.
fn read_by_arn(
    section: &Section<'_>,
    arn: &Value<'_>,
    aws: &Aws,
    report: &mut Report<'_>,
) -> Option<CertificateFiles> {
    let keys = ["certificate", "key", "ocsp"];
    if let Some(value) = keys.iter().find_map(|key| section.value(key)) {
        let message = format!("{} and an ARN say twice which certificate this is", value.name);
        value.refuse(
            report,
            message,
            "keep one of them; files of an ARN are in [aws.certificates]",
        );
    }
    aws::resolve(arn, "aws.certificates", &aws.certificates, report).map(|(_, files)| files.clone())
}

/// A certificate and its key, under the names of their settings; the third is for OCSP, where there is one.
pub(crate) fn read_pair(
    section: &Section<'_>,
    [certificate, key, ocsp]: [&str; 3],
    report: &mut Report<'_>,
) -> Option<CertificateFiles> {
    let Some(certificate) = path_of(section, certificate, report) else {
        if let Some(value) = section.value(key).filter(|_| section.value(certificate).is_none()) {
            let message = format!("{} is a key without its certificate", value.name);
            value.refuse(report, message, format!("add {certificate} = \"client.pem\""));
        }
        return None;
    };
    Some(CertificateFiles {
        // One file often holds both.
        key: path_of(section, key, report).unwrap_or_else(|| certificate.clone()),
        ocsp: if ocsp.is_empty() { None } else { path_of(section, ocsp, report) },
        arn: None,
        certificate,
    })
}

fn read_mutual(section: &Section<'_>, aws: &Aws, report: &mut Report<'_>) -> MutualAuthentication {
    let modes = [("off", 0), ("passthrough", 1), ("verify", 2)];
    let mode = section.value("mutual_authentication.mode");
    let mode_is_good = mode.is_none_or(|value| value.as_str().is_some());
    match mode.and_then(|value| value.word(report, &modes, &[])) {
        Some(2) => MutualAuthentication::Verify(read_trust_store(section, aws, report)),
        found => {
            let keys = [TRUST_STORE, TRUST_STORE_ARN, REVOCATIONS, IGNORE_EXPIRY, ADVERTISE_NAMES];
            for value in keys.iter().filter_map(|key| section.value(key)).filter(|_| mode_is_good) {
                let message =
                    format!("{} has no effect unless certificates are checked", value.name);
                value.refuse(report, message, "add mode = \"verify\", or remove it");
            }
            if found == Some(1) {
                MutualAuthentication::Passthrough
            } else {
                MutualAuthentication::Off
            }
        }
    }
}

/// The files of a trust store, or those that its ARN stands for.
fn read_trust_store(section: &Section<'_>, aws: &Aws, report: &mut Report<'_>) -> TrustStoreFiles {
    let files = TrustStoreFiles {
        authorities: PathBuf::new(),
        revocations: None,
        ignore_expiry: section.bool(IGNORE_EXPIRY, false, report),
        advertise_names: section.bool(ADVERTISE_NAMES, false, report),
        arn: None,
    };
    let Some(arn) = section.value(TRUST_STORE_ARN) else {
        let authorities = section.required(TRUST_STORE, report, TRUST_STORE_HELP);
        let authorities = authorities.and_then(|value| read_path(value, report));
        let revocations = path_of(section, REVOCATIONS, report);
        return TrustStoreFiles {
            authorities: authorities.unwrap_or_default(),
            revocations,
            ..files
        };
    };
    if let Some(value) = [TRUST_STORE, REVOCATIONS].iter().find_map(|key| section.value(key)) {
        let message = format!("{} and an ARN say twice which trust store this is", value.name);
        value.refuse(
            report,
            message,
            "keep one of them; files of an ARN are in [aws.trust_stores]",
        );
    }
    match aws::resolve(arn, "aws.trust_stores", &aws.trust_stores, report) {
        Some((arn, store)) => TrustStoreFiles {
            authorities: store.authorities.clone(),
            revocations: store.revocations.clone(),
            arn: Some(arn.clone()),
            ..files
        },
        None => files,
    }
}

fn path_of(section: &Section<'_>, name: &str, report: &mut Report<'_>) -> Option<PathBuf> {
    section.value(name).and_then(|value| read_path(value, report))
}

pub(crate) fn read_path(value: &Value<'_>, report: &mut Report<'_>) -> Option<PathBuf> {
    let text = value.text(report)?;
    if text.starts_with("-----BEGIN") {
        let message = format!("{} is the certificate or key itself", value.name);
        value.refuse(report, message, "put it into a file, and write the path of that");
        return None;
    }
    if text.trim().is_empty() || text.contains('\0') {
        let message = format!("{} = {text:?} is not the path of a file", value.name);
        value.refuse(report, message, "write a path; a relative one starts where this file is");
        return None;
    }
    Some(text.into())
}

fn read_server_name(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    if address::is_host(text) || text.parse::<std::net::IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("{} = {text:?} is not a host name", value.name);
    value.refuse(report, message, "write a name without port, such as \"app.internal\"");
    None
}
