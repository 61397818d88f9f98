//! The key ring: made, shared, rotated, refused.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clingfish_testkit::{Clingfish, Launch, RawClient, Response, Target, eventually, run};

use crate::support::{SOON, Seen, mirror, targets, web};

/// Two targets, and any number of balancers that share a state directory or do not.
struct Fleet {
    _targets: [Target; 2],
    config: String,
    state: tempfile::TempDir,
}

impl Fleet {
    fn new() -> Self {
        let (a, b) = (mirror("a"), mirror("b"));
        let group = targets(&[("a", &a), ("b", &b)]);
        let config = web(&format!("{group}\nstickiness = true\nhealth_check = false"));
        Self { _targets: [a, b], config, state: tempfile::tempdir().unwrap() }
    }

    #[track_caller]
    fn start(&self) -> Clingfish {
        self.start_in(self.state.path())
    }

    #[track_caller]
    fn start_in(&self, state: &Path) -> Clingfish {
        Launch::new(&self.config).state_dir(state).start()
    }

    /// Runs `clingfish keys` with these arguments, and gives what it printed.
    #[track_caller]
    fn keys(&self, args: &[&str]) -> String {
        let state = self.state.path().to_str().unwrap();
        let done = run(&[&["keys"], args, &["--state-dir", state]].concat());
        assert_eq!(done.status, 0, "{}", done.stderr);
        done.stdout
    }

    fn ring(&self) -> String {
        fs::read_to_string(self.state.path().join("keys")).unwrap()
    }
}

#[track_caller]
fn visit(clingfish: &Clingfish, cookie: &str) -> Response {
    let line = format!("Cookie: {cookie}");
    RawClient::get_with(clingfish.listener("web"), "/", &[&line]).expect("it answers")
}

/// So many new sessions: their cookies and homes.
#[track_caller]
fn sessions(clingfish: &Clingfish, count: usize) -> Vec<(String, String)> {
    let newcomer = || {
        let answer = visit(clingfish, "x=1");
        (answer.home_cookie().expect("it brings a cookie"), answer.target().to_owned())
    };
    std::iter::repeat_with(newcomer).take(count).collect()
}

#[track_caller]
fn assert_at_home(clingfish: &Clingfish, sessions: &[(String, String)]) {
    for (cookie, home) in sessions {
        let answer = visit(clingfish, cookie);
        assert_eq!((answer.verdict(), answer.target()), ("hit", home.as_str()));
    }
}

/// The id of the key that sealed a cookie, which is no secret.
fn key_of(cookie: &str) -> String {
    let (_, token) = cookie.split_once('=').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    format!("{:02x}{:02x}", bytes[1], bytes[2])
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_first_start_makes_a_key_ring_for_its_owner_alone() {
    let fleet = Fleet::new();
    let state = fleet.state.path().join("not/yet/there");
    let _clingfish = fleet.start_in(&state);
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("keys")), 0o600);
    let ring = fs::read_to_string(state.join("keys")).unwrap();
    assert!(ring.starts_with("clingfish key ring 1\n"), "another first line");
    assert_eq!(ring.lines().filter(|line| line.starts_with("key ")).count(), 1);
    let names = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let mut kept: Vec<String> = names.filter(|name| !name.ends_with(".sock")).collect();
    kept.sort();
    assert_eq!(kept, ["events.jsonl", "keys", "revisions"], "nothing is left of its making");
}

#[test]
fn a_restart_loses_no_session() {
    let fleet = Fleet::new();
    let mut first = fleet.start();
    let sessions = sessions(&first, 20);
    let ring = fleet.ring();
    assert!(first.terminate().success());
    let second = fleet.start();
    assert_at_home(&second, &sessions);
    // Nor does one without a farewell.
    drop(second);
    assert_at_home(&fleet.start(), &sessions);
    assert!(fleet.ring() == ring, "the ring stays");
}

#[test]
fn two_instances_with_one_key_ring_agree() {
    let fleet = Fleet::new();
    // They start at the same time, so that both want to make the ring.
    let (one, two) = thread::scope(|scope| {
        let starting = [scope.spawn(|| fleet.start()), scope.spawn(|| fleet.start())];
        let [one, two] = starting.map(|thread| thread.join().expect("it starts"));
        (one, two)
    });
    assert_at_home(&two, &sessions(&one, 10));
    assert_at_home(&one, &sessions(&two, 10));
}

