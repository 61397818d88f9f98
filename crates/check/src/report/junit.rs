//! A report for CI: JUnit's XML, a test case for each promise.

use std::fmt::Write as _;

use super::{Allowed, Finding, Report};
use crate::promise::Outcome;

impl Report {
    /// As JUnit's XML. What is not allowed is a failure; what could not be told, or may be broken, was skipped.
    pub fn to_junit(&self, allowed: &Allowed) -> String {
        let failures = self.findings.iter().filter(|finding| !allowed.passes(finding)).count();
        let skipped = self
            .findings
            .iter()
            .filter(|finding| finding.outcome != Outcome::Kept && allowed.passes(finding))
            .count();
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            text,
            "<testsuites>\n  <testsuite name=\"clingfish check {}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">",
            escaped(&self.url),
            self.findings.len()
        );
        for finding in &self.findings {
            write_case(&mut text, finding, allowed.passes(finding));
        }
        text.push_str("  </testsuite>\n</testsuites>\n");
        text
    }
}

fn write_case(text: &mut String, finding: &Finding, passes: bool) {
    let (name, words) = (finding.promise.name(), finding.promise.words());
    let _ = writeln!(text, "    <testcase classname=\"clingfish.check\" name=\"{name}\">");
    let first = finding.evidence.first().map_or(words, String::as_str);
    let mut lines = finding.evidence.clone();
    lines.extend(finding.means.map(|means| format!("For users: {means}")));
    lines.extend(finding.change.as_ref().map(|change| format!("Change: {change}")));
    let whole = escaped(&lines.join("\n"));
    let _ = match (finding.outcome, passes) {
        (Outcome::Kept, _) => writeln!(text, "      <system-out>{whole}</system-out>"),
        (_, true) => writeln!(text, "      <skipped message=\"{}\"/>", escaped(first)),
        (_, false) => writeln!(
            text,
            "      <failure type=\"{}\" message=\"{}\">{whole}</failure>",
            finding.outcome.name(),
            escaped(&format!("not kept: {words}"))
        ),
    };
    text.push_str("    </testcase>\n");
}

/// Without what XML would take for its own, nor what it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(sign),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}')
            }
            sign => out.push(sign),
        }
    }
    out
}
