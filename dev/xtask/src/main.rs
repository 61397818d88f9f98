//! The one door: check, test, e2e, screenshots, fuzz, bench, dist, layers, setup, vendor.

mod bench;
mod check;
mod clock;
mod commands;
mod dependencies;
mod dist;
mod fuzz;
mod layers;
mod readme;
mod screenshots;
mod setup;
mod steps;
mod test;
mod vendored;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
The one door of Clingfish's workshop.

Usage: cargo xtask COMMAND

  check                           formatting, lints, ranks, documentation, dependencies, spelling
  test                            everything that CI runs, set-up included
  e2e [FILTER]                    the real binary before real clients and targets
  screenshots [--as-they-are]     pictures of the console for docs/images, from its test or from those that are there
  fuzz --seconds N [--target T]   mutated inputs, N seconds a target (--list names them)
  bench ...                       load and instruction counts
  dist                            the binary to ship, built by what it does under load (ten minutes)
  layers                          the rank table of ARCHITECTURE.md against the workspace
  setup                           installs what the tests need: Debian, PyPI and npm packages
  vendor                          makes vendor/h2 of the h2 in the lock file and vendor/h2.patch
";

/// The commands, in the order of the help.
pub(crate) const COMMANDS: [&str; 10] =
    ["check", "test", "e2e", "screenshots", "fuzz", "bench", "dist", "layers", "setup", "vendor"];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match obey(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        bail!("which command?\n\n{HELP}");
    };
    match (command.as_str(), rest) {
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(())
        }
        ("check", []) => check::check(),
        ("test", []) => test::test(),
        ("e2e", filter) => test::e2e(filter),
        ("screenshots", []) => screenshots::make(),
        ("screenshots", [arg]) if arg == "--as-they-are" => screenshots::copy(),
        ("fuzz", rest) => fuzz::fuzz(rest),
        ("bench", rest) => bench::run(rest),
        ("dist", []) => dist::dist(),
        ("layers", []) => layers::layers(),
        ("setup", []) => setup::setup().map(drop),
        ("vendor", []) => vendored::vendor(&dependencies::metadata()?),
        (known, [unknown, ..]) if COMMANDS.contains(&known) => {
            bail!("`{known}` takes no {unknown:?}\n\n{HELP}")
        }
        (unknown, _) => bail!("there is no command {unknown:?}\n\n{HELP}"),
    }
}
