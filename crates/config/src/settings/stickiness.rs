//! The `stickiness` of a group, of every kind.

use clingfish_model::{
    LbCookie, Setting, Stickiness, TargetGroup, UnixMillis,
    stickiness::{
        CookieAttributes, CookieStyle, ForeignCookie, HaproxyDates, HashAffinity, HashKey, Learn,
        OnCacheable, SameSite, Scheme, Secure,
    },
};

use super::{Entries, put, put_some, span, text};

/// Which keys of a cookie's look are its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Own,
    /// The application's cookie answers for most of them.
    Copied,
}

pub(super) fn of(group: &TargetGroup) -> Entries {
    let mut all = Entries::new();
    if group.stickiness == Stickiness::Off {
        put(&mut all, "enabled", Setting::Bool(false));
        return all;
    }
    put(&mut all, "enabled", Setting::Bool(true));
    put(&mut all, "type", text(group.stickiness.kind()));
    put_kind(&mut all, &group.stickiness);
    if !group.imports.is_empty() {
        put(&mut all, "import", Setting::List(group.imports.iter().map(import).collect()));
    }
    all
}

fn put_kind(all: &mut Entries, stickiness: &Stickiness) {
    match stickiness {
        Stickiness::Off => {}
        Stickiness::LbCookie(cookie) => lb_cookie(all, cookie, Look::Own),
        Stickiness::AppCookie(app) => {
            put(all, "app_cookie", text(app.name.as_str()));
            lb_cookie(all, &app.token, Look::Copied);
        }
        Stickiness::Header(header) => {
            put(all, "header", text(header.name()));
            put(all, "query", text(header.query()));
            put(all, "duration", span(header.duration));
            put_some(all, "absolute", header.absolute.map(span));
        }
        Stickiness::Hash(hash) => hashed(all, hash),
        Stickiness::Route(route) => {
            put(all, "in", Setting::texts(route.places.iter().map(ToString::to_string)));
            put(all, "separator", Setting::text(char::from(route.separator)));
        }
        Stickiness::Learn(learn) => learned(all, learn),
        Stickiness::Wrap(wrap) => {
            put(all, "in", Setting::text(wrap.carrier.to_string()));
            put_some(all, "absolute", wrap.absolute.map(span));
        }
    }
}

fn lb_cookie(all: &mut Entries, cookie: &LbCookie, look: Look) {
    match &cookie.style {
        CookieStyle::Clingfish(shape) => {
            put(all, "duration", span(cookie.duration));
            put_some(all, "absolute", cookie.absolute.map(span));
            put(all, "style", text("clingfish"));
            let on_cacheable = match cookie.on_cacheable {
                OnCacheable::Skip => "skip",
                OnCacheable::Mark => "mark",
            };
            put(all, "on_cacheable", text(on_cacheable));
            put(all, "cookie", text(&shape.attributes().name));
            if look == Look::Own {
                attributes(all, shape.attributes());
            }
        }
        CookieStyle::Alb => {
            put(all, "duration", span(cookie.duration));
            put_some(all, "absolute", cookie.absolute.map(span));
            put(all, "style", text("alb"));
        }
        CookieStyle::Classic { max_age } => {
            put_some(all, "duration", max_age.map(span));
            put(all, "style", text("classic"));
        }
    }
    put(all, "forward_tokens", Setting::Bool(cookie.forward_tokens));
}

fn attributes(all: &mut Entries, a: &CookieAttributes) {
    put(all, "path", text(&a.path));
    put_some(all, "domain", a.domain.as_deref().map(text));
    put(all, "http_only", Setting::Bool(a.http_only));
    let same_site = match a.same_site {
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    };
    put(all, "same_site", text(same_site));
    let secure = match a.secure {
        Secure::Auto => "auto",
        Secure::Always => "always",
        Secure::Never => "never",
    };
    put(all, "secure", text(secure));
    put(all, "partitioned", Setting::Bool(a.partitioned));
    put(all, "browser_session", Setting::Bool(a.browser_session));
    put(all, "cross_site", Setting::Bool(a.cross_site));
}

