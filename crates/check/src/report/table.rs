//! A report for people.

use std::fmt::Write as _;

use super::{Finding, Report};
use crate::promise::Outcome;

/// Columns of the text.
const WIDTH: usize = 100;

/// Where the text of a finding begins.
const INDENT: usize = 18;

impl Report {
    /// As text for a terminal, with colours if wanted.
    pub fn to_table(&self, is_coloured: bool) -> String {
        let mut text = String::new();
        let recognised = &self.recognised;
        let who = self.who.as_deref().unwrap_or("could not be told");
        let targets = match self.targets.as_slice() {
            [] => "none told apart".to_owned(),
            targets => targets.join(", "),
        };
        let _ = writeln!(text, "{}\n", self.url);
        for (name, value) in [
            ("balancer", format!("{} (by {})", recognised.balancer, recognised.by)),
            ("who answers", who.to_owned()),
            ("targets", targets),
            ("comes home", self.affinity.clone()),
        ] {
            let _ = writeln!(text, "  {name:<16}{value}");
        }
        for finding in &self.findings {
            text.push('\n');
            write_finding(&mut text, finding, is_coloured);
        }
        let _ = writeln!(
            text,
            "\n{} kept, {} broken, {} could not tell; {} requests",
            self.count(Outcome::Kept),
            self.count(Outcome::Broken),
            self.count(Outcome::CouldNotTell),
            self.requests
        );
        text
    }
}

fn write_finding(text: &mut String, finding: &Finding, is_coloured: bool) {
    let (mark, colour) = match finding.outcome {
        Outcome::Kept => ("✓ kept", "32"),
        Outcome::Broken => ("✗ broken", "31"),
        Outcome::CouldNotTell => ("? could not tell", "33"),
    };
    let padded = format!("{mark:<16}");
    let mark = if is_coloured { format!("\u{1b}[{colour}m{padded}\u{1b}[0m") } else { padded };
    let (name, words) = (finding.promise.name(), finding.promise.words());
    let _ = writeln!(text, "{mark}  {name}: {words}");
    for line in &finding.evidence {
        write_wrapped(text, line);
    }
    if let Some(means) = finding.means {
        write_wrapped(text, &format!("For users: {means}"));
    }
    if let Some(change) = &finding.change {
        write_wrapped(text, &format!("Change: {change}"));
    }
}

fn write_wrapped(text: &mut String, line: &str) {
    let mut column = 0;
    for word in line.split(' ') {
        let width = word.chars().count();
        if column == 0 {
            let _ = write!(text, "{:INDENT$}{word}", "");
            column = INDENT + width;
        } else if column + 1 + width > WIDTH {
            let _ = write!(text, "\n{:INDENT$}  {word}", "");
            column = INDENT + 2 + width;
        } else {
            let _ = write!(text, " {word}");
            column += 1 + width;
        }
    }
    text.push('\n');
}
