//! What the figures were taken on.

use std::{fs, process::Command, thread};

/// The machine and the day.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    pub(super) date: String,
    pub(super) revision: String,
    /// Average number of running processes at the start: above 0 the machine was not ours alone.
    pub(super) load: String,
    /// How TCP finds out how much it may send: for large bodies it makes a difference.
    pub(super) congestion_control: String,
}

impl Machine {
    /// Asks the system.
    pub(super) fn read() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let control = fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control");
        Self {
            cpu: model.unwrap_or("unknown").trim_start_matches([' ', '\t', ':']).to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            kernel: first_line("uname", &["-sr"]),
            date: first_line("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            revision: first_line("git", &["describe", "--always", "--dirty"]),
            load: load.split(' ').next().unwrap_or("unknown").to_owned(),
            congestion_control: control.as_deref().unwrap_or("unknown").trim().to_owned(),
        }
    }
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().ok();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.as_deref().and_then(|text| text.lines().next()).unwrap_or("unknown").to_owned()
}
