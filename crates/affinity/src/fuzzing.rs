//! What a fuzzer calls: each takes any bytes and panics where a law of this crate breaks.

use std::{ops::ControlFlow, time::Duration};

use clingfish_model::{
    Field, FieldId, GroupHash, LbCookie, RequestHead, ResponseHead, Span, UnixMillis,
    head::{Fields, RequestParts, ResponseParts},
    limits::{ID_PARTS_TRIED_MAX, SESSION_ID_BYTES_MAX, SESSION_IDS_TRIED_MAX},
    stickiness::{CookieStyle, IdBirth, IdPlace, OnCacheable},
};

use crate::{
    claim::{Claim, read},
    cookie::{Stripped, pairs},
    identity,
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

/// Any bytes as path, cookie and header of a request: what is found is no longer than an id may be, and found again.
pub fn request_ids(data: &[u8]) {
    let length = data.len();
    let field = |id, name| Field { id, name, value: Span::new(0, length) };
    let parts = RequestParts {
        path_and_query: Span::new(0, length),
        fields: Fields::from_iter([
            field(FieldId::Cookie, Span::default()),
            field(FieldId::Other, Span::new(0, length.min(3))),
        ]),
        ..RequestParts::default()
    };
    let head = RequestHead::new(data, &parts);
    let name = || "sid".to_owned();
    let places = [
        IdPlace::Cookie(name()),
        IdPlace::Header(name()),
        IdPlace::Query(name()),
        IdPlace::PathAfter("/up/".to_owned()),
        IdPlace::PathParameter(name()),
    ];
    let mut count = 0;
    identity::each_id(head, &places, SESSION_ID_BYTES_MAX, |_, id| {
        count += 1;
        assert!((1..=SESSION_ID_BYTES_MAX).contains(&id.len()), "an id has a length");
        let names = identity::route::names(&id, b'.');
        assert!(names.count() <= 3 * ID_PARTS_TRIED_MAX, "few names are tried");
        ControlFlow::Continue(())
    });
    assert!(count <= SESSION_IDS_TRIED_MAX, "few ids are tried");
}

/// Any bytes as a body: the same ids however it is cut.
pub fn body_ids(data: &[u8]) {
    let births = [IdBirth::Json("sid".to_owned()), IdBirth::Event("sid".to_owned())];
    for content in [b"application/json ".as_slice(), b"text/event-stream"] {
        let content_type = Field {
            id: FieldId::ContentType,
            name: Span::default(),
            value: Span::new(0, content.len()),
        };
        let parts =
            ResponseParts { fields: Fields::from_iter([content_type]), ..ResponseParts::default() };
        let search = |size: usize| {
            let head = ResponseHead::new(content, &parts);
            let mut found = Vec::new();
            if let Ok(Some(mut finder)) = identity::body::Finder::new(head, &births) {
                for piece in data.chunks(size.max(1)) {
                    finder.feed(piece, |id| found.push(id.to_vec()));
                }
            }
            found
        };
        assert_eq!(search(data.len()), search(1), "it depends on the pieces");
    }
}

/// Any bytes as an envelope: nothing opens that we did not seal.
pub fn envelope(data: &[u8]) {
    let opened = identity::envelope::open(data, &ring(), NOW);
    assert!(opened.is_err(), "a forged envelope opened");
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
        assert!(
            ring.opener(ring.sealing_key(NOW).id(), NOW).is_some(),
            "the sealing key has retired"
        );
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
