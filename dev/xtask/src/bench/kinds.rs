//! What stickiness costs: the same requests to groups that differ in that alone.
//!
//! By CPU time two groups of one process for each kind, with it and without, are driven in turn. By instructions each has a process of its
//! own under callgrind, and what a start costs cancels between a short and a long run.

use std::{fmt::Write as _, fs, path::Path, slice};

use anyhow::{Context, Result, anyhow, ensure};

use crate::workspace::empty;

use super::{
    Ground, PROXY_CORE,
    contender::{Door, small},
    docs,
    http::Client,
    instructions::total,
    options::Options,
    ports,
    process::Process,
    targets::Targets,
    tools::Tool,
};

/// A kind, its configuration, and the cookies that a client has already.
struct Sample {
    name: &'static str,
    stickiness: &'static str,
    cookies: &'static str,
    /// Whether answers bring a cookie, which the client then has too.
    is_given: bool,
}

const fn sample(name: &'static str, stickiness: &'static str, cookies: &'static str) -> Sample {
    Sample { name, stickiness, cookies, is_given: false }
}

/// As long as a cookie of ours with its name, which clients bring in its place where there is no stickiness.
const STRANGER: &str = "theme_and_more=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const SAMPLES: [Sample; 5] = [
    Sample { is_given: true, ..sample("lb_cookie", "{ type = \"lb_cookie\" }", "") },
    Sample {
        is_given: true,
        ..sample("app_cookie", "{ type = \"app_cookie\", app_cookie = \"sid\" }", "sid=1; ")
    },
    sample("hash", "{ type = \"hash\", key = \"cookie:sid\" }", "sid=1"),
    sample("route", "{ type = \"route\", in = \"cookie:sid\" }", "sid=0123456789abcdef.a"),
    // Unknown at first; the table learns it with the first answer.
    sample("learn", "{ type = \"learn\", from = \"cookie:sid\" }", "sid=0123456789abcdef"),
];

/// A group of requests that are measured.
struct Case {
    sample: &'static Sample,
    is_sticky: bool,
    door: Door,
}

/// What two measurements of a kind came to.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    without: f64,
    with: f64,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.with / self.without
    }
}

/// Measures CPU time, prints, and writes where that was asked for.
pub(super) fn run(ground: &Ground, options: &Options, dir: &Path) -> Result<()> {
    tell(&by_time(&measure(ground, options, dir)?), "kinds", options)
}

/// CPU time of each kind, by round.
pub(super) fn measure(ground: &Ground, options: &Options, dir: &Path) -> Result<Vec<Vec<Pair>>> {
    let Ground { targets, generator, clingfish } = ground;
    let mut cases = cases()?;
    let process = start(&clingfish.path, &[], targets, &mut cases, &dir.join("kinds"))?;
    let mut pairs: Vec<Vec<Pair>> = SAMPLES.iter().map(|_| Vec::new()).collect();
    for round in 0..=options.rounds {
        for (couple, pairs) in cases.chunks(2).zip(&mut pairs) {
            let cost = |case: &Case| {
                let burst = generator.small(&case.door, &process, options.duration())?;
                Ok(burst.map_err(|void| anyhow!("{}", void.0))?.cpu_micros)
            };
            let costs = couple.iter().map(cost).collect::<Result<Vec<f64>>>()?;
            // The first round warms up.
            if let ([without, with], true) = (costs.as_slice(), round > 0) {
                pairs.push(Pair { without: *without, with: *with });
            }
        }
    }
    Ok(pairs)
}

/// Requests of a short run of a count, and of a long one.
const COUNTED: [usize; 2] = [500, 3500];

/// Runs of each length, of which the least counts.
const RUNS: usize = 2;

