//! Real clients.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::clingfish::binary;

/// What a client said before it ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its exit status; -1 when a signal ended it.
    pub status: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs curl, silent but for errors, for 30 s at most, without anybody's configuration or proxies.
#[track_caller]
pub fn curl(args: &[&str]) -> Finished {
    let mut command = Command::new("curl");
    command.args(["-q", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*"]);
    finish(command.args(args))
}

/// Runs a Python script, which has `requests`, `websockets` and `h11`, and returns what it printed.
///
/// # Panics
///
/// When the script fails, with what it said.
#[track_caller]
pub fn python(script: &str, args: &[&str]) -> String {
    let python = env::var_os("CLINGFISH_PYTHON")
        .map_or_else(|| root().join(".test-tools/venv/bin/python"), PathBuf::from);
    finish(Command::new(python).args(["-c", script]).args(args)).printed()
}

/// Runs a Node script, which can `require('ws')`, and returns what it printed.
///
/// # Panics
///
/// When the script fails, with what it said.
#[track_caller]
pub fn node(script: &str, args: &[&str]) -> String {
    let node = env::var_os("CLINGFISH_NODE").unwrap_or_else(|| "node".into());
    let modules = env::var_os("NODE_PATH")
        .map_or_else(|| root().join(".test-tools/node/node_modules"), PathBuf::from);
    let mut command = Command::new(node);
    command.env("NODE_PATH", modules).args(["-e", script, "--"]);
    finish(command.args(args)).printed()
}

/// Runs the binary under test to its end, as in `clingfish keys list`, for 60 s at most.
#[track_caller]
pub fn run(args: &[&str]) -> Finished {
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg("60").arg(binary());
    finish(command.args(args).env("NO_COLOR", "1").stdin(Stdio::null()))
}

impl Finished {
    #[track_caller]
    fn printed(self) -> String {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }
}

#[track_caller]
pub(crate) fn finish(command: &mut Command) -> Finished {
    let output = command.output().unwrap_or_else(|error| {
        let program = command.get_program().display();
        panic!("{program} does not start ({error}): `cargo xtask setup` installs it")
    });
    Finished {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The folder of the workspace's manifest.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("dev/testkit is two folders below the root")
}
