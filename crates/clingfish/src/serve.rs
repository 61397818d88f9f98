//! `clingfish serve` and `clingfish validate`.

use std::{pin::pin, process::ExitCode};

use anyhow::Context;
use clingfish_control::Configuration;
use clingfish_proxy::{Inheritance, Inherited};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Notify, watch},
};

use crate::{
    cli, keys,
    node::{Farewell, LogHandle, Node},
    systemd::{self, Watchdog},
    upgrade::{Asker, Desk, Estate, Predecessor, Program, Upgrades},
};

/// Serves until told to stop, or until another process has taken over.
pub(crate) fn run(options: &cli::Serve) -> anyhow::Result<ExitCode> {
    let given = systemd::sockets()?;
    let program = Program::of_this_process().context("cannot find out which program this is")?;
    runtime()?.block_on(Box::pin(serve(options, program, given)))
}

async fn serve(
    options: &cli::Serve,
    program: Program,
    given: Vec<Inherited>,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let (node, origin) = start(options, given).await?;
    let mut watchdog = Watchdog::default();
    let work = Work {
        node: &node,
        desk: desk(options),
        upgrades: Upgrades::new(program),
        is_ready_known: origin == Origin::Succession,
    };
    let farewell = work.run(&mut signals, &mut watchdog).await;
    if farewell == Farewell::Stop {
        systemd::stopping();
    } else {
        watchdog.stop();
    }
    let (hurry, log) = (Notify::new(), node.log());
    tokio::select! {
        () = node.leave(farewell, &hurry) => {}
        () = signals.attend(farewell, &hurry, &log, &mut watchdog) => {
            tracing::warn!("told to stop again, exiting at once");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How a process came to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// By itself.
    Start,
    /// It took over from another one.
    Succession,
}

/// Starts everything. Where another process started this one to take over from it, returns once that has happened.
async fn start(options: &cli::Serve, given: Vec<Inherited>) -> anyhow::Result<(Node, Origin)> {
    let cli::Serve { config, place, state } = options;
    let Some((predecessor, estate)) = Predecessor::find().await? else {
        let estate = Estate { listeners: given, ..Estate::default() };
        let opened = Inheritance::default().opened;
        return Ok((Node::start(config, place, state, estate, opened).await?, Origin::Start));
    };
    let (generation, sockets) = (estate.generation, estate.count());
    tracing::info!(generation, sockets, "preparing to take over from another process");
    let (open, opened) = watch::channel(false);
    let node = Node::start(config, place, state, estate, opened).await;
    let node = predecessor.told(node).await?;
    let begin = async {
        node.listen().await?;
        open.send_replace(true);
        Ok(())
    };
    let relieved = predecessor.relieve(node.control().until_ready(), begin).await;
    predecessor.told(relieved).await?;
    tracing::info!(generation, pid = std::process::id(), "took over from another process");
    Ok((node, Origin::Succession))
}

/// Where `clingfish upgrade` finds this process. Without it there is still the signal.
fn desk(options: &cli::Serve) -> Option<Desk> {
    let greeting = format!("{} {}", std::process::id(), options.config.display());
    let desk = Desk::open(&keys::folder(&options.state), greeting);
    desk.map_err(|error| {
        tracing::info!(%error, "`clingfish upgrade` cannot reach this process, SIGUSR2 can");
    })
    .ok()
}

/// What a process that serves has to do with.
struct Work<'n> {
    node: &'n Node,
    desk: Option<Desk>,
    upgrades: Upgrades,
    is_ready_known: bool,
}

impl Work<'_> {
    /// Does what it is asked, until there is a reason to leave.
    async fn run(mut self, signals: &mut Signals, watchdog: &mut Watchdog) -> Farewell {
        let mut until_ready = pin!(self.node.control().until_ready());
        loop {
            tokio::select! {
                told = signals.next() => match told {
                    Told::Reload => self.reload().await,
                    Told::ReopenLog => self.node.log().reopen(),
                    Told::Upgrade => self.upgrade(Asker::default()).await,
                    Told::Stop => return Farewell::Stop,
                },
                asker = wish(&mut self.desk) => self.upgrade(asker).await,
                outcome = self.upgrades.outcome() => match outcome {
                    Ok(_heir) => return Farewell::Succession,
                    // Told already.
                    Err(_) => self.node.control().count_failed_upgrade(),
                },
                () = &mut until_ready, if !self.is_ready_known => {
                    self.is_ready_known = true;
                    systemd::ready("serving");
                }
                () = watchdog.due() => if self.node.is_alive().await {
                    systemd::watchdog();
                },
            }
        }
    }

    async fn reload(&self) {
        if self.is_ready_known {
            systemd::reloading();
        }
        // Control reports what came of it.
        drop(self.node.reloader().reload().await);
        if self.is_ready_known {
            systemd::ready("serving");
        }
    }

    async fn upgrade(&mut self, mut asker: Asker) {
        let refusal = match self.upgrades.refusal() {
            Some(refusal) => refusal.to_owned(),
            None => match self.node.estate().await {
                Ok(estate) => {
                    let patience = self.node.settings().upgrade_timeout;
                    return self.upgrades.begin(estate, patience, asker);
                }
                Err(error) => format!("{error:#}"),
            },
        };
        tracing::warn!("upgrade refused: {refusal}");
        asker.fail(&refusal).await;
    }
}

async fn wish(desk: &mut Option<Desk>) -> Asker {
    match desk {
        Some(desk) => desk.next().await,
        None => std::future::pending().await,
    }
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
    Upgrade,
    Stop,
}

struct Signals {
    hangup: Signal,
    user: Signal,
    other_user: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
            other_user: signal(SignalKind::user_defined2())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.hangup.recv() => Told::Reload,
            _ = self.user.recv() => Told::ReopenLog,
            _ = self.other_user.recv() => Told::Upgrade,
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
        }
    }

    /// Attends to a process on its way out, until it is to end at once. One that another has taken over from has not been told to
    /// stop yet: when it is, it hurries.
    async fn attend(
        &mut self,
        farewell: Farewell,
        hurry: &Notify,
        log: &LogHandle,
        watchdog: &mut Watchdog,
    ) {
        let mut has_time = farewell == Farewell::Succession;
        loop {
            tokio::select! {
                told = self.next() => match told {
                    Told::ReopenLog => log.reopen(),
                    Told::Upgrade => tracing::warn!("upgrade refused: the process is on its way out"),
                    Told::Reload => {}
                    Told::Stop if has_time => {
                        has_time = false;
                        hurry.notify_one();
                    }
                    Told::Stop => return,
                },
                () = watchdog.due() => systemd::watchdog(),
            }
        }
    }
}
