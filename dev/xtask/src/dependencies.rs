//! Holds the crates that we build from to `deny.toml`: licences, one version of each, one registry, none that is banned.
//!
//! cargo-deny reads the same file and checks more, but takes longer to install than everything else takes to run.

mod licence;
mod policy;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{
    commands::{cargo, run, works},
    vendored, workspace,
};
use policy::Policy;

/// Our own check, then cargo-deny's where it is installed.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("deny.toml"))?;
    let built = built()?;
    let metadata = metadata()?;
    let mut crates = crates(&metadata)?;
    crates.retain(|found| built.contains(&(found.name.clone(), found.version.clone())));
    let faults = faults(&Policy::parse(&text)?, &crates);
    if !faults.is_empty() {
        bail!("against deny.toml:\n  {}", faults.join("\n  "));
    }
    println!("{} crates keep to deny.toml", crates.len());
    vendored::check(&metadata)?;
    if works("cargo-deny", &["--version"]) {
        return run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]));
    }
    println!("SKIPPED: cargo-deny is not installed");
    Ok(())
}

/// One crate of the lock file that is built here.
#[derive(Clone, Debug)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    /// None for our own.
    source: Option<String>,
}

/// All that cargo knows of what is built here.
pub(crate) fn metadata() -> Result<Value> {
    let text = output("metadata --format-version 1 --all-features")?;
    Ok(serde_json::from_str(&text)?)
}

/// What cargo prints.
fn output(args: &str) -> Result<String> {
    let output = cargo(args.split(' ')).output()?;
    ensure!(
        output.status.success(),
        "cargo {args} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Names and versions of what is built on this platform. The metadata also lists what optional features would bring.
fn built() -> Result<BTreeSet<(String, String)>> {
    let args = "tree --workspace --all-features --prefix none --format {p}";
    Ok(output(args)?.lines().filter_map(name_and_version).collect())
}

/// Reads `name v1.2.3 (more)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.split_once(" v")?;
    let version = rest.split(' ').next()?;
    Some((name.to_owned(), version.to_owned()))
}

fn crates(metadata: &Value) -> Result<Vec<Crate>> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let packages = packages.context("cargo metadata has no packages")?;
    packages.iter().map(read_crate).collect()
}

fn read_crate(package: &Value) -> Result<Crate> {
    let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(Crate {
        name: text("name").context("every package has a name")?,
        version: text("version").context("every package has a version")?,
        licence: text("license").unwrap_or_default(),
        source: text("source"),
    })
}

/// Everything that the policy forbids, one line each.
fn faults(policy: &Policy, crates: &[Crate]) -> Vec<String> {
    let mut faults = Vec::new();
    let registry = registry(crates);
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for found in crates {
        let Crate { name, licence, .. } = found;
        if !licence::is_allowed(licence, &policy.licences) {
            faults.push(format!("{name} has the licence {licence:?}"));
        }
        if policy.banned.contains(name) {
            faults.push(format!("{name} is banned"));
        }
        if let Some(source) = &found.source {
            if Some(source.as_str()) != registry {
                faults.push(format!("{name} comes from {source}"));
            }
            versions.entry(name).or_default().push(&found.version);
        }
    }
    for (name, versions) in versions {
        if versions.len() > 1 && !policy.skipped.iter().any(|skipped| skipped == name) {
            faults.push(format!("{name} is there as {}", versions.join(" and ")));
        }
    }
    faults
}

/// The one registry: where most of the crates come from. A repository is none.
fn registry(crates: &[Crate]) -> Option<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let sources = crates.iter().filter_map(|found| found.source.as_deref());
    for source in sources.filter(|source| source.starts_with("registry+")) {
        *counts.entry(source).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(source, _)| source)
}

#[cfg(test)]
mod tests;
