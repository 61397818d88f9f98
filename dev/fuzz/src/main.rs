//! Fuzz targets that run on stable Rust: seeds, mutated, into functions that panic where a law breaks.
//!
//! The driver is blind to coverage, so its reach comes from good seeds (`corpus/TARGET/`) and the words of each
//! format. An input that broke something is kept in `crashes/TARGET/`; once mended it moves to the corpus,
//! and every seed is also a test.

mod clock;
mod drive;
mod files;
mod mutate;
mod shrink;
mod targets;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use drive::Driver;
use targets::{TARGETS, Target};

const HELP: &str = "\
Usage: cargo xtask fuzz [--seconds N] [--target T] [--seed S] [--input FILE] [--list]

  --seconds N    how long each target runs
  --target T     only this target
  --seed S       starts the random choices here, as an earlier run printed it
  --input FILE   runs one input only, to see a crash again; needs --target
  --list         prints the targets
";

/// What the command line asks for.
struct Options {
    seconds: u64,
    target: Option<&'static Target>,
    seed: u64,
    input: Option<String>,
}

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
    if args.iter().any(|arg| ["--help", "-h"].contains(&arg.as_str())) {
        print!("{HELP}");
        return Ok(());
    }
    if args.iter().any(|arg| arg == "--list") {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return Ok(());
    }
    let options = Options::parse(args)?;
    match (&options.input, options.target) {
        (Some(path), Some(target)) => {
            let input = std::fs::read(path).with_context(|| path.clone())?;
            (target.run)(&input);
            println!("{}: this input breaks nothing", target.name);
            Ok(())
        }
        (Some(_), None) => bail!("--input needs --target\n\n{HELP}"),
        (None, _) => fuzz(&options),
    }
}

/// Runs the targets one after the other. All of them run, whatever breaks.
fn fuzz(options: &Options) -> Result<()> {
    let mut broken = Vec::new();
    for target in &TARGETS {
        if options.target.is_some_and(|only| only.name != target.name) {
            continue;
        }
        let driver = Driver::new(target, options.seed)?;
        match driver.run_for(Duration::from_secs(options.seconds)) {
            Ok(inputs) => println!("{}: {inputs} inputs, seed {}", target.name, options.seed),
            Err(crash) => {
                println!("{}: BROKEN, seed {}\n{crash}", target.name, options.seed);
                broken.push(target.name);
            }
        }
    }
    ensure!(broken.is_empty(), "broken: {}", broken.join(", "));
    Ok(())
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self { seconds: 10, target: None, seed: fastrand::u64(..), input: None };
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            let value = args.next().with_context(|| format!("{flag} needs a value\n\n{HELP}"))?;
            match flag.as_str() {
                "--seconds" => options.seconds = value.parse()?,
                "--seed" => options.seed = value.parse()?,
                "--input" => options.input = Some(value.clone()),
                "--target" => options.target = Some(target_named(value)?),
                _ => bail!("there is no {flag}\n\n{HELP}"),
            }
        }
        Ok(options)
    }
}

fn target_named(name: &str) -> Result<&'static Target> {
    let mut targets = TARGETS.iter();
    let found = targets.find(|target| target.name == name);
    found.with_context(|| format!("there is no target {name}: --list names them"))
}
