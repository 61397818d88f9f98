//! Lines of the text exposition.

use std::fmt::{self, Display, Write as _};

use crate::{HistogramTotals, text::Family};

/// The text so far.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) text: String,
}

/// One family that is being written; families may not be mixed.
pub(crate) struct Samples<'a> {
    text: &'a mut String,
    family: &'static Family,
}

impl Page {
    /// Begins a family: its samples follow without a break.
    pub(crate) fn open(&mut self, family: &'static Family) -> Samples<'_> {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.text, "# HELP {} {}", family.name, family.help);
        let _ = writeln!(self.text, "# TYPE {} {}", family.name, family.kind.as_str());
        Samples { text: &mut self.text, family }
    }
}

impl Samples<'_> {
    /// Writes one sample, its labels' values in the order that the family names them in.
    pub(crate) fn sample(&mut self, values: &[&str], value: impl Display) {
        self.line("", values, None, value);
    }

    /// Writes a histogram's buckets, sum and count.
    pub(crate) fn histogram(&mut self, values: &[&str], totals: &HistogramTotals) {
        for (bound, count) in totals.cumulative() {
            self.line("_bucket", values, Some(bound), count);
        }
        self.line("_bucket", values, Some("+Inf"), totals.count());
        self.line("_sum", values, None, totals.sum_seconds());
        self.line("_count", values, None, totals.count());
    }

    fn line(&mut self, suffix: &str, values: &[&str], bound: Option<&str>, value: impl Display) {
        debug_assert_eq!(values.len(), self.family.labels.len(), "{}", self.family.name);
        self.text.push_str(self.family.name);
        self.text.push_str(suffix);
        let labels = self.family.labels.iter().copied().zip(values.iter().copied());
        let mut before = '{';
        for (label, value) in labels.chain(bound.map(|bound| ("le", bound))) {
            let _ = write!(self.text, "{before}{label}=\"{}\"", Escaped(value));
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }
}

/// A label's value with `\`, `"` and line feeds escaped.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, special)) =
            rest.char_indices().find(|(_, c)| matches!(c, '\\' | '"' | '\n'))
        {
            let (plain, after) = rest.split_at(at);
            f.write_str(plain)?;
            f.write_str(match special {
                '\\' => "\\\\",
                '"' => "\\\"",
                _ => "\\n",
            })?;
            rest = after.get(1..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        for (value, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a\"b", "a\\\"b"),
            ("a\\", "a\\\\"),
            ("\n{}=", "\\n{}="),
            ("ä\"ö", "ä\\\"ö"),
        ] {
            assert_eq!(Escaped(value).to_string(), expected);
        }
    }
}
