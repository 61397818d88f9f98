use super::*;
use crate::Secret;

const NOW: UnixMillis = UnixMillis(1_764_429_764_321);
const STANDARD: &[u8; Token::TEXT_BYTES] =
    b"AQECZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp73LIFYj5G/uYCyOcCKz01\
Raij7sS2VX2CnER2tD9LbgeqnJNKh/b2XToz8/1UVghRZFnbB/z8WdnRWy9C0gUigUzl";

fn ring() -> KeyRing {
    let secret: Vec<u8> = (0..32).collect();
    let secret = Secret::new(secret.try_into().unwrap());
    KeyRing::first(secret, KeyId::new(0x0102).unwrap(), UnixMillis(0))
}

fn token() -> Token {
    Token {
        target: TargetHash(0xa0c1_fcd2_c168_7764_85f8_7a3d_8d52_888c_u128.to_be_bytes()),
        group: GroupHash(0xf318_bcb5_5279_b732_u64.to_be_bytes()),
        session: SessionId(0x1011_1213_1415_1617_u64.to_be_bytes()),
        issued: UnixMillis(1_764_429_704_000),
        last_seen: NOW,
        generation: 0,
        flags: 0x0abc,
    }
}

fn seal(alphabet: Alphabet) -> Sealed {
    let nonce: Vec<u8> = (100..124).collect();
    let nonce = nonce.try_into().unwrap();
    token().seal(ring().sealing_key(NOW), Purpose::LbCookie, nonce, alphabet)
}

fn open(text: &[u8], alphabet: Alphabet) -> Result<Opened, OpenError> {
    Token::open(text, &ring(), Purpose::LbCookie, alphabet, NOW)
}

/// The text was computed with another implementation (pycryptodome 4.4, `ChaCha20_Poly1305` with a 24-byte nonce).
#[test]
fn a_token_has_the_bytes_that_it_always_had() {
    assert_eq!(seal(Alphabet::Standard).as_bytes(), STANDARD);
    let url_safe: Vec<u8> = STANDARD
        .iter()
        .map(|c| match c {
            b'+' => b'-',
            b'/' => b'_',
            c => *c,
        })
        .collect();
    assert_eq!(seal(Alphabet::UrlSafe).as_bytes(), url_safe);
    for (text, alphabet) in
        [(STANDARD.as_slice(), Alphabet::Standard), (&url_safe, Alphabet::UrlSafe)]
    {
        let opened = open(text, alphabet).unwrap();
        assert_eq!(opened.token, token(), "{alphabet:?}");
        assert!(opened.by_current_key, "{alphabet:?}");
    }
}

#[test]
fn each_flipped_bit_breaks_a_token() {
    for bit in 0..Token::TEXT_BYTES * 8 {
        let mut text = *STANDARD;
        text[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&text, Alphabet::Standard).is_err(), "bit {bit}");
    }
}

#[test]
fn what_does_not_open_says_why() {
    let long = [STANDARD.as_slice(), b"A"].concat();
    let quoted = [b"\"", STANDARD.as_slice(), b"\""].concat();
    let mut later_version = *STANDARD;
    later_version[..4].copy_from_slice(b"AgEC");
    let mut key_zero = *STANDARD;
    key_zero[..4].copy_from_slice(b"AQAA");
    let mut other_key = *STANDARD;
    other_key[..4].copy_from_slice(b"AQED");
    let mut damaged = *STANDARD;
    damaged[123] = b'A';
    for (text, expected, what) in [
        (b"".as_slice(), OpenError::NotAToken, "nothing"),
        (&STANDARD[..123], OpenError::NotAToken, "cut"),
        (&long, OpenError::NotAToken, "longer"),
        (&quoted, OpenError::NotAToken, "quoted"),
        (&[b'='; 124], OpenError::NotAToken, "padding"),
        (&[0xff; 124], OpenError::NotAToken, "not base64"),
        (&later_version, OpenError::NotAToken, "a later version"),
        (&key_zero, OpenError::NotAToken, "key zero, which nobody has"),
        (&other_key, OpenError::UnknownKey, "another key"),
        (&damaged, OpenError::Forged, "damaged"),
    ] {
        assert_eq!(open(text, Alphabet::Standard), Err(expected), "{what}");
    }
    assert_eq!(open(STANDARD, Alphabet::UrlSafe), Err(OpenError::NotAToken));
}

#[test]
fn times_beyond_48_bits_are_cut() {
    let late = Token { issued: UnixMillis(u64::MAX), ..token() };
    let (ring, purpose) = (ring(), Purpose::LbCookie);
    let sealed = late.seal(ring.sealing_key(NOW), purpose, [0; 24], Alphabet::UrlSafe);
    let opened = open(sealed.as_bytes(), Alphabet::UrlSafe).unwrap();
    assert_eq!(opened.token.issued, UnixMillis(MILLIS_MAX));
}

#[test]
fn a_sealed_token_is_not_shown() {
    assert_eq!(format!("{:?}", seal(Alphabet::Standard)), "Sealed(..)");
}
