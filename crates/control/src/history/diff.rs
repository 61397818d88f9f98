//! What differs between two texts of the configuration, for people to read. Never shows a secret.

use std::{collections::BTreeMap, fmt, ops::Range};

use clingfish_model::limits::EVENT_DIFF_BYTES_MAX;
use similar::{Algorithm, ChangeTag, DiffOp};

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// What stands for a secret and what follows it in its line.
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

/// A text as others may see it: without its secrets. None of a text that is no configuration, since nobody knows which of it is secret.
pub fn masked(text: &[u8]) -> Option<String> {
    let masked = Masked::of(text)?;
    let lines = (0..masked.lines.len()).map(|number| masked.line(number));
    Some(lines.flat_map(|line| [line, "\n"]).collect())
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
        let mut shown = BTreeMap::new();
        let mut secrets = secrets.iter().peekable();
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let end = start + line.len();
            while secrets.next_if(|secret| secret.end <= start).is_some() {}
            if let Some(secret) = secrets.peek().filter(|secret| secret.start < end) {
                let before = line.get(..secret.start.saturating_sub(start)).unwrap_or_default();
                shown.insert(number, format!("{before}{MASK}"));
            }
            start = end;
        }
        Some(Self { lines: text.lines().collect(), shown })
    }

    fn line(&self, number: usize) -> &str {
        let line = self.lines.get(number).copied().unwrap_or_default();
        match self.shown.get(&number) {
            Some(shown) => shown,
            None if names_secret(line) => MASK,
            None => line,
        }
    }
}

/// Whether a line speaks of a secret: even a comment may say it.
fn names_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    // Of an import, which syntax tells from the keys of hashes, but not in a comment.
    let may_be_key = |comment: &str| comment.contains("key") && comment.contains('=');
    clingfish_config::SECRET_KEYS.iter().any(|key| line.contains(key))
        || line.split_once('#').is_some_and(|(_, comment)| may_be_key(comment))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &str, after: &str) -> String {
        Diff::between(before.as_bytes(), after.as_bytes()).to_string()
    }

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        let before: String = (1..=20).map(|n| format!("k{n} = {n}\n")).collect();
        let after = before.replace("k5 = 5\n", "").replace("k18 = 18", "k18 = 0");
        let expected = "@@ -2,7 +2,6 @@\n k2 = 2\n k3 = 3\n k4 = 4\n-k5 = 5\n k6 = 6\n k7 = 7\n k8 = 8\n\
            @@ -15,6 +14,6 @@\n k15 = 15\n k16 = 16\n k17 = 17\n-k18 = 18\n+k18 = 0\n k19 = 19\n k20 = 20\n";
        assert_eq!(diff(&before, &after), expected);
        assert_eq!(diff(&before, &before), "");
        assert_eq!(diff("", "a = 1"), "@@ -1,0 +1,1 @@\n+a = 1\n");
    }

    #[test]
    fn secrets_are_never_shown() {
        for (before, after) in [
            ("", "[[admin.access_keys]]\nid = \"A\"\nsecret = \"hunter2\"\n"),
            (
                "[[admin.access_keys]]\nid = \"A\"\nsecret = \"hunter2\"\n",
                "[[admin.access_keys]]\nid = \"B\"\nsecret = \"hunter2\"\n",
            ),
            (
                "",
                "[admin]\naccess_keys = [\n{ id = \"A\", secret = \"hunter2\" },\n{ id = \"B\", 'secret' = 'hunter2' }]\n",
            ),
            (
                "",
                "[admin]\ntokens = [{ sha256 = \"hunter2\", id = \"A\" }, { sha256 = \"hunter2\" }]\n",
            ),
            ("", "[admin]\ntokens.a.\"s\\u0068a256\" = \"hunter2\"\n"),
            ("", "a.secret = \"\"\"\nhunter2\nhunter2 = \"\"\"\nb = 1\n"),
            ("", "a.secret = [\n  \"hunter2\",\n  { b = \"hunter2\" },\n]\n"),
            ("", "# secret = \"hunter2\"\n#Secret: hunter2\n"),
            ("", "# key = \"hunter2\"\na = 1 # key=\"hunter2\"\n"),
            ("", "[admin]\r\nsecret = \"hunter2\"\r\n"),
            ("", "[g]\nstickiness.import = { from = \"caddy\", key = \"hunter2\" }\n"),
            ("", "not TOML, secret\nhunter2\n"),
            ("sec\\ret hunter2", "a = 1\n"),
        ] {
            let shown = diff(before, after);
            assert!(!shown.is_empty() && !shown.contains("hunter2"), "{after}{shown}");
            let shown = masked(after.as_bytes()).unwrap_or_default();
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_secret_that_changes_shows_that_it_did() {
        let shown = diff("secret = \"a\" # mine\n", "secret = \"b\" # mine\n");
        assert_eq!(shown, "@@ -1,1 +1,1 @@\n-secret = ***\n+secret = ***\n");
    }

    #[test]
    fn a_long_difference_is_cut_off() {
        let after: String = (0..10_000).map(|n| format!("k{n} = 1\n")).collect();
        let shown = diff("", &after);
        assert!(shown.len() <= EVENT_DIFF_BYTES_MAX + 100, "{}", shown.len());
        assert!(shown.ends_with("(and more)\n"));
    }
}
