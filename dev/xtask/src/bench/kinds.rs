//! What stickiness costs: groups of one process that differ in its kind alone, driven in turn.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result, ensure};

use super::{
    Ground, PROXY_CORE,
    contender::{Door, small},
    docs, empty,
    http::Client,
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

/// As long as a cookie of ours with its name.
const STRANGER: &str = "theme_and_more=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// The first is what the others are compared with.
const SAMPLES: [Sample; 6] = [
    sample("none", "false", STRANGER),
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

/// Measures, prints, and writes where that was asked for.
pub(super) fn run(options: &Options, dir: &Path) -> Result<()> {
    let Ground { targets, generator, clingfish } = Ground::set_up(dir)?;
    let (process, doors) = start(&clingfish, &targets, &dir.join("kinds"))?;
    let mut ratios: Vec<Vec<f64>> = SAMPLES.iter().map(|_| Vec::new()).collect();
    let mut micros = ratios.clone();
    for round in 0..=options.rounds {
        let mut costs = Vec::new();
        for door in &doors {
            let burst = generator.small(door, &process, options.duration())?;
            costs.push(burst.map_err(|void| anyhow::anyhow!("{}", void.0))?.cpu_micros);
        }
        // The first round warms up.
        let Some(none) = costs.first().copied().filter(|_| round > 0) else { continue };
        for ((cost, ratios), micros) in costs.iter().zip(&mut ratios).zip(&mut micros) {
            ratios.push(cost / none);
            micros.push(*cost);
        }
    }
    let table = table(&ratios, &micros);
    println!("{table}");
    if options.write {
        docs::write("kinds", &table)?;
    }
    Ok(())
}

/// One process with a listener for each kind, and a client at home behind each. One of the targets takes everybody: without stickiness
/// requests would go to both, which costs more than any stickiness.
fn start(tool: &Tool, targets: &Targets, dir: &Path) -> Result<(Process, Vec<Door>)> {
    empty(dir)?;
    let mut doors = SAMPLES.iter().map(|_| Door::free()).collect::<Result<Vec<_>>>()?;
    let mut text = format!(
        "[server]\nworkers = 1\n[admin]\nbind = \"{}\"\n[access_log]\nsink = \"{}\"\n",
        ports::free()?,
        dir.join("access.log").display()
    );
    for (sample, door) in SAMPLES.iter().zip(&doors) {
        let [a, b] = targets.all.each_ref().map(|target| target.address);
        write!(
            text,
            "[[listeners]]\nname = \"{name}\"\nbind = \"{}\"\nforward = \"{name}\"\n\
             [target_groups.{name}]\n\
             targets = [{{ id = \"a\", address = \"{a}\" }}, {{ id = \"b\", address = \"{b}\", weight = 0 }}]\n\
             health_check = false\nstickiness = {}\n",
            door.address,
            sample.stickiness,
            name = sample.name
        )?;
    }
    fs::write(dir.join("clingfish.toml"), text)?;
    let args = ["serve", "--config", "clingfish.toml", "--state-dir", "state"];
    let process = Process::start(PROXY_CORE, &tool.path, &args, dir)?;
    for (sample, door) in SAMPLES.iter().zip(&mut doors) {
        come_in(sample, door).with_context(|| format!("{}: see {}", sample.name, dir.display()))?;
    }
    Ok((process, doors))
}

/// Gets what the kind gives, and checks that the client is at home by it.
fn come_in(sample: &Sample, door: &mut Door) -> Result<()> {
    const RETURNS: usize = 20;
    let mut client = Client::wait(door.address)?;
    let first = small(&mut client, Some(sample.cookies).filter(|cookies| !cookies.is_empty()))?;
    let given = if sample.is_given { first.cookies().context("no cookie")? } else { String::new() };
    door.cookie = format!("{}{given}", sample.cookies);
    door.home = first.field("x-target").unwrap_or_default().to_owned();
    for _ in 0..RETURNS {
        let answer = small(&mut client, Some(&door.cookie))?;
        let at = answer.field("x-target").unwrap_or_default();
        ensure!(at == door.home || sample.name == "none", "sent to {at} instead of {}", door.home);
    }
    Ok(())
}

fn table(ratios: &[Vec<f64>], micros: &[Vec<f64>]) -> String {
    let rounds = ratios.first().map_or(0, Vec::len);
    let mut text = format!(
        "{rounds} rounds, interleaved; 99 B, one session, 64 connections, one worker, access log on. The interval holds the mean ratio \
         with 95 %.\n\n| kind | CPU µs per request, median | ÷ none, mean | interval |\n|---|--:|--:|--:|\n"
    );
    for ((sample, ratios), micros) in SAMPLES.iter().zip(ratios).zip(micros) {
        let (mean, half) = interval(ratios);
        let (low, high) = (mean - half, mean + half);
        let median = median(micros);
        writeln!(text, "| `{}` | {median:.2} | {mean:.3} | {low:.3}–{high:.3} |", sample.name)
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
