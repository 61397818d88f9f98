//! Notices that a file has changed, by looking at it.
//!
//! Polling works where notifications do not: on network file systems, and for files that are replaced by swapping a link
//! somewhere above them, as Kubernetes does with mounted ones.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// One file, and how it looked when it was last read.
#[derive(Debug)]
pub(crate) struct FileWatch {
    path: PathBuf,
    read: Option<Look>,
    /// How it looked at the last poll, while that differs from [`Self::read`].
    settling: Option<Look>,
    /// Polls in a row that found no file, up to [`MISSES_TOLD`].
    misses: u8,
}

/// Who replaces a file may remove the old one first; only one that is missing twice is gone.
const MISSES_TOLD: u8 = 2;

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Nothing to do.
    Same,
    /// It should be read again.
    Changed,
    /// It has gone. Told once; what is known stays in force until there is another one.
    Gone,
}

/// What a look at a file tells. Whoever writes to it, replaces it or changes its mode changes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileWatch {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: None, settling: None, misses: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the file.
    pub(crate) fn poll(&mut self) -> Poll {
        let look = Look::at(&self.path).ok();
        self.judge(look)
    }

    /// To be called right before the file is read without being asked to by [`Self::poll`].
    pub(crate) fn note_read(&mut self) {
        self.read = Look::at(&self.path).ok();
        self.settling = None;
    }

    /// A file that somebody is still writing looks different at every poll; only one that looks the same twice is read.
    fn judge(&mut self, look: Option<Look>) -> Poll {
        let Some(look) = look else {
            return self.miss();
        };
        self.misses = 0;
        if Some(look) == self.read {
            self.settling = None;
            return Poll::Same;
        }
        if Some(look) != self.settling {
            self.settling = Some(look);
            return Poll::Same;
        }
        self.settling = None;
        self.read = Some(look);
        Poll::Changed
    }

    fn miss(&mut self) -> Poll {
        self.settling = None;
        if self.misses == MISSES_TOLD {
            return Poll::Same;
        }
        self.misses += 1;
        if self.misses == MISSES_TOLD { Poll::Gone } else { Poll::Same }
    }
}

/// Several files that belong together, and how they looked when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looks(BTreeMap<PathBuf, Option<Look>>);

impl Looks {
    /// To be called right before a file is read; the first look counts.
    pub(crate) fn note(&mut self, path: &Path) {
        if !self.0.contains_key(path) {
            self.0.insert(path.into(), Look::at(path).ok());
        }
    }

    /// Adds what others have seen; of two looks at one file, the one here counts.
    pub(crate) fn join(&mut self, others: &Self) {
        for (path, look) in &others.0 {
            self.0.entry(path.clone()).or_insert(*look);
        }
    }

    /// How the same files look now.
    fn again(&self) -> Self {
        Self(self.0.keys().map(|path| (path.clone(), Look::at(path).ok())).collect())
    }
}

/// Watches several files at once.
#[derive(Debug, Default)]
pub(crate) struct SetWatch {
    read: Looks,
    settling: Option<Looks>,
}

impl SetWatch {
    /// Begins with how the files looked when they were read.
    pub(crate) fn new(read: Looks) -> Self {
        Self { read, settling: None }
    }

    /// Whether any has changed, and all look the same as at the last poll: whoever replaces a certificate and its key does one after
    /// the other.
    pub(crate) fn has_changed(&mut self) -> bool {
        let now = self.read.again();
        if now == self.read {
            self.settling = None;
            return false;
        }
        if self.settling.as_ref() != Some(&now) {
            self.settling = Some(now);
            return false;
        }
        self.settling = None;
        self.read = now;
        true
    }
}

impl Look {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::of(&fs::metadata(path)?))
    }

    pub(crate) fn of(about: &fs::Metadata) -> Self {
        Self {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_it_looks_the_same_twice() {
        let look =
            |bytes| Some(Look { device: 1, inode: 1, bytes, modified: (0, 0), changed: (0, 0) });
        let mut watch = FileWatch::new("file");
        for (at, (looks_like, expected)) in [
            (look(1), Poll::Same),
            (look(1), Poll::Changed),
            (look(1), Poll::Same),
            (look(0), Poll::Same), // Somebody truncates it
            (look(7), Poll::Same), // and writes
            (look(9), Poll::Same), // and goes on writing.
            (look(9), Poll::Changed),
            (None, Poll::Same),
            (look(9), Poll::Same),
            (None, Poll::Same),
            (None, Poll::Gone),
            (None, Poll::Same),
            (look(9), Poll::Same),
            (look(5), Poll::Same),
            (look(9), Poll::Same), // Changed and changed back: nothing to read.
            (look(9), Poll::Same),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(watch.judge(looks_like), expected, "poll {at}");
        }
    }

    #[test]
    fn a_link_that_is_swapped_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("file"), "x").unwrap();
        }
        let link = folder.path().join("data");
        std::os::unix::fs::symlink("a", &link).unwrap();
        let mut watch = FileWatch::new(link.join("file"));
        watch.note_read();
        assert_eq!([watch.poll(), watch.poll()], [Poll::Same; 2]);
        let draft = folder.path().join("draft");
        std::os::unix::fs::symlink("b", &draft).unwrap();
        fs::rename(&draft, &link).unwrap();
        assert_eq!([watch.poll(), watch.poll()], [Poll::Same, Poll::Changed]);
    }
}
