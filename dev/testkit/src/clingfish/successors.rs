//! Processes that take over from the one that was started.

use std::{
    fs, os::unix::ffi::OsStrExt as _, path::Path, process::Command,
    sync::atomic::Ordering::Relaxed, time::Duration,
};

use super::{Clingfish, PATIENCE, launch::binary};
use crate::{
    clients::{Finished, finish},
    wait::within,
};

impl Clingfish {
    /// Runs `clingfish upgrade`, and follows the new process where it takes over.
    #[track_caller]
    pub fn upgrade(&self) -> Finished {
        let pid = self.pid().to_string();
        let state = self.state_dir.to_string_lossy();
        let mut command = Command::new("timeout");
        command.arg("120").arg(binary());
        let done = finish(command.args(["upgrade", "--state-dir", &state, "--pid", &pid]));
        let heir = done.stdout.lines().find_map(|line| {
            let rest = line.strip_prefix("process ")?;
            rest.split_once(" has taken over")?.0.parse().ok()
        });
        if let Some(heir) = heir {
            self.follow(heir);
        }
        done
    }

    /// From now on this process is the one that serves.
    pub fn follow(&self, pid: u32) {
        self.pid.store(pid, Relaxed);
    }

    /// Waits until that process, which need not be ours any more, has ended.
    #[track_caller]
    pub fn wait_gone(&self, pid: u32, limit: Duration) {
        let gone = within(limit, || (!runs(pid)).then_some(()));
        assert!(gone.is_some(), "process {pid} still runs after {limit:?}:\n{}", self.log());
    }
}

/// Whether there is such a process, not counting what waits for its parent to notice its end.
fn runs(pid: u32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}

/// Kills every process that was started with this configuration file, which no other test has.
pub(super) fn kill_all(config: &Path) {
    let mine = || {
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter(|pid| {
                let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                words.split(|byte| *byte == 0).any(|word| word == config.as_os_str().as_bytes())
            })
            .collect::<Vec<_>>()
    };
    let gone = within(PATIENCE, || {
        let left = mine();
        for pid in &left {
            // It fails only when it has ended already.
            let _ = Command::new("sh").args(["-c", &format!("kill -s KILL {pid} 2>&-")]).status();
        }
        left.is_empty().then_some(())
    });
    if gone.is_none() {
        eprintln!("processes with {} do not end", config.display());
    }
}
