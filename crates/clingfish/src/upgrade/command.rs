//! `clingfish upgrade`.

use std::{
    fs,
    io::{self, BufRead, BufReader, Lines, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};

use super::{
    asker::{FAILURE, PROGRESS, SUCCESS},
    desk::{PREFIX, SUFFIX, WISH, short},
};
use crate::{cli, keys};

/// How long a running process may take to say who it is.
const GREETING_WITHIN: Duration = Duration::from_secs(10);

/// A running process that could be upgraded.
struct Running {
    /// Its number and its configuration file.
    greeting: String,
    lines: Lines<BufReader<UnixStream>>,
    stream: UnixStream,
}

impl Running {
    fn pid(&self) -> Option<u32> {
        self.greeting.split(' ').next()?.parse().ok()
    }
}

/// Asks the running process for an upgrade and says what comes of it.
pub(crate) fn run(options: &cli::Upgrade) -> anyhow::Result<ExitCode> {
    let folder = keys::folder(&options.state);
    let mut found = find(&folder)
        .with_context(|| format!("cannot look for a running process in {}", folder.display()))?;
    if let Some(pid) = options.pid {
        found.retain(|running| running.pid() == Some(pid));
    }
    let Some(mut running) = found.pop() else {
        let which = options.pid.map(|pid| format!(" {pid}")).unwrap_or_default();
        bail!(
            "no process{which} that serves has its state in {}: name its folder with --state-dir",
            folder.display()
        );
    };
    if !found.is_empty() {
        found.push(running);
        let all: Vec<String> = found.into_iter().map(|running| running.greeting).collect();
        bail!(
            "several processes serve with this state, say which by --pid:\n  {}",
            all.join("\n  ")
        );
    }
    running.stream.write_all(format!("{WISH}\n").as_bytes())?;
    follow(running)
}

/// Prints what the process says until it has said everything.
fn follow(running: Running) -> anyhow::Result<ExitCode> {
    // It has a time limit of its own.
    running.stream.set_read_timeout(None)?;
    for line in running.lines {
        let line = line.context("the process stopped talking")?;
        let (mark, text) = line.split_at_checked(2).unwrap_or((&line, ""));
        match mark.chars().next() {
            Some(PROGRESS) => println!("{text}"),
            Some(SUCCESS) => {
                println!("{text}");
                return Ok(ExitCode::SUCCESS);
            }
            Some(FAILURE) => bail!("the upgrade failed, the process carries on: {text}"),
            _ => bail!("the process says {line:?}, which means nothing here"),
        }
    }
    bail!("the process ended before the upgrade did")
}

/// Everybody who answers on a socket in this folder. Sockets on which nobody listens any more are removed.
fn find(folder: &Path) -> io::Result<Vec<Running>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_socket = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if !path.file_name().and_then(|name| name.to_str()).is_some_and(is_socket) {
            continue;
        }
        match greet(&path) {
            Ok(running) => found.push(running),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                // Another command may have been quicker.
                let _ = fs::remove_file(&path);
            }
            Err(error) => eprintln!("clingfish: {}: {error}", path.display()),
        }
    }
    Ok(found)
}

fn greet(path: &Path) -> io::Result<Running> {
    let (address, _folder) = short(path)?;
    let stream = UnixStream::connect(address)?;
    stream.set_read_timeout(Some(GREETING_WITHIN))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let greeting = lines.next().ok_or(io::ErrorKind::PermissionDenied)??;
    Ok(Running { greeting, lines, stream })
}
