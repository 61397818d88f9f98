//! What the value of a cookie tells those who look into it: addresses and names of servers, plain, in base64 or as a hash that
//! anybody can compute.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use md5::{Digest as _, Md5};
use sha2::Sha256;

/// What can be read in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revealed {
    /// An address, as it is.
    Address(String),
    /// An address, once base64 is taken off.
    Base64(String),
    /// The MD5 of an address.
    Md5(SocketAddr),
    /// The SHA-256 of a URL with an address, or its begin.
    Sha256(String),
    /// A bare number, which counts servers.
    Number(String),
    /// A word that names a server.
    Word(String),
}

/// Ports that servers behind balancers use.
const PORTS: &[u16] = &[80, 8080, 3000, 8000, 443, 5000, 8443, 8081];

/// Networks that are tried, as their first two bytes: where home-made, container and cloud networks begin.
const NETWORKS: &[[u8; 2]] = &[[10, 0], [10, 1], [172, 17], [172, 18], [192, 168]];

/// Finds what the value reveals. `names` are what the targets are called by who answers.
///
/// Takes up to a second for a value of 16 or 32 hexadecimal digits: millions of addresses are tried.
pub fn reveal(value: &str, names: &[String]) -> Option<Revealed> {
    let value = value.trim_matches('"');
    if let Some(address) = pieces(value).find(|piece| is_address(piece)) {
        return Some(Revealed::Address(address.to_owned()));
    }
    if let Some(word) = names.iter().find(|name| has_word(value, name)) {
        return Some(Revealed::Word(word.clone()));
    }
    if let Some(text) = base64_text(value) {
        if let Some(inside) = pieces(&text).find(|piece| is_address(piece)) {
            return Some(Revealed::Base64(inside.to_owned()));
        }
        if let Some(word) = names.iter().find(|name| name.len() > 2 && has_word(&text, name)) {
            return Some(Revealed::Base64(word.clone()));
        }
    }
    let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match value.len() {
        1..=5 if value.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Revealed::Number(value.to_owned()))
        }
        32 if is_hex => md5_of_address(value).map(Revealed::Md5),
        16 if is_hex => sha256_of_url(value).map(Revealed::Sha256),
        1..=15 if is_word(value) => Some(Revealed::Word(value.to_owned())),
        _ => None,
    }
}

/// Parts of a text that might be addresses.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_inside = |sign: char| sign.is_ascii_hexdigit() || matches!(sign, '.' | ':' | '[' | ']');
    text.split(move |sign: char| !is_inside(sign)).filter(|piece| piece.len() >= 7)
}

fn is_address(piece: &str) -> bool {
    let piece = piece.trim_matches('.');
    piece.parse::<SocketAddr>().is_ok()
        || piece.parse::<Ipv4Addr>().is_ok()
        || matches!(piece.parse::<IpAddr>(), Ok(IpAddr::V6(_)))
}

fn has_word(value: &str, name: &str) -> bool {
    !name.is_empty()
        && value
            .split(|sign: char| !sign.is_ascii_alphanumeric() && !"-_.:".contains(sign))
            .any(|word| word.eq_ignore_ascii_case(name))
}

/// Letters and perhaps digits at the end, such as `web-2` or `a`: no part of an id.
fn is_word(value: &str) -> bool {
    let letters = value.trim_end_matches(|sign: char| sign.is_ascii_digit());
    let digits = value.len() - letters.len();
    !letters.is_empty()
        && digits <= 3
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_.".contains(&byte))
}

/// What base64 of either alphabet holds, with something else in the place of what is no text.
pub(crate) fn base64_text(value: &str) -> Option<String> {
    if value.len() < 8 {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let value = value.replace("%3D", "=");
    [alphabet::STANDARD, alphabet::URL_SAFE].iter().find_map(|alphabet| {
        let bytes = GeneralPurpose::new(alphabet, config).decode(&value).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// The private addresses that are tried, this machine's first.
fn addresses() -> impl Iterator<Item = SocketAddr> {
    let local = (1..=u16::MAX).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let private = NETWORKS.iter().flat_map(|[first, second]| {
        (0..=u16::MAX).flat_map(move |rest| {
            let [third, fourth] = rest.to_be_bytes();
            let address = Ipv4Addr::new(*first, *second, third, fourth);
            PORTS.iter().map(move |port| SocketAddr::from((address, *port)))
        })
    });
    local.chain(private)
}

fn md5_of_address(value: &str) -> Option<SocketAddr> {
    let wanted = bytes_of_hex(value)?;
    let mut text = String::new();
    addresses().find(|address| {
        text.clear();
        let _ = write!(text, "{address}");
        Md5::digest(text.as_bytes()).as_slice() == wanted.as_slice()
    })
}

fn sha256_of_url(value: &str) -> Option<String> {
    let wanted = bytes_of_hex(value)?;
    let mut text = String::new();
    let found = addresses().find(|address| {
        text.clear();
        let _ = write!(text, "http://{address}");
        Sha256::digest(text.as_bytes()).starts_with(&wanted)
    });
    found.map(|address| format!("http://{address}"))
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let pair = |pair: &[u8]| Some(pair.first()? * 16 + pair.get(1)?);
    digits?.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_read_in_every_disguise() {
        let hash = |text: &str| {
            let digest = Md5::digest(text.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let long = |text: &str| {
            let digest = Sha256::digest(text.as_bytes());
            digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let names = ["web-2".to_owned()];
        for (value, expected) in [
            ("10.0.0.1:80".to_owned(), Some(Revealed::Address("10.0.0.1:80".into()))),
            ("a|10.0.0.1".to_owned(), Some(Revealed::Address("10.0.0.1".into()))),
            (
                "\"CgwxMC4wLjAuMTo4MBDOwIDJBg==\"".into(),
                Some(Revealed::Base64("10.0.0.1:80".into())),
            ),
            ("MTAuMC4wLjE6ODA".into(), Some(Revealed::Base64("10.0.0.1:80".into()))),
            (hash("127.0.0.1:40001"), Some(Revealed::Md5("127.0.0.1:40001".parse().unwrap()))),
            (hash("10.0.0.7:80"), Some(Revealed::Md5("10.0.0.7:80".parse().unwrap()))),
            (long("http://127.0.0.1:81"), Some(Revealed::Sha256("http://127.0.0.1:81".into()))),
            ("3".into(), Some(Revealed::Number("3".into()))),
            ("web-2|x".into(), Some(Revealed::Word("web-2".into()))),
            ("s1".into(), Some(Revealed::Word("s1".into()))),
            ("AQEBc2VhbGVkIHRva2VuIG9mIG91cnMgdGhhdCBzaG93cyBub3RoaW5n".into(), None),
            ("0a".repeat(32), None),
            ("k3Jd82hq".into(), None),
        ] {
            assert_eq!(reveal(&value, &names), expected, "{value}");
        }
    }
}
