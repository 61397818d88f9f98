//! What stands behind every contender: two nginx, each of which knows how many requests it saw.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result, bail};

use crate::clock;

use super::{http::Client, ports, process::Process, template};

/// The answer of the small rows: 99 bytes.
pub(super) const SMALL: &str = "A session that finds its way home finds its cart, its login and its place in line as they were left";

/// Two targets with the same content.
pub(super) struct Targets {
    /// By name, `a` and `b`.
    pub(super) all: [Target; 2],
}

/// One target.
pub(super) struct Target {
    /// The value of its `X-Target`.
    pub(super) name: &'static str,
    /// Where it listens.
    pub(super) address: SocketAddr,
    _process: Process,
}

impl Targets {
    /// Starts both on one core, their files in `dir`.
    pub(super) fn start(nginx: &Path, core: usize, dir: &Path) -> Result<Self> {
        let bodies = dir.join("bodies");
        fs::create_dir_all(&bodies)?;
        for (name, bytes) in [("10k", 10_000), ("1m", 1_000_000)] {
            fs::write(bodies.join(name), body(bytes))?;
        }
        let start = |name| Target::start(name, nginx, core, dir, &bodies);
        Ok(Self { all: [start("a")?, start("b")?] })
    }

    /// Requests that the other targets than `home` have seen.
    pub(super) fn strays(&self, home: &str) -> Result<u64> {
        self.all.iter().filter(|target| target.name != home).map(Target::requests).sum()
    }
}

impl Target {
    fn start(
        name: &'static str,
        nginx: &Path,
        core: usize,
        dir: &Path,
        bodies: &Path,
    ) -> Result<Self> {
        let dir = dir.join(format!("target-{name}"));
        fs::create_dir_all(&dir)?;
        let address = ports::free()?;
        let config = dir.join("nginx.conf");
        let text = template::fill(
            include_str!("files/targets.conf"),
            &[
                ("dir", &dir.display()),
                ("descriptors", &ports::descriptors_max()?),
                ("port", &address.port()),
                ("name", &name),
                ("small", &SMALL),
                ("bodies", &bodies.display()),
            ],
        );
        fs::write(&config, text)?;
        let args = ["-c", config.to_str().context("a path in UTF-8")?, "-e", "err"];
        let process = Process::start(core, nginx, &args, &dir)?;
        let mut target = Self { name, address, _process: process };
        target.wait(&dir)?;
        Ok(target)
    }

    fn wait(&mut self, dir: &Path) -> Result<()> {
        let deadline = clock::now() + Duration::from_secs(10);
        while self.requests().is_err() {
            if self._process.has_ended() || clock::now() > deadline {
                bail!("the target did not start: see {}", dir.display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Requests seen so far.
    fn requests(&self) -> Result<u64> {
        let answer = Client::connect(self.address)?.get("/requests", None)?;
        // Active connections: 1 / server accepts handled requests / <three numbers> / ...
        let text = String::from_utf8(answer.body)?;
        let numbers = text.lines().nth(2).context("not a status page")?;
        Ok(numbers.split_whitespace().nth(2).context("not a status page")?.parse()?)
    }
}

/// A body in which no two places look alike, so that a byte lost or doubled is seen.
pub(super) fn body(bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes + 16);
    for line in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.extend_from_slice(format!("{line:>9}\n").as_bytes());
    }
    text.truncate(bytes);
    text
}
