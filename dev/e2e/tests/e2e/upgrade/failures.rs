//! Upgrades that do not come about: the running process carries on.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, thread};

use clingfish_testkit::{Clingfish, Launch, RawClient, Target, eventually};

use super::{answering_pid, binary, config, install, upgrade};
use crate::{browser::Browser, support::SOON};

/// Puts a shell script in the place of a file.
fn replace(path: &Path, script: &str) {
    let aside = path.with_extension("aside");
    fs::write(&aside, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(aside, path).unwrap();
}

/// A Clingfish whose file can be replaced.
fn replaceable(folder: &Path, target: &Target) -> (Clingfish, std::path::PathBuf) {
    let path = folder.join("clingfish");
    install(&binary(), &path);
    let config = config(target, "workers = 2\nupgrade_timeout = \"5s\"");
    (Launch::new(&config).program(&path).start(), path)
}

#[test]
fn a_new_process_that_does_not_get_ready_changes_nothing() {
    let target = Target::start("t");
    let folder = tempfile::tempdir().unwrap();
    let (clingfish, path) = replaceable(folder.path(), &target);
    let (address, pid) = (clingfish.listener("web"), clingfish.pid());
    let mut kept = Browser::open(address);
    kept.get("/").unwrap();
    for (failures, (script, expected)) in (1..).zip([
        ("exit 7", "exit status: 7"),
        ("echo no good >&2; kill -s KILL $$", "signal: 9"),
        ("exec sleep 1000", "not ready within 5s"),
        ("exec 0<&-; exec sleep 1000", "before it was ready"),
    ]) {
        replace(&path, script);
        let done = clingfish.upgrade();
        assert_eq!(done.status, 1, "{script}: {}", done.stdout);
        assert!(done.stderr.contains(expected), "{script}: {}", done.stderr);
        let told = || {
            let log = clingfish.log();
            (log.contains("upgrade failed") && log.contains(expected)).then_some(())
        };
        // The answer may be here before the line is.
        eventually(SOON, told);
        assert_eq!(answering_pid(&clingfish), (pid, 0), "{script}");
        let failed = clingfish.metrics().value("clingfish_upgrades_failed_total", &[]);
        assert_eq!(failed, Some(f64::from(failures)), "{script}");
        let answer = kept.get("/").unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, None), "{script}");
        assert_eq!(RawClient::get(address, "/").unwrap().status, 200, "{script}");
    }
    // Its own words are in the log too.
    eventually(SOON, || clingfish.log().contains("no good").then_some(()));
    fs::remove_file(&path).unwrap();
    let done = clingfish.upgrade();
    assert!(done.stderr.contains("cannot start"), "{}", done.stderr);
    // And then one that is good.
    install(&binary(), &path);
    upgrade(&clingfish);
    assert_eq!(answering_pid(&clingfish), (clingfish.pid(), 1));
    assert_eq!(kept.get("/").unwrap().status, 200);
    clingfish.wait_gone(pid, SOON);
}

#[test]
fn a_bad_configuration_is_told_and_leaves_the_old_process_serving() {
    let target = Target::start("t");
    let good = config(&target, "workers = 1");
    let clingfish = Clingfish::start(&good);
    let pid = clingfish.pid();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let more = format!("[[listeners]]\nname = \"more\"\nbind = \"{port}\"\nforward = \"web\"\n");
    for (bad, expected) in [
        (good.replace("forward = \"web\"", "forward = \"wep\""), "wep"),
        (format!("{good}\n{more}"), port.as_str()),
    ] {
        clingfish.write_config(&bad);
        let done = clingfish.upgrade();
        assert_eq!(done.status, 1, "{}", done.stdout);
        assert!(done.stderr.contains(expected), "{expected}: {}", done.stderr);
        assert_eq!(answering_pid(&clingfish), (pid, 0));
        assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
    }
    clingfish.write_config(&good);
    upgrade(&clingfish);
}

#[test]
fn a_second_upgrade_at_the_same_time_is_refused() {
    let target = Target::start("t");
    let folder = tempfile::tempdir().unwrap();
    let (clingfish, path) = replaceable(folder.path(), &target);
    replace(&path, "exec sleep 1000");
    thread::scope(|scope| {
        let first = scope.spawn(|| clingfish.upgrade());
        eventually(SOON, || clingfish.log().contains("upgrade begins").then_some(()));
        let second = clingfish.upgrade();
        assert_eq!(second.status, 1);
        assert!(second.stderr.contains("another upgrade is under way"), "{}", second.stderr);
        assert!(first.join().unwrap().stderr.contains("not ready within 5s"));
    });
}

#[test]
fn a_process_that_is_told_to_stop_takes_the_new_one_with_it() {
    let target = Target::start("t");
    let folder = tempfile::tempdir().unwrap();
    let (mut clingfish, path) = replaceable(folder.path(), &target);
    let note = folder.path().join("pid");
    replace(
        &path,
        &format!(
            "echo $$ > {note}.part; mv {note}.part {note}; exec sleep 1000",
            note = note.display()
        ),
    );
    clingfish.signal("USR2");
    let heir = eventually(SOON, || fs::read_to_string(&note).ok()?.trim().parse().ok());
    assert_eq!(clingfish.terminate().code(), Some(0));
    clingfish.wait_gone(heir, SOON);
}
