//! Real clients.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
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

/// Runs a Python script, with the packages of `requirements.txt`, and returns what it printed.
///
/// # Panics
///
/// When the script fails, with what it said.
#[track_caller]
pub fn python(script: &str, args: &[&str]) -> String {
    finish(python_command().args(["-c", script]).args(args)).printed()
}

/// Python with the packages of `requirements.txt`, without arguments.
pub fn python_command() -> Command {
    let python = env::var_os("CLINGFISH_PYTHON")
        .map_or_else(|| root().join(".test-tools/venv/bin/python"), PathBuf::from);
    Command::new(python)
}

/// Runs a Node script, with the packages of `package.json`, and returns what it printed.
///
/// # Panics
///
/// When the script fails, with what it said.
#[track_caller]
pub fn node(script: &str, args: &[&str]) -> String {
    finish(node_command().args(["-e", script, "--"]).args(args)).printed()
}

pub(crate) fn node_command() -> Command {
    let node = env::var_os("CLINGFISH_NODE").unwrap_or_else(|| "node".into());
    let mut command = Command::new(node);
    command.env("NODE_PATH", node_modules());
    command
}

/// Where the packages of `package.json` are.
pub fn node_modules() -> PathBuf {
    env::var_os("NODE_PATH")
        .map_or_else(|| root().join(".test-tools/node/node_modules"), PathBuf::from)
}

/// Runs openssl with that on its standard input, which then ends, for 30 s at most.
#[track_caller]
pub fn openssl(args: &[&str], input: &str) -> Finished {
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg("30").arg("openssl").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("openssl does not start ({error}): `cargo xtask setup` installs it")
    });
    let mut stdin = child.stdin.take().expect("it is piped");
    // Who has ended reads nothing.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    finished(&child.wait_with_output().expect("it can be waited for"))
}

/// Starts a Python script, which goes on until it is dropped, and returns it with the first line that it printed.
#[track_caller]
pub fn python_server(script: &str, args: &[&str]) -> (Running, String) {
    let mut command = python_command();
    command.args(["-u", "-c", script]).args(args).stdout(Stdio::piped());
    let mut child = Running(command.spawn().expect("`cargo xtask setup` installs Python"));
    let mut line = String::new();
    let stdout = child.0.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
    (child, line.trim().to_owned())
}

/// A process that ends when this value is dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    finished(&output)
}

fn finished(output: &Output) -> Finished {
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
