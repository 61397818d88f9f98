//! A report for programs.

use serde_json::{Value, json};

use super::{Finding, Report};
use crate::promise::Outcome;

impl Report {
    /// As one JSON object. Members may be added, none will change its meaning.
    pub fn to_json(&self) -> Value {
        json!({
            "url": self.url,
            "balancer": self.recognised.balancer.to_string(),
            "recognised_by": self.recognised.by,
            "who": self.who,
            "targets": self.targets,
            "comes_home_by": self.affinity,
            "requests": self.requests,
            "kept": self.count(Outcome::Kept),
            "broken": self.count(Outcome::Broken),
            "could_not_tell": self.count(Outcome::CouldNotTell),
            "promises": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Finding {
    /// As the report has it.
    pub fn to_json(&self) -> Value {
        json!({
            "promise": self.promise.name(),
            "words": self.promise.words(),
            "outcome": self.outcome.name(),
            "evidence": self.evidence,
            "means": self.means,
            "change": self.change,
        })
    }
}
