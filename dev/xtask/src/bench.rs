//! Load and instruction benchmarks.

use anyhow::{Result, bail};

/// Runs the benchmarks that the arguments name.
pub(crate) fn run(_args: &[String]) -> Result<()> {
    bail!("there is no benchmark yet")
}
