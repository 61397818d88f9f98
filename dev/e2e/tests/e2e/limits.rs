//! Sizes, times and numbers that end where they should.

mod descriptors;
mod sizes;
mod slow_clients;
mod waits;

use std::{collections::BTreeSet, fs, process::Command};

use clingfish_testkit::{Clingfish, eventually};

use crate::support::SOON;

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

/// Leaves the process the descriptors that it has open now, but for those that come and go.
#[track_caller]
pub(crate) fn no_more_descriptors(clingfish: &Clingfish) {
    let mut open = descriptors(clingfish);
    let mut looks = 0;
    eventually(SOON, || {
        open = &open & &descriptors(clingfish);
        looks += 1;
        (looks == 20).then_some(())
    });
    let lowest_free = (0..).find(|fd| !open.contains(fd)).expect("numbers do not end");
    limit_descriptors(clingfish, lowest_free);
}

/// Sets the soft limit of the running process.
#[track_caller]
pub(crate) fn limit_descriptors(clingfish: &Clingfish, limit: u32) {
    let (pid, limit) = (format!("--pid={}", clingfish.pid()), format!("--nofile={limit}:"));
    let status = Command::new("prlimit").args([pid, limit]).status();
    assert!(status.expect("util-linux is there").success());
}

#[track_caller]
fn descriptors(clingfish: &Clingfish) -> BTreeSet<u32> {
    let entries = fs::read_dir(format!("/proc/{}/fd", clingfish.pid())).expect("it runs");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}
