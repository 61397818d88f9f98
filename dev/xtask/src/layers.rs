//! Holds the workspace to the rank table of ARCHITECTURE.md.
//!
//! The document is the source: what it does not say is not checked, and a crate that it does not name is an error.

mod table;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace;
use table::{Rank, Tables};

/// `cargo xtask layers`.
pub(crate) fn layers() -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("ARCHITECTURE.md"))?;
    let tables = Tables::read(&text)?;
    let packages = packages(&workspace::metadata()?)?;
    let faults = faults(&tables, &packages);
    if faults.is_empty() {
        println!("{} crates keep to their ranks", packages.len());
        return Ok(());
    }
    bail!("the ranks are broken:\n  {}", faults.join("\n  "));
}

/// One crate of the workspace and what it is built from, dev-dependencies left out.
#[derive(Debug)]
struct Package {
    name: String,
    uses: Vec<String>,
}

/// Everything in which the workspace differs from the tables, one line each.
fn faults(tables: &Tables, packages: &[Package]) -> Vec<String> {
    let mut faults = tables.stale(packages.iter().map(|package| package.name.as_str()));
    for package in packages {
        let Some(rank) = tables.rank(&package.name) else {
            faults.push(format!("{} is in no row of the rank table", package.name));
            continue;
        };
        for used in &package.uses {
            faults.extend(fault(tables, &package.name, rank, used));
        }
    }
    faults
}

/// What is wrong with one edge, if anything.
fn fault(tables: &Tables, from: &str, rank: Rank, to: &str) -> Option<String> {
    if tables.is_banned(from, to) {
        return Some(format!("{from} uses {to}, which a pure crate never does"));
    }
    let below = tables.rank(to)?;
    if rank.may_use(below) || tables.is_excepted(from, to) {
        return None;
    }
    Some(format!("{from} (rank {rank}) uses {to} (rank {below})"))
}

fn packages(metadata: &Value) -> Result<Vec<Package>> {
    array(metadata, "packages")?.iter().map(package).collect()
}

fn package(entry: &Value) -> Result<Package> {
    let mut uses = Vec::new();
    for dependency in array(entry, "dependencies")? {
        if dependency.get("kind").and_then(Value::as_str) != Some("dev") {
            uses.push(short_name(dependency)?);
        }
    }
    let name = short_name(entry)?;
    Ok(Package { name, uses })
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    let found = value.get(key).and_then(Value::as_array);
    found.with_context(|| format!("cargo metadata has no {key}"))
}

/// The package's name as the tables write it.
fn short_name(value: &Value) -> Result<String> {
    let name = value.get("name").and_then(Value::as_str);
    let name = name.context("cargo metadata names every package")?;
    Ok(name.strip_prefix("clingfish-").unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests;
