//! A load balancer for stateful applications: every session finds its way home.
//!
//! Rank 4: the command line, the wiring, signals and threads. Decides nothing.

mod admin_client;
mod check;
mod checker;
mod cli;
mod clock;
mod demo;
mod diff;
mod drain;
mod events;
mod explain;
mod get;
mod keys;
mod node;
mod rollback;
mod serve;
mod systemd;
mod table;
mod token;
mod upgrade;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(options) => {
            write_events(cli.log.unwrap_or(LevelFilter::INFO));
            serve::run(&options)
        }
        Command::Validate(options) => serve::validate(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Get(options) => get::run(&options),
        Command::Events(options) => events::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Rollback(options) => rollback::run(&options),
        Command::Drain(options) => drain::run(&options),
        Command::Undrain(options) => drain::undo(&options),
        Command::Upgrade(options) => upgrade::run(&options),
        Command::Keys(options) => keys::run(&options),
        Command::Token(options) => token::run(&options),
        Command::Check(options) => return check::run(&options),
        Command::Demo(options) => {
            // The story is what people came for; what happens inside would only break its lines.
            write_events(cli.log.unwrap_or(LevelFilter::ERROR));
            demo::run(&options)
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("clingfish: {error:#}");
        ExitCode::FAILURE
    })
}

/// Events go to standard error, so that an access log on standard output stays clean.
fn write_events(level: LevelFilter) {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_max_level(level)
        .init();
}
