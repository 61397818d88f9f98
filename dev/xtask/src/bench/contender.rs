//! A proxy under test: its configuration, its start, and the check that it does what it should.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{clock, workspace::empty};

use super::{
    curl::Curl,
    http::{Answer, Client},
    options::{Front, Kind, Row},
    ports,
    process::Process,
    targets::{SMALL, Targets, body},
    template,
    tools::Tool,
};

/// A running proxy, checked.
pub(super) struct Contender {
    pub(super) kind: Kind,
    pub(super) process: Process,
    plain: Door,
    tls: Door,
    grpc: Door,
    messages: Door,
}

/// One of its addresses, and a client who comes back to it.
#[derive(Clone, Debug)]
pub(super) struct Door {
    /// Where clients connect.
    pub(super) address: SocketAddr,
    /// What the client sends.
    pub(super) cookie: String,
    /// The target that this cookie leads to.
    pub(super) home: String,
}

/// How a proxy is started, again for each measurement of memory.
pub(super) struct Starter {
    pub(super) kind: Kind,
    pub(super) tool: Tool,
    dir: PathBuf,
    core: usize,
    access_log: bool,
    connections_max: u64,
}

impl Starter {
    /// Room for connections that proxies are told to make where they want to know.
    pub(super) const CONNECTIONS_MAX: u64 = 7000;

    /// Keeps its files below `dir`.
    pub(super) fn new(kind: Kind, tool: Tool, dir: &Path, core: usize, access_log: bool) -> Self {
        let dir = dir.join(kind.name());
        Self { kind, tool, dir, core, access_log, connections_max: Self::CONNECTIONS_MAX }
    }

    /// The same with room for fewer connections; none where that is not configured.
    pub(super) fn with_room_for(&self, connections_max: u64) -> Option<Self> {
        matches!(self.kind, Kind::Haproxy | Kind::Nginx).then(|| Self {
            kind: self.kind,
            tool: self.tool.clone(),
            dir: self.dir.clone(),
            connections_max,
            ..*self
        })
    }

    /// Starts it before the targets and checks that it answers right and keeps sessions.
    pub(super) fn start(&self, targets: &Targets) -> Result<Contender> {
        let name = self.kind.name();
        empty(&self.dir)?;
        let doors = [Door::free()?, Door::free()?, Door::free()?, Door::free()?];
        let config = self.configure(&doors, targets)?;
        let config = config.to_str().context("a path in UTF-8")?;
        let args: &[&str] = match self.kind {
            Kind::Haproxy => &["-db", "-f", config],
            Kind::Nginx => &["-c", config, "-e", "err"],
            Kind::Envoy => {
                &["-c", config, "--concurrency", "1", "--use-dynamic-base-id", "-l", "warn"]
            }
            Kind::Clingfish => &["serve", "--config", config, "--state-dir", "state"],
        };
        let process = Process::start(self.core, &self.tool.path, args, &self.dir)?;
        let [plain, tls, grpc, messages] = doors;
        let kind = self.kind;
        let mut contender = Contender { kind, process, plain, tls, grpc, messages };
        contender
            .check(targets, &self.dir)
            .with_context(|| format!("{name}: see {}", self.dir.display()))?;
        Ok(contender)
    }

    fn configure(&self, doors: &[Door; 4], targets: &Targets) -> Result<PathBuf> {
        let (file, text) = match self.kind {
            Kind::Haproxy => ("haproxy.cfg", include_str!("files/haproxy.cfg").to_owned()),
            Kind::Nginx => ("nginx.conf", self.nginx_text()?),
            Kind::Envoy => ("envoy.yaml", include_str!("files/envoy.yaml").to_owned()),
            Kind::Clingfish => ("clingfish.toml", include_str!("files/clingfish.toml").to_owned()),
        };
        let [a, b] = &targets.all;
        let ([grpc_a, grpc_b], [messages_a, messages_b]) = (targets.grpc, targets.messages);
        let [plain, tls, grpc, messages] = doors.each_ref().map(|door| door.address.port());
        let text = text.replace("{access_log}", &self.access_log_text());
        let text = template::fill(
            &text,
            &[
                ("dir", &self.dir.display()),
                ("connections", &self.connections_max),
                ("descriptors", &ports::descriptors_max()?),
                ("certificates", &targets.certificates.display()),
                ("port", &plain),
                ("tls", &tls),
                ("grpc", &grpc),
                ("messages", &messages),
                ("admin", &ports::free()?.port()),
                ("target_a", &a.address.port()),
                ("target_b", &b.address.port()),
                ("grpc_a", &grpc_a.port()),
                ("grpc_b", &grpc_b.port()),
                ("messages_a", &messages_a.port()),
                ("messages_b", &messages_b.port()),
            ],
        );
        let path = self.dir.join(file);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// An nginx that knows `sticky` uses it; others do what their users do.
    fn nginx_text(&self) -> Result<String> {
        let with = |affinity: &str, add_cookie: &str| {
            let text = include_str!("files/nginx.conf");
            text.replace("{affinity}", affinity).replace("{add_cookie}", add_cookie)
        };
        let sticky = with(include_str!("files/nginx-sticky.conf"), "");
        if self.nginx_knows_sticky()? {
            return Ok(sticky);
        }
        Ok(with(include_str!("files/nginx-map.conf"), "add_header Set-Cookie $set_route;"))
    }

    fn nginx_knows_sticky(&self) -> Result<bool> {
        let probe = self.dir.join("probe.conf");
        let text = "events {} http { upstream u { server 127.0.0.1:1; sticky cookie c; } }";
        fs::write(&probe, format!("pid {};\n{text}", self.dir.join("probe.pid").display()))?;
        let output = Command::new(&self.tool.path).arg("-tc").arg(&probe).output()?;
        Ok(!String::from_utf8_lossy(&output.stderr).contains("unknown directive"))
    }

    /// What makes it log about the same facts of each request, or none; files grow in its folder.
    fn access_log_text(&self) -> String {
        let file = self.dir.join("access.log").display().to_string();
        match (self.kind, self.access_log) {
            (Kind::Haproxy, true) => include_str!("files/haproxy-access-log.cfg").to_owned(),
            (Kind::Haproxy, false) => String::new(),
            (Kind::Nginx, true) => format!("{file} fields buffer=64k flush=1s"),
            (Kind::Nginx, false) => "off".to_owned(),
            (Kind::Envoy, true) => include_str!("files/envoy-access-log.yaml").to_owned(),
            (Kind::Envoy, false) => String::new(),
            (Kind::Clingfish, true) => file,
            (Kind::Clingfish, false) => "off".to_owned(),
        }
    }
}

impl Contender {
    const START: Duration = Duration::from_secs(20);
    const CLIENTS: usize = 4;
    const RETURNS: usize = 20;

