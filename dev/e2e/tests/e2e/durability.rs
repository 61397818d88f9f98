//! The path of a change to disk: killed and made to fail at each of its system calls, traced, and before real obstacles.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

mod faults;
mod obstacles;
mod order;

/// What the file holds before.
const OLD: &str = "# by hand\nold = 1\n";

/// What it is changed to.
const NEW: &str = "# by hand\nnew = 1\n";

/// A configuration file and a state directory, empty.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for inside in ["etc", "state"] {
            fs::create_dir(folder.path().join(inside)).unwrap();
        }
        fs::write(folder.path().join("etc/c.toml"), OLD).unwrap();
        Self { folder }
    }

    fn etc(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join("etc")
    }

    fn file(&self) -> PathBuf {
        self.etc().join("c.toml")
    }

    fn state(&self) -> PathBuf {
        self.etc().with_file_name("state")
    }

    fn trace(&self) -> PathBuf {
        self.etc().with_file_name("trace")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// `save change` under `strace` with these options, its trace in [`Self::trace`].
    fn change_traced(&self, options: &[&str]) -> Output {
        let mut strace = Command::new("strace");
        strace.arg("-o").arg(self.trace()).args(options).arg("--");
        strace.arg(env!("CARGO_BIN_EXE_save")).args(self.change());
        output(strace.env("RUST_BACKTRACE", "0"))
    }

    /// What to tell `save`.
    fn change(&self) -> [String; 4] {
        let [file, state] = [self.file(), self.state()].map(|path| path.display().to_string());
        ["change".to_owned(), file, state, NEW.to_owned()]
    }

    /// What the next start says of the last change.
    #[track_caller]
    fn start(&self) -> String {
        let mut save = Command::new(env!("CARGO_BIN_EXE_save"));
        let said = output(save.arg("start").arg(self.file()).arg(self.state()));
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }
}

/// Files and folders in it, by name.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
