//! What the command line asks for.

use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The arguments of `cargo xtask bench`.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// How often each point is measured; the median counts.
    pub(super) rounds: usize,
    /// How long one measurement lasts.
    pub(super) seconds: u64,
    /// Who is measured.
    pub(super) contenders: Vec<Kind>,
    /// On what work.
    pub(super) rows: Vec<Row>,
    /// Whether everyone writes an access log.
    pub(super) access_log: bool,
    /// What of all there is.
    pub(super) what: What,
    /// Puts the tables into `docs/benchmarks.md`.
    pub(super) write: bool,
}

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Proxies under load.
    Load,
    /// Counts instructions of the pure parts.
    Instructions,
    /// Compares requests with each kind of stickiness and without, by ratios over all rounds.
    Kinds,
    /// The same by instructions.
    KindsInstructions,
    /// Compares requests while somebody has the console open with others, likewise.
    Console,
}

/// A proxy that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Haproxy,
    Nginx,
    Envoy,
    Clingfish,
}

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// 99 bytes, one session.
    Small,
    /// 99 bytes, each request of another session.
    Sessions,
    /// 10,000 bytes.
    TenKb,
    /// 1,000,000 bytes.
    OneMb,
    /// 10,000 bytes whose length is not told beforehand.
    Chunks,
    /// 10,000 bytes from the client.
    Upload,
    /// 99 bytes over HTTP/1.1 and TLS, one session.
    Tls,
    /// The same over HTTP/2 and TLS.
    Http2,
    /// Unary calls over HTTP/2, through TLS to the proxy.
    Grpc,
    /// Connections with a full handshake and one request.
    Handshakes,
    /// The same with a session that is resumed.
    Resumptions,
    /// Messages over WebSockets, to the target and back.
    Messages,
    /// As many of them each second, whoever carries them.
    Paced,
    /// Client connections that wait.
    Idle,
    /// The same through TLS.
    IdleTls,
}

/// A door of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 and HTTP/2 through TLS.
    Tls,
    /// HTTP/2 through TLS, to targets that speak gRPC.
    Grpc,
    /// HTTP/1.1, to targets that speak WebSocket.
    Messages,
}

/// What `--help` prints.
pub(super) const HELP: &str = "\
cargo xtask bench: CPU time per request of HAProxy, nginx, Envoy and Clingfish on the same work

  --rounds N             measurements of each point, interleaved; the median counts (3)
  --seconds S            length of one measurement (2)
  --only A,B             of haproxy, nginx, envoy, clingfish (all)
  --row A,B              of small, sessions, 10k, 1m, chunks, upload, tls, h2, grpc, handshakes, resumptions, messages, paced, idle, idle-tls (all)
  --without-access-log   nobody writes an access log
  --instructions         counts instructions of the pure parts under callgrind instead
  --kinds                compares each kind of stickiness with none instead; 20 rounds give a narrow interval
  --kinds-instructions   the same by instructions under callgrind
  --console              compares requests while the console is open with others; 20 rounds of 10 seconds give a narrow interval
  --write                puts the tables into docs/benchmarks.md

HAPROXY_BIN, NGINX_BIN, ENVOY_BIN, WRK_BIN, H2LOAD_BIN, TRAFFIC_BIN and CLINGFISH_BIN name other binaries than the installed and built ones.";

impl Kind {
    /// In the order of a round.
    pub(super) const ALL: [Self; 4] = [Self::Haproxy, Self::Nginx, Self::Envoy, Self::Clingfish];

    /// As on the command line and in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            Self::Envoy => "envoy",
            Self::Clingfish => "clingfish",
        }
    }
}

impl Row {
    /// In the order of the table.
    pub(super) const ALL: [Self; 15] = [
        Self::Small,
        Self::Sessions,
        Self::TenKb,
        Self::OneMb,
        Self::Chunks,
        Self::Upload,
        Self::Tls,
        Self::Http2,
        Self::Grpc,
        Self::Handshakes,
        Self::Resumptions,
        Self::Messages,
        Self::Paced,
        Self::Idle,
        Self::IdleTls,
    ];

