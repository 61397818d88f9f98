//! What can be said of the code without running it.

use anyhow::Result;

use crate::{
    commands::{cargo, program, run, works},
    layers,
    steps::{Done, Steps},
};

/// Checks everything and reports.
pub(crate) fn all(steps: &mut Steps) {
    steps.run("format", || run(&mut cargo(["fmt", "--all", "--check"])));
    steps.run("layers", layers::layers);
    steps.run("clippy", clippy);
    steps.run("documentation", documentation);
    steps.try_run("dependencies", dependencies);
    steps.try_run("spelling", spelling);
}

/// `cargo xtask check`.
pub(crate) fn check() -> Result<()> {
    let mut steps = Steps::default();
    all(&mut steps);
    steps.finish()
}

fn clippy() -> Result<()> {
    let args = "clippy --workspace --all-targets --quiet -- -D warnings";
    run(&mut cargo(args.split(' ')))
}

fn documentation() -> Result<()> {
    let args = "doc --workspace --no-deps --quiet";
    run(cargo(args.split(' ')).env("RUSTDOCFLAGS", "-D warnings"))
}

fn dependencies() -> Result<Done> {
    if !works("cargo-deny", &["--version"]) {
        return Ok(not_installed("cargo-deny"));
    }
    run(&mut cargo([
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    Ok(Done::Passed)
}

fn spelling() -> Result<Done> {
    if !works("typos", &["--version"]) {
        return Ok(not_installed("typos-cli"));
    }
    run(&mut program("typos", []))?;
    Ok(Done::Passed)
}

fn not_installed(package: &str) -> Done {
    Done::Skipped(format!("`cargo install {package} --locked` brings it"))
}
