//! Medians, ratios, a table for people and a document for programs.

use serde_json::{Value, json};

use super::{
    idle::Memory,
    load::{Burst, Generator, Point},
    machine::Machine,
    options::{Kind, Options, Row},
};

/// Everything that one run measured.
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) options: Options,
    /// Name and version of each program, the load generators' last.
    pub(super) versions: Vec<(String, String)>,
    /// Bursts in the order of their rounds.
    pub(super) bursts: Vec<(Row, Kind, Vec<Burst>)>,
    pub(super) idle: Vec<(Row, Kind, Vec<Memory>)>,
}

/// A measured quantity over the rounds.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let middle = values.get((values.len() - 1) / 2..values.len() / 2 + 1)?;
        Some(Self { median: middle.iter().sum::<f64>() / middle.len() as f64, min, max })
    }
}

impl Report {
    /// The tables, in Markdown that is readable as it is.
    pub(super) fn tables(&self) -> String {
        [self.heading(), self.load_table(), self.idle_table()].concat()
    }

    fn heading(&self) -> String {
        let m = &self.machine;
        let versions = self.versions.iter().map(|(name, version)| format!("{name} {version}"));
        let versions = versions.collect::<Vec<_>>().join(", ");
        let o = &self.options;
        let log = if o.access_log { "on" } else { "off" };
        format!(
            "Measured {} at revision {} on {} cores of {}, {}, TCP by {} (load average at the start: {}).\n\
             {versions}.\n\
             {} rounds of {} s, interleaved, {} connections (HTTP/2: 32 with 16 streams each; handshakes: 16 at once); access logs {log}.\n",
            m.date,
            m.revision,
            m.cores,
            m.cpu,
            m.kernel,
            m.congestion_control,
            m.load,
            o.rounds,
            o.seconds,
            Generator::CONNECTIONS,
        )
    }

    fn load_table(&self) -> String {
        if self.bursts.is_empty() {
            return String::new();
        }
        let mut table = "\n\
            | work | proxy | CPU µs each (min–max) | of it user | ÷ clingfish | per second | p50 ms | p99 ms |\n\
            |---|---|--:|--:|--:|--:|--:|--:|\n".to_owned();
        for (row, kind, bursts) in &self.bursts {
            table.push_str(&self.load_line(*row, *kind, bursts));
        }
        table.push_str(&self.handshakes());
        table.push_str(&self.disturbance());
        table.push_str(&self.voids());
        table
    }

    fn load_line(&self, row: Row, kind: Kind, bursts: &[Burst]) -> String {
        let (title, name) = (row.title(), kind.name());
        let points = || bursts.iter().flatten();
        let spread = |field: fn(&Point) -> f64| Spread::of(points().map(field));
        let all = (spread(|p| p.cpu_micros), spread(|p| p.requests_per_second));
        let (Some(cpu), Some(rate)) = all else {
            return format!("| {title} | {name} | void | | | | | |\n");
        };
        let (p50, p99) =
            (millis(points().map(|p| p.p50_micros)), millis(points().map(|p| p.p99_micros)));
        let user = Spread::of(points().filter_map(|p| p.user_micros));
        let user = user.map_or("?".to_owned(), |user| format!("{:.1}", user.median));
        let ours = self.cpu(row, Kind::Clingfish);
        let ratio = ours.map_or(String::new(), |ours| format!("{:.2}", cpu.median / ours));
        format!(
            "| {title} | {name} | {:.1} ({:.1}–{:.1}) | {user} | {ratio} | {:.0} | {p50} | {p99} |\n",
            cpu.median, cpu.min, cpu.max, rate.median,
        )
    }

    /// The same figures the other way round, as handshakes are usually told.
    fn handshakes(&self) -> String {
        let mut lines = String::new();
        for (row, what) in [(Row::Handshakes, "full"), (Row::Resumptions, "resumed")] {
            let rate =
                |kind: &Kind| Some(format!("{} {:.0}", kind.name(), 1e6 / self.cpu(row, *kind)?));
            let rates: Vec<_> = self.options.contenders.iter().filter_map(rate).collect();
            if !rates.is_empty() {
                lines.push_str(&format!(
                    "\nHandshakes per CPU-second, {what}: {}.\n",
                    rates.join(", ")
                ));
            }
        }
        lines
    }

    /// How far somebody else used the proxies' core while they were measured.
    fn disturbance(&self) -> String {
        let points = self.bursts.iter().flat_map(|(.., bursts)| bursts.iter().flatten());
        let percent = Spread::of(points.map(|point| point.waited_share * 100.0));
        percent.map_or(String::new(), |percent| {
            format!(
                "\nWhile measured, a proxy waited for its core {:.1} % as long as it ran (median; {:.1} % at most). Above a few percent \
                 the machine was not quiet and the figures are to be taken again.\n",
                percent.median, percent.max,
            )
        })
    }

    fn cpu(&self, row: Row, kind: Kind) -> Option<f64> {
        let found = self.bursts.iter().find(|(r, k, _)| (*r, *k) == (row, kind));
        let points = found.into_iter().flat_map(|(.., bursts)| bursts.iter().flatten());
        Spread::of(points.map(|point| point.cpu_micros)).map(|spread| spread.median)
    }

