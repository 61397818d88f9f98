//! Every value that follows from a group's configuration, whether it was written or is a default.

mod identity;

use std::fmt::Write as _;

use clingfish_affinity::{CookieNames, Policy, rfc3339};
use clingfish_model::{
    LbCookie, Stickiness, TargetGroup,
    stickiness::{
        AppCookie, CookieAttributes, CookieStyle, HashAffinity, HashKey, HeaderToken, OnCacheable,
        SameSite, Scheme, Secure,
    },
};

use super::token::span;

/// Appends a block about the group.
pub(super) fn write(group: &TargetGroup, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    let mut lines = Lines(Vec::new());
    lines.add("id", group.id().to_string());
    lines.add("targets", targets(group));
    lines.add("algorithm", format!("{:?}, for new sessions", group.algorithm));
    match &group.stickiness {
        Stickiness::Off => lines.add("stickiness", "off: every request is placed anew"),
        Stickiness::LbCookie(cookie) => {
            lines.add("stickiness", "lb_cookie: a sealed cookie of ours names the home");
            lb_cookie(cookie, &Policy::new(cookie, group.hash()), &mut lines);
        }
        Stickiness::AppCookie(app) => app_cookie(app, group, &mut lines),
        Stickiness::Header(header) => header_token(header, group, &mut lines),
        Stickiness::Hash(hash) => hashed(hash, &mut lines),
        Stickiness::Route(route) => identity::route(route, &mut lines),
        Stickiness::Learn(learn) => {
            identity::learn(learn, &mut lines);
            if let Some(cookie) = &learn.cookie {
                lb_cookie(cookie, &Policy::new(cookie, group.hash()), &mut lines);
            }
        }
        Stickiness::Wrap(wrap) => identity::wrap(wrap, &mut lines),
    }
    for import in &group.imports {
        let until = rfc3339(import.until);
        lines.add(
            "import",
            format!("{} as {} writes it, until {until}", import.name, scheme(&import.scheme)),
        );
    }
    writeln!(out, "[target_groups.{}]", group.name).expect("a string takes any text");
    let width = lines.0.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in lines.0 {
        writeln!(out, "  {name:<width$}  {value}").expect("a string takes any text");
    }
}

/// Whose cookie it is; never the key that it may need.
fn scheme(scheme: &Scheme) -> &'static str {
    match scheme {
        Scheme::HaproxyName { .. } => "HAProxy",
        Scheme::HaproxyDynamic { .. } => "HAProxy with a dynamic key",
        Scheme::Nginx => "nginx",
        Scheme::Traefik => "Traefik",
        Scheme::Caddy { .. } => "Caddy",
        Scheme::IngressNginx { .. } => "ingress-nginx",
        Scheme::Envoy => "Envoy",
        Scheme::Sozu => "sōzu",
        Scheme::Index { .. } => "a balancer that numbers its servers",
        Scheme::Name => "a balancer that names its servers",
    }
}

