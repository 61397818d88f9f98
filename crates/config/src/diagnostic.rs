//! What is wrong with a file, where, and what to write instead.

use std::fmt;

/// One error or warning, at the place that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The key as written, such as `target_groups.web.stickiness.duration`; empty for syntax errors.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty where the message says it all.
    pub help: String,
}

impl Diagnostic {
    /// The text for people: `file:line:column: message`, and the help on a line of its own.
    pub fn render(&self, file: &str) -> String {
        format!("{file}:{self}")
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}
