//! Load and instruction benchmarks: what a request costs here and elsewhere.
//!
//! Every proxy gets one core, the same two targets and an equivalent configuration, and is held to right answers first.
//! The figure that counts is CPU time of the proxy per request: it holds where requests per second do not, on a machine
//! that is noisy and whose load generator shares it. Proxies take turns within each round, so that drift hits all alike.

mod console;
mod contender;
mod curl;
mod docs;
mod http;
mod idle;
mod instructions;
mod kinds;
mod load;
mod machine;
mod options;
mod ports;
mod process;
mod report;
mod targets;
mod template;
mod tools;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};

use crate::workspace;

use self::{
    contender::{Contender, Starter},
    idle::{Memory, Setting},
    load::{Burst, Generator},
    machine::Machine,
    options::{Kind, Options, Row, What},
    report::Report,
    targets::Targets,
    tools::Tool,
};

/// The core of whoever is measured.
const PROXY_CORE: usize = 0;
/// The core of targets and load generator.
const OTHER_CORE: usize = 1;

/// Runs the benchmarks that the arguments name.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let Some(options) = Options::parse(args)? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    let dir = folder()?;
    match options.what {
        What::Instructions => instructions::run(&options, &dir),
        What::Kinds => kinds::run(&ground(&dir)?, &options, &dir),
        What::KindsInstructions => kinds::count(&ground(&dir)?, &options, &dir),
        What::Console => console::run(&ground(&dir)?, &options, &dir),
        What::Load => load(options, &dir),
    }
}

/// Has a Clingfish do each kind of work once, for a build that takes notes of what it does.
pub(crate) fn train(clingfish: PathBuf) -> Result<()> {
    let dir = folder()?;
    let clingfish = Tool::clingfish(clingfish)?;
    let options = Options::training();
    let starter =
        Starter::new(Kind::Clingfish, clingfish.clone(), &dir, PROXY_CORE, options.access_log);
    for (row, _, bursts) in Bench::set_up(options.clone(), vec![starter], &dir)?.measure_load()? {
        ensure!(bursts.iter().all(Result::is_ok), "{} went wrong", row.name());
    }
    kinds::measure(&Ground::set_up(clingfish, &dir)?, &options, &dir).map(drop)
}

