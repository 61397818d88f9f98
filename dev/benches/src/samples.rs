//! What the cases work on: heads as browsers and applications send them, a key ring, tokens, groups.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use clingfish_affinity::{KeyId, KeyRing, Policy, Secret, SessionId, Token};
use clingfish_model::{
    DesiredState, GroupHash, HealthCheck, LbCookie, Name, Stickiness, Target, TargetAddress,
    TargetGroup, TargetHash, TargetId, UnixMillis, Weight,
    desired::{AccessLog, Admin, Server},
    stickiness::{CookieAttributes, CookieShape, CookieStyle, OnCacheable},
};
use clingfish_snapshot::{Group, Inputs, compile};

use crate::clock;

/// The time at which everything happens.
pub(crate) const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

/// The name of the affinity cookie.
pub(crate) const COOKIE: &str = "cling_1a2b3c4d";

/// What a browser sends when somebody follows a link in a shop, with three cookies and perhaps ours.
pub(crate) fn browser_head(token: Option<&[u8]>) -> Vec<u8> {
    let before = "GET /cart/items?page=2&sort=price HTTP/1.1\r\n\
        Host: shop.example.com\r\n\
        Connection: keep-alive\r\n\
        sec-ch-ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
        sec-ch-ua-mobile: ?0\r\n\
        sec-ch-ua-platform: \"Linux\"\r\n\
        Upgrade-Insecure-Requests: 1\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
        Sec-Fetch-Site: same-origin\r\n\
        Sec-Fetch-Mode: navigate\r\n\
        Sec-Fetch-User: ?1\r\n\
        Sec-Fetch-Dest: document\r\n\
        Referer: https://shop.example.com/cart\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\n\
        Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n";
    let cookie = cookie_field(token);
    [before.as_bytes(), b"Cookie: ", &cookie, b"\r\n\r\n"].concat()
}

/// The value of that browser's Cookie field.
pub(crate) fn cookie_field(token: Option<&[u8]>) -> Vec<u8> {
    let others = b"theme=dark; locale=en-GB; JSESSIONID=6F2C8E1B9A7D4C3E8F1A2B3C4D5E6F70";
    match token {
        Some(token) => [others, b"; ".as_slice(), COOKIE.as_bytes(), b"=", token].concat(),
        None => others.to_vec(),
    }
}

/// That of a client that came by https: with the cookie's twin.
pub(crate) fn cookie_field_with_twin(token: &[u8]) -> Vec<u8> {
    let twin = [COOKIE, CookieShape::TWIN_SUFFIX].concat();
    [cookie_field(Some(token)).as_slice(), b"; ", twin.as_bytes(), b"=", token].concat()
}

/// What an application answers.
pub(crate) const RESPONSE_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Sat, 29 Nov 2025 15:21:44 GMT\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Length: 5120\r\n\
    Cache-Control: no-store\r\n\
    Set-Cookie: locale=en-GB; Path=/\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Vary: Accept-Encoding\r\n\r\n";

/// A ring of one key.
pub(crate) fn ring() -> Result<KeyRing> {
    let id = KeyId::new(1).context("1 is a key id")?;
    Ok(KeyRing::first(Secret::new([7; 32]), id, NOW))
}

/// Clingfish-style stickiness of a day.
pub(crate) fn lb_cookie() -> Result<LbCookie> {
    let shape = CookieShape::new(CookieAttributes::named(COOKIE))?;
    Ok(LbCookie {
        duration: Duration::from_secs(86_400),
        absolute: None,
        style: CookieStyle::Clingfish(shape),
        on_cacheable: OnCacheable::Skip,
        forward_tokens: false,
    })
}

/// A token of a session that began an hour ago.
pub(crate) fn token(group: GroupHash, target: TargetHash, policy: &Policy, number: usize) -> Token {
    Token {
        target,
        group,
        session: SessionId((number as u64).to_be_bytes()),
        issued: UnixMillis(NOW.0 - 3_600_000),
        last_seen: UnixMillis(NOW.0 - 60_000),
        generation: 0,
        flags: policy.mark(true),
    }
}

/// A nonce that no other number has.
pub(crate) fn nonce(number: usize) -> [u8; 24] {
    let mut nonce = [0; 24];
    for (byte, from) in nonce.iter_mut().zip((number as u64).to_be_bytes()) {
        *byte = from;
    }
    nonce
}

/// A compiled group of that many targets, all of them healthy.
pub(crate) fn group(targets: usize, stickiness: Stickiness) -> Result<Arc<Group>> {
    let name = Name::new("web")?;
    let targets = (0..targets).map(target).collect::<Result<_>>()?;
    let mut group = TargetGroup::new(name, targets);
    group.stickiness = stickiness;
    group.health_check = HealthCheck { enabled: false, ..HealthCheck::default() };
    let desired = DesiredState {
        aws: clingfish_model::elb::Aws::default(),
        server: Server::default(),
        admin: Admin::default(),
        access_log: AccessLog::default(),
        load_balancers: Vec::new(),
        listeners: Vec::new(),
        target_groups: vec![group],
    };
    let inputs = Inputs {
        desired: &desired,
        addresses: &HashMap::new(),
        ring: &Arc::new(ring()?),
        tls: &Default::default(),
        revision: 1,
        workers: 1,
        now: clock::now(),
    };
    compile(inputs, None).groups.into_iter().next().context("one group was asked for")
}

fn target(number: usize) -> Result<Target> {
    let [.., a, b] = number.to_be_bytes();
    let address = SocketAddr::from(([10, 0, a, b], 3000));
    Ok(Target {
        id: TargetId::new(address.to_string())?,
        address: TargetAddress::Socket(address),
        weight: Weight::default(),
        zone: None,
        drain: false,
        known_as: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_sends_what_the_table_says() {
        let head = browser_head(Some(&[b'a'; 124]));
        let lines = head.split(|byte| *byte == b'\n').count();
        assert_eq!((lines - 3, head.len()), (16, 883));
    }
}
