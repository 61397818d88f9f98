//! Sessions that resume: at every worker, after a restart, and at another instance.

use std::{fs, net::SocketAddr};

use clingfish_testkit::Authority;

use super::*;

/// Enough that both workers get some, but for one time in a thousand.
const VISITS: usize = 11;

/// Whether sessions that were begun at `first` resume at `second`: always, or never.
#[track_caller]
fn is_resumed(folder: &Path, version: &str, first: SocketAddr, second: SocketAddr) -> bool {
    let session = folder.join("session");
    let session = session.to_str().unwrap();
    let begun = visit(first, &[version, "-sess_out", session]);
    assert!(begun.stdout.contains("hello") && begun.stdout.contains("New, "), "{}", begun.stdout);
    let again = |_| visit(second, &[version, "-sess_in", session]).stdout.contains("Reused, ");
    let resumed: Vec<bool> = (0..VISITS).map(again).collect();
    assert!(resumed.iter().all(|one| *one == resumed[0]), "{version}: {resumed:?}");
    resumed[0]
}

#[test]
fn a_session_resumes_at_every_worker_after_a_restart_and_at_another_instance() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let config = format!("[server]\nworkers = 2\n\n{}", answering(&[&issued], ""));
    let state = tempfile::tempdir().unwrap();
    let launch = || Launch::new(&config).state_dir(state.path()).start();
    let first = launch();
    let at = first.listener("web");
    let twin = tempfile::tempdir().unwrap();
    fs::copy(state.path().join("keys"), twin.path().join("keys")).unwrap();
    let twin = Launch::new(&config).state_dir(twin.path()).start();
    let stranger = Launch::new(&config).start();
    let folder = authority.folder();
    for version in ["-tls1_2", "-tls1_3"] {
        assert!(is_resumed(folder, version, at, at), "{version}: among workers");
        assert!(is_resumed(folder, version, at, twin.listener("web")), "{version}: elsewhere");
        let other = stranger.listener("web");
        assert!(!is_resumed(folder, version, at, other), "{version}: with another key ring");
    }
    let session = folder.join("before");
    let session = session.to_str().unwrap();
    visit(at, &["-tls1_3", "-sess_out", session]);
    drop(first);
    let second = launch();
    let again = visit(second.listener("web"), &["-tls1_3", "-sess_in", session]);
    assert!(again.stdout.contains("Reused, TLSv1.3"), "{}", again.stdout);
    let resumed = second.metrics().value("clingfish_tls_resumptions_total", &[]);
    assert_eq!(resumed, Some(1.0));
}

#[test]
fn sessions_outlive_the_change_of_a_certificate() {
    let authority = Authority::new("root");
    let issued = authority.issue("shop", &["shop.example"]);
    let clingfish = start(&[&issued], "");
    let at = clingfish.listener("web");
    let session = authority.folder().join("session");
    let session = session.to_str().unwrap();
    visit(at, &["-sess_out", session]);
    let before = clingfish.revision();
    authority.issue("shop", &["shop.example"]);
    clingfish.wait_revision(before + 1);
    assert!(visit(at, &["-sess_in", session]).stdout.contains("Reused, "));
}
