//! The ways in which other balancers write their cookies, and how such a value is taken apart.

use std::net::SocketAddr;

use clingfish_model::{
    UnixMillis,
    stickiness::{HaproxyDates, Scheme},
};

use super::{Facts, ImportError, NoHome, VALUE_BYTES_MAX, envoy, formula, haproxy, unquoted};

/// All values that clients of this target may hold, without the parts that differ from client to client.
pub(super) fn values(scheme: &Scheme, facts: &Facts<'_>) -> Result<Vec<String>, ImportError> {
    let values = match scheme {
        Scheme::HaproxyName { .. } | Scheme::Sozu | Scheme::Name => vec![name(facts)],
        Scheme::HaproxyDynamic { key, .. } => vec![haproxy::dynamic(key, socket(facts)?)],
        Scheme::Nginx => nginx(facts),
        Scheme::Traefik => traefik(facts),
        Scheme::Caddy { secret } => {
            dialled(facts).iter().map(|dial| formula::hmac_sha256(secret, dial)).collect()
        }
        Scheme::IngressNginx { backend } => {
            let endpoint = address(facts);
            vec![formula::md5(&format!("{backend}{endpoint}"))]
        }
        Scheme::Envoy => vec![address(facts)],
        Scheme::Index { first } => match facts.foreign {
            Some(number) => vec![number.to_owned()],
            None => vec![facts.index.saturating_add(*first).to_string()],
        },
    };
    values.into_iter().map(checked).collect()
}

/// What a request's value must be taken apart by.
pub(super) fn form(scheme: &Scheme) -> Form {
    match scheme {
        Scheme::HaproxyName { dates } | Scheme::HaproxyDynamic { dates, .. } => Form::Dated(*dates),
        Scheme::IngressNginx { .. } => Form::BeforeBar,
        Scheme::Envoy => Form::Envoy,
        Scheme::Nginx
        | Scheme::Traefik
        | Scheme::Caddy { .. }
        | Scheme::Sozu
        | Scheme::Index { .. }
        | Scheme::Name => Form::Plain,
    }
}

/// How a value is taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Plain,
    Dated(HaproxyDates),
    BeforeBar,
    Envoy,
}

impl Form {
    /// The part of a value that is looked up.
    pub(super) fn key<'a>(
        self,
        value: &'a [u8],
        now: UnixMillis,
        scratch: &'a mut [u8; VALUE_BYTES_MAX],
    ) -> Result<&'a [u8], NoHome> {
        match self {
            Self::Plain => Ok(value),
            Self::Dated(dates) => haproxy::word(dates, value, now),
            Self::BeforeBar => Ok(haproxy::at_bar(value).0),
            Self::Envoy => envoy::address(value, now, scratch),
        }
    }
}

fn name(facts: &Facts<'_>) -> String {
    facts.foreign.unwrap_or(facts.id).to_owned()
}

fn address(facts: &Facts<'_>) -> String {
    facts.foreign.map_or_else(|| facts.address.to_string(), str::to_owned)
}

fn socket(facts: &Facts<'_>) -> Result<SocketAddr, ImportError> {
    let Some(foreign) = facts.foreign else { return Ok(facts.address) };
    foreign.parse().map_err(|_| ImportError::NotAnAddress { foreign: foreign.to_owned() })
}

fn nginx(facts: &Facts<'_>) -> Vec<String> {
    let hash = formula::md5(&address(facts));
    facts.foreign.map(str::to_owned).into_iter().chain([hash]).collect()
}

/// The address in the spellings that a configuration may have: by number, and by name.
fn dialled(facts: &Facts<'_>) -> Vec<String> {
    match (facts.foreign, facts.host) {
        (Some(foreign), _) => vec![foreign.to_owned()],
        (None, None) => vec![facts.address.to_string()],
        (None, Some(host)) => {
            vec![facts.address.to_string(), format!("{host}:{}", facts.address.port())]
        }
    }
}

fn traefik(facts: &Facts<'_>) -> Vec<String> {
    let names = match facts.foreign {
        Some(foreign) => vec![foreign.to_owned()],
        None => dialled(facts).iter().flat_map(|dial| urls(dial, facts.https)).collect(),
    };
    names.iter().flat_map(|name| formula::traefik(name)).collect()
}

/// The URLs that mean this address.
fn urls(dial: &str, https: bool) -> Vec<String> {
    let (scheme, port) = if https { ("https", ":443") } else { ("http", ":80") };
    let authorities = [Some(dial), dial.strip_suffix(port)];
    let with = |end| move |authority| format!("{scheme}://{authority}{end}");
    authorities.into_iter().flatten().flat_map(|a| [with("")(a), with("/")(a)]).collect()
}

/// A value that can come back as it went.
fn checked(value: String) -> Result<String, ImportError> {
    let is_good = (1..=VALUE_BYTES_MAX).contains(&value.len())
        && unquoted(value.as_bytes()).len() == value.len();
    if is_good { Ok(value) } else { Err(ImportError::BadValue { value }) }
}
