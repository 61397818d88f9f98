//! Which file is started for an upgrade, and how.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::{Child, Command};

/// Tells a new process that its standard input is the line to the one that it takes over from.
pub(crate) const VARIABLE: &str = "CLINGFISH_TAKES_OVER";

/// What the new process must not take for its own: descriptors that systemd passed to the first one, and whom the watchdog watches.
const NOT_INHERITED: [&str; 4] = ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_PID"];

/// How this process was started, so that another one can be.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<OsString>,
}

impl Program {
    /// The path and the arguments of this process. To be asked at the start: later another file may be there.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let mut args = env::args_os();
        let named = args.next().unwrap_or_default();
        let running = env::current_exe()?;
        let here = env::current_dir().unwrap_or_default();
        let folders = env::var_os("PATH").unwrap_or_default();
        let path = as_named(&named, &here, &folders, |path| is_same_file(path, &running));
        Ok(Self { path: path.unwrap_or(running), args: args.collect() })
    }

    /// The file that is started, whatever it is by then.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the file that is at the path now.
    pub(crate) fn start(&self, stdin: Stdio) -> io::Result<Child> {
        let mut command = Command::new(&self.path);
        command.args(&self.args).stdin(stdin).env(VARIABLE, "1");
        for variable in NOT_INHERITED {
            command.env_remove(variable);
        }
        command.spawn()
    }
}

/// The path by which the process was started. A symbolic link in it counts: whoever installs versions side by side moves the link.
fn as_named(
    named: &OsStr,
    here: &Path,
    folders: &OsStr,
    is_this: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    if named.is_empty() {
        return None;
    }
    if Path::new(named).components().count() > 1 {
        return Some(here.join(named)).filter(|path| is_this(path));
    }
    env::split_paths(folders).map(|folder| here.join(folder).join(named)).find(|path| is_this(path))
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|facts| (facts.dev(), facts.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_the_one_that_the_process_was_started_by() {
        for (named, real, expected) in [
            ("/opt/current/clingfish", "/opt/current/clingfish", true),
            ("./clingfish", "/work/./clingfish", true),
            ("bin/clingfish", "/work/bin/clingfish", true),
            ("clingfish", "/usr/local/bin/clingfish", true),
            ("clingfish", "/elsewhere/clingfish", false),
            ("/lies/clingfish", "/opt/clingfish", false),
            ("", "/work/", false),
        ] {
            let (here, folders) = (Path::new("/work"), OsStr::new("/usr/bin:/usr/local/bin"));
            let found = as_named(OsStr::new(named), here, folders, |path| path == Path::new(real));
            let expected = expected.then(|| PathBuf::from(real));
            assert_eq!(found, expected, "{named}");
        }
    }

    #[test]
    fn a_link_to_a_file_is_that_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(is_same_file(&file, &link));
        assert!(!is_same_file(&file, folder.path()));
        assert!(!is_same_file(&folder.path().join("none"), &file));
    }
}
