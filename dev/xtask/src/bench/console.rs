//! What an open console costs requests: one process under the same load, with and without a page that shows live charts.
//!
//! Rounds are pairs, the quiet half first in one and last in the next, so that drift hits both alike. What counts is the CPU time of
//! worker threads per request: the control thread answers the page, and may take as long as it likes.

use std::{fmt::Write as _, fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result, anyhow};

use crate::workspace::empty;

use self::watcher::Watcher;
use super::{
    Ground, PROXY_CORE,
    contender::{Door, small},
    docs,
    http::Client,
    kinds::{interval, median},
    load::Generator,
    options::Options,
    ports,
    process::Process,
    targets::Targets,
    tools::Tool,
};
mod watcher;

/// Other groups that the page shows too, and targets of each.
const OTHERS: (usize, usize) = (20, 10);

/// Threads of requests, by how their names begin.
const WORKERS: &str = "worker-";

/// CPU time per request, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Cost {
    workers: f64,
    process: f64,
}

/// What was measured, by round.
#[derive(Debug, Default)]
struct Pairs {
    without: Vec<Cost>,
    with: Vec<Cost>,
}

/// Measures, prints, and writes where that was asked for.
pub(super) fn run(ground: &Ground, options: &Options, dir: &Path) -> Result<()> {
    let Ground { targets, generator, clingfish } = ground;
    let (process, door, admin) = start(clingfish, targets, &dir.join("console"))?;
    let mut pairs = Pairs::default();
    for round in 0..=options.rounds {
        let half = |is_watched: bool| -> Result<(bool, Cost)> {
            let watcher = is_watched.then(|| Watcher::open(admin)).transpose()?;
            let cost = cost(generator, &door, &process, options)?;
            watcher.map_or(Ok(()), Watcher::close)?;
            Ok((is_watched, cost))
        };
        let is_quiet_first = round % 2 == 0;
        let halves = [half(!is_quiet_first)?, half(is_quiet_first)?];
        // The first round warms up.
        for (is_watched, cost) in halves.into_iter().filter(|_| round > 0) {
            let (workers, whole) = (cost.workers, cost.process);
            let page = if is_watched { "with" } else { "without" };
            eprintln!(
                "round {round}, {page} a page: workers {workers:.2} µs, process {whole:.2} µs"
            );
            if is_watched { &mut pairs.with } else { &mut pairs.without }.push(cost);
        }
    }
    let table = pairs.table(options.seconds);
    println!("{table}");
    if options.write {
        docs::write("console", &table)?;
    }
    Ok(())
}

fn cost(generator: &Generator, door: &Door, process: &Process, options: &Options) -> Result<Cost> {
    let before = process.threads_nanos(WORKERS)?;
    let burst = generator.small(door, process, options.duration())?;
    let nanos = process.threads_nanos(WORKERS)?.saturating_sub(before);
    let point = burst.map_err(|void| anyhow!("{}", void.0))?;
    let workers = nanos as f64 / 1000.0 / point.requests as f64;
    Ok(Cost { workers, process: point.cpu_micros })
}

/// One process with a client at home, and more groups for the page to show.
fn start(tool: &Tool, targets: &Targets, dir: &Path) -> Result<(Process, Door, SocketAddr)> {
    empty(dir)?;
    let (mut door, admin) = (Door::free()?, ports::free()?);
    let [a, b] = targets.all.each_ref().map(|target| target.address);
    let mut text = format!(
        "[server]\nworkers = 1\n[admin]\nbind = \"{admin}\"\nhosts = [\"bench.test\"]\n[access_log]\nsink = \"{}\"\n\
         [[listeners]]\nname = \"web\"\nbind = \"{}\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [\"{a}\", \"{b}\"]\nhealth_check = false\nstickiness = true\n",
        dir.join("access.log").display(),
        door.address,
    );
    let (groups, each) = OTHERS;
    for group in 0..groups {
        let list = (0..each).map(|target| format!("\"10.0.{group}.{target}:80\""));
        let list = list.collect::<Vec<_>>().join(", ");
        write!(
            text,
            "[target_groups.other-{group}]\ntargets = [{list}]\nhealth_check = false\nstickiness = true\n"
        )?;
    }
    fs::write(dir.join("clingfish.toml"), text)?;
    let args = ["serve", "--config", "clingfish.toml", "--state-dir", "state"];
    let process = Process::start(PROXY_CORE, &tool.path, &args, dir)?;
    let client = Client::wait(door.address);
    let mut client = client.with_context(|| format!("it does not serve: see {}", dir.display()))?;
    door.take(&small(&mut client, None)?)?;
    Ok((process, door, admin))
}

impl Pairs {
    fn table(&self, seconds: u64) -> String {
        let rounds = self.with.len();
        let (groups, each) = OTHERS;
        let mut text = format!(
            "{rounds} pairs of {seconds} s, which half comes first in turn; 99 B, one session, 64 connections, one worker, access log on; \
             {} groups with {} targets. The interval holds the mean ratio with 95 %.\n\n\
             | CPU time of | without a page, median µs per request | with one | with ÷ without, mean | interval |\n|---|--:|--:|--:|--:|\n",
            groups + 1,
            groups * each + 2,
        );
        for (name, of) in [
            ("worker threads", (|cost: &Cost| cost.workers) as fn(&Cost) -> f64),
            ("the whole process", |cost| cost.process),
        ] {
            let [without, with] =
                [&self.without, &self.with].map(|half| half.iter().map(of).collect::<Vec<_>>());
            let ratios: Vec<f64> =
                with.iter().zip(&without).map(|(with, without)| with / without).collect();
            let (mean, half) = interval(&ratios);
            let (low, high) = (mean - half, mean + half);
            let (without, with) = (median(&without), median(&with));
            writeln!(
                text,
                "| {name} | {without:.2} | {with:.2} | {mean:.4} | {low:.4}–{high:.4} |"
            )
            .expect("a string takes any text");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_pair_by_pair() {
        let cost = |workers, process| Cost { workers, process };
        let pairs = Pairs {
            without: vec![cost(10.0, 20.0), cost(20.0, 40.0)],
            with: vec![cost(10.1, 22.0), cost(20.2, 44.0)],
        };
        let table = pairs.table(10);
        assert!(
            table.contains("| worker threads | 20.00 | 20.20 | 1.0100 | 1.0100–1.0100 |"),
            "{table}"
        );
        assert!(table.contains("| 1.1000 | 1.1000–1.1000 |"), "{table}");
    }
}
