//! Runs the fuzz targets.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::commands::{cargo, run};

/// A short run of every target, in the profile that the tests are built in.
pub(crate) fn smoke(each: Duration) -> Result<()> {
    let seconds = each.as_secs().to_string();
    let package = ["run", "--quiet", "--package", "clingfish-fuzz", "--"];
    run(cargo(package).args(["--seconds", &seconds]))
}

/// `cargo xtask fuzz`: optimised, with the assertions on.
pub(crate) fn fuzz(args: &[String]) -> Result<()> {
    if !args.iter().any(|arg| ["--seconds", "--list", "--input"].contains(&arg.as_str())) {
        bail!("for how long? --seconds N is missing");
    }
    let package = "run --quiet --profile fuzz --package clingfish-fuzz --";
    run(cargo(package.split(' ')).args(args)).context("a target broke, or was called wrongly")
}
