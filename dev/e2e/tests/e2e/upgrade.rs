//! A new process takes over from the running one.

mod failures;
mod load;
mod systemd;

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use clingfish_testkit::{Clingfish, Launch, RawClient, Target, eventually, run, standard};

use crate::{
    browser::Browser,
    support::{SOON, Since, targets, web},
};

/// The lines of `[server]` instead of the one worker that [`web`] asks for.
fn with_server(config: &str, server: &str) -> String {
    config.replace("workers = 1", server)
}

fn config(target: &Target, server: &str) -> String {
    let group = format!("{}\nhealth_check = false\nstickiness = true", targets(&[("t", target)]));
    with_server(&web(&group), server)
}

/// An upgrade that has to go well.
#[track_caller]
fn upgrade(clingfish: &Clingfish) {
    let before = clingfish.pid();
    let done = clingfish.upgrade();
    assert_eq!(done.status, 0, "{}{}\n{}", done.stdout, done.stderr, clingfish.log());
    assert_ne!(clingfish.pid(), before, "{}", done.stdout);
}

/// Which process answers at the admin address.
#[track_caller]
fn answering_pid(clingfish: &Clingfish) -> (u32, u32) {
    let metrics = clingfish.metrics();
    let mut samples = metrics.samples().iter();
    let info = samples.find(|sample| sample.name == "clingfish_process_info").unwrap();
    let number = |label| info.label(label).unwrap().parse::<u32>().unwrap();
    (number("pid"), number("generation"))
}

/// Another name for the file at `path`, or a copy where that cannot be.
fn install(from: &Path, path: &Path) {
    let aside = path.with_extension("aside");
    if fs::hard_link(from, &aside).is_err() {
        fs::copy(from, &aside).unwrap();
    }
    fs::rename(aside, path).unwrap();
}

/// The binary under test.
fn binary() -> std::path::PathBuf {
    clingfish_testkit::binary().canonicalize().unwrap()
}

#[test]
fn a_websocket_stays_with_the_old_process_until_it_ends() {
    let target = Target::start("t");
    let clingfish = Clingfish::start(&config(&target, "workers = 2"));
    let (address, old) = (clingfish.listener("web"), clingfish.pid());
    let mut socket = Browser::open(address).upgrade();
    assert_eq!(socket.echo("before").unwrap(), "before");
    let mut kept = Browser::open(address);
    assert_eq!(kept.get("/").unwrap().header("connection"), None);

    upgrade(&clingfish);

    assert_eq!(
        answering_pid(&clingfish),
        (clingfish.pid(), 1),
        "the new one has the admin address"
    );
    let last = kept.get("/").unwrap();
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    kept.connection.wait_closed().unwrap();
    assert_eq!(RawClient::get(address, "/").unwrap().status, 200);
    let accepted = clingfish.metrics().value("clingfish_connections_accepted_total", &[]);
    assert_eq!(accepted, Some(1.0), "the new one accepts");
    assert_eq!(socket.echo("after").unwrap(), "after", "the old one carries it on");
    drop(socket);
    clingfish.wait_gone(old, SOON);
    assert!(clingfish.log().contains("finishing what is left"), "{}", clingfish.log());
}

/// So many answers there are while the new process is not ready.
const ANSWERS_MEANWHILE: usize = 6;

