//! Which balancer it is, by its cookies and fields.

use std::{fmt, net::SocketAddr};

use crate::{answer::Answer, reveal, set_cookie::SetCookie};

/// A balancer, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Balancer {
    /// Ours.
    Clingfish,
    /// HAProxy.
    Haproxy,
    /// nginx, open source or Plus.
    Nginx,
    /// The ingress controller of Kubernetes that is made of nginx.
    IngressNginx,
    /// Envoy, also inside Istio and gateways.
    Envoy,
    /// Traefik.
    Traefik,
    /// Caddy.
    Caddy,
    /// AWS's Application Load Balancer.
    Alb,
    /// AWS's Classic Load Balancer.
    ClassicElb,
    /// None that is known here.
    Unknown,
}

/// What was recognised, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Which one.
    pub balancer: Balancer,
    /// By which cookie or field.
    pub by: String,
    /// Cookies that look like its own.
    pub cookies: Vec<String>,
}

impl fmt::Display for Balancer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Clingfish => "Clingfish",
            Self::Haproxy => "HAProxy",
            Self::Nginx => "nginx",
            Self::IngressNginx => "ingress-nginx",
            Self::Envoy => "Envoy",
            Self::Traefik => "Traefik",
            Self::Caddy => "Caddy",
            Self::Alb => "Application Load Balancer",
            Self::ClassicElb => "Classic Load Balancer",
            Self::Unknown => "unknown balancer",
        })
    }
}

/// Recognises a balancer by answers that it passed on.
pub fn recognise<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Recognised {
    let answers: Vec<&Answer> = answers.into_iter().collect();
    let by_field = answers.iter().find_map(|answer| by_field(answer));
    let mut found: Option<(Balancer, String)> = None;
    let mut cookies: Vec<String> = Vec::new();
    for set in answers.iter().flat_map(|answer| answer.cookies()) {
        let field = by_field.as_ref().map(|(balancer, _)| *balancer);
        let Some(balancer) = by_cookie(&set, field) else { continue };
        if !cookies.contains(&set.name) {
            cookies.push(set.name.clone());
        }
        found.get_or_insert_with(|| (balancer, format!("its cookie {}", set.name)));
    }
    // Clingfish can speak as others do; its own fields give it away.
    let ours = by_field.clone().filter(|(balancer, _)| *balancer == Balancer::Clingfish);
    let (balancer, by) = ours
        .or(found)
        .or(by_field)
        .unwrap_or_else(|| (Balancer::Unknown, "neither a cookie nor a field".to_owned()));
    Recognised { balancer, by, cookies }
}

/// Recognises a balancer by a cookie that is known to bring clients home: then no field of the application's counts, and a word
/// or a hash is no accident.
pub fn recognise_by_home(set: &SetCookie, known: &Recognised) -> Recognised {
    let is_sure = matches!(known.balancer, Balancer::Clingfish | Balancer::Envoy | Balancer::Caddy);
    match by_cookie(set, None) {
        Some(balancer) if !is_sure && known.balancer != balancer => {
            let by = format!("its cookie {}", set.name);
            Recognised { balancer, by, cookies: vec![set.name.clone()] }
        }
        _ => known.clone(),
    }
}

fn by_field(answer: &Answer) -> Option<(Balancer, String)> {
    let own = ["clingfish-verdict", "clingfish-target", "clingfish-session"];
    if let Some(name) = own.iter().find(|name| answer.field(name).is_some()) {
        return Some((Balancer::Clingfish, format!("its field {name}")));
    }
    if answer.field("x-envoy-upstream-service-time").is_some() {
        return Some((Balancer::Envoy, "its field x-envoy-upstream-service-time".to_owned()));
    }
    for name in ["server", "via"] {
        let Some(value) = answer.field(name) else { continue };
        let small = value.to_ascii_lowercase();
        let known = [
            ("awselb", Balancer::Alb),
            ("envoy", Balancer::Envoy),
            ("nginx", Balancer::Nginx),
            ("caddy", Balancer::Caddy),
            ("clingfish", Balancer::Clingfish),
        ];
        if let Some((_, balancer)) = known.iter().find(|(word, _)| small.contains(word)) {
            return Some((*balancer, format!("{name}: {value}")));
        }
    }
    None
}

/// By the name, or else by the shape of the value; `field` is what the fields say, for shapes that two of them have.
fn by_cookie(set: &SetCookie, field: Option<Balancer>) -> Option<Balancer> {
    let name = set.name.strip_prefix("__Host-").unwrap_or(&set.name);
    let value = set.value.trim_matches('"');
    if name.starts_with("AWSALB") {
        return Some(Balancer::Alb);
    }
    if name.starts_with("AWSELB") {
        return Some(Balancer::ClassicElb);
    }
    if name.starts_with("cling_") {
        return Some(Balancer::Clingfish);
    }
    if is_ingress_nginx(value) {
        return Some(Balancer::IngressNginx);
    }
    // Proxies write attributes in their own way: HAProxy and nginx in small letters.
    let small_path = set.line.contains("path=/");
    let digits = value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if holds_address(value) {
        return Some(Balancer::Envoy);
    }
    match (digits, value.len()) {
        (true, 64) => Some(Balancer::Caddy),
        (true, 32) if small_path || field == Some(Balancer::Nginx) => Some(Balancer::Nginx),
        (true, 16) if field == Some(Balancer::Envoy) => field,
        (true, 16) if small_path => Some(Balancer::Haproxy),
        (true, 16) if set.line.contains("Path=/") => Some(Balancer::Traefik),
        _ if is_haproxy_word(value) && small_path && field.is_none() => Some(Balancer::Haproxy),
        _ if is_dated_word(value) => Some(Balancer::Haproxy),
        _ => None,
    }
}

