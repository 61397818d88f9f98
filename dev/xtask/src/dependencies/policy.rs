//! Reads the parts of `deny.toml` that we check.

use anyhow::{Result, anyhow};
use toml::de::{DeTable, DeValue};

/// What is allowed and what is not.
#[derive(Debug)]
pub(super) struct Policy {
    /// Licences that a crate may have.
    pub(super) licences: Vec<String>,
    /// Crates that are never used.
    pub(super) banned: Vec<String>,
    /// Crates that may be there in more than one version.
    pub(super) skipped: Vec<String>,
}

impl Policy {
    /// Reads the file's text.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let table = DeTable::parse(text).map_err(|error| anyhow!("deny.toml: {error}"))?;
        let table = table.get_ref();
        let skipped = names(table, "bans", "skip");
        Ok(Self {
            licences: names(table, "licenses", "allow"),
            banned: names(table, "bans", "deny"),
            // "name@version", or a table with the name and the reason.
            skipped: skipped.iter().map(|name| before_at(name)).collect(),
        })
    }
}

fn before_at(name: &str) -> String {
    name.split('@').next().unwrap_or_default().to_owned()
}

/// The texts of a list; of a table in it, the one under `crate`.
fn names(table: &DeTable<'_>, section: &str, key: &str) -> Vec<String> {
    let list = table
        .get(section)
        .and_then(|section| section.get_ref().as_table())
        .and_then(|section| section.get(key))
        .and_then(|list| list.get_ref().as_array());
    let entries = list.into_iter().flat_map(|list| list.iter());
    entries.filter_map(|entry| name(entry.get_ref())).collect()
}

fn name(entry: &DeValue<'_>) -> Option<String> {
    let text = match entry.as_table() {
        Some(table) => table.get("crate")?.get_ref().as_str(),
        None => entry.as_str(),
    };
    text.map(str::to_owned)
}
