//! Tables go into `docs/benchmarks.md` as they were measured, by no other hand.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

/// Puts a text between the two comments of that name.
pub(super) fn write(name: &str, text: &str) -> Result<()> {
    let path = workspace::root().join("docs/benchmarks.md");
    let page = fs::read_to_string(&path)?;
    let page = replace_between(&page, name, text)
        .with_context(|| format!("{} has no place for {name}", path.display()))?;
    Ok(fs::write(&path, page)?)
}

fn replace_between(page: &str, name: &str, text: &str) -> Option<String> {
    let begin = format!("<!-- {name}: begin -->\n");
    let end = format!("<!-- {name}: end -->");
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some([before, &begin, "\n", text.trim(), "\n\n", &end, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_replaces_the_one_before() {
        let page = "a\n<!-- load: begin -->\nold\n<!-- load: end -->\nz\n";
        let expected = "a\n<!-- load: begin -->\n\nnew\n\n<!-- load: end -->\nz\n";
        assert_eq!(replace_between(page, "load", "new\n").as_deref(), Some(expected));
        assert_eq!(replace_between(page, "other", "new"), None);
    }
}
