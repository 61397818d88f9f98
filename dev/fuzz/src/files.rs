//! The corpus and what broke.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The seeds of a target: every file in its folder, in order of their names.
pub(crate) fn seeds(target: &str) -> Result<Vec<Vec<u8>>> {
    let folder = folder("corpus", target);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| folder.display().to_string())?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.into_iter().map(|path| Ok(fs::read(path)?)).collect()
}

/// Writes a breaking input to a file of its own and returns where.
pub(crate) fn keep_crash(target: &str, input: &[u8]) -> Result<PathBuf> {
    let folder = folder("crashes", target);
    fs::create_dir_all(&folder)?;
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = folder.join(format!("{:016x}", hasher.finish()));
    fs::write(&path, input)?;
    Ok(path)
}

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target)
}