/// The same by instructions.
pub(super) fn count(ground: &Ground, options: &Options, dir: &Path) -> Result<()> {
    let Ground { targets, clingfish, .. } = ground;
    let valgrind = Tool::valgrind()?;
    let mut counts = Vec::new();
    for mut case in cases()? {
        let mut least = |requests| -> Result<u64> {
            let mut count = || {
                count_one(&valgrind, clingfish, targets, &mut case, requests, &dir.join("kinds"))
            };
            let counts = (0..RUNS).map(|_| count()).collect::<Result<Vec<u64>>>()?;
            counts.into_iter().min().context("it runs at least once")
        };
        let [short, long] = COUNTED;
        let (few, many) = (least(short)?, least(long)?);
        counts.push(many.saturating_sub(few) as f64 / (long - short) as f64);
    }
    let pairs: Vec<Pair> = counts
        .as_chunks()
        .0
        .iter()
        .map(|[without, with]| Pair { without: *without, with: *with })
        .collect();
    tell(&by_instructions(&pairs, &valgrind.version), "kinds-instructions", options)
}

/// Instructions of a whole life with so many requests of one client, by the threads that have to do with requests. What the control thread
/// does every few seconds is no request's, and falls into some runs and not into others.
fn count_one(
    valgrind: &Tool,
    clingfish: &Tool,
    targets: &Targets,
    case: &mut Case,
    requests: usize,
    dir: &Path,
) -> Result<u64> {
    let out = dir.join("callgrind.out");
    let (program, file) =
        (clingfish.path.to_string_lossy(), format!("--callgrind-out-file={}", out.display()));
    let before = ["--tool=callgrind", "--quiet", "--separate-threads=yes", &file, &program];
    let process = start(&valgrind.path, &before, targets, slice::from_mut(case), dir)?;
    let Case { sample, door, .. } = case;
    let mut client = Client::wait(door.address)?;
    for _ in 0..requests {
        small(&mut client, Some(&door.cookie))?;
    }
    drop(client);
    drop(process);
    // One file for each thread, by its number; the first is the control thread.
    let threads = (2..).map(|number| dir.join(format!("callgrind.out-{number:02}")));
    let counts = threads.take_while(|file| file.exists()).map(|file| total(&file));
    let counts = counts.collect::<Result<Vec<u64>>>()?;
    let what = || format!("{} under callgrind: see {}", sample.name, dir.display());
    ensure!(counts.len() >= 2, "no worker and no log writer: {}", what());
    Ok(counts.iter().sum())
}

fn tell(table: &str, place: &str, options: &Options) -> Result<()> {
    println!("{table}");
    if options.write { docs::write(place, table) } else { Ok(()) }
}

/// Each kind without it and with it, side by side.
fn cases() -> Result<Vec<Case>> {
    let both = SAMPLES.iter().flat_map(|sample| [false, true].map(|is_sticky| (sample, is_sticky)));
    both.map(|(sample, is_sticky)| Ok(Case { sample, is_sticky, door: Door::free()? })).collect()
}

/// One process with a listener for each case, and a client at home behind each. One of the targets takes everybody: without stickiness
/// requests would go to both, which costs more than any stickiness.
fn start(
    program: &Path,
    before: &[&str],
    targets: &Targets,
    cases: &mut [Case],
    dir: &Path,
) -> Result<Process> {
    empty(dir)?;
    let mut text = format!(
        "[server]\nworkers = 1\n[admin]\nbind = \"{}\"\n[access_log]\nsink = \"{}\"\n",
        ports::free()?,
        dir.join("access.log").display()
    );
    for (number, case) in cases.iter().enumerate() {
        let [a, b] = targets.all.each_ref().map(|target| target.address);
        write!(
            text,
            "[[listeners]]\nname = \"case-{number}\"\nbind = \"{}\"\nforward = \"case-{number}\"\n\
             [target_groups.case-{number}]\n\
             targets = [{{ id = \"a\", address = \"{a}\" }}, {{ id = \"b\", address = \"{b}\", weight = 0 }}]\n\
             health_check = false\nstickiness = {}\n",
            case.door.address,
            if case.is_sticky { case.sample.stickiness } else { "false" },
        )?;
    }
    fs::write(dir.join("clingfish.toml"), text)?;
    let args = ["serve", "--config", "clingfish.toml", "--state-dir", "state"];
    let process = Process::start(PROXY_CORE, program, &[before, &args].concat(), dir)?;
    for case in cases {
        let what = format!("{}: see {}", case.sample.name, dir.display());
        case.come_in().context(what)?;
    }
    Ok(process)
}

