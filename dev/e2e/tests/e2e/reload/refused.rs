//! Files that cannot be taken.

use std::net::{SocketAddr, TcpListener};

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, targets, web},
};

#[test]
fn an_invalid_file_changes_nothing_and_is_reported_with_its_line() {
    let app = Target::start("t");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let _holds_it = Target::start("holds");
    let valid = web(&format!("{}\nstickiness = true", targets(&[("a", &app)])));
    let clingfish = Clingfish::start(&valid);
    let mut browser = Browser::open(clingfish.listener("web"));
    browser.get("/").unwrap();
    let revision = clingfish.revision();
    let unknown_key = valid.replace("stickiness = true", "stickyness = true");
    let line = 1 + unknown_key.lines().position(|line| line.contains("stickyness")).unwrap();
    let unknown_key_at = format!("clingfish.toml:{line}:");
    let broken = format!("{valid}\n[[listeners\n");
    let broken_at = format!("clingfish.toml:{}:", broken.trim_end().lines().count());
    for (round, (config, reported)) in
        [(broken, vec![broken_at]), (unknown_key, vec![unknown_key_at, "stickiness".to_owned()])]
            .into_iter()
            .enumerate()
    {
        let before = clingfish.log().len();
        clingfish.write_config(&config);
        clingfish.reload();
        wait_refused(&clingfish, round + 1);
        eventually(SOON, || {
            let log = clingfish.log().split_off(before);
            reported.iter().all(|text| log.contains(text)).then_some(())
        });
        assert_eq!(clingfish.revision(), revision, "{reported:?}");
        assert_eq!(browser.get("/").unwrap().verdict(), "hit", "{reported:?}");
    }
    drop(taken);
    clingfish.reload_with(&valid.replace("stickiness = true", "stickiness = false"));
    assert_eq!(browser.get("/").unwrap().verdict(), "off", "the next valid file works");
}

#[test]
fn a_taken_port_in_a_new_file_changes_nothing_until_it_is_free() {
    let app = Target::start("t");
    let holder = TcpListener::bind("127.0.0.81:0").unwrap();
    // A target shares its port with whoever asks for SO_REUSEPORT.
    let sharing = Target::start("sharing");
    let base = web(&targets(&[("a", &app)]));
    let clingfish = Clingfish::start(&base);
    let mut browser = Browser::open(clingfish.listener("web"));
    browser.get("/").unwrap();
    let revision = clingfish.revision();
    let with = |address: SocketAddr| {
        let extra = format!("[[listeners]]\nname = \"extra\"\nbind = \"{address}\"\n");
        format!("{base}\n{extra}forward = \"web\"\n")
    };
    for (round, address) in
        [holder.local_addr().unwrap(), sharing.address()].into_iter().enumerate()
    {
        clingfish.write_config(&with(address));
        clingfish.reload();
        wait_refused(&clingfish, round + 1);
        clingfish.wait_log(&format!("listener extra: {address}"));
        assert_eq!(clingfish.revision(), revision, "{address}");
        assert_eq!(browser.get("/").unwrap().status, 200, "{address}");
    }
    let address = holder.local_addr().unwrap();
    drop(holder);
    clingfish.reload_with(&with(address));
    assert_eq!(RawClient::get(address, "/").unwrap().status, 200, "it is free now");
}

#[test]
fn an_invalid_file_is_noticed_without_a_signal_too() {
    let app = Target::start("t");
    let valid = web(&targets(&[("a", &app)]));
    let clingfish = Clingfish::start(&valid);
    let revision = clingfish.revision();
    clingfish.write_config(&format!("{valid}\nnonsense"));
    wait_refused(&clingfish, 1);
    clingfish.wait_log("clingfish.toml:");
    assert_eq!(clingfish.revision(), revision);
    clingfish.write_config(&format!("{valid}\nalgorithm = \"least_outstanding_requests\"\n"));
    clingfish.wait_revision(revision + 1);
}

#[track_caller]
fn wait_refused(clingfish: &Clingfish, count: usize) {
    eventually(SOON, || {
        let refused =
            clingfish.metrics().value("clingfish_reloads_total", &[("result", "refused")]);
        (refused >= Some(count as f64)).then_some(())
    });
}
