//! Streams with the clock in hand: a whole connection over memory, so that time passes as fast as it is waited for.

use std::fs;

use clingfish_model::{
    desired::{AccessLog, LogSink},
    limits::{ADMIN_STALLED_MAX, LIVE_ENDS_AT_AGE, LIVE_TICK},
};
use clingfish_telemetry::{LogWriter, Registry};
use clingfish_tls::TicketKeys;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

use super::{
    super::{
        Credentials, InForce,
        connection::speak,
        desk::{Arrival, Desk, Tools},
        patient::Patient,
    },
    *,
};
use crate::{
    Annals, Configuration, KeyFile,
    change::Changes,
    checks::Checks,
    clock, first_snapshot,
    metrics::Metrics,
    status::{Enforced, Status},
    tests::FakeChecker,
};

/// Enough that one sample fills all buffers between us and the client.
const TARGETS: usize = 400;
const BUFFER: usize = 1024;

/// A desk with a group `web` in force, and its ticker.
struct Office {
    desk: Arc<Desk>,
    _folder: tempfile::TempDir,
    ticker: JoinHandle<()>,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clingfish.toml");
        let targets: Vec<String> =
            (0..TARGETS).map(|at| format!("\"10.0.{}.{}:80\"", at / 250, at % 250)).collect();
        let text = format!("[target_groups.web]\ntargets = [{}]\n", targets.join(", "));
        fs::write(&file, text).unwrap();
        let configuration = Configuration::read(&file).unwrap();
        let ring = KeyFile::new(folder.path().join("keys"), false).load_or_create().unwrap();
        let off = AccessLog { sink: LogSink::Off, ..AccessLog::default() };
        let metrics = Metrics {
            status: Arc::new(Status::new()),
            registry: Arc::new(Registry::new(1)),
            log: Arc::new(Mutex::new(LogWriter::start(&off.into(), 1).unwrap().0)),
            build: crate::Build::default(),
            process: crate::Process::default(),
            workers: 1,
        };
        let admin = InForce::new(
            &configuration.desired.admin,
            &Credentials::default(),
            None,
            &Arc::new(TicketKeys::new(Vec::new(), 1)),
            None,
        );
        let admin = Arc::new(admin);
        metrics.status.enforce(Enforced {
            snapshot: first_snapshot(&configuration, &Arc::new(ring), 1, 1),
            desired: Arc::new(configuration.desired.clone()),
            desired_since: 1,
            addresses: Vec::new(),
            admin: Arc::clone(&admin),
            at: clock::wall(),
        });
        let tools = Tools {
            changes: Changes::channel(1).0,
            annals: Annals::open(folder.path(), &configuration),
            host_name: "here".into(),
            site: Arc::default(),
            checks: Arc::new(Checks::new(Arc::new(FakeChecker::default()))),
        };
        let address = ([127, 0, 0, 1], 9080).into();
        let desk = Arc::new(Desk::new(address, metrics.clone(), admin, tools));
        let ticker = tokio::spawn(Ticker::new(Arc::clone(&desk.live), metrics).run());
        Self { desk, _folder: folder, ticker }
    }

    /// A client on this machine that asks for a stream, and the connection that serves it.
    async fn listen(&self) -> (DuplexStream, JoinHandle<()>) {
        let (ours, mut theirs) = duplex(BUFFER);
        let connected = [127, 0, 0, 1].into();
        let arrival = Arrival { connected, is_tls: false, since: clock::now() };
        let desk = Arc::clone(&self.desk);
        let served = tokio::spawn(async move { speak(Patient::new(ours), desk, arrival).await });
        theirs.write_all(b"GET /v1/live HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
        (theirs, served)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.ticker.abort();
    }
}

/// The next event: its name, and whether it is whole; none at the end. The head goes with the first.
async fn event(stream: &mut DuplexStream) -> Option<(String, bool)> {
    let mut text = Vec::new();
    while !text.ends_with(b"\n\n") {
        let byte = stream.read_u8().await.ok();
        if byte.is_none() {
            assert!(text.is_empty(), "it ends within an event");
        }
        text.push(byte?);
    }
    let text = String::from_utf8(text).unwrap();
    let name = text.lines().find_map(|line| line.strip_prefix("event: "));
    Some((name.unwrap().to_owned(), text.contains("\"whole\":true")))
}

async fn events(stream: &mut DuplexStream, count: usize) -> Vec<(String, bool)> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(event(stream).await.unwrap());
    }
    events
}

fn state() -> (String, bool) {
    ("state".to_owned(), false)
}

fn sample(is_whole: bool) -> (String, bool) {
    ("sample".to_owned(), is_whole)
}

#[tokio::test(start_paused = true)]
async fn everything_comes_first_and_a_little_at_every_tick() {
    let office = Office::open();
    let (mut client, _served) = office.listen().await;
    assert_eq!(events(&mut client, 2).await, [state(), sample(true)]);
    let began = clock::now();
    assert_eq!(events(&mut client, 3).await, [sample(false), sample(false), sample(false)]);
    let took = clock::now().saturating_duration_since(began);
    assert!(took > LIVE_TICK * 2 && took <= LIVE_TICK * 4, "{took:?}");
    // Another process phase is another state, at once.
    office.desk.status.checked();
    assert_eq!(event(&mut client).await, Some(state()));
    // Who comes later begins with everything, too.
    let (mut later, _served) = office.listen().await;
    assert_eq!(events(&mut later, 2).await, [state(), sample(true)]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_while_nobody_listens() {
    let office = Office::open();
    let (mut client, served) = office.listen().await;
    events(&mut client, 3).await;
    drop(client);
    served.await.unwrap();
    tokio::time::sleep(LIVE_TICK * 3).await;
    assert!(office.desk.live.news.borrow().is_none());
    let (mut next, _served) = office.listen().await;
    assert_eq!(events(&mut next, 3).await, [state(), sample(true), sample(false)]);
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_misses_ticks_and_gets_everything_again() {
    let office = Office::open();
    let (mut client, _served) = office.listen().await;
    event(&mut client).await.unwrap();
    tokio::time::sleep(LIVE_TICK * 5).await;
    let after = events(&mut client, 3).await;
    assert_eq!(after, [sample(true), sample(true), sample(false)], "five ticks were not kept");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_left() {
    let office = Office::open();
    let (client, served) = office.listen().await;
    let began = clock::now();
    served.await.unwrap();
    let took = clock::now().saturating_duration_since(began);
    assert!(took >= ADMIN_STALLED_MAX && took < ADMIN_STALLED_MAX * 2, "{took:?}");
    drop(client);
    assert!(!office.desk.live.is_heard(), "its seat is free");
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_before_its_connection_does_and_when_another_process_answers() {
    let office = Office::open();
    let (mut client, served) = office.listen().await;
    let began = clock::now();
    while event(&mut client).await.is_some() {}
    let took = clock::now().saturating_duration_since(began);
    assert!(took >= LIVE_ENDS_AT_AGE && took < LIVE_ENDS_AT_AGE + LIVE_TICK, "{took:?}");
    served.await.unwrap();
    let (mut client, served) = office.listen().await;
    events(&mut client, 2).await;
    office.desk.status.leave();
    while event(&mut client).await.expect("who leaves says so") != state() {}
    office.desk.status.succeed();
    let began = clock::now();
    while event(&mut client).await.is_some() {}
    let took = clock::now().saturating_duration_since(began);
    assert!(took < LIVE_TICK, "the other process is asked from now on, after {took:?}");
    served.await.unwrap();
}
