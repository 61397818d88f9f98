//! wrk: HTTP/1.1, plain and through TLS.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;

use super::{Generator, Summary, output};
use crate::bench::{
    contender::Door,
    options::{Front, Row},
};

/// Sends one cookie, or those of a file in turn.
pub(super) fn run(
    wrk: &mut Command,
    row: Row,
    door: &Door,
    scripts: &Path,
    cookies: Option<PathBuf>,
    duration: Duration,
) -> Result<Summary> {
    wrk.args(["-t", "1", "-c", &Generator::CONNECTIONS.to_string(), "--latency"]);
    wrk.args(["-d", &duration.as_secs().to_string(), "-H", "Host: bench.test"]);
    let script = match row {
        Row::Sessions => "sessions.lua",
        Row::Upload => "upload.lua",
        _ => "one.lua",
    };
    wrk.arg("-s").arg(scripts.join(script));
    if cookies.is_none() {
        wrk.args(["-H", &format!("Cookie: {}", door.cookie)]);
    }
    let scheme = if row.front() == Front::Tls { "https" } else { "http" };
    wrk.arg(format!("{scheme}://{}{}", door.address, row.path()));
    if let Some(cookies) = cookies {
        wrk.arg("--").arg(cookies);
    }
    Summary::find(&output(wrk)?)
}
