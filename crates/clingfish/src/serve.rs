//! `clingfish serve` and `clingfish validate`.

use std::process::ExitCode;

use clingfish_control::Configuration;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{cli, node::Node};

/// Serves until told to stop.
pub(crate) fn run(options: &cli::Serve) -> anyhow::Result<ExitCode> {
    runtime()?.block_on(async {
        let mut signals = Signals::new()?;
        let node = Node::start(&options.config, &options.place, &options.state).await?;
        loop {
            match signals.next().await {
                // Control reports what came of it.
                Told::Reload => drop(node.reloader().reload().await),
                Told::ReopenLog => node.reopen_log(),
                Told::Stop => break,
            }
        }
        tokio::select! {
            () = node.leave() => {}
            () = signals.stop() => tracing::warn!("told to stop again, exiting at once"),
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Says everything that is wrong with a configuration file.
pub(crate) fn validate(options: &cli::Validate) -> anyhow::Result<ExitCode> {
    let zone = options.place.availability_zone.as_ref();
    match Configuration::read_in(zone, &options.config) {
        Ok(configuration) => {
            for warning in &configuration.warnings {
                println!("warning: {warning}");
            }
            let desired = &configuration.desired;
            println!(
                "{}: valid: {}, {}",
                options.config.display(),
                count(desired.listeners.len(), "listener"),
                count(desired.target_groups.len(), "target group")
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            eprintln!("{}", count(error.errors.len(), "error"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `1 listener`, `2 listeners`.
fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The control plane's runtime: one thread, apart from those that carry requests.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// What a signal asks for.
enum Told {
    Reload,
    ReopenLog,
    Stop,
}

struct Signals {
    hangup: Signal,
    user: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hangup.recv() => Told::Reload,
            _ = self.user.recv() => Told::ReopenLog,
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
        }
    }

    async fn stop(&mut self) {
        while !matches!(self.next().await, Told::Stop) {}
    }
}
