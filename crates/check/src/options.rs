//! What the self-test is asked to do.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{
    balancer::Balancer,
    limits::{
        ABSENCE_GRACE, EXPIRY_MAX, FRESH_CLIENTS, FRESH_CLIENTS_MIN, PARALLEL, REQUESTS_PER_SECOND,
        REQUESTS_TOTAL_MAX,
    },
    promise::Promise,
    url::Url,
    who::Who,
};

/// Everything that can be chosen.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is asked for.
    pub url: Url,
    /// Where connections go, whatever the URL's host is; nothing: to that host.
    pub connect_to: Option<SocketAddr>,
    /// Which balancer it is; nothing: it is found out.
    pub balancer: Option<Balancer>,
    /// Who answers; nothing: it is found out.
    pub who: Option<Who>,
    /// Fields of each request.
    pub fields: Vec<(String, String)>,
    /// What each client does first.
    pub login: Vec<Step>,
    /// The path of a WebSocket; nothing: that of the URL.
    pub websocket: Option<String>,
    /// The path of Socket.IO.
    pub socket_io: String,
    /// The origin that requests from another site say they come from.
    pub origin: String,
    /// Local addresses that fresh clients come from in turn; none: the system chooses.
    pub from: Vec<IpAddr>,
    /// Whether a target is absent for a while, which the operator sees to.
    pub while_down: bool,
    /// Promises that are checked.
    pub promises: Vec<Promise>,
    /// How TLS is trusted.
    pub trust: Trust,
    /// How much load is put on.
    pub load: Load,
}

/// Who vouches for the server.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// The authorities in these bytes, in PEM, from a file of that name.
    Authorities {
        /// As messages call it.
        name: String,
        /// Its certificates.
        pem: Vec<u8>,
    },
    /// Nobody need.
    #[default]
    Anybody,
}

/// How much load is put on at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Fresh clients, at least [`FRESH_CLIENTS_MIN`].
    pub fresh_clients: usize,
    /// Requests in all.
    pub requests_max: usize,
    /// Requests per second.
    pub rate: u32,
    /// Requests at the same time.
    pub parallel: usize,
    /// Longest life of a cookie that is waited for.
    pub expiry_max: Duration,
    /// How long a balancer may take to notice that a target is gone.
    pub grace: Duration,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            fresh_clients: FRESH_CLIENTS,
            requests_max: REQUESTS_TOTAL_MAX,
            rate: REQUESTS_PER_SECOND,
            parallel: PARALLEL,
            expiry_max: EXPIRY_MAX,
            grace: ABSENCE_GRACE,
        }
    }
}

/// A request that a client makes before it comes to the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Its body: a form, or JSON where it begins with a brace.
    pub body: String,
}

/// What is wrong with what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Not a step.
    #[error(
        "{0:?} is no step of a login: write METHOD /path [body], as in 'POST /login user=me&password=secret'"
    )]
    Step(String),
    /// Not a field.
    #[error("{0:?} is no header: write NAME: VALUE")]
    Field(String),
}

impl Options {
    /// The defaults for that address: all promises, polite limits.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            connect_to: None,
            balancer: None,
            who: None,
            fields: Vec::new(),
            login: Vec::new(),
            websocket: None,
            socket_io: "/socket.io/".to_owned(),
            origin: "https://another-site.example".to_owned(),
            from: Vec::new(),
            while_down: false,
            promises: Promise::ALL.to_vec(),
            trust: Trust::Anybody,
            load: Load::default(),
        }
    }

    /// Fresh clients, not fewer than say something.
    pub fn fresh_clients(&self) -> usize {
        self.load.fresh_clients.max(FRESH_CLIENTS_MIN)
    }

    /// Whether that promise is checked.
    pub fn asks_for(&self, promise: Promise) -> bool {
        self.promises.contains(&promise)
    }
}

impl Step {
    /// Reads `METHOD /path [body]`.
    pub fn parse(text: &str) -> Result<Self, OptionsError> {
        let wrong = || OptionsError::Step(text.to_owned());
        let mut parts = text.trim().splitn(3, ' ');
        let method = parts.next().filter(|method| !method.is_empty()).ok_or_else(wrong)?;
        let path = parts.next().filter(|path| path.starts_with('/')).ok_or_else(wrong)?;
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong());
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            body: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

/// Reads `NAME: VALUE`.
pub fn parse_field(text: &str) -> Result<(String, String), OptionsError> {
    let wrong = || OptionsError::Field(text.to_owned());
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let name = name.trim();
    if name.is_empty() || !name.bytes().all(is_token) || value.contains(['\r', '\n', '\0']) {
        return Err(wrong());
    }
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_fields_are_read_as_people_write_them() {
        let step = Step::parse("POST /login user=me&password=a b").unwrap();
        assert_eq!(
            (step.method.as_str(), step.path.as_str(), step.body.as_str()),
            ("POST", "/login", "user=me&password=a b")
        );
        assert_eq!(Step::parse("GET /start").unwrap().body, "");
        for wrong in ["", "POST", "POST login", "post /login", "/login"] {
            assert!(Step::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_field("X-A:  b:c ").unwrap(), ("x-a".into(), "b:c".into()));
        for wrong in ["", "a", ": b", "a b: c", "a: b\r\nc: d"] {
            assert!(parse_field(wrong).is_err(), "{wrong}");
        }
    }
}
