//! One measurement: a burst of requests, and what it cost the proxy.

mod h2load;
mod traffic;
mod wrk;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{
    contender::{Contender, Door},
    options::Row,
    process::{CpuSpent, Process},
    targets::{Targets, message},
    tools::Tool,
};

/// The load generators with their scripts.
pub(super) struct Generator {
    wrk: Tool,
    h2load: Option<Tool>,
    traffic: PathBuf,
    certificates: PathBuf,
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
    /// None where the generator does not tell.
    pub(super) p50_micros: Option<u64>,
    pub(super) p99_micros: Option<u64>,
}

/// Why a burst does not count.
#[derive(Clone, Debug)]
pub(super) struct Void(pub(super) String);

/// What a generator says.
struct Summary {
    requests: u64,
    micros: u64,
    p50_micros: Option<u64>,
    p99_micros: Option<u64>,
    errors: u64,
}

impl Generator {
    /// Kept-alive connections at the same time.
    pub(super) const CONNECTIONS: usize = 64;
    /// Clients of [`Row::Sessions`].
    pub(super) const SESSIONS: usize = 5000;
    /// Requests that health checks may have sent to another target than the session's home during one burst.
    const CHECKS_MAX: u64 = 100;

    /// Writes the scripts to `dir`; `traffic` is our own generator.
    pub(super) fn new(
        rows: &[Row],
        traffic: &Path,
        core: usize,
        dir: &Path,
        certificates: &Path,
    ) -> Result<Self> {
        let done = include_str!("files/done.lua");
        let sessions = include_str!("files/sessions.lua");
        let upload = include_str!("files/upload.lua");
        fs::write(dir.join("one.lua"), done)?;
        fs::write(dir.join("sessions.lua"), format!("{sessions}\n{done}"))?;
        fs::write(dir.join("upload.lua"), format!("{upload}\n{done}"))?;
        fs::write(dir.join("message"), message())?;
        let needs_h2load = rows.iter().any(|row| matches!(row, Row::Http2 | Row::Grpc));
        let h2load = needs_h2load.then(Tool::h2load).transpose()?;
        let (traffic, certificates) = (traffic.to_owned(), certificates.to_owned());
        Ok(Self { wrk: Tool::wrk()?, h2load, traffic, certificates, core, dir: dir.to_owned() })
    }

    /// Names and versions.
    pub(super) fn versions(&self) -> Vec<(String, String)> {
        let named = |name: &str, tool: &Tool| (name.to_owned(), tool.version.clone());
        let h2load = self.h2load.as_ref().map(|h2load| named("h2load", h2load));
        [named("wrk", &self.wrk)].into_iter().chain(h2load).collect()
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
        let home = &contender.door(row.front()).home;
        let strays = targets.settled_strays(home)?;
        let before = contender.process.cpu()?;
        let summary = self.run(row, contender, duration)?;
        let spent = contender.process.cpu()?.since(before);
        let strays = targets.strays(home)?.saturating_sub(strays);

        if row.has_one_home() && strays > Self::CHECKS_MAX {
            return Ok(Err(Void(format!("{strays} requests did not come home"))));
        }
        Ok(point(&summary, spent))
    }

    /// Drives one door with small requests for a while.
    pub(super) fn small(
        &self,
        door: &Door,
        process: &Process,
        duration: Duration,
    ) -> Result<Burst> {
        let before = process.cpu()?;
        let mut command = Command::new("taskset");
        command.args(["-c", &self.core.to_string()]).arg(&self.wrk.path);
        let summary = wrk::run(&mut command, Row::Small, door, &self.dir, None, duration)?;
        let spent = process.cpu()?.since(before);
        Ok(point(&summary, spent))
    }

    fn run(&self, row: Row, contender: &Contender, duration: Duration) -> Result<Summary> {
        let door = contender.door(row.front());
        let mut command = Command::new("taskset");
        command.args(["-c", &self.core.to_string()]);
        match row {
            Row::Http2 | Row::Grpc => {
                let h2load = self.h2load.as_ref().context("h2load was not asked for")?;
                h2load::run(command.arg(&h2load.path), row, door, &self.dir, duration)
            }
            Row::Handshakes | Row::Resumptions | Row::Messages | Row::Paced => {
                traffic::run(command.arg(&self.traffic), row, door, &self.certificates, duration)
            }
            _ => {
                let cookies = (row == Row::Sessions).then(|| self.cookies(contender));
                wrk::run(command.arg(&self.wrk.path), row, door, &self.dir, cookies, duration)
            }
        }
    }

    fn cookies(&self, contender: &Contender) -> PathBuf {
        self.dir.join(format!("{}.cookies", contender.kind.name()))
    }
}

impl Summary {
    /// Reads the line that `done.lua` and our own generators print.
    fn find(text: &str) -> Result<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
        let line = line.context("the generator gave no result")?;
        let numbers: Vec<u64> =
            line.split(' ').map(str::parse).collect::<Result<_, _>>().context("not numbers")?;
        let [requests, micros, _bytes, p50_micros, p99_micros, errors @ ..] = numbers.as_slice()
        else {
            anyhow::bail!("the generator's result is too short: {line}");
        };
        Ok(Self {
            requests: *requests,
            micros: *micros,
            p50_micros: Some(*p50_micros),
            p99_micros: Some(*p99_micros),
            errors: errors.iter().sum(),
        })
    }
}

/// What each request cost, unless some went wrong.
fn point(summary: &Summary, spent: CpuSpent) -> Burst {
    if summary.errors > 0 || summary.requests == 0 {
        let (errors, requests) = (summary.errors, summary.requests);
        return Err(Void(format!("{errors} errors, {requests} requests")));
    }
    let requests = summary.requests as f64;
    Ok(Point {
        requests: summary.requests,
        cpu_micros: spent.micros / requests,
        user_micros: spent.user_micros.map(|micros| micros / requests),
        waited_share: spent.waited_share,
        requests_per_second: requests * 1e6 / summary.micros.max(1) as f64,
        p50_micros: summary.p50_micros,
        p99_micros: summary.p99_micros,
    })
}

/// Runs a generator; what it prints.
fn output(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot run the generator")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let trouble = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the generator failed: {text}{trouble}");
    Ok(text)
}
