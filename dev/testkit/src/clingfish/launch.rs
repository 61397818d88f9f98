//! How the binary is started.

use std::{
    ffi::OsString,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use super::{Clingfish, PATIENCE, log::Log};
use crate::{RawClient, wait::within};

/// A start with choices.
///
/// An `[admin]` on port 0 is added to a configuration that has none.
#[derive(Clone, Debug)]
#[must_use = "it starts nothing by itself"]
pub struct Launch {
    config: String,
    state_dir: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    program: Vec<OsString>,
    waits_until_ready: bool,
}

/// A process that ended before it was ready.
#[derive(Debug)]
pub struct Exited {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard error.
    pub log: String,
}

impl Launch {
    /// With this configuration and a state directory of its own.
    pub fn new(config: &str) -> Self {
        Self {
            config: with_admin(config),
            state_dir: None,
            args: Vec::new(),
            env: Vec::new(),
            program: vec![binary().into()],
            waits_until_ready: true,
        }
    }

    /// Keeps state in this folder, which stays: for restarts and for two that share keys.
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// One more argument after `serve`'s own.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.args.push(argument.into());
        self
    }

    /// One more environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts this file instead of the binary under test: a link to it, or a copy.
    pub fn program(mut self, path: impl Into<OsString>) -> Self {
        self.program = vec![path.into()];
        self
    }

    /// Starts it through another program, which is given the command line after these words and becomes Clingfish at last.
    pub fn through<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.program.splice(0..0, words.into_iter().map(Into::into));
        self
    }

    /// Waits for the admin address only, not until `/readyz` says yes.
    pub fn without_waiting(mut self) -> Self {
        self.waits_until_ready = false;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it ends instead of serving.
    #[track_caller]
    pub fn start(self) -> Clingfish {
        match self.try_start() {
            Ok(clingfish) => clingfish,
            Err(exited) => panic!("it ended with {}:\n{}", exited.status, exited.log),
        }
    }

    /// Starts it, or says how it ended instead.
    #[track_caller]
    pub fn try_start(self) -> Result<Clingfish, Exited> {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let config = folder.path().join("clingfish.toml");
        fs::write(&config, &self.config).expect("the folder is ours");
        let state_dir = self.state_dir.clone();
        let state_dir = state_dir.unwrap_or_else(|| folder.path().join("state"));
        let mut child = self.spawn(&config, &state_dir);
        let log = Log::of(&mut child);
        let admin = wait_admin(&mut child, &log)?;
        let pid = child.id().into();
        let clingfish = Clingfish { child, pid, log, config, state_dir, admin, _folder: folder };
        if self.waits_until_ready {
            wait_ready(&clingfish);
        }
        Ok(clingfish)
    }

    fn spawn(&self, config: &Path, state_dir: &Path) -> Child {
        let (program, words) = self.program.split_first().expect("there is the binary");
        Command::new(program)
            .args(words)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .arg("--state-dir")
            .arg(state_dir)
            .args(&self.args)
            .env("NO_COLOR", "1")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
    }
}

/// The configuration, with an admin address on a free port unless it names its own.
pub(super) fn with_admin(config: &str) -> String {
    if config.lines().any(|line| line.trim() == "[admin]") {
        return config.to_owned();
    }
    format!("{config}\n[admin]\nbind = \"127.0.0.1:0\"\n")
}

#[track_caller]
fn wait_admin(child: &mut Child, log: &Log) -> Result<SocketAddr, Exited> {
    let answer = within(PATIENCE, || {
        if let Some(address) = log.address_after("admin listening on ") {
            return Some(Ok(address));
        }
        let status = child.try_wait().ok().flatten()?;
        Some(Err(status))
    });
    match answer {
        Some(Ok(address)) => Ok(address),
        Some(Err(status)) => Err(Exited { status, log: log.complete() }),
        None => {
            let _ = child.kill();
            panic!("it names no admin address:\n{}", log.text());
        }
    }
}

#[track_caller]
fn wait_ready(clingfish: &Clingfish) {
    let is_ready = || RawClient::get(clingfish.admin, "/readyz").is_ok_and(|got| got.status == 200);
    let ready = within(PATIENCE, || is_ready().then_some(()));
    assert!(ready.is_some(), "it is not ready after {PATIENCE:?}");
}

/// The binary under test: `CLINGFISH_BIN`, or else a build in the usual place, release first.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("CLINGFISH_BIN") {
        return named.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| crate::clients::root().join("target"), PathBuf::from);
    let built = ["release/clingfish", "debug/clingfish"].map(|path| target.join(path));
    built
        .into_iter()
        .find(|path| path.exists())
        .expect("`cargo xtask e2e` builds the binary; CLINGFISH_BIN names another")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_configuration_without_admin_gets_one() {
        let own = "[admin]\nbind = \"[::1]:0\"\n";
        assert_eq!(with_admin(own), own);
        assert!(with_admin("[[listeners]]").ends_with("[admin]\nbind = \"127.0.0.1:0\"\n"));
    }
}
