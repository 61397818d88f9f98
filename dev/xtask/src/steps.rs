//! Runs steps one after the other, says how long each took, and remembers which failed.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::clock;

/// How a step ended when nothing broke.
pub(crate) enum Done {
    /// It ran and found nothing wrong.
    Passed,
    /// It did not run, and this is why.
    Skipped(String),
}

/// The steps so far. A failed step does not stop those after it, unless they ask for it.
#[derive(Default)]
pub(crate) struct Steps {
    ended: Vec<Ended>,
}

struct Ended {
    name: &'static str,
    took: Duration,
    end: End,
}

enum End {
    Passed,
    Skipped(String),
    Failed(String),
}

impl Steps {
    /// Runs a step that passes or fails. Says whether it passed.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        self.try_run(name, || work().map(|()| Done::Passed))
    }

    /// Runs a step that brings something for later ones.
    pub(crate) fn value<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        let mut value = None;
        self.run(name, || {
            value = Some(work()?);
            Ok(())
        });
        value
    }

    /// Runs a step that may find that it has nothing to do. Says whether it did not fail.
    pub(crate) fn try_run(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<Done>,
    ) -> bool {
        println!("\n==> {name}");
        let started = clock::now();
        let end = match work() {
            Ok(Done::Passed) => End::Passed,
            Ok(Done::Skipped(why)) => End::Skipped(why),
            Err(error) => End::Failed(format!("{error:#}")),
        };
        self.end(name, started.elapsed(), end)
    }

    /// Notes that a step cannot run because one before it failed; that counts as failed.
    pub(crate) fn give_up(&mut self, name: &'static str, why: &str) -> bool {
        println!("\n==> {name}");
        let end = End::Failed(format!("not run: {why}"));
        self.end(name, Duration::ZERO, end)
    }

    fn end(&mut self, name: &'static str, took: Duration, end: End) -> bool {
        let ended = Ended { name, took, end };
        println!("<== {}", ended.line());
        let passed = !matches!(ended.end, End::Failed(_));
        self.ended.push(ended);
        passed
    }

    /// Prints every step with its time and a closing count; an error when any failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\nsteps:");
        for ended in &self.ended {
            println!("  {}", ended.line());
        }
        let count = |wanted: fn(&End) -> bool| {
            let matching = self.ended.iter().filter(|ended| wanted(&ended.end));
            matching.count()
        };
        let passed = count(|end| matches!(end, End::Passed));
        let failed = count(|end| matches!(end, End::Failed(_)));
        let skipped = count(|end| matches!(end, End::Skipped(_)));
        println!("\nsteps: {passed} passed, {failed} failed, {skipped} skipped");
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.ended.len());
        }
        Ok(())
    }
}

impl Ended {
    fn line(&self) -> String {
        let seconds = self.took.as_secs_f64();
        let head = format!("{:<14} {seconds:>7.1} s", self.name);
        match &self.end {
            End::Passed => format!("{head}  passed"),
            End::Skipped(why) => format!("{head}  SKIPPED: {why}"),
            End::Failed(why) => format!("{head}  FAILED: {why}"),
        }
    }
}
