//! The key ring file: made once, readable by its owner, replaced in one step.

use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clingfish_affinity::{Key, KeyId, KeyRing, KeyRingError, RotateError, Secret};
use clingfish_model::{UnixMillis, limits::KEY_RING_BYTES_MAX};
use zeroize::Zeroizing;

use crate::{
    aside::{Draft, folder_of},
    clock,
    configuration::read_from,
    state_dir::{SERVICE_DIR, unnamed},
};

/// Permissions that anybody but the owner has.
const OTHERS: u32 = 0o077;

/// The user who may do everything anyway.
const ROOT: u32 = 0;

/// How often an id is drawn before giving up; of 65,535 at most sixteen are taken.
const ID_DRAWS_MAX: usize = 64;

/// The file that holds the key ring.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
    allow_readable: bool,
    user: Option<u32>,
    /// Whether the owner was warned of already; every clone knows.
    is_told: Arc<AtomicBool>,
}

/// Why there is no key ring. Never quotes the file, which holds secrets.
///
/// Its text says all of it, the cause too, so that logs need no chain and whoever prints one repeats nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It is not there.
    #[error(
        "there is no key ring at {path}: it is made at the first start of serve; name its folder with --state-dir, such as {SERVICE_DIR}",
        path = path.display()
    )]
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
    #[error("cannot read the key ring {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system does not let us write it.
    #[error("cannot write the key ring {path}: {cause}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A new file cannot be given to the old one's owner.
    #[error(
        "cannot keep the owner of the key ring {path}: {cause}; nothing has changed, run this as its owner or as root",
        path = path.display()
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is not a key ring.
    #[error("{path}: {cause}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line.
        cause: KeyRingError,
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
        Self { path: path.into(), allow_readable, user: None, is_told: Arc::default() }
    }

    /// Says who reads the ring: of an owner who is neither this user nor root, reading warns once.
    pub fn expect_owner(self, user: u32) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the ring.
    pub fn load(&self) -> Result<KeyRing, KeyFileError> {
        self.read().map(|(ring, _)| ring)
    }

    fn read(&self) -> Result<(KeyRing, Metadata), KeyFileError> {
        let wrong = |cause| self.unreadable(cause);
        let file = File::open(&self.path).map_err(wrong)?;
        // Asked of what was opened, not of the path, which may be another file by now.
        let about = file.metadata().map_err(wrong)?;
        let mode = about.mode() & 0o7777;
        if mode & OTHERS != 0 && !self.allow_readable {
            return Err(KeyFileError::Readable { path: self.path.clone(), mode });
        }
        if self.is_news(about.uid()) {
            tracing::warn!(
                path = %self.path.display(),
                owner = about.uid(),
                "the key ring belongs to another user, who can read and replace its keys"
            );
        }
        let bytes = Zeroizing::new(read_from(file, KEY_RING_BYTES_MAX).map_err(wrong)?);
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| wrong(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))?;
        let ring = KeyRing::parse(text)
            .map_err(|cause| KeyFileError::Invalid { path: self.path.clone(), cause })?;
        Ok((ring, about))
    }

    /// Whether the ring has come into strange hands since it was last read.
    fn is_news(&self, owner: u32) -> bool {
        let strange = self.user.is_some_and(|user| is_strange(owner, user));
        !self.is_told.swap(strange, Ordering::Relaxed) && strange
    }

    fn unreadable(&self, cause: io::Error) -> KeyFileError {
        let path = self.path.clone();
        match cause.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing { path },
            _ => KeyFileError::Read { path, cause },
        }
    }

    fn unwritable(&self, cause: io::Error) -> KeyFileError {
        KeyFileError::Write { path: self.path.clone(), cause: unnamed(cause) }
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
        let create = || -> io::Result<()> {
            let draft = self.draft(&ring)?;
            draft.sync()?;
            draft.create(&self.path)?.sync()
        };
        create().map_err(|cause| self.unwritable(cause))?;
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
    /// The file keeps its owner and its mode; where it is a link, what that leads to is replaced. Instances that watch the
    /// file follow by themselves; others must have got it before `delay` is over.
    pub fn rotate(&self, delay: Duration) -> Result<KeyId, KeyFileError> {
        let path = fs::canonicalize(&self.path).map_err(|cause| self.unreadable(cause))?;
        Self { path, ..self.clone() }.rotate_in_place(delay)
    }

    fn rotate_in_place(&self, delay: Duration) -> Result<KeyId, KeyFileError> {
        let _alone = self.lock();
        let (ring, about) = self.read()?;
        let (ring, id) = rotated(&ring, delay)?;
        let draft = self.draft(&ring).map_err(|cause| self.unwritable(cause))?;
        draft
            .resemble(&about)
            .map_err(|cause| KeyFileError::Owner { path: self.path.clone(), cause })?;
        let replace = || draft.sync().and_then(|()| draft.replace(&self.path)?.sync());
        replace().map_err(|cause| self.unwritable(cause))?;
        Ok(id)
    }

    /// Writes a draft beside the file.
    fn draft(&self, ring: &KeyRing) -> io::Result<Draft> {
        Draft::write(&folder_of(&self.path), ".keys-", ring.to_text().as_bytes())
    }

    /// Keeps other rotations out until it is dropped. Where the file system has no locks, the last one wins.
    fn lock(&self) -> Option<File> {
        let folder = File::open(folder_of(&self.path)).ok()?;
        folder.lock().ok()?;
        Some(folder)
    }
}

/// Whether a file of `owner` is in hands that `user` need not trust.
fn is_strange(owner: u32, user: u32) -> bool {
    owner != user && owner != ROOT
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
