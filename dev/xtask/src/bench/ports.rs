//! Free ports, and how many descriptors we may have.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
};

use anyhow::{Context, Result};

/// An address that nobody listens on.
pub(super) fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Descriptors that this process, and so each that it starts, may have open.
pub(super) fn descriptors_max() -> Result<u64> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    Ok(soft.context("no limit of open files")?.parse().unwrap_or(u64::from(u32::MAX)))
}
