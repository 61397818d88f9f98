//! Files that are written aside and moved into place, so that whoever looks finds the old one or the new one, whole.

use std::{
    fs::{self, File, Metadata, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use rustix::fs::{RenameFlags, renameat_with};
use tempfile::NamedTempFile;

/// Permissions that a file's group has.
const GROUP: u32 = 0o070;

/// A file beside the place where it will be. Goes when it is dropped before that.
#[derive(Debug)]
pub(crate) struct Draft {
    file: NamedTempFile,
    /// Opened before anything changes, so that nothing but the sync itself can fail afterwards.
    folder: File,
}

impl Draft {
    /// Writes `bytes` into a new file in `folder` that its user alone can read.
    pub(crate) fn write(folder: &Path, prefix: &str, bytes: &[u8]) -> io::Result<Self> {
        let opened = File::open(folder)?;
        // Mode 0600 from the start, by tempfile's own default.
        let mut file = tempfile::Builder::new().prefix(prefix).tempfile_in(folder)?;
        // Says to `sweep` that somebody still works on it. Not every file system has locks.
        let _ = file.as_file().lock();
        file.write_all(bytes)?;
        Ok(Self { file, folder: opened })
    }

    /// Takes on the owner, the group and the mode of `old`.
    pub(crate) fn resemble(&self, old: &Metadata) -> io::Result<()> {
        resemble(self.file.as_file(), old)
    }

    /// As [`Self::resemble`], as far as this user may: what cannot be given to the old group is not opened to another one.
    pub(crate) fn resemble_if_allowed(&self, old: &Metadata) -> io::Result<()> {
        let file = self.file.as_file();
        let _ = fchown(file, Some(old.uid()), None);
        let keeps_group = fchown(file, None, Some(old.gid())).is_ok();
        let others = if keeps_group { 0 } else { GROUP };
        file.set_permissions(Permissions::from_mode(old.mode() & 0o777 & !others))
    }

    /// Sees to it that the draft survives a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.as_file().sync_all()
    }

    /// Becomes the file at `path`, which is in the same folder, in place of what is there.
    pub(crate) fn replace(self, path: &Path) -> io::Result<Placed> {
        self.file.persist(path).map_err(|error| error.error)?;
        Ok(Placed { folder: self.folder })
    }

    /// Becomes the file at `path`, which is in the same folder; where one is, that one stays.
    pub(crate) fn create(self, path: &Path) -> io::Result<Placed> {
        match self.file.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            Ok(_) | Err(_) => Ok(Placed { folder: self.folder }),
        }
    }

    /// Changes places with the file at `path`, which is in the same folder. Both stay, and nobody finds none.
    pub(crate) fn exchange(&self, path: &Path) -> io::Result<()> {
        let (old, new) = (self.file.path().file_name(), path.file_name());
        let (Some(old), Some(new)) = (old, new) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        renameat_with(&self.folder, old, &self.folder, new, RenameFlags::EXCHANGE)?;
        Ok(())
    }

    /// Moves what is at the draft's place to `path`, or leaves it where it is, for somebody to find; says where.
    pub(crate) fn keep(self, path: &Path) -> PathBuf {
        let stays = self.file.path().to_path_buf();
        match self.file.into_temp_path().keep() {
            Ok(_) if fs::rename(&stays, path).is_ok() => path.into(),
            Ok(_) | Err(_) => stays,
        }
    }

    /// What is at the draft's place: what was at the other one before an [`Self::exchange`].
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// After an [`Self::exchange`]: lets go of what was at the place before, once that is safe.
    pub(crate) fn sync_folder(&self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

/// A file in its place, for now: until it is synced, a power cut may bring back what was there before.
#[derive(Debug)]
#[must_use = "a power cut may undo it"]
pub(crate) struct Placed {
    folder: File,
}

impl Placed {
    /// Sees to it that the file's name survives a power cut, too.
    pub(crate) fn sync(self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

/// Gives a draft the owner and the mode of the file that it is to replace.
fn resemble(draft: &File, old: &Metadata) -> io::Result<()> {
    let new = draft.metadata()?;
    let owner = (new.uid() != old.uid()).then_some(old.uid());
    let group = (new.gid() != old.gid()).then_some(old.gid());
    match fchown(draft, owner, group) {
        // A user cannot give files to a group of others; one that may do nothing with it is no loss.
        Err(_) if owner.is_none() && old.mode() & GROUP == 0 => {}
        changed => changed?,
    }
    draft.set_permissions(old.permissions())
}

/// Removes what processes that ended amid their work have left in `folder`: drafts with that prefix that nobody works on.
pub(crate) fn sweep(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_draft = entry.file_name().to_str().is_some_and(|name| is_drawn(name, prefix));
        if is_draft && entry.file_type()?.is_file() && !is_worked_on(&entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether `name` is one that [`Draft::write`] draws: the prefix and six letters or digits.
fn is_drawn(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_worked_on(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.into(),
        _ => ".".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    #[test]
    fn a_draft_that_cannot_be_given_to_the_owner_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "").unwrap();
        // Root can make a file of somebody else; to everybody else, root is somebody else.
        let old = match chown(&theirs, Some(4321), None) {
            Ok(()) => fs::metadata(&theirs),
            Err(_) => fs::metadata("/proc"),
        };
        // Nobody, not even root, gives away what is in /proc.
        let draft = File::open("/proc/self/status").unwrap();
        assert!(resemble(&draft, &old.unwrap()).is_err());
    }

    #[test]
    fn only_drafts_that_nobody_works_on_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        let worked_on = Draft::write(folder.path(), ".a.draft-", b"new").unwrap();
        let stay = ["a", ".a.draft-", ".a.draft-1234567", ".b.draft-AbC123", ".a.draft-AbC.23"];
        for name in stay.iter().chain(&[".a.draft-AbC123"]) {
            fs::write(inside(name), "").unwrap();
        }
        fs::create_dir(inside(".a.draft-folder")).unwrap();
        sweep(folder.path(), ".a.draft-").unwrap();
        assert!(!inside(".a.draft-AbC123").exists());
        assert!(stay.iter().all(|name| inside(name).exists()));
        assert!(worked_on.path().exists());
        drop(worked_on);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), stay.len() + 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (text, expected) in [("first", "first"), ("second", "first")] {
            let draft = Draft::write(folder.path(), ".file-", text.as_bytes()).unwrap();
            draft.create(&path).unwrap().sync().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
