//! What to change on a balancer so that it keeps a promise.

use crate::{balancer::Balancer as B, promise::Promise as P};

/// What to change, for the balancer that was recognised.
pub fn advice(balancer: B, promise: P) -> String {
    let special = match promise {
        P::ComesHome | P::NewConnection => sticky(balancer),
        P::ParallelFirst => parallel(balancer),
        P::CookieFlags => flags(balancer),
        P::CookieScope => scope(balancer),
        P::CookieLife => life(balancer),
        P::CookieOpaque => opaque(balancer),
        P::CrossSite => cross_site(balancer),
        P::Expiry => expiry(balancer),
        P::ForgedCookie => forged(balancer),
        P::SocketIo => socket_io(balancer),
        P::TargetAbsent => absent(balancer),
        _ => None,
    };
    special.unwrap_or_else(|| general(promise)).to_owned()
}

fn sticky(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "In the target group: stickiness = { type = \"lb_cookie\", duration = \"1h\" }."
        }
        B::Haproxy => {
            "In the backend: `cookie SRV insert indirect nocache httponly secure`, and `cookie NAME` at the end of each `server` line."
        }
        B::Nginx => {
            "In the upstream: `sticky cookie srv path=/ httponly secure samesite=lax;` (1.29.6 or later, or Plus); before that `hash $cookie_NAME consistent;` on a cookie that every client has, or `ip_hash;`."
        }
        B::IngressNginx => {
            "Annotations: nginx.ingress.kubernetes.io/affinity: cookie and affinity-mode: persistent; `balanced` moves sessions when pods are added."
        }
        B::Envoy => {
            "Add the filter envoy.filters.http.stateful_session with cookie-based state; hash policies alone move sessions when hosts change."
        }
        B::Traefik => "In the service: loadBalancer.sticky.cookie with name, secure and httpOnly.",
        B::Caddy => "In reverse_proxy: `lb_policy cookie NAME SECRET`.",
        B::Alb => {
            "Target group attributes: stickiness.enabled = true, stickiness.type = lb_cookie. With several groups in one rule, turn group stickiness on as well."
        }
        B::ClassicElb => "Create a cookie stickiness policy and set it on the listener.",
        B::Unknown => return None,
    })
}

fn parallel(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "By cookie that is so by design: the first answer binds. Where it matters use type = \"source_ip\", or \"hash\" over a key that clients have from the start."
        }
        B::Haproxy => {
            "By design with cookies. `balance source` places a new client's requests together; add `hash-type consistent`."
        }
        B::Envoy => {
            "Use a hash policy on the connection's properties for clients without a cookie."
        }
        B::Nginx => "Place new clients with `ip_hash;` or `hash $remote_addr consistent;`.",
        B::Caddy => "Give the cookie policy `fallback client_ip_hash`.",
        _ => return None,
    })
}

fn flags(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "In the group's stickiness: http_only, same_site and secure; behind a proxy that ends TLS name it in trusted_proxies, so that https is known. style = \"alb\" writes ALB's flags."
        }
        B::Haproxy => {
            "On the `cookie` line: `httponly secure attr \"SameSite=Lax\"`; `secure` only where clients come by https."
        }
        B::Nginx => {
            "On the `sticky cookie` line: `httponly secure samesite=lax`; for other cookies `proxy_cookie_flags`."
        }
        B::IngressNginx => "Annotations session-cookie-secure and session-cookie-samesite.",
        B::Envoy => {
            "In the cookie: attributes, such as { name: HttpOnly }, { name: Secure }, { name: SameSite, value: Lax }."
        }
        B::Traefik => "In sticky.cookie: secure, httpOnly and sameSite; all are off by default.",
        B::Caddy => "Caddy chooses the flags itself: serve the site by https.",
        B::Alb => {
            "ALB has no setting for AWSALB's flags; AWSALBCORS is Secure. With app_cookie the flags of a client's own cookie do not change that either; a proxy in front can add them."
        }
        B::ClassicElb => "Follow an application cookie that has the flags: AWSELB copies them.",
        B::Unknown => return None,
    })
}

fn scope(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Nginx => "On the `sticky cookie` line: `path=/`.",
        B::IngressNginx => {
            "Annotation session-cookie-path: /, and one session-cookie-name for each service."
        }
        B::Envoy => "In the cookie: path: /.",
        B::Traefik => "In sticky.cookie: path: /, and a name for each service.",
        B::Haproxy => "Give each backend a cookie of its own name.",
        B::Alb => {
            "All groups of all ALBs share AWSALB: one layer alone can use it; use app_cookie for the other."
        }
        B::Clingfish => {
            "In the group's stickiness: path = \"/\", and no name that another group has."
        }
        _ => return None,
    })
}

fn life(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Haproxy => {
            "Remove dates from `attr`: `maxidle` and `maxlife` are judged by HAProxy itself."
        }
        B::Traefik => {
            "Set sticky.cookie.maxAge, and no Expires: one version computes the date once, when it is configured."
        }
        B::Alb => "Expires is 7 days, whatever the stickiness duration is: that is how ALB works.",
        _ => return None,
    })
}

