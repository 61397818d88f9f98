//! What a certificate says.

use clingfish_model::UnixMillis;
use rustls::pki_types::CertificateDer;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer,
    time::ASN1Time,
};

/// The certificate, if it is one and nothing follows it.
pub(crate) fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    let (rest, certificate) = X509Certificate::from_der(der.as_ref()).ok()?;
    rest.is_empty().then_some(certificate)
}

/// The DNS names that it is made for, in small letters, and whether it is made for anything else, such as an IP address.
pub(crate) fn names(certificate: &X509Certificate<'_>) -> (Vec<Box<str>>, bool) {
    let (mut names, mut others) = (Vec::new(), false);
    for extension in certificate.extensions() {
        let ParsedExtension::SubjectAlternativeName(alternatives) = extension.parsed_extension()
        else {
            continue;
        };
        for name in &alternatives.general_names {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase().into()),
                _ => others = true,
            }
        }
    }
    (names, others)
}

/// Whether it asks clients to fetch its issuer from somewhere: public authorities' certificates do.
pub(crate) fn names_its_issuer(certificate: &X509Certificate<'_>) -> bool {
    certificate.extensions().iter().any(|extension| {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else {
            return false;
        };
        access.iter().any(|one| one.access_method.to_id_string() == "1.3.6.1.5.5.7.48.2")
    })
}

/// The moment; the beginning of 1970 where it was before.
pub(crate) fn millis(time: ASN1Time) -> UnixMillis {
    UnixMillis(u64::try_from(time.timestamp()).unwrap_or(0).saturating_mul(1000))
}

/// As `2026-01-31T12:00:00Z`.
pub(crate) fn iso8601(time: ASN1Time) -> String {
    let at = time.to_datetime();
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
