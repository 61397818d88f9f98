//! A control plane in a test: doors that only take notes, a resolver that says what it is told, real targets and files.

use std::{
    collections::HashMap,
    fs,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use clingfish_model::{Listener, Name, desired::AccessLog};
use clingfish_snapshot::{Doors, OpenError, Snapshot};
use clingfish_telemetry::{LogWriter, Registry};
use clingfish_upstream::{ResolveError, Resolved};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

use crate::{
    Annals, Asset, Build, CheckPlan, CheckProgress, Checker, Checking, Configuration, Control,
    Credentials, KeyFile, Process, Setup, StartError, first_snapshot, lookups::Resolve,
};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the doors were asked, shared with the test.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    enforced: Vec<u64>,
    /// Ports that somebody else has.
    taken: Vec<u16>,
}

impl Notes {
    pub(super) fn enforced(&self) -> Vec<u64> {
        self.0.lock().unwrap().enforced.clone()
    }

    pub(super) fn take_port(&self, port: u16) {
        self.0.lock().unwrap().taken.push(port);
    }

    pub(super) fn free_ports(&self) {
        self.0.lock().unwrap().taken.clear();
    }
}

#[derive(Debug)]
pub(super) struct NotingDoors {
    notes: Notes,
    open: Vec<(Name, SocketAddr)>,
}

impl Doors for NotingDoors {
    fn open(&mut self, wanted: &[Listener]) -> Result<(), Vec<OpenError>> {
        let taken = self.notes.0.lock().unwrap().taken.clone();
        let errors: Vec<OpenError> = wanted
            .iter()
            .filter(|listener| taken.contains(&listener.bind.port()))
            .map(|listener| OpenError::Taken {
                listener: listener.name.clone(),
                address: listener.bind,
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn enforce(&mut self, snapshot: &Arc<Snapshot>) {
        self.notes.0.lock().unwrap().enforced.push(snapshot.revision);
        let listeners = snapshot.listeners.iter().map(|view| &view.listener);
        self.open = listeners.map(|listener| (listener.name.clone(), listener.bind)).collect();
    }

    fn addresses(&self) -> Vec<(Name, SocketAddr)> {
        self.open.clone()
    }
}

/// Names and their addresses; others have none. Answers are valid for a moment only.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl Book {
    pub(super) fn write(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.0.lock().unwrap().insert(name.to_owned(), addresses);
    }

    pub(super) fn tear_out(&self, name: &str) {
        self.0.lock().unwrap().remove(name);
    }
}

impl Resolve for Book {
    async fn resolve(&self, name: &str) -> Result<Resolved, ResolveError> {
        let addresses = self.0.lock().unwrap().get(name).cloned();
        let valid_for = Duration::from_millis(10);
        addresses
            .map(|addresses| Resolved { addresses, valid_for })
            .ok_or(ResolveError::NoAddress { name: name.to_owned() })
    }
}

/// Finds out nothing: a run says one line, judges one promise, and ends when the test says so. Remembers what it was to do.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeChecker {
    pub(super) plans: Arc<Mutex<Vec<CheckPlan>>>,
    /// Each permit lets one run end.
    pub(super) go: Arc<Notify>,
}

impl Checker for FakeChecker {
    fn prepare(&self, plan: &CheckPlan, progress: CheckProgress) -> Result<Checking, String> {
        match plan.identify.as_deref() {
            Some("nonsense") => return Err("identify: nonsense is none of header:NAME".to_owned()),
            Some("panic") => return Ok(Box::pin(async { panic!("a fault of the checker's") })),
            _ => {}
        }
        self.plans.lock().unwrap().push(plan.clone());
        let (go, url) = (Arc::clone(&self.go), plan.url());
        Ok(Box::pin(async move {
            progress.say("20 fresh clients come");
            let finding = json!({
                "promise": "comes-home", "words": "a client with cookies comes home", "outcome": "broken",
                "evidence": ["3 of 4"], "means": "They lose their carts.", "change": "Make it sticky.",
            });
            progress.judge(finding.clone());
            go.notified().await;
            Ok(json!({
                "url": url, "balancer": "Clingfish", "recognised_by": "its cookie", "who": null,
                "targets": ["a"], "comes_home_by": "nothing", "requests": 20,
                "kept": 0, "broken": 1, "could_not_tell": 0, "promises": [finding],
            }))
        }))
    }
}

/// Files, doors and names for one control plane.
#[derive(Debug)]
pub(super) struct Stage {
    folder: tempfile::TempDir,
    pub(super) notes: Notes,
    pub(super) book: Book,
    pub(super) credentials: Credentials,
    /// Where workers would count.
    pub(super) registry: Arc<Registry>,
    pub(super) checker: FakeChecker,
}

const CONSOLE: &[Asset] =
    &[Asset { path: "", content_type: "text/html; charset=utf-8", bytes: b"<!doctype html>" }];

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            notes: Notes::default(),
            book: Book::default(),
            credentials: Credentials::default(),
            registry: Arc::new(Registry::new(1)),
            checker: FakeChecker::default(),
        }
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.path().join("clingfish.toml")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn keys(&self) -> KeyFile {
        KeyFile::new(self.folder.path().join("keys"), false)
    }

    /// Replaces the configuration file, with an admin address added where there is none.
    pub(super) fn write(&self, config: &str) {
        let draft = self.folder.path().join("draft");
        let admin = "[admin]\nbind = \"127.0.0.1:0\"\nhosts = [\"ops.example\"]\n";
        let admin = if config.contains("[admin]") { "" } else { admin };
        fs::write(&draft, format!("{config}\n{admin}")).unwrap();
        fs::rename(draft, self.config()).unwrap();
    }

    pub(super) async fn try_start(&self, config: &str) -> Result<Control<NotingDoors>, StartError> {
        self.write(config);
        let configuration = Configuration::read(&self.config()).unwrap();
        let ring = Arc::new(self.keys().load_or_create().unwrap());
        let off =
            AccessLog { sink: clingfish_model::desired::LogSink::Off, ..AccessLog::default() };
        let setup = Setup {
            config: self.config(),
            first: first_snapshot(&configuration, &ring, 1, 1),
            annals: Annals::open(self.folder.path(), &configuration),
            configuration,
            keys: self.keys(),
            credentials: self.credentials.clone(),
            doors: NotingDoors { notes: self.notes.clone(), open: Vec::new() },
            workers: 1,
            registry: Arc::clone(&self.registry),
            log: Arc::new(Mutex::new(LogWriter::start(&off.into(), 1).unwrap().0)),
            reach: Arc::default(),
            build: Build { version: "1.2.3", commit: "" },
            process: Process::default(),
            console: CONSOLE.to_vec(),
            checker: Arc::new(self.checker.clone()),
            admin_socket: None,
            opened: tokio::sync::watch::channel(true).1,
        };
        Control::start_with(setup, self.book.clone()).await
    }

    pub(super) async fn start(&self, config: &str) -> Control<NotingDoors> {
        self.try_start(config).await.unwrap()
    }
}

