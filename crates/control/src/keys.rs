//! The key ring file: made once, readable by its owner, replaced in one step.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clingfish_affinity::{Key, KeyId, KeyRing, KeyRingError, RotateError, Secret};
use clingfish_model::{UnixMillis, limits::KEY_RING_BYTES_MAX};
use zeroize::Zeroizing;

use crate::{clock, configuration::read_from};

/// Permissions that anybody but the owner has.
const OTHERS: u32 = 0o077;

/// How often an id is drawn before giving up; of 65,535 at most sixteen are taken.
const ID_DRAWS_MAX: usize = 64;

/// The file that holds the key ring.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
    allow_readable: bool,
}

/// Why there is no key ring. Never quotes the file, which holds secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It is not there.
    #[error("there is no key ring at {path}", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner can read or write it.
    #[error(
        "others may read the key ring {path} (mode {mode:04o}): run chmod 600 on it, or allow it with --allow-readable-keys",
        path = path.display()
    )]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system does not let us read it.
    #[error("cannot read the key ring {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not let us write it.
    #[error("cannot write the key ring {path}: {source}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not a key ring.
    #[error("{path}: {source}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        source: KeyRingError,
    },
    /// It takes no further key.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(io::Error),
}

/// What a key is used for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Seals new tokens.
    Sealing,
    /// Opens already, will seal.
    Pending,
    /// Opens until nothing that it sealed can be valid.
    Opening,
    /// Opens no more.
    Retired,
}

impl KeyState {
    /// The word for tables and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sealing => "sealing",
            Self::Pending => "pending",
            Self::Opening => "opening",
            Self::Retired => "retired",
        }
    }

    /// What `key` of `ring` is used for.
    pub(crate) fn of(key: &Key, ring: &KeyRing, now: UnixMillis) -> Self {
        if key.has_retired(now) {
            Self::Retired
        } else if key.id() == ring.sealing_key(now).id() {
            Self::Sealing
        } else if key.seals_from() > now {
            Self::Pending
        } else {
            Self::Opening
        }
    }
}

/// One line of `clingfish keys list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its public number.
    pub id: KeyId,
    /// Four bytes to compare instances by.
    pub fingerprint: [u8; 4],
    /// What it is used for now.
    pub state: KeyState,
    /// When it was made.
    pub created: UnixMillis,
    /// When it begins, or began, to seal.
    pub seals_from: UnixMillis,
    /// When it stops opening; none for the newest.
    pub retires_at: Option<UnixMillis>,
}

impl KeyFile {
    /// The file at `path`. With `allow_readable`, others may be able to read it: for secrets that something else mounts.
    pub fn new(path: impl Into<PathBuf>, allow_readable: bool) -> Self {
        Self { path: path.into(), allow_readable }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the ring.
    pub fn load(&self) -> Result<KeyRing, KeyFileError> {
        let path = || self.path.clone();
        let wrong = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing { path: path() },
            _ => KeyFileError::Read { path: path(), source },
        };
        let file = File::open(&self.path).map_err(wrong)?;
        // Asked of what was opened, not of the path, which may be another file by now.
        let mode = file.metadata().map_err(wrong)?.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 && !self.allow_readable {
            return Err(KeyFileError::Readable { path: path(), mode });
        }
        let bytes = Zeroizing::new(read_from(file, KEY_RING_BYTES_MAX).map_err(wrong)?);
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| wrong(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))?;
        KeyRing::parse(text).map_err(|source| KeyFileError::Invalid { path: path(), source })
    }

    /// Reads the ring, or makes one with its first key where there is no file.
    ///
    /// Of two processes that start at the same time one makes the file, and both use it.
    pub fn load_or_create(&self) -> Result<KeyRing, KeyFileError> {
        match self.load() {
            Err(KeyFileError::Missing { .. }) => {}
            loaded => return loaded,
        }
        let ring = KeyRing::first(secret()?, key_id()?, clock::wall());
        let written = self.write(&ring, |draft| match draft.persist_noclobber(&self.path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
            Ok(_) | Err(_) => Ok(()),
        });
        written.map_err(|source| KeyFileError::Write { path: self.path.clone(), source })?;
        self.load()
    }

    /// Every key that has not retired, oldest first.
    pub fn list(&self) -> Result<Vec<KeyRow>, KeyFileError> {
        let now = clock::wall();
        let ring = self.load()?;
        let row = |key: &Key| KeyRow {
            id: key.id(),
            fingerprint: key.fingerprint(),
            state: KeyState::of(key, &ring, now),
            created: key.created(),
            seals_from: key.seals_from(),
            retires_at: key.retires_at(),
        };
        Ok(ring.keys().iter().map(row).filter(|row| row.state != KeyState::Retired).collect())
    }

    /// Adds a key that opens at once and seals after `delay`, and drops those that have retired. Gives the new key's id.
    ///
    /// Instances that watch the file follow by themselves; others must have got it before `delay` is over.
    pub fn rotate(&self, delay: Duration) -> Result<KeyId, KeyFileError> {
        let _alone = self.lock();
        let ring = self.load()?;
        let (ring, id) = rotated(&ring, delay)?;
        let written = self
            .write(&ring, |draft| draft.persist(&self.path).map(drop).map_err(|error| error.error));
        written.map_err(|source| KeyFileError::Write { path: self.path.clone(), source })?;
        Ok(id)
    }

    /// Writes a draft beside the file, lets `settle` put it in place, and sees to it that both survive a power cut.
    fn write(
        &self,
        ring: &KeyRing,
        settle: impl FnOnce(tempfile::NamedTempFile) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = self.folder();
        // Mode 0600 from the start, by tempfile's own default.
        let mut draft = tempfile::Builder::new().prefix(".keys-").tempfile_in(folder)?;
        draft.write_all(ring.to_text().as_bytes())?;
        draft.as_file().sync_all()?;
        settle(draft)?;
        File::open(folder)?.sync_all()
    }

    /// Keeps other rotations out until it is dropped. Where the file system has no locks, the last one wins.
    fn lock(&self) -> Option<File> {
        let folder = File::open(self.folder()).ok()?;
        folder.lock().ok()?;
        Some(folder)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }
}

fn rotated(ring: &KeyRing, delay: Duration) -> Result<(KeyRing, KeyId), KeyFileError> {
    let now = clock::wall();
    for _ in 0..ID_DRAWS_MAX {
        let id = key_id()?;
        match ring.rotate(secret()?, id, now, delay) {
            Err(RotateError::IdTaken { .. }) => {}
            ring => return Ok((ring?, id)),
        }
    }
    Err(KeyFileError::Random(io::Error::other("they repeat themselves")))
}

fn secret() -> Result<Secret, KeyFileError> {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(bytes.as_mut_slice())?;
    Ok(Secret::new(*bytes))
}

fn key_id() -> Result<KeyId, KeyFileError> {
    loop {
        let mut bytes = [0; 2];
        fill(&mut bytes)?;
        if let Some(id) = KeyId::new(u16::from_be_bytes(bytes)) {
            return Ok(id);
        }
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), KeyFileError> {
    getrandom::fill(bytes).map_err(|error| KeyFileError::Random(io::Error::other(error)))
}

#[cfg(test)]
mod tests;
