//! The folder that outlives the process.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Where a service keeps its state.
pub(crate) const SERVICE_DIR: &str = "/var/lib/clingfish";

/// A folder of our own that takes files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

/// Why a folder cannot hold our state. Its text says all of it, the cause too, so that whoever prints a chain repeats nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDirError {
    /// It is not there, and cannot be made.
    #[error(
        "cannot make the state directory {path}: {cause}; make it, or name another one with --state-dir",
        path = path.display()
    )]
    Make {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is there, and takes no files.
    #[error(
        "cannot write to the state directory {path}: {cause}; let this user write there, or name another one with --state-dir",
        path = path.display()
    )]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl StateDir {
    /// The folder at `path`, whether it is there or not; asks nothing of the system.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// As [`Self::open`], but a folder that holds a key ring need not take files: for those that something else mounts.
    pub fn open_mounted(path: impl Into<PathBuf>) -> Result<Self, StateDirError> {
        let folder = Self::at(path);
        if folder.keys().exists() { Ok(folder) } else { Self::open(folder.path) }
    }

    /// Makes the folder where it is missing, for this user alone, and tries whether it takes files.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateDirError> {
        let path = path.into();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        if let Err(cause) = made {
            return Err(StateDirError::Make { path, cause });
        }
        match tempfile::Builder::new().prefix(".try-").tempfile_in(&path) {
            Ok(_) => Ok(Self { path }),
            Err(error) => Err(StateDirError::Write { path, cause: unnamed(error) }),
        }
    }

    /// Where it is unless `--state-dir` says otherwise: `$STATE_DIRECTORY` as systemd sets it, `$XDG_STATE_HOME/clingfish`,
    /// `~/.local/state/clingfish`, or `/var/lib/clingfish` for one without a home.
    ///
    /// ```
    /// use clingfish_control::StateDir;
    ///
    /// let path = StateDir::default_path(|name| (name == "HOME").then(|| "/home/ada".into()));
    /// assert_eq!(path, std::path::Path::new("/home/ada/.local/state/clingfish"));
    /// ```
    pub fn default_path(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
        let folder =
            |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        if let Some(given) = variable("STATE_DIRECTORY").and_then(first_of_list) {
            return given;
        }
        if let Some(state) = folder("XDG_STATE_HOME") {
            return state.join("clingfish");
        }
        match folder("HOME") {
            Some(home) if home != Path::new("/") => home.join(".local/state/clingfish"),
            _ => SERVICE_DIR.into(),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key ring file in it.
    pub fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }
}

/// What went wrong, without the name of a temporary file, which tells nobody anything.
pub(crate) fn unnamed(error: io::Error) -> io::Error {
    // The system's own errors name no file.
    if error.raw_os_error().is_some() { error } else { error.kind().into() }
}

/// systemd separates several folders by colons.
fn first_of_list(list: OsString) -> Option<PathBuf> {
    let first = std::env::split_paths(&list).next()?;
    first.is_absolute().then_some(first)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_default_is_where_the_system_keeps_state() {
        type Variables = &'static [(&'static str, &'static str)];
        let cases: [(Variables, &str); 7] = [
            (&[("HOME", "/home/ada")], "/home/ada/.local/state/clingfish"),
            (&[("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")], "/state/clingfish"),
            (
                &[("HOME", "/home/ada"), ("XDG_STATE_HOME", "state")],
                "/home/ada/.local/state/clingfish",
            ),
            (&[("HOME", "/root"), ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")], "/var/lib/a"),
            (&[("HOME", "/root"), ("STATE_DIRECTORY", "")], "/root/.local/state/clingfish"),
            (&[("HOME", "/")], "/var/lib/clingfish"),
            (&[], "/var/lib/clingfish"),
        ];
        for (variables, expected) in cases {
            let variable = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
            };
            assert_eq!(StateDir::default_path(variable), Path::new(expected), "{variables:?}");
        }
    }

    #[test]
    fn a_missing_folder_is_made_for_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path().join("a/b")).unwrap();
        let mode = fs::metadata(state.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
        StateDir::open(state.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below"), "/proc/clingfish".into(), "/proc".into()] {
            let error = StateDir::open(&path).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains("--state-dir"), "{error}");
            assert!(!error.contains(".try-"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_said_once() {
        use std::error::Error;

        let error = StateDir::open("/proc/clingfish").unwrap_err();
        assert!(error.source().is_none(), "{error}");
    }

    #[test]
    fn a_mounted_folder_takes_files_only_where_the_ring_is_missing() {
        assert!(StateDir::open_mounted("/proc/self").is_err());
        let mount = tempfile::tempdir().unwrap();
        fs::write(mount.path().join("keys"), "").unwrap();
        let folder = fs::File::open(mount.path()).unwrap();
        let modified = || folder.metadata().unwrap().modified().unwrap();
        folder.set_modified(std::time::UNIX_EPOCH).unwrap();
        StateDir::open_mounted(mount.path()).unwrap();
        assert_eq!(modified(), std::time::UNIX_EPOCH, "no file is tried in it");
        StateDir::open(mount.path()).unwrap();
        assert_ne!(modified(), std::time::UNIX_EPOCH, "without the option one is");
    }

    #[test]
    fn a_folder_that_is_only_named_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::at(folder.path().join("state"));
        assert_eq!(state.keys(), folder.path().join("state/keys"));
        assert!(!state.path().exists());
    }
}
