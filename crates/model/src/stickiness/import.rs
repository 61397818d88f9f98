//! Cookies of other balancers, which bring their clients home while a migration lasts.

use std::{fmt, time::Duration};

use zeroize::Zeroizing;

use crate::UnixMillis;

/// A cookie of another balancer that names a home here. Ours takes its place on first use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignCookie {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub scheme: Scheme,
    /// The last moment at which it counts.
    pub until: UnixMillis,
}

impl ForeignCookie {
    /// Most cookies of one group.
    pub const MAX: usize = 8;
    /// Longest cookie value that is looked at, in bytes. A raw URL of Traefik's is the longest of those that are ours to know.
    pub const VALUE_BYTES_MAX: usize = 512;
}

/// A key of the other balancer's configuration. It is wiped when dropped, and not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<Vec<u8>>);

impl Key {
    /// Of the bytes as the other configuration has them.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// HAProxy's limits of a cookie's age, which it writes behind the word: `word|LAST` with `maxidle`, `word|LAST|FIRST` with `maxlife`,
/// each date as 30 bits in base64, in steps of 4 seconds.
///
/// A cookie without dates has no age and is accepted. Without limits dates are skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HaproxyDates {
    /// `maxidle`: since the last visit.
    pub max_idle: Option<Duration>,
    /// `maxlife`: since the first visit.
    pub max_life: Option<Duration>,
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
