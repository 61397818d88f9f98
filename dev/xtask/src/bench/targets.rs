//! What stands behind every contender: two nginx, each of which knows how many requests it saw, and our own targets for what
//! nginx cannot answer.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{clock, commands::run};

use super::{http::Client, ports, process::Process, template};

/// How often it is looked whether targets have come to rest, and how long between two looks.
const LOOKS_MAX: usize = 40;
const LOOK_AFTER: Duration = Duration::from_millis(50);
/// Requests between two looks that are health checks, or looks.
const AT_REST: u64 = 8;

/// The answer of the small rows: 99 bytes.
pub(super) const SMALL: &str = "A session that finds its way home finds its cart, its login and its place in line as they were left";

/// Two targets with the same content, for each protocol.
pub(super) struct Targets {
    /// By name, `a` and `b`.
    pub(super) all: [Target; 2],
    /// For gRPC.
    pub(super) grpc: [SocketAddr; 2],
    /// For WebSockets.
    pub(super) messages: [SocketAddr; 2],
    /// Where `cert.pem`, `key.pem` and `both.pem` are, which proxies show.
    pub(super) certificates: PathBuf,
    _ours: Process,
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
    pub(super) fn start(nginx: &Path, traffic: &Path, core: usize, dir: &Path) -> Result<Self> {
        let bodies = dir.join("bodies");
        fs::create_dir_all(&bodies)?;
        for (name, bytes) in [("10k", 10_000), ("1m", 1_000_000)] {
            fs::write(bodies.join(name), body(bytes))?;
        }
        let start = |name| Target::start(name, nginx, core, dir, &bodies);
        let all = [start("a")?, start("b")?];
        let certificates = dir.join("certificates");
        fs::create_dir_all(&certificates)?;
        run(Command::new(traffic).arg("certificate").arg(&certificates))?;
        let (grpc, messages) = ([ports::free()?, ports::free()?], [ports::free()?, ports::free()?]);
        let addresses = grpc.iter().chain(&messages).map(SocketAddr::to_string);
        let args: Vec<String> = ["targets".to_owned()].into_iter().chain(addresses).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // Whether it serves shows when the proxies are checked.
        let ours = Process::start(core, traffic, &args, &certificates)?;
        Ok(Self { all, grpc, messages, certificates, _ours: ours })
    }

    /// Requests that the other targets than `home` have seen.
    pub(super) fn strays(&self, home: &str) -> Result<u64> {
        self.all.iter().filter(|target| target.name != home).map(Target::requests).sum()
    }

    /// As [`Self::strays`], once what was under way for another proxy has come.
    pub(super) fn settled_strays(&self, home: &str) -> Result<u64> {
        let mut strays = self.strays(home)?;
        for _ in 0..LOOKS_MAX {
            thread::sleep(LOOK_AFTER);
            let before = strays;
            strays = self.strays(home)?;
            if strays - before <= AT_REST {
                break;
            }
        }
        Ok(strays)
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
            thread::sleep(Duration::from_millis(20));
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

/// A message of gRPC as it goes over the wire: not compressed, its length, the message.
pub(super) fn message() -> Vec<u8> {
    let length = u32::try_from(SMALL.len()).unwrap_or(u32::MAX).to_be_bytes();
    [[0].as_slice(), &length, SMALL.as_bytes()].concat()
}
