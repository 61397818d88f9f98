//! Everything that CI runs.

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::Result;

use crate::{
    check,
    commands::{cargo, run, works},
    fuzz, readme,
    setup::{self, Tools},
    steps::Steps,
    workspace,
};

/// Enough for every seed and some thousand mutations; longer runs are asked for by hand.
const FUZZ_SMOKE: Duration = Duration::from_secs(5);

/// End-to-end tests mostly wait for timers, so more of them run at a time than there are cores.
const E2E_THREADS: &str = "4";

const E2E: &str = "clingfish-e2e";

/// `cargo xtask test`.
pub(crate) fn test() -> Result<()> {
    let mut steps = Steps::default();
    let tools = steps.value("setup", setup::setup);
    check::all(&mut steps);
    let binary = steps.value("build", build);
    let suite = Suite { tools, binary };
    if steps.run("build tests", || run(&mut suite.build())) {
        steps.run("tests", || run(&mut suite.without_e2e()));
        steps.run("doc tests", || run(&mut suite.doc_tests()));
        suite.end_to_end(&mut steps, &[]);
    } else {
        for name in ["tests", "doc tests", "e2e"] {
            steps.give_up(name, "the tests do not build");
        }
    }
    steps.run("fuzz smoke", || fuzz::smoke(FUZZ_SMOKE));
    match &suite.binary {
        Some(binary) => steps.run("README", || readme::check(binary)),
        None => steps.give_up("README", "there is no binary"),
    };
    steps.finish()
}

/// `cargo xtask e2e`: the tests whose names contain one of the filters, or all.
pub(crate) fn e2e(filters: &[String]) -> Result<()> {
    let mut steps = Steps::default();
    let tools = steps.value("setup", setup::setup);
    let binary = steps.value("build", build);
    Suite { tools, binary }.end_to_end(&mut steps, filters);
    steps.finish()
}

/// Builds the binary that end-to-end tests and the demo run: in release, as people do.
fn build() -> Result<PathBuf> {
    run(&mut cargo(["build", "--release", "--package", "clingfish"]))?;
    workspace::release_binary()
}

/// The tests and what they need.
struct Suite {
    tools: Option<Tools>,
    binary: Option<PathBuf>,
}

impl Suite {
    fn build(&self) -> Command {
        self.tests(&["--no-run"])
    }

    fn without_e2e(&self) -> Command {
        if has_nextest() {
            let others = format!("not package({E2E})");
            self.tests(&["--no-fail-fast", "-E", &others])
        } else {
            self.tests(&["--no-fail-fast", "--lib", "--bins", "--tests", "--exclude", E2E])
        }
    }

    fn doc_tests(&self) -> Command {
        self.with_tools(cargo(["test", "--workspace", "--doc", "--no-fail-fast"]))
    }

    fn end_to_end(&self, steps: &mut Steps, filters: &[String]) {
        match (&self.tools, &self.binary) {
            (Some(_), Some(_)) => steps.run("e2e", || run(&mut self.e2e(filters))),
            (None, _) => steps.give_up("e2e", "set-up failed"),
            (_, None) => steps.give_up("e2e", "there is no binary"),
        };
    }

    fn e2e(&self, filters: &[String]) -> Command {
        let filters = filters.iter().map(String::as_str);
        if has_nextest() {
            // The whole workspace is named so that features unify as in the other steps: nothing is built twice.
            let only = format!("package({E2E})");
            let mut args = vec!["--no-fail-fast", "--test-threads", E2E_THREADS, "-E", &only];
            args.extend(filters);
            self.tests(&args)
        } else {
            let mut args = vec!["--test-threads", E2E_THREADS];
            args.extend(filters);
            let mut command = cargo(["test", "--package", E2E, "--no-fail-fast", "--"]);
            command.args(args);
            self.with_tools(command)
        }
    }

    /// The workspace's tests under nextest, or under `cargo test` where that is missing.
    fn tests(&self, args: &[&str]) -> Command {
        let runner: &[&str] = if has_nextest() {
            &["nextest", "run", "--workspace"]
        } else {
            &["test", "--workspace"]
        };
        self.with_tools(cargo(runner.iter().chain(args).copied()))
    }

    fn with_tools(&self, mut command: Command) -> Command {
        if let Some(tools) = &self.tools {
            tools.tell(&mut command);
        }
        if let Some(binary) = &self.binary {
            command.env("CLINGFISH_BIN", binary);
        }
        command
    }
}

fn has_nextest() -> bool {
    works("cargo-nextest", &["--version"])
}