    /// As on the command line and in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Sessions => "sessions",
            Self::TenKb => "10k",
            Self::OneMb => "1m",
            Self::Chunks => "chunks",
            Self::Upload => "upload",
            Self::Tls => "tls",
            Self::Http2 => "h2",
            Self::Grpc => "grpc",
            Self::Handshakes => "handshakes",
            Self::Resumptions => "resumptions",
            Self::Messages => "messages",
            Self::Paced => "paced",
            Self::Idle => "idle",
            Self::IdleTls => "idle-tls",
        }
    }

    /// What is asked for.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::TenKb => "/10k",
            Self::OneMb => "/1m",
            Self::Chunks => "/chunks",
            Self::Grpc => "/bench.Echo/Call",
            _ => "/small",
        }
    }

    /// Where it comes in.
    pub(super) fn front(self) -> Front {
        match self {
            Self::Tls | Self::Http2 | Self::Handshakes | Self::Resumptions | Self::IdleTls => {
                Front::Tls
            }
            Self::Grpc => Front::Grpc,
            Self::Messages | Self::Paced => Front::Messages,
            Self::Small
            | Self::Sessions
            | Self::TenKb
            | Self::OneMb
            | Self::Chunks
            | Self::Upload
            | Self::Idle => Front::Plain,
        }
    }

    /// Whether memory is measured instead of time.
    pub(super) fn is_idle(self) -> bool {
        matches!(self, Self::Idle | Self::IdleTls)
    }

    /// Whether all requests are to reach the same of the targets that count them.
    pub(super) fn has_one_home(self) -> bool {
        matches!(
            self,
            Self::Small
                | Self::TenKb
                | Self::OneMb
                | Self::Chunks
                | Self::Upload
                | Self::Tls
                | Self::Http2
        )
    }

    /// For readers of the table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Small => "99 B, one session",
            Self::Sessions => "99 B, 5,000 sessions in turn",
            Self::TenKb => "10 kB body",
            Self::OneMb => "1 MB body",
            Self::Chunks => "10 kB body in chunks",
            Self::Upload => "upload of 10 kB, 99 B back",
            Self::Tls => "99 B, HTTP/1.1 + TLS 1.3",
            Self::Http2 => "99 B, HTTP/2 + TLS 1.3",
            Self::Grpc => "gRPC call, 99 B both ways, TLS 1.3",
            Self::Handshakes => "connection with a full TLS 1.3 handshake, one request",
            Self::Resumptions => "connection that resumes TLS 1.3, one request",
            Self::Messages => "WebSocket message of 64 B and its echo",
            Self::Paced => "the same, at most 250 a second on each WebSocket",
            Self::Idle => "HTTP/1.1",
            Self::IdleTls => "HTTP/1.1 + TLS 1.3",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rounds: 3,
            seconds: 2,
            contenders: Kind::ALL.to_vec(),
            rows: Row::ALL.to_vec(),
            access_log: true,
            what: What::Load,
            write: false,
        }
    }
}

impl Options {
    /// Reads the arguments; `None` is a call for help.
    pub(super) fn parse(args: &[String]) -> Result<Option<Self>> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--rounds" => options.rounds = positive(value()?)?,
                "--seconds" => options.seconds = positive(value()?)? as u64,
                "--only" => options.contenders = named(value()?, &Kind::ALL, Kind::name)?,
                "--row" => options.rows = named(value()?, &Row::ALL, Row::name)?,
                "--without-access-log" => options.access_log = false,
                "--instructions" => options.what = What::Instructions,
                "--kinds" => options.what = What::Kinds,
                "--kinds-instructions" => options.what = What::KindsInstructions,
                "--console" => options.what = What::Console,
                "--write" => options.write = true,
                "--help" | "-h" => return Ok(None),
                _ => bail!("unknown argument {arg}\n\n{HELP}"),
            }
        }
        Ok(Some(options))
    }

    /// Everything that takes CPU time, once and for a short while, by Clingfish alone.
    pub(super) fn training() -> Self {
        let rows = Row::ALL.into_iter().filter(|row| !row.is_idle()).collect();
        Self { rounds: 1, seconds: 1, contenders: vec![Kind::Clingfish], rows, ..Self::default() }
    }

    /// Length of one measurement.
    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn positive(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.with_context(|| format!("{text} is not a positive number"))
}

fn named<T: Copy>(list: &str, all: &[T], name: fn(T) -> &'static str) -> Result<Vec<T>> {
    let find = |word: &str| {
        let known = || all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ");
        let found = all.iter().find(|one| name(**one) == word);
        found.copied().with_context(|| format!("{word} is none of {}", known()))
    };
    list.split(',').map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    #[test]
    fn arguments_choose_rounds_contenders_and_rows() {
        let options = parse("--rounds 5 --only nginx,clingfish --row 1m").unwrap().unwrap();
        assert_eq!((options.rounds, options.seconds), (5, 2));
        assert_eq!(options.contenders, [Kind::Nginx, Kind::Clingfish]);
        assert_eq!(options.rows, [Row::OneMb]);
        assert_eq!(options.what, What::Load);
        assert_eq!(parse("--console").unwrap().unwrap().what, What::Console);
        assert!(parse("--help").unwrap().is_none());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--rounds", "--rounds 0", "--only apache", "--row 2m", "--fast"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
