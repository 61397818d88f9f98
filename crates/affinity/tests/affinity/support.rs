//! A group, its keys, and a client that keeps cookies as a browser does.

use std::time::Duration;

use clingfish_affinity::{
    Binding, Dressing, Home, Judgement, KeyId, KeyRing, Memo, Policy, Reading, Secret, SessionId,
    SetCookie, Stamp, Token, judge, read, stamp,
};
use clingfish_model::{
    GroupHash, LbCookie, TargetHash, UnixMillis,
    stickiness::{CookieAttributes, CookieShape, CookieStyle, OnCacheable},
};

/// Sat, 29 Nov 2025 15:21:44 GMT.
pub(crate) const NOW: UnixMillis = UnixMillis(1_764_429_704_000);
pub(crate) const GROUP: GroupHash = GroupHash([1; 8]);
pub(crate) const HOME: TargetHash = TargetHash([2; 16]);
pub(crate) const OTHER: TargetHash = TargetHash([3; 16]);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) fn secret(byte: u8) -> Secret {
    Secret::new([byte; 32])
}

pub(crate) fn key_id(id: u16) -> KeyId {
    KeyId::new(id).unwrap()
}

pub(crate) fn ring() -> KeyRing {
    KeyRing::first(secret(7), key_id(0x0102), UnixMillis(0))
}

pub(crate) fn named(attributes: CookieAttributes) -> LbCookie {
    LbCookie {
        duration: HOUR,
        absolute: None,
        style: CookieStyle::Clingfish(CookieShape::new(attributes).unwrap()),
        on_cacheable: OnCacheable::Skip,
        forward_tokens: false,
    }
}

pub(crate) fn clingfish() -> LbCookie {
    named(CookieAttributes::named("cling"))
}

pub(crate) fn alb() -> LbCookie {
    LbCookie { style: CookieStyle::Alb, ..clingfish() }
}

pub(crate) fn policy(cookie: &LbCookie) -> Policy {
    Policy::new(cookie, GROUP)
}

/// A token of a session that began and was last seen at `seen`.
pub(crate) fn token(policy: &Policy, seen: UnixMillis) -> Token {
    Token {
        target: HOME,
        group: policy.group(),
        session: SessionId([4; 8]),
        issued: seen,
        last_seen: seen,
        generation: 0,
        flags: policy.mark(true),
    }
}

pub(crate) fn sealed(policy: &Policy, token: &Token, ring: &KeyRing, now: UnixMillis) -> String {
    let sealed = policy.seal(token, ring, [5; 24], now);
    String::from_utf8(sealed.as_bytes().to_vec()).unwrap()
}

pub(crate) fn read_one(field: &str, policy: &Policy, ring: &KeyRing, now: UnixMillis) -> Reading {
    read([field.as_bytes()].into_iter(), policy, ring, now, &mut Memo::new())
}

/// What a request without cookies says.
pub(crate) fn nothing() -> Reading {
    Reading::default()
}

pub(crate) fn binding(target: TargetHash) -> Binding {
    Binding { target, session: SessionId([6; 8]), https: true, ..Binding::default() }
}

/// A browser that keeps one cookie for as long as it was told to.
#[derive(Default)]
pub(crate) struct Browser {
    cookie: Option<(String, UnixMillis)>,
    nonce: u8,
}

impl Browser {
    /// One request that [`HOME`] serves, or [`OTHER`] where `home` says so.
    pub(crate) fn visit(
        &mut self,
        policy: &Policy,
        ring: &KeyRing,
        memo: &mut Memo,
        home: Home,
        now: UnixMillis,
    ) -> Judgement {
        self.cookie.take_if(|(_, until)| now > *until);
        let field = self.cookie.iter().map(|(cookie, _)| cookie.as_bytes());
        let reading = read(field, policy, ring, now, memo);
        let judgement = judge(&reading.claim, Some(policy), |_| home, now);
        let target = if home == Home::Eligible { HOME } else { OTHER };
        let stamp = stamp(&reading.claim, judgement, policy, binding(target), || false, now);
        if let Stamp::Write { token, .. } = stamp {
            self.keep(policy, &token, ring, now);
        }
        judgement
    }

    fn keep(&mut self, policy: &Policy, token: &Token, ring: &KeyRing, now: UnixMillis) {
        self.nonce = self.nonce.wrapping_add(1);
        let sealed = &policy.seal(token, ring, [self.nonce; 24], now);
        let mut value = Vec::new();
        let cookie =
            SetCookie { policy, token, sealed, https: true, now, dressing: Dressing::default() };
        cookie.write_value(cookie.kinds()[0], &mut value);
        let value = String::from_utf8(value).unwrap();
        let max_age = value.split("Max-Age=").nth(1).map(|rest| rest.split(';').next().unwrap());
        let max_age = max_age.map_or(7 * 86_400, |seconds| seconds.parse().unwrap());
        let pair = value.split(';').next().unwrap().to_owned();
        self.cookie = Some((pair, now + Duration::from_secs(max_age)));
    }
}
