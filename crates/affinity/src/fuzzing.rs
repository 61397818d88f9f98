//! What a fuzzer calls: each takes any bytes and panics where a law of this crate breaks.

use std::time::Duration;

use clingfish_model::{
    GroupHash, LbCookie, UnixMillis,
    stickiness::{CookieStyle, OnCacheable},
};

use crate::{
    claim::{Claim, read},
    cookie::{Stripped, pairs},
    judge::{Home, Judgement, judge},
    keyring::{KeyId, KeyRing, Secret},
    memo::Memo,
    policy::Policy,
    token::{Alphabet, OpenError, Purpose, Token},
};

const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

/// Any bytes as a token: nothing opens that we did not seal.
pub fn token(data: &[u8]) {
    let ring = ring();
    for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
        let opened = Token::open(data, &ring, Purpose::LbCookie, alphabet, NOW);
        let again = Memo::new().open(data, &ring, Purpose::LbCookie, alphabet, NOW);
        assert_eq!(opened, again, "the memo changes nothing");
        assert!(opened.is_err(), "a forged token opened");
        if data.len() != Token::TEXT_BYTES {
            assert_eq!(opened, Err(OpenError::NotAToken), "a token has one length");
        }
    }
}

/// Any bytes as a Cookie field: no panic, no home, no cookie lost.
pub fn cookie_header(data: &[u8]) {
    let ring = ring();
    let reading = read([data].into_iter(), &policy(), &ring, NOW, &mut Memo::new());
    assert!(!matches!(reading.claim, Claim::Bound(_)), "a forged token opened");
    let judgement = judge(&reading.claim, Some(&policy()), |_| Home::Eligible, NOW);
    assert!(matches!(judgement, Judgement::Rehome(_)), "a forged token gave a home");
    let mut out = Vec::new();
    assert_eq!(reading.cuts.strip(0, data, &mut out), Stripped::Untouched);
    strip_around_a_token(data, &ring);
}

/// A real token in the middle of any bytes: it goes, and every other cookie stays.
fn strip_around_a_token(data: &[u8], ring: &KeyRing) {
    let (before, after) = data.split_at(data.len() / 2);
    let token = Token {
        target: clingfish_model::TargetHash([1; 16]),
        group: GroupHash([2; 8]),
        session: crate::SessionId([3; 8]),
        issued: NOW,
        last_seen: NOW,
        generation: 0,
        flags: 0,
    };
    let sealed = policy().seal(&token, ring, [5; 24], NOW);
    let field = [before, b";AWSALB=", sealed.as_bytes(), b";", after].concat();
    let reading = read([field.as_slice()].into_iter(), &policy(), ring, NOW, &mut Memo::new());
    let mut out = Vec::new();
    if reading.cuts.strip(0, &field, &mut out) != Stripped::Untouched {
        let kept = pairs(&out).map(|pair| (pair.name, pair.value));
        let others = pairs(before).chain(pairs(after)).map(|pair| (pair.name, pair.value));
        assert!(kept.eq(others), "another cookie changed");
    }
}

/// Any bytes as a key ring: what is read is written and read again, the same.
pub fn key_ring(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(ring) = KeyRing::parse(text) {
        let written = ring.to_text();
        let again = KeyRing::parse(&written).expect("what we wrote is a key ring");
        assert_eq!(again.revision(), ring.revision(), "the ring changed");
        assert_eq!(*again.to_text(), *written, "the text changed");
        assert!(ring.key(ring.sealing_key(NOW).id(), NOW).is_some(), "the sealing key has retired");
    }
}

fn ring() -> KeyRing {
    let id = KeyId::new(0x0102).expect("not zero");
    KeyRing::first(Secret::new([7; 32]), id, NOW)
}

fn policy() -> Policy {
    let cookie = LbCookie {
        duration: Duration::from_secs(60),
        absolute: None,
        style: CookieStyle::Alb,
        on_cacheable: OnCacheable::Skip,
        forward_tokens: false,
    };
    Policy::new(&cookie, GroupHash([2; 8]))
}
