//! As under systemd: sockets that somebody else made, and messages about how it goes.

use std::{
    os::unix::net::UnixDatagram,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use clingfish_testkit::{Clingfish, Launch, RawClient, Target, eventually};

use super::{config, upgrade};
use crate::{browser::Browser, support::SOON};

/// Makes sockets as a `.socket` unit does, writes their ports into the configuration file in place of `PORT0`, `PORT1`, ...,
/// and becomes the program.
const ACTIVATE: &str = r#"
import fcntl, os, socket, sys
reuse, count, command = sys.argv[1] == "reuse", int(sys.argv[2]), sys.argv[3:]
made = []
for _ in range(count):
    new = socket.socket()
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse:
        new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    new.bind(("127.0.0.1", 0))
    new.listen(128)
    made.append(new)
path = command[command.index("--config") + 1]
text = open(path).read()
for number, new in enumerate(made):
    text = text.replace("PORT%d" % number, str(new.getsockname()[1]))
open(path, "w").write(text)
high = [fcntl.fcntl(new.fileno(), fcntl.F_DUPFD, 100) for new in made]
for number, descriptor in enumerate(high):
    os.dup2(descriptor, 3 + number)
    os.close(descriptor)
os.environ.update(LISTEN_FDS=str(count), LISTEN_PID=str(os.getpid()))
os.execv(command[0], command)
"#;

/// Where systemd listens.
struct Manager {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    socket: UnixDatagram,
    /// Protects what was heard so far.
    heard: Mutex<Vec<String>>,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { _folder: folder, path, socket, heard: Mutex::default() }
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that was heard since the last call that returned something which holds all of these lines.
    #[track_caller]
    fn wait(&self, lines: &[&str]) -> Vec<String> {
        eventually(SOON, || {
            let mut room = [0; 4096];
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            while let Ok(length) = self.socket.recv(&mut room) {
                let text = String::from_utf8_lossy(&room[..length]).into_owned();
                heard.extend(text.lines().map(str::to_owned));
            }
            let has_all = lines.iter().all(|line| heard.iter().any(|heard| heard == line));
            has_all.then(|| std::mem::take(&mut *heard))
        })
    }
}

fn activated(kind: &str, config: &str) -> Clingfish {
    let python = std::env::var("CLINGFISH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    Launch::new(config).through([python.as_str(), "-c", ACTIVATE, kind, "2"]).start()
}

#[test]
fn sockets_of_systemd_are_used_for_their_listeners_and_the_admin_address() {
    for kind in ["plain", "reuse"] {
        let target = Target::start("t");
        let config = config(&target, "workers = 3").replace("127.0.0.1:0", "127.0.0.1:PORT0");
        let config = format!("{config}\n[admin]\nbind = \"127.0.0.1:PORT1\"\n");
        let clingfish = activated(kind, &config);
        let address = clingfish.listener("web");
        let mut kept = Browser::open(address);
        for _ in 0..20 {
            assert_eq!(RawClient::get(address, "/").unwrap().status, 200, "{kind}");
            assert_eq!(kept.get("/").unwrap().status, 200, "{kind}");
        }
        // They go from process to process as our own do.
        upgrade(&clingfish);
        assert_eq!(kept.get("/").unwrap().status, 200, "{kind}");
        for _ in 0..20 {
            assert_eq!(RawClient::get(address, "/").unwrap().status, 200, "{kind}");
        }
        assert!(!clingfish.log().contains("ERROR"), "{kind}: {}", clingfish.log());
    }
}

#[test]
fn systemd_is_told_how_it_goes() {
    let target = Target::start("t");
    let manager = Manager::new();
    let mut clingfish = Launch::new(&config(&target, "workers = 1"))
        .env("NOTIFY_SOCKET", manager.path())
        .env("WATCHDOG_USEC", "200000")
        .start();
    manager.wait(&["READY=1", "STATUS=serving"]);
    manager.wait(&["WATCHDOG=1"]);
    clingfish.reload();
    let heard = manager.wait(&["RELOADING=1", "READY=1"]);
    assert!(heard.iter().any(|line| line.starts_with("MONOTONIC_USEC=")), "{heard:?}");
    let old = clingfish.pid();
    upgrade(&clingfish);
    let main = format!("MAINPID={}", clingfish.pid());
    manager.wait(&["RELOADING=1", &main, "READY=1"]);
    assert!(clingfish.wait_exit(Duration::from_secs(20)).success(), "process {old}");
    manager.wait(&["WATCHDOG=1"]);
    // A failed one ends in readiness too.
    clingfish.write_config("[server]\nworkers = 0\n");
    assert_eq!(clingfish.upgrade().status, 1);
    let heard = manager.wait(&["RELOADING=1", "READY=1"]);
    assert!(heard.iter().any(|line| line.starts_with("STATUS=an upgrade failed")), "{heard:?}");
    assert!(!heard.iter().any(|line| line.starts_with("STOPPING")), "{heard:?}");
    clingfish.signal("TERM");
    manager.wait(&["STOPPING=1"]);
    clingfish.wait_gone(clingfish.pid(), SOON);
}