    /// The address and the client for a kind of work.
    pub(super) fn door(&self, front: Front) -> &Door {
        match front {
            Front::Plain => &self.plain,
            Front::Tls => &self.tls,
            Front::Grpc => &self.grpc,
            Front::Messages => &self.messages,
        }
    }

    /// Waits until it serves, then holds it to right bodies and kept sessions. WebSockets are compared while they are measured.
    fn check(&mut self, targets: &Targets, dir: &Path) -> Result<()> {
        self.wait_for_every_target(targets)?;
        for _ in 0..Self::CLIENTS {
            self.check_client()?;
        }
        let mut client = Client::connect(self.plain.address)?;
        for (row, bytes) in [(Row::TenKb, 10_000), (Row::OneMb, 1_000_000), (Row::Chunks, 10_000)] {
            let answer = client.get(row.path(), Some(&self.plain.cookie))?;
            ensure!(answer.body == body(bytes), "{} came through changed", row.path());
        }
        let curl = Curl::new(&targets.certificates, dir)?;
        for row in [Row::Tls, Row::Http2, Row::Grpc] {
            let door = if row == Row::Grpc { &mut self.grpc } else { &mut self.tls };
            for _ in 0..Self::CLIENTS {
                curl.check(row, door, Self::RETURNS)
                    .with_context(|| format!("{} came out wrong", row.name()))?;
            }
        }
        Ok(())
    }

    /// A new client gets a cookie and with it the same target again and again.
    fn check_client(&mut self) -> Result<()> {
        let door = &mut self.plain;
        let mut client = Client::connect(door.address)?;
        let first = small(&mut client, None)?;
        door.take(&first)?;
        for _ in 0..Self::RETURNS {
            let answer = small(&mut client, Some(&door.cookie))?;
            let at = answer.field("x-target").unwrap_or_default();
            ensure!(at == door.home, "a client of {} was sent to {at}", door.home);
        }
        Ok(())
    }

    /// New clients must reach every target, or else returning ones would prove nothing.
    fn wait_for_every_target(&mut self, targets: &Targets) -> Result<()> {
        let deadline = clock::now() + Self::START;
        let mut seen = BTreeSet::new();
        let mut trouble = anyhow::anyhow!("not every target was seen");
        while seen.len() < targets.all.len() {
            if self.process.has_ended() || clock::now() > deadline {
                return Err(trouble.context("it did not begin to serve"));
            }
            match Client::connect(self.plain.address)
                .and_then(|mut client| small(&mut client, None))
            {
                Ok(answer) => {
                    seen.extend(answer.field("x-target").map(str::to_owned));
                }
                Err(error) => trouble = error,
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Cookies of that many new clients, one a line.
    pub(super) fn sessions(&self, count: usize) -> Result<String> {
        let mut lines = String::new();
        for _ in 0..count {
            // A connection each: nobody may take them for one client.
            let answer = small(&mut Client::connect(self.plain.address)?, None)?;
            lines.push_str(&answer.cookies().context("no cookie for a new client")?);
            lines.push('\n');
        }
        Ok(lines)
    }
}

impl Door {
    pub(super) fn free() -> Result<Self> {
        Ok(Self { address: ports::free()?, cookie: String::new(), home: String::new() })
    }

    /// Remembers a new client by the answer that it got.
    pub(super) fn take(&mut self, first: &Answer) -> Result<()> {
        self.cookie = first.cookies().context("no cookie for a new client")?;
        self.home = first.field("x-target").context("no X-Target")?.to_owned();
        Ok(())
    }
}

pub(super) fn small(client: &mut Client, cookie: Option<&str>) -> Result<Answer> {
    let answer = client.get(Row::Small.path(), cookie)?;
    if answer.status != 200 || answer.body != SMALL.as_bytes() {
        bail!("status {} with {} bytes", answer.status, answer.body.len());
    }
    Ok(answer)
}
