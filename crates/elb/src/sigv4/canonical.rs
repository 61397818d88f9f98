//! The one text that a request has for both who signs it and who checks.

use sha2::{Digest, Sha256};

use super::{
    ALGORITHM, Request,
    claim::{Claim, SIGNATURE},
    refusal,
};
use crate::{Error, hex, query::pairs};

pub(super) fn string_to_sign(request: &Request<'_>, claim: &Claim) -> Result<String, Error> {
    let scope = &claim.scope;
    Ok(format!(
        "{ALGORITHM}\n{}\n{}/{}/{}/{}\n{}",
        claim.time_text,
        scope.date,
        scope.region,
        scope.service,
        scope.terminator,
        hex::encode(&Sha256::digest(canonical_request(request, claim)?))
    ))
}

fn canonical_request(request: &Request<'_>, claim: &Claim) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for line in [request.method, &path(request.path), &query(request.query)?] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for name in &claim.signed_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend(header(request, name)?);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(claim.signed_headers.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(hex::encode(&Sha256::digest(request.body)).as_bytes());
    Ok(text)
}

/// Without empty parts and dots, and encoded (once more, where the URL has escapes).
fn path(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(encode(other)),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("/{}{end}", parts.join("/"))
}

/// Sorted and encoded anew. Names and values are those that the action will read: a `+` that somebody made of `%2B` on
/// its way is a space here too, and does not match.
fn query(query: &str) -> Result<String, Error> {
    let mut list = Vec::new();
    for pair in pairs(query.as_bytes()) {
        let (name, value) = pair?;
        if name != SIGNATURE {
            list.push((encode(&name), encode(&value)));
        }
    }
    list.sort_unstable();
    let list: Vec<_> = list.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Ok(list.join("&"))
}

/// All values of a signed header, each without needless spaces. One that is not there does not match.
fn header(request: &Request<'_>, name: &str) -> Result<Vec<u8>, Error> {
    let values = request.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    let values: Vec<_> = values.map(|(_, value)| trim(value)).collect();
    if values.is_empty() { Err(refusal::mismatch()) } else { Ok(values.join(&b',')) }
}

fn trim(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
