//! Distinguished names as text, as RFC 4514 has it and OpenSSL writes it for `RFC2253`.

use std::fmt::Write;

use x509_parser::{
    asn1_rs::ToDer,
    x509::{AttributeTypeAndValue, X509Name},
};

/// Attribute types with a short name; others are written as numbers, and their values as they are encoded.
const SHORT: [(&str, &str); 17] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// The name, its last part first. ASCII without control characters, whatever the certificate says: safe in a header field.
pub(crate) fn rfc4514(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for (at, part) in parts.into_iter().rev().enumerate() {
        if at > 0 {
            text.push(',');
        }
        for (at, attribute) in part.iter().enumerate() {
            if at > 0 {
                text.push('+');
            }
            push_attribute(&mut text, attribute);
        }
    }
    text
}

fn push_attribute(text: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    let id = attribute.attr_type().to_id_string();
    let short = SHORT.iter().find(|(known, _)| *known == id);
    text.push_str(short.map_or(id.as_str(), |(_, short)| short));
    text.push('=');
    match attribute.as_str() {
        Ok(value) if short.is_some() => push_escaped(text, value),
        _ => push_encoded(text, &attribute.attr_value().to_der_vec().unwrap_or_default()),
    }
}

fn push_escaped(text: &mut String, value: &str) {
    let last = value.len().saturating_sub(1);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b'#' if at == 0 => text.push_str("\\#"),
            b' ' if at == 0 || at == last => text.push_str("\\ "),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => write!(text, "\\{byte:02X}").expect("a string takes any text"),
        }
    }
}

fn push_encoded(text: &mut String, value: &[u8]) {
    text.push('#');
    for byte in value {
        write!(text, "{byte:02X}").expect("a string takes any text");
    }
}