fn hashed(all: &mut Entries, hash: &HashAffinity) {
    let key = match &hash.key {
        HashKey::ClientAddress(_) => "client".to_owned(),
        HashKey::TlsName => "tls_name".to_owned(),
        HashKey::Header(name) => format!("header:{}", name.as_str()),
        HashKey::Cookie(name) => format!("cookie:{}", name.as_str()),
        HashKey::Query(name) => format!("query:{}", name.as_str()),
        HashKey::PathSegment(nth) => format!("path:{nth}"),
    };
    put(all, "key", Setting::Text(key));
    if let HashKey::ClientAddress(prefixes) = &hash.key {
        put(all, "ipv4_prefix", Setting::Integer(prefixes.ipv4().into()));
        put(all, "ipv6_prefix", Setting::Integer(prefixes.ipv6().into()));
    }
    let factor = hash.load_factor.map(|factor| Setting::Integer(factor.percent().into()));
    put_some(all, "load_factor", factor);
}

fn learned(all: &mut Entries, learn: &Learn) {
    put(all, "from", Setting::texts(learn.births.iter().map(ToString::to_string)));
    put(all, "in", Setting::texts(learn.places.iter().map(ToString::to_string)));
    put(all, "path_prefix", text(&learn.path_prefix));
    put(all, "sessions_max", Setting::Integer(learn.sessions_max.get().into()));
    put(all, "sessions_per_client_max", Setting::Integer(learn.per_client_max.get().into()));
    match &learn.cookie {
        Some(cookie) => {
            put(all, "fallback", text("lb_cookie"));
            lb_cookie(all, cookie, Look::Own);
        }
        None => put(all, "fallback", text("none")),
    }
    if !all.iter().any(|(key, _)| key == "duration") {
        put(all, "duration", span(learn.duration));
    }
}

/// Whose cookie it is; never the key that it may need.
fn import(cookie: &ForeignCookie) -> Setting {
    let none = HaproxyDates::default();
    let (from, dates) = match &cookie.scheme {
        Scheme::HaproxyName { dates } => ("haproxy", dates),
        Scheme::HaproxyDynamic { dates, .. } => ("haproxy_dynamic", dates),
        Scheme::Nginx => ("nginx", &none),
        Scheme::Traefik => ("traefik", &none),
        Scheme::Caddy { .. } => ("caddy", &none),
        Scheme::IngressNginx { .. } => ("ingress_nginx", &none),
        Scheme::Envoy => ("envoy", &none),
        Scheme::Sozu => ("sozu", &none),
        Scheme::Index { .. } => ("index", &none),
        Scheme::Name => ("name", &none),
    };
    let mut all = Entries::new();
    put(&mut all, "from", text(from));
    put(&mut all, "cookie", text(&cookie.name));
    put(&mut all, "until", Setting::Text(until(cookie.until)));
    put_some(&mut all, "max_idle", dates.max_idle.map(span));
    put_some(&mut all, "max_life", dates.max_life.map(span));
    match &cookie.scheme {
        Scheme::IngressNginx { backend } => put(&mut all, "backend", text(backend)),
        Scheme::Index { first } => {
            put(&mut all, "first", Setting::Integer(u64::try_from(*first).unwrap_or(u64::MAX)));
        }
        _ => {}
    }
    Setting::Table(all)
}

/// A day whose end is meant, or else a moment to the second.
fn until(moment: UnixMillis) -> String {
    let shown = moment.to_iso();
    match (shown.strip_suffix("T23:59:59.999Z"), shown.rsplit_once('.')) {
        (Some(day), _) => day.to_owned(),
        (None, Some((seconds, _))) => format!("{seconds}Z"),
        (None, None) => shown,
    }
}
