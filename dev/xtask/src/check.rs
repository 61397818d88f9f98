//! What can be said of the code without running it.

use anyhow::Result;

use crate::{
    commands::{cargo, program, run, works},
    dependencies, layers, setup,
    steps::{Done, Steps},
};

/// Checks everything and reports.
pub(crate) fn all(steps: &mut Steps) {
    steps.run("format", || run(&mut cargo("fmt --all --check -- -l".split(' '))));
    steps.run("layers", layers::layers);
    steps.run("clippy", clippy);
    steps.run("documentation", documentation);
    steps.run("dependencies", dependencies::check);
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

/// typos from set-up's environment, or anybody's.
fn spelling() -> Result<Done> {
    let installed = setup::venv().join("bin/typos");
    let installed = installed.to_string_lossy();
    let typos = [&*installed, "typos"];
    let Some(typos) = typos.into_iter().find(|typos| works(typos, &["--version"])) else {
        return Ok(Done::Skipped("`cargo xtask setup` brings typos".to_owned()));
    };
    run(&mut program(typos, []))?;
    Ok(Done::Passed)
}
