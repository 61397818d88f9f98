//! Our own generators: handshakes and WebSocket messages.

use std::{path::Path, process::Command, time::Duration};

use anyhow::Result;

use super::{Summary, output};
use crate::bench::{contender::Door, options::Row};

/// Messages that each WebSocket sends in a second at most, where they are paced.
const PACE: &str = "250";

/// Has the subcommand of the row run for a while. It compares what comes back itself.
pub(super) fn run(
    traffic: &mut Command,
    row: Row,
    door: &Door,
    certificates: &Path,
    duration: Duration,
) -> Result<Summary> {
    let (address, seconds) = (door.address.to_string(), duration.as_secs().to_string());
    match row {
        Row::Messages => traffic.args(["messages", &address, &seconds]),
        Row::Paced => traffic.args(["messages", &address, &seconds, PACE]),
        _ => {
            let kind = if row == Row::Resumptions { "resumed" } else { "full" };
            traffic.args(["handshakes", kind, &address]);
            traffic.arg(certificates.join("cert.pem")).args([&seconds, &door.cookie])
        }
    };
    Summary::find(&output(traffic)?)
}
