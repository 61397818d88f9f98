//! Rules on real traffic: which one takes a request, and what it does.

mod actions;
mod conditions;
mod refused;
mod rewrites;

use clingfish_testkit::{Clingfish, RawClient, Response, Target};

use crate::support::{mirror, targets};

/// Targets `a` and `b`, each a group of its own, behind a listener `web` with the default action and the rules that a test writes.
pub(crate) struct Stage {
    pub(crate) a: Target,
    pub(crate) b: Target,
    pub(crate) clingfish: Clingfish,
}

impl Stage {
    /// With lines of the listener: its default action first, then rules.
    #[track_caller]
    pub(crate) fn new(listener: &str) -> Self {
        Self::with("", listener)
    }

    /// With lines of the load balancer, too.
    #[track_caller]
    pub(crate) fn with(balancer: &str, listener: &str) -> Self {
        let (a, b) = (mirror("a"), mirror("b"));
        let group = |name: &str, target| {
            let targets = targets(&[(name, target)]);
            format!("[target_groups.{name}]\n{targets}\nhealth_check = false\n")
        };
        let config = format!(
            "[server]\nworkers = 1\n[load_balancers.default]\ndebug_header = true\n{balancer}\n\
             [[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\n{listener}\n{}{}",
            group("a", &a),
            group("b", &b),
        );
        Self { a, b, clingfish: Clingfish::start(&config) }
    }

    /// Sends a head without its last line end, on a connection of its own, and reads the answer.
    #[track_caller]
    pub(crate) fn send(&self, head: &str) -> Response {
        let mut client = RawClient::connect(self.clingfish.listener("web")).expect("it listens");
        let method = head.split(' ').next().unwrap_or_default();
        client.send(format!("{head}Connection: close\r\n\r\n")).expect("it reads");
        client.read_response_to(method).expect("it answers")
    }

    /// One GET.
    #[track_caller]
    pub(crate) fn get(&self, host: &str, path: &str) -> Response {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n"))
    }
}
