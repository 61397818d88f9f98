//! The ways in which other balancers write their cookies, and how such a value is taken apart.

use std::{fmt, net::SocketAddr};

use clingfish_model::UnixMillis;
use zeroize::Zeroizing;

use super::{
    Facts, HaproxyDates, ImportError, NoHome, VALUE_BYTES_MAX, envoy, formula, haproxy, unquoted,
};

/// A key of the other balancer's configuration. It is wiped when dropped, and not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<Vec<u8>>);

impl Key {
    /// Of the bytes as the other configuration has them.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Whose cookies they are, and so what their values are made of.
///
/// Each formula was read in the source of the program and version that is named, and written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HAProxy's `cookie … insert` or `rewrite`: the word that `cookie` gives to the server, and dates behind it.
    ///
    /// Source: `src/http_ana.c`, `src/base64.c` of HAProxy 3.5-dev5. Foreign: the server's cookie word; without it the target's id.
    /// Not for `prefix`, whose cookies are the application's.
    HaproxyName {
        /// The limits of age that were in force.
        dates: HaproxyDates,
    },
    /// HAProxy's `cookie … insert dynamic` with a `dynamic-cookie-key`: XXH64 with seed 0 of the key, the address's 4 or 16 bytes
    /// and the port as 4 bytes in network order, as 16 hexadecimal digits; dates may follow as with names.
    ///
    /// Source: `srv_set_dyncookie` in `src/server.c` of HAProxy 3.5-dev5; the same since 1.8, which introduced it. A server with
    /// a `cookie` word of its own keeps that: [`Self::HaproxyName`]. Foreign: another address and port.
    HaproxyDynamic {
        /// `dynamic-cookie-key`.
        key: Key,
        /// The limits of age that were in force.
        dates: HaproxyDates,
    },
    /// nginx's `sticky cookie`: MD5 of the address and port as printed, in hexadecimal, or the server's `route=`.
    ///
    /// Source: `ngx_http_upstream_init_round_robin_sid` in `src/http/ngx_http_upstream_round_robin.c` of nginx 1.31.5; the module is
    /// part of nginx since 1.29.6, and of NGINX Plus. Foreign: `route=`, or an address as nginx prints it (`unix:/run/app.sock`).
    Nginx,
    /// Traefik's `sticky.cookie`, all forms that its releases have written, of the server's URL or the service's name.
    ///
    /// | release | value |
    /// |---|---|
    /// | 3.3.4 and later | first 16 hexadecimal digits of SHA-256 |
    /// | 3.0 to 3.3.3, servers | FNV-1 of the 16 hexadecimal digits of FNV-1a, 64 bits each |
    /// | 2.11 to 3.3.3, weighted services | FNV-1, 64 bits |
    /// | 2.5 to 2.11, servers | FNV-1a, 64 bits |
    /// | before | the URL or name itself |
    ///
    /// The last of the hashes are written without leading zeros. Sources: `pkg/server/service/loadbalancer/sticky.go` of 3.7.9,
    /// `pkg/server/service/service.go` and `loadbalancer/wrr/wrr.go` of 3.0.0, 2.11.0 and 2.10.0, and `roundrobin/stickycookie`
    /// of oxy 2. The URL is taken as `http://ADDRESS` or `https://ADDRESS`, with and without `/` behind it, and without the scheme's
    /// own port too. Foreign: the URL as it was configured (`h2c://…`, a path, a name), or the name of a weighted service.
    Traefik,
    /// Caddy's `lb_policy cookie`: HMAC-SHA256 of the dial address by the secret, in hexadecimal.
    ///
    /// Source: `modules/caddyhttp/reverseproxy/selectionpolicies.go` of Caddy 2, August 2026; the same since 2.3. Foreign: the dial address
    /// as Caddy has it (`app:80`, `unix//run/app.sock`).
    Caddy {
        /// The secret; empty where none was configured.
        secret: Key,
    },
    /// ingress-nginx with `affinity-mode: persistent`: MD5 of the backend's name and the endpoint, in hexadecimal, then `|` and a key
    /// of the backend. The `balanced` mode writes random numbers, which mean nothing elsewhere.
    ///
    /// Source: `rootfs/etc/nginx/lua/balancer/sticky.lua`, `sticky_persistent.lua`, `util/nodemap.lua` and `balancer.lua` of controller 1.15.1.
    /// Foreign: the endpoint's address and port. The backends of a canary are an import each.
    IngressNginx {
        /// `NAMESPACE-SERVICE-PORT`, as `upstreamName` in `internal/ingress/controller/util.go` makes it: `default-web-80`.
        backend: String,
    },
    /// Envoy's `stateful_session` with a cookie: base64 of the address, in newer releases of a record of address and end.
    ///
    /// Source: `source/extensions/http/stateful_session/cookie/cookie.h` and `.proto` of Envoy at commit f04b318. There the end counts from
    /// when that machine was started, so nobody else can judge it and it is not looked at; 1.40 writes it as seconds since 1970, as can be
    /// seen from outside, and then it holds here too. Foreign: the address as Envoy prints it.
    Envoy,
    /// sōzu's sticky sessions: the backend's `sticky_id`, or else its id. Foreign: that; without it the target's id.
    ///
    /// Source: the documentation of its configuration.
    Sozu,
    /// A number in a list of servers, as home-made balancers write: `sticky_server=0`. Foreign: another number.
    Index {
        /// The number of the first target.
        first: usize,
    },
    /// A plain word for each target. Foreign: that word; without it the target's id.
    Name,
}

impl Scheme {
    /// All values that clients of this target may hold, without the parts that differ from client to client.
    pub fn values(&self, facts: &Facts<'_>) -> Result<Vec<String>, ImportError> {
        let values = match self {
            Self::HaproxyName { .. } | Self::Sozu | Self::Name => vec![name(facts)],
            Self::HaproxyDynamic { key, .. } => vec![haproxy::dynamic(key, socket(facts)?)],
            Self::Nginx => nginx(facts),
            Self::Traefik => traefik(facts),
            Self::Caddy { secret } => {
                dialled(facts).iter().map(|dial| formula::hmac_sha256(secret, dial)).collect()
            }
            Self::IngressNginx { backend } => {
                let endpoint = address(facts);
                vec![formula::md5(&format!("{backend}{endpoint}"))]
            }
            Self::Envoy => vec![address(facts)],
            Self::Index { first } => match facts.foreign {
                Some(number) => vec![number.to_owned()],
                None => vec![facts.index.saturating_add(*first).to_string()],
            },
        };
        values.into_iter().map(checked).collect()
    }

    /// What a request's value must be taken apart by.
    pub(super) fn form(&self) -> Form {
        match self {
            Self::HaproxyName { dates } | Self::HaproxyDynamic { dates, .. } => Form::Dated(*dates),
            Self::IngressNginx { .. } => Form::BeforeBar,
            Self::Envoy => Form::Envoy,
            Self::Nginx
            | Self::Traefik
            | Self::Caddy { .. }
            | Self::Sozu
            | Self::Index { .. }
            | Self::Name => Form::Plain,
        }
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
            Self::Dated(dates) => dates.word(value, now),
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
