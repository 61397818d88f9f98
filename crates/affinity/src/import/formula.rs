//! The hashes of other balancers, as text. None of them guards anything here: they are only computed to be recognised.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};

use crate::fnv;

use super::Key;

/// MD5 in hexadecimal.
pub(super) fn md5(text: &str) -> String {
    hex(&Md5::digest(text))
}

/// HMAC-SHA256 in hexadecimal.
pub(super) fn hmac_sha256(key: &Key, text: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// What Traefik has made of a name, from its newest releases to its oldest.
pub(super) fn traefik(name: &str) -> [String; 5] {
    let sha256 = hex(Sha256::digest(name).get(..8).unwrap_or_default());
    let fnv1a = fnv::more(fnv::START, name.as_bytes());
    let twice = fnv1(&format!("{fnv1a:016x}"));
    [sha256, format!("{twice:x}"), format!("{:x}", fnv1(name)), format!("{fnv1a:x}"), name.into()]
}

/// FNV-1, 64 bits: the multiplication comes first.
fn fnv1(text: &str) -> u64 {
    let step = |hash: u64, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
    text.bytes().fold(fnv::START, step)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