    fn voids(&self) -> String {
        let mut lines = String::new();
        for (row, kind, bursts) in &self.bursts {
            for (round, burst) in bursts.iter().enumerate() {
                if let Err(void) = burst {
                    let (row, kind, round) = (row.name(), kind.name(), round + 1);
                    lines.push_str(&format!("\nVoid: {row}, {kind}, round {round}: {}.\n", void.0));
                }
            }
        }
        lines
    }

    fn idle_table(&self) -> String {
        if self.idle.is_empty() {
            return String::new();
        }
        let mut table = "\n\
            | idle client connections | proxy | how many | bytes per connection (min–max) | of it reserved at the start | whole process with them |\n\
            |---|---|--:|--:|--:|--:|\n".to_owned();
        for (row, kind, memories) in &self.idle {
            let (title, name) = (row.title(), kind.name());
            let spread = Spread::of(memories.iter().map(Memory::per_connection));
            let reserved = Spread::of(memories.iter().map(|m| m.reserved));
            let total = Spread::of(memories.iter().map(|m| m.total as f64 / (1024.0 * 1024.0)));
            let (Some(each), Some(reserved), Some(total)) = (spread, reserved, total) else {
                continue;
            };
            let count = memories.first().map_or(0, |memory| memory.connections);
            table.push_str(&format!(
                "| {title} | {name} | {count} | {:.0} ({:.0}–{:.0}) | {:.0} | {:.1} MiB |\n",
                each.median, each.min, each.max, reserved.median, total.median,
            ));
        }
        table
    }

    /// Who is closest to Clingfish in each row, as the goals are put: best peer ÷ ours.
    pub(super) fn verdicts(&self) -> String {
        let mut lines = String::new();
        for row in &self.options.rows {
            let peers = self.options.contenders.iter().filter(|kind| **kind != Kind::Clingfish);
            let costs = peers.filter_map(|kind| Some((self.cost(*row, *kind)?, kind.name())));
            let best = costs.min_by(|one, other| one.0.total_cmp(&other.0));
            if let (Some((peer, name)), Some(ours)) = (best, self.cost(*row, Kind::Clingfish)) {
                lines.push_str(&format!(
                    "{}: {name} ÷ clingfish = {:.2}\n",
                    row.name(),
                    peer / ours
                ));
            }
        }
        lines
    }

    /// CPU time, or memory where the row is about that.
    fn cost(&self, row: Row, kind: Kind) -> Option<f64> {
        if !row.is_idle() {
            return self.cpu(row, kind);
        }
        let (.., memories) = self.idle.iter().find(|(r, k, _)| (*r, *k) == (row, kind))?;
        Spread::of(memories.iter().map(Memory::per_connection)).map(|spread| spread.median)
    }

    /// Every single figure.
    pub(super) fn json(&self) -> Value {
        let m = &self.machine;
        json!({
            "machine": {
                "cpu": m.cpu, "cores": m.cores, "kernel": m.kernel, "load_average": m.load,
                "congestion_control": m.congestion_control,
            },
            "date": m.date,
            "revision": m.revision,
            "versions": self.versions.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "rounds": self.options.rounds,
            "seconds": self.options.seconds,
            "connections": Generator::CONNECTIONS,
            "access_log": self.options.access_log,
            "load": self.bursts.iter().map(|(row, kind, bursts)| json!({
                "row": row.name(),
                "proxy": kind.name(),
                "rounds": bursts.iter().map(burst_json).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "idle": self.idle.iter().map(|(row, kind, memories)| json!({
                "row": row.name(),
                "proxy": kind.name(),
                "rounds": memories.iter().map(|m| json!({
                    "connections": m.connections,
                    "bytes_per_connection": m.growth,
                    "reserved_bytes_per_connection": m.reserved,
                    "process_bytes": m.total,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })
    }
}

/// The median, where the generator tells.
fn millis(micros: impl Iterator<Item = Option<u64>>) -> String {
    let spread = Spread::of(micros.flatten().map(|micros| micros as f64 / 1000.0));
    spread.map_or("–".to_owned(), |spread| format!("{:.2}", spread.median))
}

fn burst_json(burst: &Burst) -> Value {
    match burst {
        Ok(p) => json!({
            "requests": p.requests,
            "cpu_micros_per_request": p.cpu_micros,
            "user_micros_per_request": p.user_micros,
            "waited_share": p.waited_share,
            "requests_per_second": p.requests_per_second,
            "p50_micros": p.p50_micros,
            "p99_micros": p.p99_micros,
        }),
        Err(void) => json!({ "void": void.0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_lies_between_the_two_in_the_middle() {
        for (values, expected) in [
            (vec![3.0, 1.0, 2.0], Some(2.0)),
            (vec![4.0, 1.0, 2.0, 3.0], Some(2.5)),
            (vec![7.0], Some(7.0)),
            (vec![], None),
        ] {
            let median = Spread::of(values.iter().copied()).map(|spread| spread.median);
            assert_eq!(median, expected, "{values:?}");
        }
    }
}
