//! A client with a cookie jar, as far as one site needs it.

use std::{collections::BTreeMap, net::SocketAddr};

use clingfish_testkit::{RawClient, Response};

/// Somebody with a browser. Every visit is on a connection of its own.
pub(crate) struct Visitor {
    address: SocketAddr,
    /// Values by name; a later one replaces an earlier one.
    pub(crate) jar: BTreeMap<String, String>,
}

impl Visitor {
    /// Somebody with an empty jar.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, jar: BTreeMap::new() }
    }

    /// Sends a GET of that path, with these header lines besides, on a connection of its own.
    #[track_caller]
    pub(crate) fn start(&self, path: &str, lines: &[&str]) -> RawClient {
        let address = self.address;
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        let pairs: Vec<String> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            head.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        for line in lines {
            head.push_str(&format!("{line}\r\n"));
        }
        let mut client = RawClient::connect(address).expect("it listens");
        client.send(head + "\r\n").expect("it reads");
        client
    }

    /// One GET, answered; the jar gets its cookies.
    #[track_caller]
    pub(crate) fn visit(&mut self, path: &str, lines: &[&str]) -> Response {
        let answer = self.start(path, lines).read_final_response().expect("it answers");
        for line in answer.header_values("set-cookie") {
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.expect("a cookie has a name and a value");
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Who answers.
    #[track_caller]
    pub(crate) fn home(&mut self) -> String {
        let answer = self.visit("/", &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text()
    }

    /// Checks that one and the same target answers twenty times, and says which.
    #[track_caller]
    pub(crate) fn stays(&mut self) -> String {
        let home = self.home();
        for count in 1..20 {
            assert_eq!(self.home(), home, "visit {count} of twenty");
        }
        home
    }

    /// Who answers in twenty visits, each once, in order.
    #[track_caller]
    pub(crate) fn homes(&mut self) -> Vec<String> {
        let mut homes: Vec<String> = (0..20).map(|_| self.home()).collect();
        homes.sort();
        homes.dedup();
        homes
    }

    /// Names in the jar, in order.
    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.jar.keys().map(String::as_str).collect()
    }
}
