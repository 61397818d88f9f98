//! A program of the benchmark: pinned to a core, accounted for, stopped when dropped.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::clock;

/// A running program with all its children.
pub(super) struct Process {
    child: Child,
}

/// CPU time since a process tree began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    /// On a core, all threads, to the nanosecond.
    nanos: u64,
    /// Ready to run and waiting for a core.
    waited_nanos: u64,
    /// In user mode, in clock ticks.
    user_ticks: u64,
    /// In the kernel, in clock ticks.
    kernel_ticks: u64,
}

/// CPU time between two moments, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuSpent {
    /// User and kernel.
    pub(super) micros: f64,
    /// The user part of it, split off by clock ticks; none where these were too few to tell.
    pub(super) user_micros: Option<f64>,
    /// Time ready but without a core, as a share of time with one: above a few percent somebody else used the core.
    pub(super) waited_share: f64,
}

impl Process {
    /// Grace from SIGTERM to SIGKILL.
    const STOP: Duration = Duration::from_secs(20);

    /// Starts a program on one core; its output goes to `out` and `err` in `dir`.
    ///
    /// The kernel ends it when we die, so an interrupted benchmark leaves nothing running.
    pub(super) fn start(core: usize, program: &Path, args: &[&str], dir: &Path) -> Result<Self> {
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "taskset", "-c", &core.to_string()])
            .arg(program)
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(File::create(dir.join("out"))?)
            .stderr(File::create(dir.join("err"))?)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child })
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// CPU time of the program and its children so far.
    pub(super) fn cpu(&self) -> Result<Cpu> {
        let mut sum = Cpu::default();
        for pid in self.tree()? {
            for task in fs::read_dir(format!("/proc/{pid}/task"))? {
                let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
                let mut fields = schedstat.split_whitespace().map(str::parse::<u64>);
                sum.nanos += fields.next().context("an empty schedstat")??;
                sum.waited_nanos += fields.next().context("a short schedstat")??;
            }
            let stat = Stat::of(pid)?;
            sum.user_ticks += stat.user_ticks;
            sum.kernel_ticks += stat.kernel_ticks;
        }
        Ok(sum)
    }

    /// CPU time of the program's own threads whose names begin so, in nanoseconds. Those of its children do not count.
    pub(super) fn threads_nanos(&self, name: &str) -> Result<u64> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            if fs::read_to_string(task.join("comm"))?.starts_with(name) {
                let schedstat = fs::read_to_string(task.join("schedstat"))?;
                let on_core = schedstat.split_whitespace().next().context("an empty schedstat")?;
                nanos += on_core.parse::<u64>()?;
            }
        }
        ensure!(nanos > 0, "no thread is called {name}");
        Ok(nanos)
    }

    /// Proportional set size of the program and its children, in bytes: pages that two of them share count once.
    pub(super) fn memory(&self) -> Result<u64> {
        let mut kib = 0;
        for pid in self.tree()? {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let pss = pss.context("no Pss in smaps_rollup")?.trim();
            kib += pss.trim_end_matches(" kB").parse::<u64>()?;
        }
        Ok(kib * 1024)
    }

    /// The program's own id first, then its descendants'.
    fn tree(&self) -> Result<Vec<u32>> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|n| n.parse().ok()) else {
                continue;
            };
            // It may have ended since the folder was read.
            if let Ok(stat) = Stat::of(pid) {
                parents.push((pid, stat.parent));
            }
        }
        let mut tree = vec![self.child.id()];
        let mut at = 0;
        while let Some(&parent) = tree.get(at) {
            tree.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        Ok(tree)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let descendants = self.tree().unwrap_or_default();
        signal("-TERM", &[self.child.id()]);
        let deadline = clock::now() + Self::STOP;
        while !self.has_ended() {
            if clock::now() > deadline {
                signal("-KILL", &descendants);
            }
            thread::sleep(Duration::from_millis(10));
        }
        // A parent that ends at once may leave children behind.
        signal("-KILL", &descendants);
    }
}

fn signal(name: &str, pids: &[u32]) {
    // A process that is gone already is what we want; nothing else can fail here that we could mend.
    let _ = Command::new("kill")
        .arg(name)
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

impl Cpu {
    /// Clock ticks, of 10 ms each, from which on their split is worth something.
    const TICKS_MIN: u64 = 50;

    /// What was spent from `earlier` to this.
    pub(super) fn since(self, earlier: Self) -> CpuSpent {
        let micros = self.nanos.saturating_sub(earlier.nanos) as f64 / 1000.0;
        let waited = self.waited_nanos.saturating_sub(earlier.waited_nanos) as f64 / 1000.0;
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let ticks = user + self.kernel_ticks.saturating_sub(earlier.kernel_ticks);
        CpuSpent {
            micros,
            user_micros: (ticks >= Self::TICKS_MIN).then(|| micros * user as f64 / ticks as f64),
            waited_share: waited / micros.max(1.0),
        }
    }
}

/// The fields of `/proc/<pid>/stat` that we use.
struct Stat {
    parent: u32,
    user_ticks: u64,
    kernel_ticks: u64,
}

impl Stat {
    fn of(pid: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, second and in brackets, may hold spaces and brackets itself; field 3 follows the last bracket.
        let (_, rest) = text.rsplit_once(") ").context("no name in stat")?;
        let field = |number: usize| {
            rest.split(' ').nth(number - 3).with_context(|| format!("no field {number} in stat"))
        };
        Ok(Self {
            parent: field(4)?.parse()?,
            user_ticks: field(14)?.parse()?,
            kernel_ticks: field(15)?.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_count_and_end_with_their_parent() {
        let dir = std::env::temp_dir();
        let shell = Path::new("/bin/sh");
        let busy = "while :; do :; done & wait";
        let process = Process::start(0, shell, &["-c", busy], &dir).unwrap();
        let first = process.cpu().unwrap();
        let deadline = clock::now() + Duration::from_secs(10);
        while process.cpu().unwrap().since(first).micros < 20_000.0 {
            assert!(clock::now() < deadline, "a busy child spends CPU time");
        }
        assert!(process.memory().unwrap() > 0);
        assert!(process.threads_nanos("sh").unwrap() > 0, "it has become the shell");
        assert!(process.threads_nanos("worker-").is_err());
        let family = process.tree().unwrap();
        assert!(family.len() > 1, "the shell has a child");
        drop(process);
        for pid in family {
            while Path::new(&format!("/proc/{pid}")).exists() {
                assert!(clock::now() < deadline, "{pid} outlives its parent");
            }
        }
    }

    #[test]
    fn time_is_split_by_ticks_where_there_are_enough() {
        let earlier = Cpu::default();
        for (user_ticks, kernel_ticks, expected) in
            [(25, 75, Some(1.0)), (0, 50, Some(0.0)), (25, 24, None)]
        {
            let later = Cpu { nanos: 4_000, waited_nanos: 1_000, user_ticks, kernel_ticks };
            let spent = later.since(earlier);
            assert_eq!(spent.user_micros, expected, "{user_ticks} of {kernel_ticks} more");
            assert!((spent.micros - 4.0).abs() < 1e-9 && (spent.waited_share - 0.25).abs() < 1e-9);
        }
    }
}
