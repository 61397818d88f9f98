//! The configuration file as a store: read whole, and replaced in one step or not at all.
//!
//! Whoever reads the file, at any moment and after any crash, finds the old content or the new one. What others wrote since the
//! change was planned is never overwritten: the change is refused with [`SaveError::Conflict`], to be planned again.

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use clingfish_model::limits::CONFIG_BYTES_MAX;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use crate::{
    aside::{Draft, folder_of, sweep},
    configuration::{read_bounded, read_from},
    state_dir::unnamed,
    watch::Look,
};

pub use error::SaveError;

mod error;

/// How often a file that somebody else keeps replacing is put back before we give up.
const TURNS_MAX: usize = 16;

/// Permissions to write that anybody has.
const WRITERS: u32 = 0o222;

/// The configuration file, which holds desired state.
///
/// ```
/// use clingfish_control::store::{SaveError, Store};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("clingfish.toml");
/// std::fs::write(&path, "# old\n")?;
/// let store = Store::open(&path);
/// let (base, _) = store.read()?;
/// store.replace(&base, b"# new\n")?;
/// assert_eq!(std::fs::read(&path)?, b"# new\n");
///
/// let late = store.replace(&base, b"# another\n");
/// assert!(matches!(late, Err(SaveError::Conflict { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

/// Which file was read, and in which condition: another one after every write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(Look);

/// A change that waits beside the file, on disk already. Goes when it is dropped.
#[derive(Debug)]
#[must_use = "nothing changes before it is committed"]
pub struct Prepared {
    path: PathBuf,
    /// The file itself, where `path` is a link.
    place: PathBuf,
    draft: Draft,
    base: Vec<u8>,
    new: Vec<u8>,
}

impl Store {
    /// The file at `path`. What a process that was killed has left beside it is removed; what another one still works on is not.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        let store = Self { path: path.into() };
        // Where nothing can be listed or removed, nothing was left either.
        if let Ok(place) = fs::canonicalize(&store.path) {
            let _ = sweep(&folder_of(&place), &prefix(&place));
        }
        store
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file holds, and which one it was.
    pub fn read(&self) -> Result<(Vec<u8>, Identity), SaveError> {
        let read = || -> io::Result<(Vec<u8>, Identity)> {
            let file = File::open(&self.path)?;
            let identity = Identity(Look::of(&file.metadata()?));
            Ok((read_from(file, CONFIG_BYTES_MAX)?, identity))
        };
        read().map_err(|cause| self.unreadable(cause))
    }

    /// Makes `new` what the file holds, unless it holds something else than `base` by now. The file keeps its mode and, as far as
    /// this user may give files away, its owner and group; where the path is a link, what that leads to is replaced.
    pub fn replace(&self, base: &[u8], new: &[u8]) -> Result<(), SaveError> {
        self.prepare(base, new)?.commit()
    }

    /// Does everything that can be done before the file changes, so that little is left that can fail. May wait for a slow disk.
    pub fn prepare(&self, base: &[u8], new: &[u8]) -> Result<Prepared, SaveError> {
        let place = fs::canonicalize(&self.path).map_err(|cause| self.unreadable(cause))?;
        if new.len() as u64 > CONFIG_BYTES_MAX {
            return Err(SaveError::TooLarge { path: self.path.clone(), bytes: new.len() });
        }
        let about = self.judge(&place)?;
        let folder = folder_of(&place);
        let draft = Draft::write(&folder, &prefix(&place), new).map_err(|cause| {
            SaveError::Write { path: self.path.clone(), folder, cause: unnamed(cause) }
        })?;
        let finish = || draft.resemble_if_allowed(&about).and_then(|()| draft.sync());
        finish().map_err(|cause| SaveError::Write {
            path: self.path.clone(),
            folder: folder_of(&place),
            cause,
        })?;
        let (path, base, new) = (self.path.clone(), base.to_vec(), new.to_vec());
        let prepared = Prepared { path, place, draft, base, new };
        prepared.check()?;
        Ok(prepared)
    }

