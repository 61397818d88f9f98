//! What the self-test found, and how it is written down.

mod json;
mod junit;
mod table;

use std::collections::BTreeSet;

use crate::{
    advice::advice,
    balancer::{Balancer, Recognised},
    promise::{Judgement, Outcome, Promise},
};

/// What became of one promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which one.
    pub promise: Promise,
    /// What became of it.
    pub outcome: Outcome,
    /// What was sent and seen.
    pub evidence: Vec<String>,
    /// What it means for users, where it is broken.
    pub means: Option<&'static str>,
    /// What to change on that balancer, where it is broken.
    pub change: Option<String>,
}

impl Finding {
    /// A judgement about that promise of that balancer's.
    pub fn new(promise: Promise, judgement: Judgement, balancer: Balancer) -> Self {
        let is_broken = judgement.outcome == Outcome::Broken;
        Self {
            promise,
            outcome: judgement.outcome,
            evidence: judgement.evidence,
            means: is_broken.then(|| promise.when_broken()),
            change: is_broken.then(|| advice(balancer, promise)),
        }
    }
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was checked.
    pub url: String,
    /// Which balancer it seems to be.
    pub recognised: Recognised,
    /// By what targets were told apart, if they were.
    pub who: Option<String>,
    /// The targets that answered.
    pub targets: Vec<String>,
    /// By what clients come home.
    pub affinity: String,
    /// How many requests it took.
    pub requests: usize,
    /// A finding for each promise that was checked, in order.
    pub findings: Vec<Finding>,
}

/// What does not count as a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Promises of which nothing could be told.
    pub could_not_tell: bool,
    /// Promises that may be broken.
    pub broken: BTreeSet<Promise>,
}

impl Default for Allowed {
    fn default() -> Self {
        Self { could_not_tell: true, broken: BTreeSet::new() }
    }
}

impl Allowed {
    /// Reads one word: `could-not-tell`, `none`, or the name of a promise that may be broken.
    pub fn allow(&mut self, word: &str) -> Result<(), String> {
        match (word, Promise::of_name(word)) {
            ("could-not-tell", _) => self.could_not_tell = true,
            ("none", _) => self.could_not_tell = false,
            (_, Some(promise)) => {
                self.broken.insert(promise);
            }
            (_, None) => {
                let names: Vec<&str> = Promise::ALL.iter().map(|promise| promise.name()).collect();
                return Err(format!(
                    "{word:?} is neither could-not-tell, none, nor one of {}",
                    names.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Whether that finding is no failure.
    pub fn passes(&self, finding: &Finding) -> bool {
        match finding.outcome {
            Outcome::Kept => true,
            Outcome::Broken => self.broken.contains(&finding.promise),
            Outcome::CouldNotTell => self.could_not_tell,
        }
    }
}

impl Report {
    /// Whether all is well, but for what is allowed.
    pub fn passes(&self, allowed: &Allowed) -> bool {
        self.findings.iter().all(|finding| allowed.passes(finding))
    }

    /// How many promises had that outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }

    /// The finding about that promise, if it was checked.
    pub fn finding(&self, promise: Promise) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.promise == promise)
    }
}

#[cfg(test)]
mod tests;