fn opaque(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Haproxy => {
            "Use `cookie SRV insert … dynamic` with `dynamic-cookie-key`, or words that say nothing, on the `server` lines."
        }
        B::Nginx => {
            "Give each server a random `route=`; without it the value is the MD5 of its address."
        }
        B::IngressNginx => "The value is a hash without a secret; nothing can be set.",
        B::Envoy => {
            "The value is the address in base64; nothing can be set. Encrypt it in front, or use another filter."
        }
        B::Traefik => {
            "The value is a hash without a key; name the servers in a way that cannot be guessed."
        }
        B::Caddy => "Give `lb_policy cookie NAME` a secret.",
        _ => return None,
    })
}

fn cross_site(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "In the group's stickiness: cross_site = true, which is the default, with https on the listener or secure = \"always\"."
        }
        B::Haproxy => {
            "On the `cookie` line: `secure attr \"SameSite=None\"`, with https; better, add `attr Partitioned`."
        }
        B::Nginx => "On the `sticky cookie` line: `secure samesite=none`, with https.",
        B::Envoy => "In the cookie: attributes Secure and SameSite=None, with https.",
        B::Traefik => "In sticky.cookie: secure: true, sameSite: none.",
        B::IngressNginx => {
            "Annotations session-cookie-samesite: None and session-cookie-secure: \"true\"."
        }
        B::Caddy | B::Alb => "Serve the site by https: then its cookie is SameSite=None; Secure.",
        _ => return None,
    })
}

fn expiry(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "Do not set absolute, or set it longer: duration alone counts from the last visit."
        }
        B::Haproxy => "Use `maxidle` without `maxlife`, and no Max-Age in `attr`.",
        B::Nginx => {
            "Leave `expires=` out: it is not renewed for clients that have the cookie in some versions."
        }
        B::Envoy => {
            "Set ttl: 0s for a session cookie, or one that is longer than any visit: it is not renewed."
        }
        B::Traefik => {
            "Set maxAge: 0, or one that is longer than any visit: the cookie is not renewed."
        }
        B::Caddy => "Set max_age longer than any visit.",
        B::ClassicElb => "Leave the expiration period out: it is not renewed.",
        _ => return None,
    })
}

fn forged(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Haproxy => "Use `option redispatch`, and no rule that denies unknown cookies.",
        B::IngressNginx => "Annotation session-cookie-change-on-failure: \"true\".",
        B::Envoy => "In the filter: strict: false.",
        B::Nginx => "With `sticky`, not with a `map` or `hash` that takes any value.",
        _ => return None,
    })
}

fn socket_io(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "In the target group: stickiness = { preset = \"socketio\" }, for clients with and without cookies."
        }
        B::Haproxy => {
            "With a cookie; for clients without: `balance url_param sid` does not work for the first request, `balance source` does."
        }
        B::Nginx => "`ip_hash;`, or `sticky cookie`.",
        _ => return None,
    })
}

fn absent(balancer: B) -> Option<&'static str> {
    Some(match balancer {
        B::Clingfish => {
            "Leave health_check on; a target that refuses connections is by-passed at once."
        }
        B::Haproxy => "`option redispatch`, `check` on each server, `retries 3`.",
        B::Nginx => {
            "`proxy_next_upstream error timeout;` and max_fails/fail_timeout; ip_hash and hash move clients of a lost server only with `consistent`."
        }
        B::Envoy => {
            "Active health checks or outlier detection, retry_on: connect-failure, strict: false."
        }
        B::Traefik => "Set healthCheck in the service, and the retry middleware.",
        B::IngressNginx => "Annotation session-cookie-change-on-failure: \"true\".",
        _ => return None,
    })
}

fn general(promise: P) -> &'static str {
    match promise {
        P::SeveralTargets => {
            "Look at the targets: some answer with errors. Where the page wants a login, say it with --login."
        }
        P::ComesHome | P::NewConnection => "Turn on stickiness by a cookie of the balancer's.",
        P::ParallelFirst => {
            "Place new clients by their address, or let the page ask for one thing first and for the rest after its answer."
        }
        P::Http2 => "Use the same group and stickiness for both versions.",
        P::WebSocket => {
            "Route the WebSocket's path to the same group, with the same stickiness, and let the Cookie field through."
        }
        P::CrossSite => "Write the cookie with SameSite=None; Secure; Partitioned, over https.",
        P::Cors => {
            "In the application: Access-Control-Allow-Origin with the very origin (no *), Access-Control-Allow-Credentials: true, Vary: Origin, and a 2xx for OPTIONS without cookies."
        }
        P::CookieFlags => "Write the cookie with Secure (on https), HttpOnly and SameSite.",
        P::CookieScope => "Write the cookie with Path=/ and a name that nobody else uses.",
        P::CookieLife => "Write Max-Age, and an Expires that says the same, or neither.",
        P::CookieOpaque => "Use a value that is encrypted, or a random one that says nothing.",
        P::ForgedCookie => "Treat a cookie that is not valid as none, and replace it.",
        P::Expiry => "Renew the cookie while its client keeps coming.",
        P::SocketIo => {
            "Make the two polling steps reach one target: by cookie with credentials, or by the client's address."
        }
        P::TargetAbsent => {
            "Check targets actively, and send a client whose target is gone to another one for good."
        }
    }
}
