//! Sizes, times and numbers that end where they should.

mod sizes;
mod slow_clients;
mod waits;

use std::fs;

use clingfish_testkit::Clingfish;

/// The most memory that the process has ever held, in bytes.
#[track_caller]
pub(crate) fn peak_memory(clingfish: &Clingfish) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", clingfish.pid()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("Linux tells the peak") * 1024
}

/// A number of `/metrics` without labels.
#[track_caller]
pub(crate) fn metric(clingfish: &Clingfish, name: &str) -> f64 {
    clingfish.metrics().value(name, &[]).unwrap_or_else(|| panic!("{name} is there"))
}
