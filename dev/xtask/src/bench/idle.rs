//! What a proxy pays for clients that wait.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};

use super::{contender::Starter, http::Client, options::Row, ports, targets::Targets};

/// Memory of one proxy, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Connections that were open.
    pub(super) connections: u64,
    /// Growth of the whole process for each of them.
    pub(super) per_connection: f64,
    /// The whole process with all of them open.
    pub(super) total: u64,
}

/// Connections that are wanted.
const CONNECTIONS: u64 = 6000;
/// Descriptors that we need beside them.
const SPARE: u64 = 500;
/// Requests on one connection before the first look, so that what is made once does not count.
const WARM: usize = 1000;
/// For buffers to go back.
const SETTLE: Duration = Duration::from_millis(1500);

/// Starts a fresh proxy, opens the connections, has each make one request, and looks at the difference.
pub(super) fn measure(starter: &Starter, targets: &Targets) -> Result<Memory> {
    let contender = starter.start(targets)?;
    let connections = CONNECTIONS.min(ports::descriptors_max()?.saturating_sub(SPARE));
    let mut warm = Client::connect(contender.address)?;
    for _ in 0..WARM {
        warm.get(Row::Small.path(), Some(&contender.cookie))?;
    }
    thread::sleep(SETTLE);
    let before = contender.process.memory()?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut client = Client::connect(contender.address)?;
        let answer = client.get(Row::Small.path(), Some(&contender.cookie))?;
        ensure!(
            answer.status == 200,
            "status {} while opening connections",
            answer.status
        );
        clients.push(client);
    }
    thread::sleep(SETTLE);
    let total = contender.process.memory()?;
    // All must still be there: a proxy that closes early would look thrifty.
    for client in &mut clients {
        client.get(Row::Small.path(), Some(&contender.cookie))?;
    }
    Ok(Memory {
        connections,
        per_connection: total.saturating_sub(before) as f64 / connections as f64,
        total,
    })
}
