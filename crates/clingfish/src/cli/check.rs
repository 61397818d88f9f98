//! `clingfish check` on the command line.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use clingfish_check::{Promise, limits};

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// What is asked for: http://host/path or https://host/path, through whatever balancer.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// What in an answer names the target: header:NAME, json:PATH or regex:EXPRESSION [default: found out by what differs].
    #[arg(long, value_name = "WHERE")]
    pub(crate) who: Option<String>,

    /// A field of each request, as curl has it; may be given several times.
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,

    /// What each client does before it comes, such as 'POST /login user=me&password=secret'; several are done in order.
    #[arg(long, value_name = "METHOD /PATH BODY")]
    pub(crate) login: Vec<String>,

    /// The path of a WebSocket [default: the URL's].
    #[arg(long, value_name = "PATH")]
    pub(crate) websocket: Option<String>,

    /// The path of Socket.IO.
    #[arg(long, value_name = "PATH", default_value = "/socket.io/")]
    pub(crate) socket_io: String,

    /// The other site that pages ask from.
    #[arg(long, value_name = "ORIGIN", default_value = "https://another-site.example")]
    pub(crate) origin: String,

    /// A local address that clients come from; several are used in turn. For balancers that go by the client's address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) from: Vec<IpAddr>,

    /// Ask for a target to be stopped and started, and look at what becomes of its clients.
    #[arg(long)]
    pub(crate) while_down: bool,

    /// Check these promises only, by name, with commas between.
    #[arg(long, value_name = "PROMISES", value_delimiter = ',', value_parser = promise)]
    pub(crate) only: Vec<Promise>,

    /// Leave these promises out.
    #[arg(long, value_name = "PROMISES", value_delimiter = ',', value_parser = promise)]
    pub(crate) skip: Vec<Promise>,

    /// What is no failure: could-not-tell, or promises that may be broken; `none` takes could-not-tell back.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "could-not-tell")]
    pub(crate) allow: Vec<String>,

    #[command(flatten)]
    pub(crate) trust: Trust,

    #[command(flatten)]
    pub(crate) load: Load,

    /// How the report is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,

    /// Say nothing while it runs.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Whose certificates are accepted.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// A file of authorities that vouch for the server, in PEM [default: the system's].
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// Accept any certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
}

/// Limits that keep the check polite.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// Fresh clients that come at first.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::FRESH_CLIENTS)]
    pub(crate) requests: usize,

    /// Requests in all, at most.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::REQUESTS_TOTAL_MAX)]
    pub(crate) requests_max: usize,

    /// Requests per second, at most.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::REQUESTS_PER_SECOND)]
    pub(crate) rate: u32,

    /// Requests at the same time, at most.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::PARALLEL)]
    pub(crate) parallel: usize,

    /// Longest life of a cookie that is waited for, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = limits::EXPIRY_MAX.as_secs())]
    pub(crate) expiry_max: u64,

    /// How long the balancer may take to notice that a target is gone, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = limits::ABSENCE_GRACE.as_secs())]
    pub(crate) grace: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For CI.
    Junit,
}

fn promise(text: &str) -> Result<Promise, String> {
    let names = || Promise::ALL.iter().map(|promise| promise.name()).collect::<Vec<_>>().join(", ");
    Promise::of_name(text).ok_or_else(|| format!("one of {}", names()))
}