#[test]
fn until_the_new_process_is_ready_the_old_one_answers_everything() {
    let answers = Arc::new(AtomicUsize::new(ANSWERS_MEANWHILE));
    let seen = Arc::clone(&answers);
    let target = Target::answering(move |connection, request| {
        if request.path() == "/health" {
            eventually(SOON, || (seen.load(Relaxed) >= ANSWERS_MEANWHILE).then_some(()));
        }
        standard("t", connection, request)
    });
    let group = format!(
        "{}\nhealth_check = {{ path = \"/health\", interval = \"60s\", timeout = \"30s\" }}",
        targets(&[("t", &target)])
    );
    let clingfish = Clingfish::start(&with_server(&web(&group), "workers = 2"));
    let (address, old) = (clingfish.listener("web"), clingfish.pid());
    let is_ready = || clingfish.log().contains("the new process is ready");
    answers.store(0, Relaxed);
    thread::scope(|scope| {
        let upgrade = scope.spawn(|| clingfish.upgrade());
        clingfish.wait_log("preparing to take over");
        while !is_ready() {
            let pid = answering_pid(&clingfish).0;
            assert!(pid == old || is_ready(), "process {pid} answers already");
            let readiness = RawClient::get(clingfish.admin(), "/readyz").unwrap();
            assert!(readiness.status == 200 || is_ready(), "{}", readiness.text());
            assert_eq!(RawClient::get(address, "/").unwrap().status, 200);
            answers.fetch_add(1, Relaxed);
        }
        assert_eq!(upgrade.join().unwrap().status, 0);
    });
    let accepted = clingfish.metrics().value("clingfish_connections_accepted_total", &[]);
    assert!(
        accepted <= Some(1.0),
        "the new one accepted {accepted:?}, one may have come just after"
    );
}

#[test]
fn a_connection_that_stays_idle_for_long_still_gets_its_answer() {
    let target = Target::start("t");
    let clingfish = Clingfish::start(&config(&target, "workers = 1"));
    let mut kept = Browser::open(clingfish.listener("web"));
    kept.get("/").unwrap();
    upgrade(&clingfish);
    // At SIGTERM it would have five seconds.
    Since::now().wait(Duration::from_secs(7));
    let last = kept.get("/").unwrap();
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
}

#[test]
fn both_processes_write_the_same_access_log_and_open_it_again() {
    let target = Target::start("t");
    let folder = tempfile::tempdir().unwrap();
    let (log, moved) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let more = format!("[access_log]\nsink = \"{}\"\n", log.display());
    let clingfish = Clingfish::start(&format!("{}\n{more}", config(&target, "workers = 1")));
    let (address, old) = (clingfish.listener("web"), clingfish.pid());
    let has = |path: &Path, text: &str| {
        fs::read_to_string(path).is_ok_and(|lines| lines.contains(text)).then_some(())
    };
    let mut socket = Browser::open(address).upgrade();
    RawClient::get(address, "/before").unwrap();
    upgrade(&clingfish);
    RawClient::get(address, "/after").unwrap();
    eventually(SOON, || has(&log, "/before").and(has(&log, "/after")));
    fs::rename(&log, &moved).unwrap();
    let new = clingfish.pid();
    for pid in [old, new] {
        clingfish.follow(pid);
        clingfish.signal("USR1");
    }
    eventually(SOON, || {
        RawClient::get(address, "/reopened").unwrap();
        has(&log, "/reopened")
    });
    assert_eq!(socket.echo("still").unwrap(), "still");
    drop(socket);
    clingfish.wait_gone(old, SOON);
    assert!(has(&log, "/ws").is_some(), "the old one's last line is in the new file");
}

#[test]
fn the_deadline_of_upgrades_cuts_what_still_runs_in_the_old_process() {
    let target = Target::start("t");
    let server = "workers = 1\nupgrade_deadline = \"1s\"";
    let clingfish = Clingfish::start(&config(&target, server));
    let old = clingfish.pid();
    let mut socket = Browser::open(clingfish.listener("web")).upgrade();
    upgrade(&clingfish);
    clingfish.wait_gone(old, SOON);
    assert!(socket.echo("after").is_err(), "it is cut");
    assert!(clingfish.log().contains("deadline reached"), "{}", clingfish.log());
}