    /// Whether the file is one that can and may be replaced.
    fn judge(&self, place: &Path) -> Result<Metadata, SaveError> {
        let path = || self.path.clone();
        let about = fs::symlink_metadata(place).map_err(|cause| self.unreadable(cause))?;
        if !about.is_file() {
            return Err(SaveError::NotAFile { path: path() });
        }
        if about.mode() & WRITERS == 0 {
            return Err(SaveError::ReadOnly { path: path(), mode: about.mode() & 0o7777 });
        }
        // Systems that do not know these say nothing; then the rename says it.
        let asked = statx(CWD, place, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS);
        let found = asked.map_or(StatxAttributes::empty(), |found| found.stx_attributes);
        if found.contains(StatxAttributes::MOUNT_ROOT) {
            return Err(SaveError::Mounted { path: path() });
        }
        if found.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND) {
            return Err(SaveError::Immutable { path: path() });
        }
        Ok(about)
    }

    fn unreadable(&self, cause: io::Error) -> SaveError {
        SaveError::unreadable(&self.path, cause)
    }
}

impl Prepared {
    /// Puts the change in place, if the file still holds what the change was made from.
    ///
    /// Every error but [`SaveError::NotDurable`] and [`SaveError::Displaced`] says that the file is as it was.
    pub fn commit(self) -> Result<(), SaveError> {
        self.check()?;
        // Changing places, other than a plain rename, loses nothing that is written in the moment since that check.
        match self.draft.exchange(&self.place) {
            Ok(()) => self.conclude(),
            Err(cause) if is_unknown(&cause) => self.rename(),
            Err(cause) => Err(SaveError::unreplaceable(&self.path, cause)),
        }
    }

    /// Whether the file still holds what the change was made from.
    fn check(&self) -> Result<(), SaveError> {
        match read_bounded(&self.place, CONFIG_BYTES_MAX) {
            Ok(bytes) if bytes == self.base => Ok(()),
            Ok(_) => Err(SaveError::Conflict { path: self.path.clone() }),
            Err(cause) => Err(SaveError::unreadable(&self.path, cause)),
        }
    }

    /// For file systems on which files cannot change places.
    fn rename(self) -> Result<(), SaveError> {
        let path = self.path;
        let placed = self
            .draft
            .replace(&self.place)
            .map_err(|cause| SaveError::unreplaceable(&path, cause))?;
        placed.sync().map_err(|cause| SaveError::NotDurable { path, cause })
    }

    /// The change is in place; what was there before is where the draft was.
    fn conclude(self) -> Result<(), SaveError> {
        match read_bounded(self.draft.path(), CONFIG_BYTES_MAX) {
            Ok(bytes) if bytes == self.base => {
                let synced = self.draft.sync_folder();
                synced.map_err(|cause| SaveError::NotDurable { path: self.path, cause })
            }
            Ok(theirs) => Err(self.give_back(Some(theirs))),
            Err(_) => Err(self.give_back(None)),
        }
    }

    /// Puts back what somebody wrote at the last moment. Whoever goes on replacing the file has the last word.
    fn give_back(self, theirs: Option<Vec<u8>>) -> SaveError {
        let (mut in_place, mut aside) = (Some(self.new.clone()), theirs);
        for _ in 0..TURNS_MAX {
            if let Err(cause) = self.draft.exchange(&self.place) {
                return self.displaced(cause);
            }
            let found = read_bounded(self.draft.path(), CONFIG_BYTES_MAX).ok();
            if found == in_place {
                let _ = self.draft.sync_folder();
                return SaveError::Conflict { path: self.path };
            }
            (in_place, aside) = (aside, found);
        }
        self.displaced(io::ErrorKind::ResourceBusy.into())
    }

    fn displaced(self, cause: io::Error) -> SaveError {
        let mut kept = self.place.clone().into_os_string();
        kept.push(".displaced");
        let kept = self.draft.keep(Path::new(&kept));
        SaveError::Displaced { path: self.path, kept, cause }
    }
}

/// How the names of our drafts begin.
fn prefix(place: &Path) -> String {
    let name = place.file_name().unwrap_or(OsStr::new("clingfish")).to_string_lossy();
    format!(".{name}.draft-")
}

/// Whether the system or the file system has no exchange.
fn is_unknown(cause: &io::Error) -> bool {
    use rustix::io::Errno;

    let errno = Errno::from_io_error(cause);
    matches!(errno, Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP))
}

#[cfg(test)]
mod tests;
