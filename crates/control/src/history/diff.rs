//! What differs between two texts of the configuration, for people to read. Never shows a secret.

use std::{collections::BTreeMap, fmt, ops::Range};

use clingfish_model::limits::EVENT_DIFF_BYTES_MAX;
use similar::{Algorithm, ChangeTag, DiffOp};

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// What stands for a secret, and for a line that names one.
const MASK: &str = "***";

/// Lines that went and came, with some around them, as `diff -u` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff(String);

impl Diff {
    /// From the one text to the other. What is too long is cut off; of what is no configuration nothing is shown, since nobody knows
    /// which of it is secret.
    pub fn between(before: &[u8], after: &[u8]) -> Self {
        if before == after {
            return Self::default();
        }
        let (Some(before), Some(after)) = (Masked::of(before), Masked::of(after)) else {
            return Self("(not shown: one of the texts is no TOML)\n".to_owned());
        };
        let ops = similar::capture_diff_slices(Algorithm::Myers, &before.lines, &after.lines);
        let mut text = String::new();
        for hunk in similar::group_diff_ops(ops, CONTEXT) {
            if !write_hunk(&mut text, &hunk, &before, &after) {
                text.push_str("(and more)\n");
                break;
            }
        }
        Self(text)
    }

    /// One that was written down.
    pub(super) fn kept(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The lines.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text by lines, and what is shown instead of those with secrets.
struct Masked<'t> {
    lines: Vec<&'t str>,
    shown: BTreeMap<usize, String>,
}

impl<'t> Masked<'t> {
    fn of(text: &'t [u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let secrets = clingfish_config::secret_spans(text)?;
        let lines: Vec<&str> = text.lines().collect();
        let mut shown = BTreeMap::new();
        let mut secrets = secrets.iter().peekable();
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let end = start + line.len();
            while secrets.next_if(|secret| secret.end <= start).is_some() {}
            let first = secrets.peek().filter(|secret| secret.start < end);
            if let Some(masked) = mask(line, first.map(|secret| secret.start.max(start) - start)) {
                shown.insert(number, masked);
            }
            start = end;
        }
        Some(Self { lines, shown })
    }

    fn line(&self, number: usize) -> &str {
        match self.shown.get(&number) {
            Some(shown) => shown,
            None => self.lines.get(number).copied().unwrap_or_default(),
        }
    }
}

/// What to show of a line whose first secret begins there, or that has a secret's name: in a comment it may be one all the same.
fn mask(line: &str, secret: Option<usize>) -> Option<String> {
    if let Some(at) = secret {
        return Some(format!("{}{MASK}", line.get(..at).unwrap_or_default()));
    }
    let names_one = clingfish_config::SECRET_KEYS.iter().any(|key| line.contains(key));
    names_one.then(|| MASK.to_owned())
}

/// Writes one place where the texts differ; false if there is no room for it.
fn write_hunk(text: &mut String, hunk: &[DiffOp], before: &Masked<'_>, after: &Masked<'_>) -> bool {
    let all = |range: fn(&DiffOp) -> Range<usize>| -> Range<usize> {
        let start = hunk.first().map_or(0, |op| range(op).start);
        start..hunk.last().map_or(start, |op| range(op).end)
    };
    let (old, new) = (all(DiffOp::old_range), all(DiffOp::new_range));
    text.push_str(&format!(
        "@@ -{},{} +{},{} @@\n",
        old.start + 1,
        old.len(),
        new.start + 1,
        new.len()
    ));
    for op in hunk {
        for change in op.iter_changes(&before.lines, &after.lines) {
            let (sign, side, index) = match change.tag() {
                ChangeTag::Equal => (' ', after, change.new_index()),
                ChangeTag::Delete => ('-', before, change.old_index()),
                ChangeTag::Insert => ('+', after, change.new_index()),
            };
            let line = side.line(index.unwrap_or_default());
            if text.len() + line.len() + 2 > EVENT_DIFF_BYTES_MAX {
                return false;
            }
            text.push(sign);
            text.push_str(line);
            text.push('\n');
        }
    }
    true
}
