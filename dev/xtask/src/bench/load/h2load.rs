//! h2load: HTTP/2 through TLS.

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result};

use super::{Summary, output};
use crate::bench::{contender::Door, options::Row};

/// Connections at the same time.
const CONNECTIONS: &str = "32";
/// Streams of each at the same time.
const STREAMS: &str = "16";

/// Sends one cookie on all streams.
pub(super) fn run(
    h2load: &mut Command,
    row: Row,
    door: &Door,
    dir: &Path,
    duration: Duration,
) -> Result<Summary> {
    h2load.args(["-t", "1", "-c", CONNECTIONS, "-m", STREAMS, "--groups", "X25519"]);
    h2load.args(["-D", &duration.as_secs().to_string()]);
    h2load.args([
        &format!("--connect-to={}", door.address),
        "-H",
        &format!("cookie: {}", door.cookie),
    ]);
    if row == Row::Grpc {
        h2load.args(["-H", "content-type: application/grpc", "-H", "te: trailers"]);
        h2load.arg("-d").arg(dir.join("message"));
    }
    let text = output(h2load.arg(format!("https://bench.test{}", row.path())))?;
    parse(&text, duration).with_context(|| format!("h2load said:\n{text}"))
}

/// Requests that got a good status count; so does every error. What ran when time was up is neither.
fn parse(text: &str, duration: Duration) -> Result<Summary> {
    let requests = counts(text, "requests: ")?;
    let statuses = counts(text, "status codes: ")?;
    let of = |list: &[(u64, String)], names: &[&str]| {
        let named = list.iter().filter(|(_, name)| names.contains(&name.as_str()));
        named.map(|(count, _)| count).sum()
    };
    Ok(Summary {
        requests: of(&statuses, &["2xx"]),
        micros: duration.as_micros() as u64,
        p50_micros: None,
        p99_micros: None,
        errors: of(&statuses, &["3xx", "4xx", "5xx"])
            + of(&requests, &["failed", "errored", "timeout"]),
    })
}

/// `name: 12 this, 34 that`.
fn counts(text: &str, name: &str) -> Result<Vec<(u64, String)>> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let parts = line.with_context(|| format!("no line begins with {name}"))?.split(", ");
    let pair = |part: &str| {
        let (count, what) = part.split_once(' ').context("no count")?;
        Ok((count.parse()?, what.to_owned()))
    };
    parts.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_statuses_and_errors_are_counted() {
        let text = "\
            finished in 3.00s, 23868.33 req/s, 3.96MB/s\n\
            requests: 71605 total, 72117 started, 71605 done, 71602 succeeded, 1 failed, 2 errored, 0 timeout\n\
            status codes: 71602 2xx, 0 3xx, 0 4xx, 4 5xx\n";
        let summary = parse(text, Duration::from_secs(3)).unwrap();
        assert_eq!((summary.requests, summary.errors, summary.micros), (71602, 7, 3_000_000));
        assert!(parse("something else", Duration::from_secs(3)).is_err());
    }
}