/// Names and values, in order.
pub(super) struct Lines(Vec<(&'static str, String)>);

impl Lines {
    pub(super) fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }
}

fn targets(group: &TargetGroup) -> String {
    let target = |target: &clingfish_model::Target| {
        let drain = if target.drain { ", draining" } else { "" };
        format!("{} ({}, weight {}{drain})", target.id, target.address, target.weight.value())
    };
    group.targets.iter().map(target).collect::<Vec<_>>().join(", ")
}

fn lb_cookie(cookie: &LbCookie, policy: &Policy, lines: &mut Lines) {
    match &cookie.style {
        CookieStyle::Alb => {
            lines.add("style", "alb: written on every answer of a target, Expires in 7 days");
        }
        CookieStyle::Classic { max_age } => {
            let age = max_age.map_or_else(|| "the browser's session".to_owned(), span);
            lines.add("style", format!("classic: written once, for {age}; no age is judged"));
        }
        CookieStyle::Clingfish(shape) => {
            lines.add("style", "clingfish: written when something changed");
            attributes(shape.attributes(), policy, lines);
        }
    }
    lines.add("cookies", cookies(policy));
    life(policy, lines);
    let on_cacheable = match (policy.is_alb(), cookie.on_cacheable) {
        (true, _) => "get cookies like any other, as at ALB",
        (false, OnCacheable::Skip) => "get no cookie",
        (false, OnCacheable::Mark) => "get the cookie and Cache-Control: private",
    };
    lines.add("answers that caches may share", on_cacheable);
    let seen = if cookie.forward_tokens { "see our cookies" } else { "do not see our cookies" };
    lines.add("targets", seen);
}

fn cookies(policy: &Policy) -> String {
    let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    match policy.names() {
        CookieNames::None => "none".to_owned(),
        CookieNames::Alb => "AWSALB, and AWSALBCORS for other sites".to_owned(),
        CookieNames::AlbApp => "AWSALBAPP-0 to AWSALBAPP-3".to_owned(),
        CookieNames::AlbGroup => "AWSALBTG, and AWSALBTGCORS for other sites".to_owned(),
        CookieNames::Classic => "AWSELB, and AWSELBCORS for other sites".to_owned(),
        CookieNames::One(own) => name(own),
        CookieNames::Pair(own) => {
            let own = name(own);
            format!("{own}, and on https {own}_x for other sites")
        }
    }
}

fn attributes(a: &CookieAttributes, policy: &Policy, lines: &mut Lines) {
    if policy.app_cookie().is_some() {
        return lines.add("attributes", "those of the application's cookie");
    }
    let same_site = match a.same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    };
    let secure = match a.secure {
        Secure::Auto => "Secure on https",
        Secure::Always => "Secure",
        Secure::Never => "not Secure",
    };
    let domain = a.domain.as_ref().map(|domain| format!("Domain={domain}"));
    let parts = [
        Some(format!("Path={}", a.path)),
        domain,
        a.http_only.then(|| "HttpOnly".to_owned()),
        Some(secure.to_owned()),
        Some(format!("SameSite={same_site}")),
        a.partitioned.then(|| "Partitioned".to_owned()),
        a.browser_session.then(|| "for the browser's session".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    lines.add("attributes", parts.join(", "));
}

/// How long a token counts.
fn life(policy: &Policy, lines: &mut Lines) {
    if policy.is_classic() {
        return;
    }
    lines.add("idle limit", format!("{} since the token was sealed", span(policy.idle_limit())));
    if !policy.is_alb() {
        lines.add("renewed", format!("from {} on", span(policy.renew_after())));
    }
    let absolute = policy.absolute().map_or_else(|| "none".to_owned(), span);
    lines.add("absolute limit", absolute);
}

fn app_cookie(app: &AppCookie, group: &TargetGroup, lines: &mut Lines) {
    lines.add("stickiness", "app_cookie: a sealed cookie of ours goes with the application's");
    lines.add("application's cookie", app.name.as_str());
    lb_cookie(&app.token, &Policy::following(app, group.hash()), lines);
}

fn hashed(hash: &HashAffinity, lines: &mut Lines) {
    lines.add("stickiness", "hash: a key of the request has its target, nothing is written");
    let key = match &hash.key {
        HashKey::ClientAddress(prefixes) => format!(
            "the client's address, {} bits of IPv4 or {} of IPv6",
            prefixes.ipv4(),
            prefixes.ipv6()
        ),
        HashKey::Header(name) => format!("the header {}", name.as_str()),
        HashKey::Cookie(name) => format!("the cookie {}", name.as_str()),
        HashKey::Query(name) => format!("the query parameter {}", name.as_str()),
        HashKey::PathSegment(nth) => format!("segment {nth} of the path"),
        HashKey::TlsName => "the name that the client asks for by TLS".to_owned(),
    };
    lines.add("key", key);
    let bound = hash.load_factor.map_or_else(
        || "none: a target takes all of its keys".to_owned(),
        |factor| format!("{} % of the average in flight", factor.percent()),
    );
    lines.add("load factor", bound);
}

fn header_token(header: &HeaderToken, group: &TargetGroup, lines: &mut Lines) {
    lines.add("stickiness", "header: a sealed token of ours in header fields");
    lines.add("header", format!("{}, both ways", header.name()));
    lines.add("query parameter", format!("{}, in requests", header.query()));
    life(&Policy::in_header(header, group.hash()), lines);
}