impl Case {
    /// Gets what the kind gives, or as much, and checks that the client is at home by it.
    fn come_in(&mut self) -> Result<()> {
        const RETURNS: usize = 20;
        let Self { sample, is_sticky, door } = self;
        let mut client = Client::wait(door.address)?;
        let first = small(&mut client, Some(sample.cookies).filter(|cookies| !cookies.is_empty()))?;
        let given = match (sample.is_given, *is_sticky) {
            (true, true) => first.cookies().context("no cookie")?,
            (true, false) => STRANGER.to_owned(),
            (false, _) => String::new(),
        };
        door.cookie = format!("{}{given}", sample.cookies);
        door.home = first.field("x-target").unwrap_or_default().to_owned();
        for _ in 0..RETURNS {
            let answer = small(&mut client, Some(&door.cookie))?;
            let at = answer.field("x-target").unwrap_or_default();
            ensure!(at == door.home, "sent to {at} instead of {}", door.home);
        }
        Ok(())
    }
}

fn by_time(pairs: &[Vec<Pair>]) -> String {
    let rounds = pairs.first().map_or(0, Vec::len);
    let mut text = format!(
        "{rounds} rounds, interleaved; 99 B, one session, 64 connections, one worker, access log on. The interval holds the mean ratio \
         with 95 %.\n\n| kind | CPU µs per request without it, median | with it | ratio, mean | interval |\n|---|--:|--:|--:|--:|\n"
    );
    for (sample, pairs) in SAMPLES.iter().zip(pairs) {
        let of = |value: fn(&Pair) -> f64| pairs.iter().map(value).collect::<Vec<f64>>();
        let (mean, half) = interval(&of(Pair::ratio));
        let (low, high) = (mean - half, mean + half);
        let (without, with) = (median(&of(|pair| pair.without)), median(&of(|pair| pair.with)));
        writeln!(
            text,
            "| `{}` | {without:.2} | {with:.2} | {mean:.3} | {low:.3}–{high:.3} |",
            sample.name
        )
        .expect("a string takes any text");
    }
    text
}

fn by_instructions(pairs: &[Pair], valgrind: &str) -> String {
    let [short, long] = COUNTED;
    let mut text = format!(
        "Counted by {valgrind} as the difference of {long} and {short} requests of one client, by worker and log writer, each the least of {RUNS} \
         runs; `dist` profile.\n\n| kind | instructions per request without it | with it | ratio |\n|---|--:|--:|--:|\n"
    );
    for (sample, pair) in SAMPLES.iter().zip(pairs) {
        let Pair { without, with } = pair;
        writeln!(text, "| `{}` | {without:.0} | {with:.0} | {:.3} |", sample.name, pair.ratio())
            .expect("a string takes any text");
    }
    text
}

/// The one in the middle, the upper of two.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Mean, and half of its 95 % interval. The factor is Student's for 20 values; for fewer it is a little too narrow.
pub(super) fn interval(values: &[f64]) -> (f64, f64) {
    const FACTOR: f64 = 2.09;
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
    (mean, FACTOR * deviation / count.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_narrows_with_the_number_of_values() {
        let few = interval(&[1.0, 1.1, 0.9, 1.0]);
        let many = interval(&[1.0, 1.1, 0.9, 1.0].repeat(9));
        assert!((few.0 - 1.0).abs() < 1e-9 && (many.0 - 1.0).abs() < 1e-9);
        assert!(many.1 < few.1 / 2.0, "{few:?} {many:?}");
        assert_eq!(interval(&[1.5; 9]).1, 0.0);
    }
}
