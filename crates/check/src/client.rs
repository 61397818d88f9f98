//! The client of the self-test: it decides when a connection is new, which version of HTTP it speaks, and how fast it asks.

mod dial;
mod http1;
mod http2;
mod pace;
mod websocket;

use std::{future::Future, net::SocketAddr, sync::Arc};

use clingfish_tls::TlsFileError;
use futures_util::future::join_all;
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::{answer::Answer, limits::ANSWER_DEADLINE, options::Options, url::Url};
use pace::Pace;

pub(crate) use websocket::Hello;

/// Everybody who asks, as one.
pub(crate) struct Client {
    url: Url,
    addresses: Vec<SocketAddr>,
    from: Vec<std::net::IpAddr>,
    tls: Arc<ClientConfig>,
    fields: Vec<(String, String)>,
    pace: Pace,
}

/// A version of HTTP that a connection is to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Ask {
    /// A plain GET.
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            fields: Vec::new(),
            body: String::new(),
        }
    }

    /// With one more field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// An open connection.
pub(crate) enum Connection {
    Http1(http1::Connection),
    Http2(http2::Connection),
}

/// Why the self-test cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The host's name leads nowhere.
    #[error("cannot find {host}: {why}")]
    Resolve {
        /// The host.
        host: String,
        /// What the system says.
        why: String,
    },
    /// Nobody answers at all.
    #[error("no answer from {url}: {why}")]
    Unreachable {
        /// Where.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// A step of the login did not work.
    #[error("the login does not work: {step} was answered with {status}")]
    Login {
        /// Method and path.
        step: String,
        /// The answer's status.
        status: u16,
    },
    /// What was to say who answers is in no answer.
    #[error("no answer has {0}: say with --who what names the target")]
    Who(String),
    /// The limit of requests was reached.
    #[error("the limit of {0} requests was reached")]
    Spent(usize),
    /// A file of certificates.
    #[error("cannot use these authorities: {0}")]
    Tls(#[from] TlsFileError),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NoAnswer {
    #[error("none within {} s", ANSWER_DEADLINE.as_secs())]
    Late,
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    #[error("no TLS: {0}")]
    Tls(std::io::Error),
    #[error("HTTP/2 is not spoken")]
    NoHttp2,
    #[error("not an answer of HTTP: {0}")]
    Http(String),
}

impl Client {
    /// Looks up the host and reads what TLS needs.
    pub(crate) async fn new(options: &Options) -> Result<Self, CheckError> {
        let url = options.url.clone();
        let addresses = match options.connect_to {
            Some(address) => vec![address],
            None => addresses(&url).await?,
        };
        Ok(Self {
            addresses,
            tls: dial::tls(&options.trust)?,
            fields: options.fields.clone(),
            from: options.from.clone(),
            pace: Pace::new(options.load.rate, options.load.requests_max),
            url,
        })
    }

    /// Where it asks.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Cookies that the operator gives to everybody.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter().filter(|(name, _)| name == "cookie");
        let pairs = fields.flat_map(|(_, value)| value.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('='))
    }

    /// How many requests there were so far.
    pub(crate) fn requests(&self) -> usize {
        self.pace.count()
    }

    /// Opens a connection, from the `place`-th of the local addresses.
    pub(crate) async fn open(
        &self,
        version: Version,
        place: usize,
    ) -> Result<Connection, NoAnswer> {
        in_time(async {
            let io = dial::dial(self, version, place).await?;
            Ok(match version {
                Version::Http1 => Connection::Http1(http1::Connection::open(io).await?),
                Version::Http2 => Connection::Http2(http2::Connection::open(io).await?),
            })
        })
        .await
    }

    /// Waits for its turn, then asks on that connection. The outer error ends the self-test.
    pub(crate) async fn ask(
        &self,
        connection: &mut Connection,
        ask: &Ask,
    ) -> Result<Result<Answer, NoAnswer>, CheckError> {
        self.pace.turn().await?;
        Ok(in_time(async {
            match connection {
                Connection::Http1(connection) => connection.ask(self, ask).await,
                Connection::Http2(connection) => connection.ask(self, ask).await,
            }
        })
        .await)
    }

    /// Opens so many connections of HTTP/1.1, then asks on all of them at once.
    pub(crate) async fn ask_together(
        &self,
        ask: &Ask,
        number: usize,
        place: usize,
    ) -> Result<Vec<Result<Answer, NoAnswer>>, CheckError> {
        let mut connections = Vec::with_capacity(number);
        for _ in 0..number {
            connections.push(self.open(Version::Http1, place).await);
        }
        self.pace.turns(u32::try_from(number).unwrap_or(u32::MAX)).await?;
        let asks = connections.into_iter().map(async |connection| match connection? {
            Connection::Http1(mut line) => in_time(line.ask(self, ask)).await,
            Connection::Http2(_) => Err(NoAnswer::NoHttp2),
        });
        Ok(join_all(asks).await)
    }

    /// Waits for its turn, then opens a WebSocket on a connection of its own and hears what it says.
    pub(crate) async fn greet(
        &self,
        ask: &Ask,
        place: usize,
    ) -> Result<Result<Hello, NoAnswer>, CheckError> {
        self.pace.turn().await?;
        Ok(in_time(async {
            let io = dial::dial(self, Version::Http1, place).await?;
            websocket::greet(self, io, ask).await
        })
        .await)
    }

    /// The fields of a request: those of all, then its own.
    fn fields_of<'a>(&'a self, ask: &'a Ask) -> impl Iterator<Item = (&'a str, &'a str)> {
        let own = |name: &str| ask.fields.iter().any(|(known, _)| known == name);
        // Cookies are in everybody's jar.
        let common = self.fields.iter().filter(move |(name, _)| name != "cookie" && !own(name));
        common.chain(&ask.fields).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Looks up the host.
async fn addresses(url: &Url) -> Result<Vec<SocketAddr>, CheckError> {
    let resolve = |why: String| CheckError::Resolve { host: url.host.clone(), why };
    let found = tokio::net::lookup_host((url.host.as_str(), url.port)).await;
    let found: Vec<SocketAddr> = found.map_err(|error| resolve(error.to_string()))?.collect();
    if found.is_empty() { Err(resolve("it has no address".to_owned())) } else { Ok(found) }
}

async fn in_time<T>(work: impl Future<Output = Result<T, NoAnswer>>) -> Result<T, NoAnswer> {
    timeout(ANSWER_DEADLINE, work).await.unwrap_or(Err(NoAnswer::Late))
}
