//! Rules of a listener: conditions, what is done with a request that meets them all, and how it is rewritten.

mod action;
mod condition;
mod matching;
mod pattern;
mod redirect;
mod template;
mod transform;

use std::fmt;

use crate::{Record, ResourceId};

pub use action::{Action, BadAction, FixedResponse, Forward, WeightedGroup};
pub use condition::{BadCondition, Condition, HeaderName, QueryPattern, Values};
pub use matching::{BadRegex, Regex};
pub use pattern::{BadPattern, Pattern};
pub use redirect::{BadRedirect, Origin, Port, Redirect, Scheme};
pub use template::{Placeholder, Template};
pub use transform::{BadTransform, Rewrite, Transforms};

/// What is done with the requests that meet every condition, unless a rule before it has taken them.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    priority: Priority,
    conditions: Vec<Condition>,
    action: Action,
    transforms: Transforms,
    record: Record,
}

/// A rule's place among the rules of its listener: 1 to 50,000, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u16);

/// Why conditions do not make a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRule {
    /// It would take every request.
    #[error("the rule has no condition: add one, or make it the listener's default action")]
    NoCondition,
    /// A request has one host, path, method and peer.
    #[error(
        "the rule has two {field} conditions, and a request must meet both: put the values into one list if either will do"
    )]
    Twice {
        /// The condition, in ELBv2's words.
        field: &'static str,
    },
    /// Too many values.
    #[error(
        "the rule has {count} values; a rule has at most {}: split it into several",
        Rule::VALUES_MAX
    )]
    Values {
        /// How many it has.
        count: usize,
    },
    /// Too many wildcards.
    #[error(
        "the rule has {count} wildcards; a rule has at most {}: split it into several",
        Rule::WILDCARDS_MAX
    )]
    Wildcards {
        /// How many it has.
        count: usize,
    },
    /// Too many regular expressions.
    #[error(
        "the rule has {count} regular expressions; a rule has at most {}: split it into several",
        Rule::REGEXES_MAX
    )]
    Regexes {
        /// How many it has.
        count: usize,
    },
}

impl Rule {
    /// Rules of one listener. ALB's quota is 100 of a load balancer; nothing here becomes slower with more.
    pub const COUNT_MAX: usize = 5_000;
    /// Values of all conditions of one rule. ALB's quota is 5.
    pub const VALUES_MAX: usize = 20;
    /// Wildcards of all conditions of one rule, as ALB.
    pub const WILDCARDS_MAX: usize = 5;
    /// Regular expressions of all conditions of one rule, as ALB.
    pub const REGEXES_MAX: usize = 5;

    /// Checks and keeps a rule.
    pub fn new(
        priority: Priority,
        conditions: Vec<Condition>,
        action: Action,
        transforms: Transforms,
    ) -> Result<Self, BadRule> {
        if conditions.is_empty() {
            return Err(BadRule::NoCondition);
        }
        for (at, condition) in conditions.iter().enumerate() {
            let mut before = conditions.iter().take(at);
            if condition.stands_alone() && before.any(|other| other.field() == condition.field()) {
                return Err(BadRule::Twice { field: condition.field() });
            }
        }
        let sum = |count: fn(&Condition) -> usize| conditions.iter().map(count).sum();
        let (values, regexes): (usize, usize) = (sum(Condition::values), sum(Condition::regexes));
        let wildcards: usize = sum(Condition::wildcards);
        if values > Self::VALUES_MAX {
            return Err(BadRule::Values { count: values });
        }
        if wildcards > Self::WILDCARDS_MAX {
            return Err(BadRule::Wildcards { count: wildcards });
        }
        if regexes > Self::REGEXES_MAX {
            return Err(BadRule::Regexes { count: regexes });
        }
        Ok(Self { priority, conditions, action, transforms, record: Record::default() })
    }

    /// With what the API keeps of it.
    #[must_use]
    pub fn recorded(mut self, record: Record) -> Self {
        self.record = record;
        self
    }

    /// What the API keeps of it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The id for ARNs, in that listener: recorded, or else derived from its priority.
    pub fn id(&self, listener: ResourceId) -> ResourceId {
        let derived =
            || ResourceId::derive("listener-rule", &format!("{listener}/{}", self.priority));
        self.record.id.unwrap_or_else(derived)
    }

    /// Its place.
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// All of these must hold; at least one.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What is done.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// How the request is rewritten for the target.
    pub fn transforms(&self) -> &Transforms {
        &self.transforms
    }
}

impl Priority {
    /// The last place before the default action.
    pub const MAX: u16 = 50_000;

    /// The place of that number, if there is one.
    pub fn new(number: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn value(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
