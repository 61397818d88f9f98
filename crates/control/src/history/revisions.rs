//! Texts that were in force, a file each. They hold secrets as the configuration does: only their owner reads them.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use clingfish_model::limits::{CONFIG_BYTES_MAX, REVISIONS_KEPT_MAX};

use crate::{
    aside::{Draft, sweep},
    configuration::read_bounded,
};

/// How the names of texts that are being written begin.
const PREFIX: &str = ".revision-";

/// The texts in a folder.
#[derive(Debug)]
pub(super) struct Revisions {
    folder: PathBuf,
    kept: BTreeSet<u64>,
}

impl Revisions {
    pub(super) fn open(state: &Path) -> io::Result<Self> {
        let folder = state.join("revisions");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        sweep(&folder, PREFIX)?;
        let mut kept = BTreeSet::new();
        for entry in fs::read_dir(&folder)? {
            kept.extend(entry?.file_name().to_str().and_then(revision_of));
        }
        Ok(Self { folder, kept })
    }

    /// The newest.
    pub(super) fn last(&self) -> Option<u64> {
        self.kept.last().copied()
    }

    /// All of them, oldest first.
    pub(super) fn kept(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().copied()
    }

    /// Keeps a text, in place of an older one of that number, and lets go of the oldest.
    pub(super) fn save(&mut self, revision: u64, text: &[u8]) -> io::Result<()> {
        let draft = Draft::write(&self.folder, PREFIX, text)?;
        draft.sync()?;
        draft.replace(&self.path(revision))?.sync()?;
        self.kept.insert(revision);
        while self.kept.len() > REVISIONS_KEPT_MAX
            && let Some(oldest) = self.kept.first().copied()
        {
            self.remove(oldest);
        }
        Ok(())
    }

    /// Lets go of a text. One that stays behind is told of by nobody, and let go of later.
    pub(super) fn remove(&mut self, revision: u64) {
        let _ = fs::remove_file(self.path(revision));
        self.kept.remove(&revision);
    }

    /// The text of this very revision.
    pub(super) fn text(&self, revision: u64) -> io::Result<Option<Vec<u8>>> {
        match read_bounded(&self.path(revision), CONFIG_BYTES_MAX) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text that was in force at that revision: not every revision brings one.
    pub(super) fn text_at(&self, revision: u64) -> io::Result<Option<Vec<u8>>> {
        match self.kept.range(..=revision).next_back() {
            Some(kept) => self.text(*kept),
            None => Ok(None),
        }
    }

    fn path(&self, revision: u64) -> PathBuf {
        self.folder.join(name_of(revision))
    }
}

fn name_of(revision: u64) -> String {
    format!("{revision:06}.toml")
}

fn revision_of(name: &str) -> Option<u64> {
    let revision = name.strip_suffix(".toml")?.parse().ok()?;
    (name_of(revision) == name).then_some(revision)
}
