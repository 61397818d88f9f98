//! Bytes per session, in a process of its own: what the table says, and what the system says.

use std::{fs, net::Ipv4Addr, num::NonZeroU32, time::Duration};

use clingfish_model::{TargetHash, UnixMillis};
use clingfish_sessions::{ClientKey, Limits, Seed, SessionKey, Table};

/// What issue 4 allows.
const BYTES_MAX: u64 = 128;

const IDLE: Duration = Duration::from_secs(1800);

/// Memory of this process that is in use, in bytes; the pages are counted by the system.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.map(|line| line.trim().trim_end_matches(" kB"));
    kilobytes.and_then(|text| text.parse::<u64>().ok()).expect("a number of kB") * 1024
}

/// Learns sessions, each from a client of its own: the dearest kind.
fn learn(table: &Table, numbers: std::ops::Range<u32>) {
    let seed = Seed::new([[1; 16], [2; 16]]);
    for number in numbers {
        let key = SessionKey::of(&seed, &number.to_be_bytes());
        let client = ClientKey::of(&seed, Ipv4Addr::from(number).into());
        let now = UnixMillis(1_764_429_704_000 + u64::from(number));
        table.learn(key, TargetHash([number as u8; 16]), client, now, IDLE);
    }
}

#[test]
fn a_million_sessions_of_a_million_clients_take_at_most_128_bytes_each() {
    let limit = |number| NonZeroU32::new(number).expect("no limit here is zero");
    // The sizes at which shards are full, have just grown, and are in between.
    for (sessions_max, sessions) in [(1_000_000, 1_200_000), (1_900_000, 1_000_000)] {
        let before = resident_bytes();
        let limits = Limits { sessions_max: limit(sessions_max), per_client_max: limit(100) };
        let table = Table::new(limits);
        let empty = table.memory_bytes() as u64;
        learn(&table, 0..sessions);
        let kept = table.len();
        let told = table.memory_bytes() as u64 / kept;
        let resident = resident_bytes().saturating_sub(before) / kept;
        println!(
            "at most {sessions_max}: {kept} sessions, {told} bytes each ({resident} of the process), empty {empty}",
        );
        assert!(kept > 900_000, "{kept} of {sessions} are left");
        assert!(told <= BYTES_MAX, "{told} bytes at {sessions_max}");
        // What an earlier round gave back is used again, so only the first shows all of it.
        assert!(resident <= BYTES_MAX, "{resident} bytes of the process at {sessions_max}");
    }
}
