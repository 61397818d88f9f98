//! Why a change is not in the configuration file, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a change was not saved.
///
/// Its text says all of it, the cause too, so that whoever prints a chain repeats nothing. Nothing has changed, except where it says
/// otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// Somebody changed the file meanwhile: plan again, on what it holds now.
    #[error("{path} was changed by somebody else meanwhile", path = path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
    },
    /// There is no file any more. None is made: whoever removed it may be about to replace it.
    #[error(
        "cannot replace {path}: it is gone; put it back, what is in force is not lost meanwhile",
        path = path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is a pipe, a device or a folder.
    #[error("cannot replace {path}: it is no ordinary file", path = path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// A mount of its own, which cannot be replaced.
    #[error(
        "cannot replace {path}: it is mounted by itself (bind mount): mount its folder instead",
        path = path.display()
    )]
    Mounted {
        /// The file.
        path: PathBuf,
    },
    /// Nobody has the permission to write it, which somebody must have meant.
    #[error(
        "cannot replace {path}: it is read-only (mode {mode:04o}): run chmod u+w on it to allow changes",
        path = path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file system was told to keep it as it is.
    #[error(
        "cannot replace {path}: it is immutable: run chattr -i -a on it to allow changes",
        path = path.display()
    )]
    Immutable {
        /// The file.
        path: PathBuf,
    },
    /// More than may be read again.
    #[error(
        "cannot replace {path}: it would have {bytes} bytes, more than may be read again",
        path = path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it would have.
        bytes: usize,
    },
    /// The new content cannot be written beside the old one.
    #[error(
        "cannot replace {path}: cannot write beside it in {folder}: {cause}; {advice}",
        path = path.display(),
        folder = folder.display(),
        advice = advice(cause)
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// Where it is.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The new content cannot be moved into place.
    #[error("cannot replace {path}: {cause}", path = path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file **has changed**, but a power cut may bring back the old content.
    #[error(
        "{path} has changed, but may lose that in a power cut: its folder cannot be synced: {cause}",
        path = path.display()
    )]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Somebody changed the file at the very last moment, and that cannot be put back: the file may hold the change.
    #[error(
        "what somebody wrote to {path} meanwhile cannot be put back: {cause}; it is in {kept}",
        path = path.display(),
        kept = kept.display()
    )]
    Displaced {
        /// The file.
        path: PathBuf,
        /// What somebody wrote.
        kept: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl SaveError {
    /// Whether the same change, planned again on what the file holds now, may succeed at once.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the new content is, or may be, in the file nevertheless.
    pub fn has_changed(&self) -> bool {
        matches!(self, Self::NotDurable { .. } | Self::Displaced { .. })
    }

    pub(super) fn unreadable(path: &Path, cause: io::Error) -> Self {
        let path = path.into();
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Read { path, cause },
        }
    }

    pub(super) fn unreplaceable(path: &Path, cause: io::Error) -> Self {
        let path = path.into();
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::ResourceBusy => Self::Mounted { path },
            _ => Self::Replace { path, cause },
        }
    }
}

fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            "mount it writable, or change the file where it comes from"
        }
        io::ErrorKind::PermissionDenied => "let this user write in that folder",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room",
        _ => "nothing has changed",
    }
}
