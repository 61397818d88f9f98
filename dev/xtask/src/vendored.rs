//! What is taken from a registry and changed: the sources of a crate with a patch, as both are here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    commands::{program, run},
    workspace,
};

/// The crate, as the registry calls it.
const ORIGIN: &str = "h2";
/// What it is called here.
const NAME: &str = "h2-local";

/// Where it is, and the patch beside it.
fn home() -> PathBuf {
    workspace::root().join("vendor").join(ORIGIN)
}

/// Holds it to the crate that it is made of: that of the lock file, which advisories are about, and no other change than the patch's.
pub(crate) fn check(metadata: &Value) -> Result<()> {
    let origin = Package::find(metadata, ORIGIN)?;
    let version = Package::find(metadata, NAME)?.version;
    let remedy = format!(
        "`cargo xtask vendor` makes it anew; vendor/README.md tells how to change it ({ORIGIN} {})",
        origin.version
    );
    ensure!(version == origin.version, "vendor/{ORIGIN} is of {version}: {remedy}");
    let made = workspace::root().join("target/vendored");
    make(&origin, &made)?;
    let (here, wanted) = (files(&home().join("src"))?, files(&made.join("src"))?);
    ensure!(here == wanted, "vendor/{ORIGIN}/src has other files than the patch makes: {remedy}");
    for file in wanted {
        let path = Path::new("src").join(&file);
        let is_same = fs::read(home().join(&path))? == fs::read(made.join(&path))?;
        ensure!(
            is_same,
            "vendor/{ORIGIN}/{} is not what the patch makes: {remedy}",
            path.display()
        );
    }
    println!("vendor/{ORIGIN} is {ORIGIN} {version} and its patch");
    Ok(())
}

/// `cargo xtask vendor`.
pub(crate) fn vendor(metadata: &Value) -> Result<()> {
    let (origin, old) = (Package::find(metadata, ORIGIN)?, Package::find(metadata, NAME)?);
    make(&origin, &home())?;
    let manifest = home().join("Cargo.toml");
    let line = |version: &str| format!("\nversion = \"{version}\"\n");
    let text = fs::read_to_string(&manifest)?;
    fs::write(manifest, text.replacen(&line(&old.version), &line(&origin.version), 1))?;
    Ok(())
}

/// Puts the patched sources below a folder, instead of those that are there.
fn make(origin: &Package, to: &Path) -> Result<()> {
    let sources = to.join("src");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    for file in files(&origin.folder.join("src"))? {
        let path = sources.join(&file);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::copy(origin.folder.join("src").join(&file), path)?;
    }
    let patch = home().with_extension("patch");
    // Anywhere but in a repository, where paths would be its own.
    let mut apply = program("git", ["apply", "--whitespace=nowarn"]);
    run(apply.arg(patch).current_dir(to).env("GIT_CEILING_DIRECTORIES", to.join("..")))
}

/// Paths of all files below a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("no {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A crate that is built here.
struct Package {
    version: String,
    folder: PathBuf,
}

impl Package {
    fn find(metadata: &Value, name: &str) -> Result<Self> {
        let packages = metadata.get("packages").and_then(Value::as_array);
        let is_it = |package: &&Value| package.get("name").and_then(Value::as_str) == Some(name);
        let package = packages.into_iter().flatten().find(is_it);
        let package = package.with_context(|| format!("nothing here is built from {name}"))?;
        let text = |key| package.get(key).and_then(Value::as_str).context("a package has it");
        let folder = Path::new(text("manifest_path")?).parent().context("a file is in a folder")?;
        Ok(Self { version: text("version")?.to_owned(), folder: folder.to_owned() })
    }
}