/// Where everything goes that a benchmark needs or leaves.
fn folder() -> Result<PathBuf> {
    let dir = workspace::target_dir()?.join("bench");
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

fn load(options: Options, dir: &Path) -> Result<()> {
    let starter = |kind: &Kind| {
        let tool = Tool::contender(*kind, dir)?;
        Ok(Starter::new(*kind, tool, dir, PROXY_CORE, options.access_log))
    };
    let starters = options.contenders.iter().map(starter).collect::<Result<Vec<_>>>()?;
    let report = Bench::set_up(options, starters, dir)?.measure()?;
    println!("{}\n{}", report.tables(), report.verdicts());
    let path = dir.join("load.json");
    fs::write(&path, serde_json::to_string_pretty(&report.json())?)?;
    println!("every figure: {}", path.display());
    if report.options.write {
        docs::write("load", &report.tables())?;
    }
    Ok(())
}

fn ground(dir: &Path) -> Result<Ground> {
    Ground::set_up(Tool::contender(Kind::Clingfish, dir)?, dir)
}

/// What a benchmark of Clingfish alone needs.
struct Ground {
    targets: Targets,
    /// Of small requests.
    generator: Generator,
    clingfish: Tool,
}

impl Ground {
    fn set_up(clingfish: Tool, dir: &Path) -> Result<Self> {
        let traffic = Tool::traffic()?;
        let nginx = Tool::debian("nginx", "NGINX_BIN", &["-v"])?;
        let targets = Targets::start(&nginx.path, &traffic, OTHER_CORE, dir)?;
        let certificates = &targets.certificates;
        let generator = Generator::new(&[Row::Small], &traffic, OTHER_CORE, dir, certificates)?;
        Ok(Self { targets, generator, clingfish })
    }
}

/// A benchmark that is ready to run.
struct Bench {
    options: Options,
    machine: Machine,
    starters: Vec<Starter>,
    targets: Targets,
    generator: Generator,
    /// Our own generator.
    traffic: PathBuf,
}

impl Bench {
    fn set_up(options: Options, starters: Vec<Starter>, dir: &Path) -> Result<Self> {
        ensure!(
            std::thread::available_parallelism()?.get() > OTHER_CORE,
            "a benchmark needs two cores: one for the proxy, one for everything else"
        );
        let traffic = Tool::traffic()?;
        let nginx = Tool::debian("nginx", "NGINX_BIN", &["-v"])?;
        let targets = Targets::start(&nginx.path, &traffic, OTHER_CORE, dir)?;
        Ok(Self {
            machine: Machine::read(),
            generator: Generator::new(
                &options.rows,
                &traffic,
                OTHER_CORE,
                dir,
                &targets.certificates,
            )?,
            targets,
            traffic,
            options,
            starters,
        })
    }

    fn measure(self) -> Result<Report> {
        let bursts = self.measure_load()?;
        let idle = self.measure_idle()?;
        let name =
            |starter: &Starter| (starter.kind.name().to_owned(), starter.tool.version.clone());
        let mut versions: Vec<_> = self.starters.iter().map(name).collect();
        versions.extend(self.generator.versions());
        Ok(Report { machine: self.machine, options: self.options, versions, bursts, idle })
    }

    fn measure_load(&self) -> Result<Vec<(Row, Kind, Vec<Burst>)>> {
        let rows = self.options.rows.iter().copied().filter(|row| !row.is_idle());
        let rows: Vec<Row> = rows.collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let start = |starter: &Starter| starter.start(&self.targets);
        let contenders = self.starters.iter().map(start).collect::<Result<Vec<_>>>()?;
        let mut all = Vec::new();
        for row in rows {
            all.extend(self.measure_row(row, &contenders)?);
        }
        Ok(all)
    }

    /// A burst to warm up for each, then round by round: A B C D, A B C D, ...
    fn measure_row(
        &self,
        row: Row,
        contenders: &[Contender],
    ) -> Result<Vec<(Row, Kind, Vec<Burst>)>> {
        for contender in contenders {
            self.generator.prepare(row, contender)?;
            // Whatever it says: the rounds that follow are judged each by itself.
            let _warm = self.burst(row, contender, Duration::from_secs(1))?;
        }
        let mut all: Vec<_> = contenders.iter().map(|c| (row, c.kind, Vec::new())).collect();
        for round in 1..=self.options.rounds {
            for (contender, (.., bursts)) in contenders.iter().zip(&mut all) {
                let burst = self.burst(row, contender, self.options.duration())?;
                eprintln!(
                    "{} round {round}, {}: {}",
                    row.name(),
                    contender.kind.name(),
                    brief(&burst)
                );
                bursts.push(burst);
            }
        }
        Ok(all)
    }

    fn burst(&self, row: Row, contender: &Contender, duration: Duration) -> Result<Burst> {
        self.generator.burst(row, contender, &self.targets, duration)
    }

    /// A fresh process for each figure: one that has been under load has memory to spare.
    fn measure_idle(&self) -> Result<Vec<(Row, Kind, Vec<Memory>)>> {
        let mut all = Vec::new();
        for row in self.options.rows.iter().copied().filter(|row| row.is_idle()) {
            all.extend(self.measure_idle_row(row)?);
        }
        Ok(all)
    }

    fn measure_idle_row(&self, row: Row) -> Result<Vec<(Row, Kind, Vec<Memory>)>> {
        let setting = Setting { row, targets: &self.targets, traffic: &self.traffic };
        let mut all: Vec<_> = self.starters.iter().map(|s| (row, s.kind, Vec::new())).collect();
        for round in 1..=self.options.rounds {
            for (starter, (_, kind, memories)) in self.starters.iter().zip(&mut all) {
                let memory = idle::measure(starter, setting)?;
                let (row, kind, each) = (row.name(), kind.name(), memory.per_connection());
                eprintln!("{row} round {round}, {kind}: {each:.0} bytes");
                memories.push(memory);
            }
        }
        Ok(all)
    }
}

fn brief(burst: &Burst) -> String {
    match burst {
        Ok(point) => {
            let (cpu, rate) = (point.cpu_micros, point.requests_per_second);
            format!("{cpu:.1} µs each, {rate:.0} a second")
        }
        Err(void) => format!("void: {}", void.0),
    }
}
