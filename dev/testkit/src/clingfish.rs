//! The real binary as a child process.

mod launch;
mod log;
mod successors;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use crate::{Metrics, RawClient, Response, wait::within};
pub use launch::binary;
pub use launch::{Exited, Launch};
use log::Log;

/// Longest wait for anything that the process does at once when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Clingfish. Dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Clingfish {
    child: Child,
    /// The process that serves: the child, or one that took over from it.
    pid: AtomicU32,
    log: Log,
    config: PathBuf,
    state_dir: PathBuf,
    admin: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Clingfish {
    /// Starts it with this configuration and waits until it is ready. See [`Launch`] for more choices.
    #[track_caller]
    pub fn start(config: &str) -> Self {
        Launch::new(config).start()
    }

    /// Where operators ask.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// What the admin address answers to a change that is sent as JSON; an empty body is none.
    #[track_caller]
    pub fn change(&self, method: &str, path: &str, body: &str) -> Response {
        let (admin, length) = (self.admin, body.len());
        let mut client = RawClient::connect(admin).expect("the admin address accepts");
        let sent = client.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
        sent.expect("the admin address takes a request");
        client.read_final_response().expect("the admin address answers")
    }

    /// Where the listener of that name accepts.
    #[track_caller]
    pub fn listener(&self, name: &str) -> SocketAddr {
        let start = format!("listener {name} listening on ");
        match within(PATIENCE, || self.log.address_after(&start)) {
            Some(address) => address,
            None => panic!("no listener {name} came up:\n{}", self.log()),
        }
    }

    /// Everything that it wrote to standard error so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Everything that it wrote to standard output so far.
    pub fn output(&self) -> String {
        self.log.output()
    }

    /// The process that serves: the one that was started, or the last one that took over by [`Self::upgrade`] or [`Self::follow`].
    pub fn pid(&self) -> u32 {
        self.pid.load(Relaxed)
    }

    /// The configuration file.
    pub fn config_path(&self) -> &Path {
        &self.config
    }

    /// The state directory, with the key ring.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Replaces the configuration file in one step, as editors do.
    #[track_caller]
    pub fn write_config(&self, config: &str) {
        let draft = self.config.with_extension("draft");
        fs::write(&draft, launch::with_admin(config)).expect("the folder is ours");
        fs::rename(&draft, &self.config).expect("the folder is ours");
    }

    /// Asks it to read its configuration again (SIGHUP).
    pub fn reload(&self) {
        self.signal("HUP");
    }

    /// Sends a signal by its name without `SIG`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let script = format!("kill -s {name} {}", self.pid());
        let status = Command::new("sh").args(["-c", &script]).status();
        assert!(status.is_ok_and(|status| status.success()), "{script}");
    }

    /// What `/metrics` says now.
    #[track_caller]
    pub fn metrics(&self) -> Metrics {
        let answer = RawClient::get(self.admin, "/metrics").expect("/metrics answers");
        assert_eq!(answer.status, 200, "/metrics");
        Metrics::parse(&answer.text())
    }

    /// The revision of the published snapshot.
    #[track_caller]
    pub fn revision(&self) -> u64 {
        let revision = self.metrics().value("clingfish_snapshot_revision", &[]);
        revision.expect("there is a revision") as u64
    }

    /// Waits until that revision, or a later one, is published.
    #[track_caller]
    pub fn wait_revision(&self, wanted: u64) {
        let reached = within(PATIENCE, || (self.revision() >= wanted).then_some(()));
        assert!(reached.is_some(), "revision {wanted} was not published:\n{}", self.log());
    }

    /// Replaces the configuration, asks for a reload and waits until it is published.
    #[track_caller]
    pub fn reload_with(&self, config: &str) {
        let before = self.revision();
        self.write_config(config);
        self.reload();
        self.wait_revision(before + 1);
    }

    /// Waits until standard error holds the text.
    #[track_caller]
    pub fn wait_log(&self, text: &str) {
        let found = within(PATIENCE, || self.log().contains(text).then_some(()));
        assert!(found.is_some(), "{text:?} is not in:\n{}", self.log());
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_exit(Duration::from_secs(60))
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn wait_exit(&mut self, limit: Duration) -> ExitStatus {
        let status = within(limit, || self.child.try_wait().ok().flatten());
        match status {
            Some(status) => status,
            None => panic!("it still runs after {limit:?}:\n{}", self.log()),
        }
    }
}

impl Drop for Clingfish {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        successors::kill_all(&self.config);
        if std::thread::panicking() {
            eprintln!("--- log of the binary ---\n{}", self.log());
        }
    }
}