/// A configuration of one listener on `port` and one group with these targets, checked often.
pub(super) fn config(port: u16, targets: &str) -> String {
    format!(
        "[[listeners]]\nname = \"front\"\nbind = \"127.0.0.1:{port}\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [{targets}]\n\
         health_check = {{ interval = \"100ms\", timeout = \"99ms\", healthy_threshold = 1, unhealthy_threshold = 1 }}\n"
    )
}

/// Targets of the group `web`: id and whether they are routable.
pub(super) fn targets(control: &Control<NotingDoors>) -> Vec<(String, bool)> {
    let snapshot = control.snapshot().unwrap();
    let group = snapshot.groups.iter().find(|group| group.spec.name.as_str() == "web").unwrap();
    group.targets.iter().map(|target| (target.id.to_string(), target.cell.is_routable())).collect()
}

/// Waits until `is_true`.
pub(super) async fn until(what: &str, is_true: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
        "it never came true that {what}"
    );
}

/// A target that answers every request with a status that can be changed; 0 hangs up instead.
#[derive(Debug)]
pub(super) struct TestTarget {
    pub(super) address: SocketAddr,
    status: Arc<AtomicU16>,
    task: JoinHandle<()>,
}

impl TestTarget {
    pub(super) async fn start(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let status = Arc::new(AtomicU16::new(status));
        let says = Arc::clone(&status);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n")
                    && stream.read_buf(&mut head).await.unwrap_or(0) > 0
                {}
                let status = says.load(Relaxed);
                if status != 0 {
                    let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        Self { address, status, task }
    }

    pub(super) fn say(&self, status: u16) {
        self.status.store(status, Relaxed);
    }
}

impl Drop for TestTarget {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends these bytes to the admin address; gives status and everything after the head.
pub(super) async fn send(admin: SocketAddr, request: &str) -> (u16, String) {
    let (head, body) = send_raw(admin, request).await;
    (head.split(' ').nth(1).unwrap_or("0").parse().unwrap_or(0), body)
}

/// As [`send`], with the whole head.
pub(super) async fn send_raw(admin: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

pub(super) async fn get(admin: SocketAddr, path: &str) -> (u16, String) {
    send(admin, &format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n")).await
}

pub(super) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(test)
}