#[test]
fn an_old_process_that_is_told_to_stop_hurries() {
    let target = Target::start("t");
    let server = "workers = 1\nshutdown_deadline = \"1s\"";
    let clingfish = Clingfish::start(&config(&target, server));
    let old = clingfish.pid();
    let mut socket = Browser::open(clingfish.listener("web")).upgrade();
    upgrade(&clingfish);
    assert_eq!(socket.echo("after").unwrap(), "after");
    let new = clingfish.pid();
    clingfish.follow(old);
    clingfish.signal("TERM");
    clingfish.wait_gone(old, SOON);
    assert!(socket.echo("later").is_err(), "it is cut");
    clingfish.follow(new);
    assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
}

#[test]
fn a_signal_does_the_same_as_the_command() {
    let target = Target::start("t");
    let clingfish = Clingfish::start(&config(&target, "workers = 2"));
    let old = clingfish.pid();
    clingfish.signal("USR2");
    clingfish.wait_gone(old, SOON);
    let (new, generation) = answering_pid(&clingfish);
    assert_eq!(generation, 1);
    assert_ne!(new, old);
    clingfish.follow(new);
    assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
    clingfish.signal("TERM");
    clingfish.wait_gone(new, SOON);
}

#[test]
fn the_new_process_serves_what_the_file_says_now() {
    let target = Target::start("t");
    let listener = |name: &str| {
        format!("[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nforward = \"web\"\n")
    };
    let before = format!("{}{}", config(&target, "workers = 3"), listener("extra"));
    let clingfish = Clingfish::start(&before);
    let (web, extra) = (clingfish.listener("web"), clingfish.listener("extra"));
    // Written and upgraded at once: what the file brings is the new process's, or comes a moment before.
    let after = format!("{}{}", config(&target, "workers = 1"), listener("other"));
    clingfish.write_config(&after);
    upgrade(&clingfish);
    assert_eq!(RawClient::get(clingfish.listener("other"), "/").unwrap().status, 200);
    // More sockets than workers: all of them are accepted from.
    for _ in 0..30 {
        assert_eq!(RawClient::get(web, "/").unwrap().status, 200);
    }
    eventually(SOON, || {
        let refused = RawClient::connect(extra).err()?;
        (refused.kind() == io::ErrorKind::ConnectionRefused).then_some(())
    });
    assert_eq!(clingfish.metrics().value("clingfish_workers", &[]), Some(1.0));
}

#[test]
fn the_file_that_is_at_the_path_now_is_started() {
    let target = Target::start("t");
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("clingfish-1"), folder.path().join("clingfish-2"));
    install(&binary(), &first);
    install(&binary(), &second);
    let link = folder.path().join("clingfish");
    symlink(&first, &link).unwrap();
    let clingfish = Launch::new(&config(&target, "workers = 1")).program(&link).start();
    let running = || fs::read_link(format!("/proc/{}/exe", clingfish.pid())).unwrap();
    assert_eq!(running(), first);
    let aside = folder.path().join("aside");
    symlink(&second, &aside).unwrap();
    fs::rename(aside, &link).unwrap();
    upgrade(&clingfish);
    assert_eq!(running(), second);
}

#[test]
fn nobody_to_upgrade_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_string_lossy();
    let done = run(&["upgrade", "--state-dir", &state]);
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains("no process that serves"), "{}", done.stderr);
}

#[test]
fn one_of_several_processes_with_one_state_is_named_by_its_number() {
    let target = Target::start("t");
    let config = config(&target, "workers = 1");
    let one = Clingfish::start(&config);
    let other = Launch::new(&config).state_dir(one.state_dir()).start();
    let state = one.state_dir().to_string_lossy();
    let done = run(&["upgrade", "--state-dir", &state]);
    assert_eq!(done.status, 1);
    for pid in [one.pid(), other.pid()] {
        assert!(done.stderr.contains(&pid.to_string()), "{}", done.stderr);
    }
    let before = one.pid();
    upgrade(&other);
    assert_eq!(answering_pid(&one), (before, 0));
    assert_eq!(answering_pid(&other), (other.pid(), 1));
}
