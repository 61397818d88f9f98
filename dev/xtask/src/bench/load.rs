//! One measurement: a burst of requests, and what it cost the proxy.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{contender::Contender, options::Row, targets::Targets, tools::Tool};

/// The load generator with its scripts.
pub(super) struct Generator {
    wrk: Tool,
    core: usize,
    dir: PathBuf,
}

/// What one burst cost, or why its figures count for nothing.
pub(super) type Burst = Result<Point, Void>;

/// What one burst cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) requests: u64,
    pub(super) cpu_micros: f64,
    pub(super) user_micros: Option<f64>,
    pub(super) waited_share: f64,
    pub(super) requests_per_second: f64,
    pub(super) p50_micros: u64,
    pub(super) p99_micros: u64,
}

/// Why a burst does not count.
#[derive(Clone, Debug)]
pub(super) struct Void(pub(super) String);

/// The line that `done.lua` prints.
struct Summary {
    requests: u64,
    micros: u64,
    p50_micros: u64,
    p99_micros: u64,
    errors: u64,
}

impl Generator {
    /// Kept-alive connections at the same time.
    pub(super) const CONNECTIONS: usize = 64;
    /// Clients of [`Row::Sessions`].
    pub(super) const SESSIONS: usize = 5000;
    /// Requests that health checks may have sent to another target than the session's home during one burst.
    const CHECKS_MAX: u64 = 100;

    /// Writes the scripts to `dir`.
    pub(super) fn new(wrk: Tool, core: usize, dir: &Path) -> Result<Self> {
        let done = include_str!("files/done.lua");
        let sessions = include_str!("files/sessions.lua");
        fs::write(dir.join("one.lua"), done)?;
        fs::write(dir.join("sessions.lua"), format!("{sessions}\n{done}"))?;
        Ok(Self { wrk, core, dir: dir.to_owned() })
    }

    /// Its version.
    pub(super) fn version(&self) -> &str {
        &self.wrk.version
    }

    /// Collects what a row needs before its first burst.
    pub(super) fn prepare(&self, row: Row, contender: &Contender) -> Result<()> {
        if row == Row::Sessions {
            fs::write(self.cookies(contender), contender.sessions(Self::SESSIONS)?)?;
        }
        Ok(())
    }

    /// Drives one proxy for a while.
    pub(super) fn burst(
        &self,
        row: Row,
        contender: &Contender,
        targets: &Targets,
        duration: Duration,
    ) -> Result<Burst> {
        let strays = targets.strays(&contender.home)?;
        let before = contender.process.cpu()?;
        let summary = self.run(row, contender, duration)?;
        let spent = contender.process.cpu()?.since(before);
        let strays = targets.strays(&contender.home)?.saturating_sub(strays);

        if summary.errors > 0 || summary.requests == 0 {
            let (errors, requests) = (summary.errors, summary.requests);
            return Ok(Err(Void(format!("{errors} errors, {requests} requests"))));
        }
        if row != Row::Sessions && strays > Self::CHECKS_MAX {
            return Ok(Err(Void(format!("{strays} requests did not come home"))));
        }
        let requests = summary.requests as f64;
        Ok(Ok(Point {
            requests: summary.requests,
            cpu_micros: spent.micros / requests,
            user_micros: spent.user_micros.map(|micros| micros / requests),
            waited_share: spent.waited_share,
            requests_per_second: requests * 1e6 / summary.micros.max(1) as f64,
            p50_micros: summary.p50_micros,
            p99_micros: summary.p99_micros,
        }))
    }

    fn run(&self, row: Row, contender: &Contender, duration: Duration) -> Result<Summary> {
        let mut command = Command::new("taskset");
        command.args(["-c", &self.core.to_string()]).arg(&self.wrk.path);
        command.args(["-t", "1", "-c", &Self::CONNECTIONS.to_string(), "--latency"]);
        command.args(["-d", &duration.as_secs().to_string()]);
        command.args(["-H", "Host: bench.test"]);
        let script = if row == Row::Sessions { "sessions.lua" } else { "one.lua" };
        command.arg("-s").arg(self.dir.join(script));
        if row != Row::Sessions {
            command.args(["-H", &format!("Cookie: {}", contender.cookie)]);
        }
        command.arg(format!("http://{}{}", contender.address, row.path()));
        if row == Row::Sessions {
            command.arg("--").arg(self.cookies(contender));
        }
        let output = command.output().context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "wrk failed: {text}");
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        Summary::parse(line.context("wrk gave no result")?)
    }

    fn cookies(&self, contender: &Contender) -> PathBuf {
        self.dir.join(format!("{}.cookies", contender.kind.name()))
    }
}

impl Summary {
    fn parse(line: &str) -> Result<Self> {
        let numbers: Vec<u64> =
            line.split(' ').map(str::parse).collect::<Result<_, _>>().context("not numbers")?;
        let [requests, micros, _bytes, p50_micros, p99_micros, errors @ ..] = numbers.as_slice()
        else {
            anyhow::bail!("wrk's result is too short: {line}");
        };
        Ok(Self {
            requests: *requests,
            micros: *micros,
            p50_micros: *p50_micros,
            p99_micros: *p99_micros,
            errors: errors.iter().sum(),
        })
    }
}