/// `1700000000.123.45.678|MD5`.
fn is_ingress_nginx(value: &str) -> bool {
    let Some((key, home)) = value.split_once('|') else { return false };
    key.contains('.')
        && key.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && home.len() == 32
        && home.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Envoy's: an address in base64, bare or in a small record.
fn holds_address(value: &str) -> bool {
    reveal::base64_text(value)
        .is_some_and(|text| reveal::pieces(&text).any(|piece| piece.parse::<SocketAddr>().is_ok()))
}

/// A word as a person gives it to a server: short, and not an id.
fn is_haproxy_word(value: &str) -> bool {
    (1..=15).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// A word with HAProxy's dates: `|` and five characters, twice.
fn is_dated_word(value: &str) -> bool {
    let mut parts = value.split('|');
    let is_date = |part: &str| part.is_empty() || part.len() == 5;
    let has_word = parts.next().is_some_and(|word| !word.is_empty());
    let dates: Vec<&str> = parts.collect();
    has_word && (1..=2).contains(&dates.len()) && dates.iter().all(|part| is_date(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_brings_clients_home_says_more_than_the_applications_fields() {
        let known = |balancer| Recognised { balancer, by: String::new(), cookies: Vec::new() };
        for (line, before, after) in [
            ("SRV=s1; path=/", Balancer::Nginx, Balancer::Haproxy),
            ("SRV=s1; path=/", Balancer::Clingfish, Balancer::Clingfish),
            ("h=0123456789abcdef; Path=/", Balancer::Envoy, Balancer::Envoy),
            ("srv=0123456789abcdef0123456789abcdef; path=/", Balancer::Unknown, Balancer::Nginx),
            ("sid=kP3_x9dQ0fJ7aZ_long_and_random", Balancer::Nginx, Balancer::Nginx),
        ] {
            let set = SetCookie::parse(line).unwrap();
            assert_eq!(recognise_by_home(&set, &known(before)).balancer, after, "{line}");
        }
    }

    #[test]
    fn balancers_are_recognised_by_their_cookies_and_fields() {
        let envoy = "CgwxMC4wLjAuMTo4MBDOwIDJBg==";
        for (fields, expected) in [
            (&["set-cookie: AWSALB=AAAA; Expires=x; Path=/"][..], Balancer::Alb),
            (&["set-cookie: AWSELB=AAAA;PATH=/;MAX-AGE=900"], Balancer::ClassicElb),
            (&["set-cookie: cling_0011aabb=AQ; Path=/"], Balancer::Clingfish),
            (&["set-cookie: __Host-cling_0011aabb=AQ; Path=/"], Balancer::Clingfish),
            (&["set-cookie: AWSALB=AAAA; Path=/", "clingfish-verdict: new"], Balancer::Clingfish),
            (
                &["set-cookie: route=17.2.3.4|0123456789abcdef0123456789abcdef; Path=/"],
                Balancer::IngressNginx,
            ),
            (&[&*format!("set-cookie: home=\"{envoy}\"; Path=/; HttpOnly")], Balancer::Envoy),
            (
                &["server: nginx", "set-cookie: srv=0123456789abcdef0123456789abcdef; path=/"],
                Balancer::Nginx,
            ),
            (&["server: nginx/1.29.6"], Balancer::Nginx),
            (&[&*format!("set-cookie: lb={}; Path=/", "0a".repeat(32))], Balancer::Caddy),
            (&["via: 1.1 Caddy"], Balancer::Caddy),
            (&["set-cookie: _1a2b3=0123456789abcdef; Path=/"], Balancer::Traefik),
            (&["set-cookie: SRV=0123456789abcdef; path=/"], Balancer::Haproxy),
            (&["set-cookie: SRV=s1; path=/"], Balancer::Haproxy),
            (&["set-cookie: SRV=s1|ar5Lz|ar5Lz; path=/"], Balancer::Haproxy),
            (&["server: envoy"], Balancer::Envoy),
            (&["server: envoy", "set-cookie: h=0123456789abcdef; Path=/"], Balancer::Envoy),
            (
                &[
                    "server: gunicorn",
                    "set-cookie: sid=0af7651916cd43dd8448eb211c80319c; Path=/; HttpOnly",
                ],
                Balancer::Unknown,
            ),
            (&[], Balancer::Unknown),
        ] {
            let split = |line: &&str| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_owned(), value.to_owned())
            };
            let fields: Vec<_> = fields.iter().map(split).collect();
            let answer = Answer { status: 200, fields, body: String::new() };
            assert_eq!(recognise([&answer]).balancer, expected, "{:?}", answer.fields);
        }
    }
}