#[test]
fn a_rotation_under_load_loses_no_session() {
    let fleet = Fleet::new();
    let clingfish = fleet.start();
    let old_ring = tempfile::tempdir().unwrap();
    fs::copy(fleet.state.path().join("keys"), old_ring.path().join("keys")).unwrap();
    let clients = sessions(&clingfish, 8);
    let old_key = key_of(&clients[0].0);
    let (stop, renewed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let rotated = thread::scope(|scope| {
        let load = clients.iter().map(|(cookie, home)| {
            let (clingfish, stop, renewed) = (&clingfish, &stop, &renewed);
            // As a browser does it: the newest cookie counts.
            let browse = move || {
                let (mut cookie, mut visits, mut lost) = (cookie.clone(), 0, 0);
                while !stop.load(Ordering::SeqCst) {
                    let answer = visit(clingfish, &cookie);
                    visits += 1;
                    if answer.verdict() != "hit" || answer.target() != home {
                        lost += 1;
                    }
                    if let Some(newer) = answer.home_cookie() {
                        cookie = newer;
                        renewed.fetch_add(1, Ordering::SeqCst);
                    }
                }
                (cookie, visits, lost)
            };
            scope.spawn(browse)
        });
        let load: Vec<_> = load.collect();
        let said = fleet.keys(&["rotate", "--delay", "0s"]);
        // Each client gets its cookie by the new key once, as soon as the process has seen the new file.
        eventually(SOON, || (renewed.load(Ordering::SeqCst) >= 8).then_some(()));
        stop.store(true, Ordering::SeqCst);
        for thread in load {
            let (cookie, visits, lost) = thread.join().expect("clients do not panic");
            assert_eq!(lost, 0, "of {visits} visits");
            assert_ne!(key_of(&cookie), old_key);
            assert!(said.contains(&key_of(&cookie)), "{said}");
        }
        said
    });
    assert_eq!(renewed.load(Ordering::SeqCst), 8, "each is renewed once: {rotated}");
    // Those who stayed away meanwhile are at home as well, and get the new key's cookie.
    let late = visit(&clingfish, &clients[0].0);
    assert_eq!(late.verdict(), "hit");
    let by_new_key = late.home_cookie().expect("the old key's cookie is renewed");
    let behind = fleet.start_in(old_ring.path());
    assert_eq!(visit(&behind, &by_new_key).verdict(), "unknown_key");
    assert_at_home(&behind, &clients);
}

#[test]
fn a_new_key_opens_at_once_and_seals_after_its_delay() {
    let fleet = Fleet::new();
    let clingfish = fleet.start();
    let old_key = key_of(&sessions(&clingfish, 1)[0].0);
    let said = fleet.keys(&["rotate", "--delay", "1h"]);
    let table = fleet.keys(&["list"]);
    let rows: Vec<Vec<&str>> =
        table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert_eq!((rows[0][0], rows[0][2]), (old_key.as_str(), "sealing"), "{table}");
    assert_eq!(rows[1][2], "pending", "{table}");
    assert!(said.contains(rows[1][0]), "{said}");
    let new_key = rows[1][0].to_owned();
    eventually(SOON, || {
        let labels = [("key", new_key.as_str()), ("state", "pending")];
        clingfish.metrics().value("clingfish_key_created_time_seconds", &labels)
    });
    assert_eq!(key_of(&sessions(&clingfish, 1)[0].0), old_key);
}

#[test]
fn keys_are_listed_without_their_secrets() {
    let fleet = Fleet::new();
    drop(fleet.start());
    fleet.keys(&["rotate"]);
    let shown = format!("{}{}", fleet.keys(&["list"]), fleet.keys(&["rotate", "--delay", "0s"]));
    let ring = fleet.ring();
    let secrets = ring.lines().filter_map(|line| line.split(" secret ").nth(1));
    for secret in secrets {
        assert_eq!(secret.len(), 43);
        assert!(!shown.contains(&secret[..8]));
    }
    assert_eq!(mode(&fleet.state.path().join("keys")), 0o600, "a rotation keeps it closed");
}

#[test]
fn a_key_that_is_taken_out_of_the_file_opens_nothing_more() {
    let fleet = Fleet::new();
    let clingfish = fleet.start();
    let (cookie, _) = sessions(&clingfish, 1).remove(0);
    fleet.keys(&["rotate", "--delay", "0s"]);
    let old = format!("key {} ", key_of(&cookie));
    let without: Vec<String> = fleet.ring().lines().map(str::to_owned).collect();
    let without: Vec<String> = without.into_iter().filter(|line| !line.starts_with(&old)).collect();
    let draft = fleet.state.path().join("draft");
    fs::write(&draft, format!("{}\n", without.join("\n"))).unwrap();
    set_mode(&draft, 0o600);
    fs::rename(&draft, fleet.state.path().join("keys")).unwrap();
    eventually(SOON, || (visit(&clingfish, &cookie).verdict() == "unknown_key").then_some(()));
}

#[test]
fn a_key_ring_that_others_may_read_is_refused_unless_that_is_allowed() {
    let fleet = Fleet::new();
    let sessions = sessions(&fleet.start(), 3);
    let keys = fleet.state.path().join("keys");
    for open in [0o644, 0o640, 0o604] {
        set_mode(&keys, open);
        let refused = Launch::new(&fleet.config).state_dir(fleet.state.path()).try_start();
        let refused = refused.expect_err("it refuses to start");
        assert_eq!(refused.status.code(), Some(1), "{}", refused.log);
        for words in [keys.to_str().unwrap(), "chmod 600", "--allow-readable-keys"] {
            assert!(refused.log.contains(words), "{words:?} in {}", refused.log);
        }
        let state = fleet.state.path().to_str().unwrap();
        assert_eq!(run(&["keys", "list", "--state-dir", state]).status, 1);
        let listed = run(&["keys", "list", "--state-dir", state, "--allow-readable-keys"]);
        assert_eq!(listed.status, 0, "{}", listed.stderr);
    }
    let allowed = Launch::new(&fleet.config).state_dir(fleet.state.path());
    assert_at_home(&allowed.arg("--allow-readable-keys").start(), &sessions);
}

#[test]
fn a_state_directory_that_takes_no_files_is_refused_by_name() {
    let fleet = Fleet::new();
    let file = fleet.state.path().join("file");
    fs::write(&file, "").unwrap();
    // Root may write everywhere but where no folder can be.
    for folder in [file.join("state"), Path::new("/proc/self/fd").to_owned()] {
        let refused = Launch::new(&fleet.config).state_dir(&folder).try_start();
        let refused = refused.expect_err("it refuses to start");
        assert_eq!(refused.status.code(), Some(1), "{}", refused.log);
        for words in ["state directory", folder.to_str().unwrap(), "--state-dir"] {
            assert!(refused.log.contains(words), "{words:?} in {}", refused.log);
        }
    }
}

#[test]
fn a_damaged_key_ring_is_refused_by_line_and_never_replaced() {
    let fleet = Fleet::new();
    drop(fleet.start());
    let keys = fleet.state.path().join("keys");
    let secret = fleet.ring().trim_end().rsplit(' ').next().unwrap().to_owned();
    let damaged = fleet.ring().replace(" secret ", " secret x");
    fs::write(&keys, &damaged).unwrap();
    let refused = Launch::new(&fleet.config).state_dir(fleet.state.path()).try_start();
    let refused = refused.expect_err("it refuses to start");
    assert!(refused.log.contains("line 3"), "{}", refused.log);
    assert!(!refused.log.contains(&secret[..8]), "the message quotes the secret");
    assert!(fs::read_to_string(&keys).unwrap() == damaged, "it is as it was");
}

#[test]
fn a_ring_that_is_damaged_while_it_is_in_use_changes_nothing() {
    let fleet = Fleet::new();
    let clingfish = fleet.start();
    let sessions = sessions(&clingfish, 3);
    let draft = fleet.state.path().join("draft");
    fs::write(&draft, "clingfish key ring 1\nnonsense\n").unwrap();
    set_mode(&draft, 0o600);
    fs::rename(&draft, fleet.state.path().join("keys")).unwrap();
    clingfish.wait_log("line 2");
    assert_at_home(&clingfish, &sessions);
}
