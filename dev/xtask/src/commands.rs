//! Starting other programs.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{clock, workspace};

/// Cargo with these arguments, in the workspace's root.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    program(&workspace::cargo(), args)
}

/// A program with these arguments, in the workspace's root.
pub(crate) fn program<'a>(name: &str, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(workspace::root());
    command
}

/// Runs it to its end; an exit status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} does not start", line(command)))?;
    ensure!(status.success(), "{} ended with {status}", line(command));
    Ok(())
}

/// Runs it, and ends it with an error when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    println!("$ {}", line(command));
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("{} does not start", line(command)))?;
    let started = clock::now();
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{} ended with {status}", line(command));
            return Ok(());
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{} still ran after {limit:?}", line(command));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the program starts and answers with success.
pub(crate) fn works(name: &str, args: &[&str]) -> bool {
    program(name, args.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    command.get_args().fold(name, |line, argument| {
        let argument = argument.to_string_lossy();
        if argument.contains([' ', '(']) {
            format!("{line} '{argument}'")
        } else {
            format!("{line} {argument}")
        }
    })
}
