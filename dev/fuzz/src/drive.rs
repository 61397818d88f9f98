//! Runs a target on seeds and on what becomes of them.

use std::{
    cell::RefCell,
    fmt,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    sync::Once,
    time::Duration,
};

use anyhow::{Result, ensure};
use fastrand::Rng;

use crate::{clock, files, mutate::mutate, shrink::shrink, targets::Target};

/// An input that takes longer than this is as bad as a panic: inputs have 4 KiB at most.
const SLOW: Duration = Duration::from_secs(2);

/// Mutated inputs that are mutated further, beside the seeds.
const WANDERERS: usize = 64;

/// One target's run.
pub(crate) struct Driver {
    target: &'static Target,
    rng: Rng,
    seeds: Vec<Vec<u8>>,
    wanderers: Vec<Vec<u8>>,
}

/// An input that broke the target.
pub(crate) struct Crash {
    input: Vec<u8>,
    fault: String,
    kept_at: Result<PathBuf>,
}

impl Driver {
    /// With the seeds of the target's corpus.
    pub(crate) fn new(target: &'static Target, seed: u64) -> Result<Self> {
        let seeds = files::seeds(target.name)?;
        ensure!(!seeds.is_empty(), "{} has no seeds", target.name);
        Ok(Self { target, rng: Rng::with_seed(seed), seeds, wanderers: Vec::new() })
    }

    /// Runs every seed as it is and then mutations until the time is over. Returns how many inputs ran.
    pub(crate) fn run_for(mut self, time: Duration) -> Result<u64, Crash> {
        let started = clock::now();
        let mut inputs = 0;
        for seed in &self.seeds {
            self.try_input(seed)?;
            inputs += 1;
        }
        while started.elapsed() < time {
            let input = self.next_input();
            self.try_input(&input)?;
            self.keep_some(input);
            inputs += 1;
        }
        Ok(inputs)
    }

    fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.any_input();
        let other = self.any_input();
        mutate(&mut self.rng, &mut input, &other, self.target.words);
        input
    }

    /// A seed or a wanderer.
    fn any_input(&mut self) -> Vec<u8> {
        let pool = if self.rng.bool() && !self.wanderers.is_empty() {
            &self.wanderers
        } else {
            &self.seeds
        };
        self.rng.choice(pool).cloned().unwrap_or_default()
    }

    /// Now and then an input replaces a wanderer, so that some drift far from the seeds.
    fn keep_some(&mut self, input: Vec<u8>) {
        if self.wanderers.len() < WANDERERS {
            self.wanderers.push(input);
        } else if self.rng.u8(..16) == 0 {
            let at = self.rng.usize(..WANDERERS);
            self.wanderers.splice(at..=at, [input]);
        }
    }

    fn try_input(&self, input: &[u8]) -> Result<(), Crash> {
        let run = self.target.run;
        let Err(first_fault) = attempt(run, input) else {
            return Ok(());
        };
        let input = shrink(input, |shorter| attempt(run, shorter).is_err());
        Err(Crash {
            fault: attempt(run, &input).err().unwrap_or(first_fault),
            kept_at: files::keep_crash(self.target.name, &input),
            input,
        })
    }
}

thread_local! {
    /// What the last panic of this thread said, while an attempt runs.
    static FAULT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the texts of panics in attempts, thousands while one is shrunk, from the terminal. Others are printed.
fn keep_faults() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            FAULT.with_borrow_mut(|fault| match fault {
                Some(fault) => *fault = panic.to_string(),
                None => print(panic),
            });
        }));
    });
}

/// Runs the function on the input and says what went wrong, if anything.
pub(crate) fn attempt(run: fn(&[u8]), input: &[u8]) -> Result<(), String> {
    keep_faults();
    FAULT.set(Some(String::new()));
    let started = clock::now();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(input)));
    let took = started.elapsed();
    let fault = FAULT.take().unwrap_or_default();
    match outcome {
        Err(_) => Err(fault),
        Ok(()) if took > SLOW => Err(format!("it took {took:?}")),
        Ok(()) => Ok(()),
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.fault.replace('\n', "\n  "))?;
        writeln!(f, "  text: {:?}", String::from_utf8_lossy(&self.input))?;
        write!(f, "  hex:  ")?;
        self.input.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        match &self.kept_at {
            Ok(path) => write!(f, "\n  kept: {}", path.display()),
            Err(error) => write!(f, "\n  not kept: {error:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::TARGETS;

    #[test]
    fn every_seed_of_every_target_keeps_the_laws() {
        for target in &TARGETS {
            let seeds = files::seeds(target.name).unwrap();
            assert!(!seeds.is_empty(), "{} has no seeds", target.name);
            for seed in seeds {
                let text = String::from_utf8_lossy(&seed).into_owned();
                assert_eq!(attempt(target.run, &seed), Ok(()), "{}: {text:?}", target.name);
            }
        }
    }

    #[test]
    fn a_panic_is_found_shrunk_and_told() {
        fn breaks(input: &[u8]) {
            assert!(!input.contains(&b'!'), "an exclamation mark");
        }
        assert_eq!(attempt(breaks, b"calm"), Ok(()));
        let fault = attempt(breaks, b"so loud!!").unwrap_err();
        assert!(fault.contains("an exclamation mark"), "{fault}");
        let smallest = shrink(b"so loud!!", |input| attempt(breaks, input).is_err());
        assert_eq!(smallest, b"!");
    }
}
