//! What a proxy pays for clients that wait.

mod crowd;

use std::{path::Path, thread, time::Duration};

use anyhow::Result;

use self::crowd::Crowd;
use super::{
    contender::{Contender, Starter},
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
/// For buffers to go back.
const SETTLE: Duration = Duration::from_millis(1500);

/// Who waits, and through what.
#[derive(Clone, Copy)]
pub(super) struct Setting<'s> {
    /// [`Row::Idle`] or [`Row::IdleTls`].
    pub(super) row: Row,
    pub(super) targets: &'s Targets,
    /// Our own clients, for those who come through TLS.
    pub(super) traffic: &'s Path,
}

/// Starts a fresh proxy, opens the connections, has each make one request, and looks at the difference.
pub(super) fn measure(starter: &Starter, setting: Setting<'_>) -> Result<Memory> {
    let contender = starter.start(setting.targets)?;
    let connections = CONNECTIONS.min(ports::descriptors_max()?.saturating_sub(SPARE));
    let mut crowd = Crowd::begin(&contender, setting, connections)?;
    let before = at_rest(&contender)?;
    crowd.open()?;
    let total = at_rest(&contender)?;
    // All must still be there: a proxy that closes early would look thrifty.
    crowd.ask_again()?;
    drop((crowd, contender));
    Ok(Memory {
        connections,
        growth: total.saturating_sub(before) as f64 / connections as f64,
        reserved: reserved(starter, setting, before)?,
        total,
    })
}

/// What a place for a connection costs that nobody has taken yet.
fn reserved(starter: &Starter, setting: Setting<'_>, with_room: u64) -> Result<f64> {
    let Some(small) = starter.with_room_for(LITTLE_ROOM) else {
        return Ok(0.0);
    };
    let contender = small.start(setting.targets)?;
    let _crowd = Crowd::begin(&contender, setting, 0)?;
    let without = at_rest(&contender)?;
    let places = (Starter::CONNECTIONS_MAX - LITTLE_ROOM) as f64;
    Ok(with_room.saturating_sub(without) as f64 / places)
}

fn at_rest(contender: &Contender) -> Result<u64> {
    thread::sleep(SETTLE);
    contender.process.memory()
}
