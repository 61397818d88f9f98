//! What a proxy pays for clients that wait.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};

use super::{
    contender::{Contender, Starter},
    http::Client,
    options::Row,
    ports,
    targets::Targets,
};

/// Memory of one proxy, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    /// Connections that were open.
    pub(super) connections: u64,
    /// Growth of the whole process for each of them.
    pub(super) growth: f64,
    /// Made at the start for each connection that may come.
    pub(super) reserved: f64,
    /// The whole process with all of them open.
    pub(super) total: u64,
}

impl Memory {
    /// What a connection takes, whenever it was taken.
    pub(super) fn per_connection(&self) -> f64 {
        self.growth + self.reserved
    }
}

/// Connections that are wanted.
const CONNECTIONS: u64 = 6000;
/// Descriptors that we need beside them.
const SPARE: u64 = 500;
/// Room for connections that shows by its difference what room costs.
const LITTLE_ROOM: u64 = 500;
/// Requests on one connection before the first look, so that what is made once does not count.
const WARM: usize = 1000;
/// For buffers to go back.
const SETTLE: Duration = Duration::from_millis(1500);

/// Starts a fresh proxy, opens the connections, has each make one request, and looks at the difference.
pub(super) fn measure(starter: &Starter, targets: &Targets) -> Result<Memory> {
    let contender = starter.start(targets)?;
    let connections = CONNECTIONS.min(ports::descriptors_max()?.saturating_sub(SPARE));
    let before = warm_memory(&contender)?;
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut client = Client::connect(contender.address)?;
        let answer = client.get(Row::Small.path(), Some(&contender.cookie))?;
        ensure!(answer.status == 200, "status {} while opening connections", answer.status);
        clients.push(client);
    }
    thread::sleep(SETTLE);
    let total = contender.process.memory()?;
    // All must still be there: a proxy that closes early would look thrifty.
    for client in &mut clients {
        client.get(Row::Small.path(), Some(&contender.cookie))?;
    }
    drop((clients, contender));
    Ok(Memory {
        connections,
        growth: total.saturating_sub(before) as f64 / connections as f64,
        reserved: reserved(starter, targets, before)?,
        total,
    })
}

/// What a place for a connection costs that nobody has taken yet.
fn reserved(starter: &Starter, targets: &Targets, with_room: u64) -> Result<f64> {
    let Some(small) = starter.with_room_for(LITTLE_ROOM) else {
        return Ok(0.0);
    };
    let without = warm_memory(&small.start(targets)?)?;
    let places = (Starter::CONNECTIONS_MAX - LITTLE_ROOM) as f64;
    Ok(with_room.saturating_sub(without) as f64 / places)
}

/// The process after some requests, at rest.
fn warm_memory(contender: &Contender) -> Result<u64> {
    let mut client = Client::connect(contender.address)?;
    for _ in 0..WARM {
        client.get(Row::Small.path(), Some(&contender.cookie))?;
    }
    thread::sleep(SETTLE);
    contender.process.memory()
}
