//! The sentences in which AWS says that a value breaks a rule.

use std::fmt;

use crate::Error;

/// A rule about one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint<'a> {
    /// It must be there.
    NotNull,
    /// It is one of these.
    OneOf(&'a [&'a str]),
    /// It has the form of this regular expression, as AWS writes it.
    Pattern(&'a str),
    /// The least number.
    AtLeast(i64),
    /// The greatest number.
    AtMost(i64),
    /// The fewest characters of a text, or members of a list.
    LengthAtLeast(usize),
    /// The most characters of a text, or members of a list.
    LengthAtMost(usize),
}

impl Constraint<'_> {
    /// The refusal of a value (none when it is absent) at this place, written as in `actions.1.member.type`.
    pub fn broken_by(self, value: Option<&str>, at: &str) -> Error {
        let value = match value {
            Some(value) => format!("'{value}'"),
            None => "null".into(),
        };
        Error::validation(format!(
            "1 validation error detected: Value {value} at '{at}' failed to satisfy constraint: {self}"
        ))
    }
}

impl fmt::Display for Constraint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNull => write!(f, "Member must not be null"),
            Self::OneOf(set) => {
                write!(f, "Member must satisfy enum value set: [{}]", set.join(", "))
            }
            Self::Pattern(pattern) => {
                write!(f, "Member must satisfy regular expression pattern: {pattern}")
            }
            Self::AtLeast(least) => {
                write!(f, "Member must have value greater than or equal to {least}")
            }
            Self::AtMost(most) => write!(f, "Member must have value less than or equal to {most}"),
            Self::LengthAtLeast(least) => {
                write!(f, "Member must have length greater than or equal to {least}")
            }
            Self::LengthAtMost(most) => {
                write!(f, "Member must have length less than or equal to {most}")
            }
        }
    }
}

/// A form that texts have: AWS's regular expression, which only its messages show, and the function that decides.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// As AWS writes it.
    pub text: &'static str,
    /// Whether a text has the form.
    pub accepts: fn(&str) -> bool,
}
