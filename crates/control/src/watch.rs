//! Notices that a file has changed, by looking at it.
//!
//! Polling works where notifications do not: on network file systems, and for files that are replaced by swapping a link
//! somewhere above them, as Kubernetes does with mounted ones.

use std::{
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
        Self { path: path.into(), read: None, settling: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the file; true if it should be read again.
    pub(crate) fn poll(&mut self) -> bool {
        let look = Look::at(&self.path).ok();
        self.judge(look)
    }

    /// To be called right before the file is read without being asked to by [`Self::poll`].
    pub(crate) fn note_read(&mut self) {
        self.read = Look::at(&self.path).ok();
        self.settling = None;
    }

    /// A file that somebody is still writing looks different at every poll; only one that looks the same twice is read.
    fn judge(&mut self, look: Option<Look>) -> bool {
        if look == self.read || look.is_none() {
            // A file that is gone has no content: what is known stays in force until there is another one.
            self.settling = None;
            return false;
        }
        if look != self.settling {
            self.settling = look;
            return false;
        }
        self.settling = None;
        self.read = look;
        true
    }
}

impl Look {
    fn at(path: &Path) -> io::Result<Self> {
        let about = fs::metadata(path)?;
        Ok(Self {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_it_looks_the_same_twice() {
        let look = |bytes| {
            Some(Look { device: 1, inode: 1, bytes, modified: (0, 0), changed: (0, 0) })
        };
        let mut watch = FileWatch::new("file");
        for (at, (looks_like, is_read)) in [
            (look(1), false),
            (look(1), true),
            (look(1), false),
            (look(0), false), // Somebody truncates it
            (look(7), false), // and writes
            (look(9), false), // and goes on writing.
            (look(9), true),
            (None, false),
            (None, false),
            (look(9), false),
            (look(5), false),
            (look(9), false), // Changed and changed back: nothing to read.
            (look(9), false),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(watch.judge(looks_like), is_read, "poll {at}");
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
        assert!(!watch.poll() && !watch.poll());
        let draft = folder.path().join("draft");
        std::os::unix::fs::symlink("b", &draft).unwrap();
        fs::rename(&draft, &link).unwrap();
        assert!(!watch.poll());
        assert!(watch.poll());
    }
}
