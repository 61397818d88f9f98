//! What a check writes, and how it ends.

use clingfish_testkit::{Clingfish, Target, run};

use super::app;
use crate::support::{targets, web};

#[track_caller]
fn sticky([a, b]: &[Target; 2]) -> Clingfish {
    let stickiness = "stickiness = { duration = \"1h\" }\nhealth_check = false";
    Clingfish::start(&web(&format!("{}\n{stickiness}", targets(&[("a", a), ("b", b)]))))
}

#[test]
fn a_table_is_for_people_and_progress_goes_to_standard_error() {
    let apps = app::two();
    let clingfish = sticky(&apps);
    let url = format!("http://{}/", clingfish.listener("web"));
    let told = run(&["check", &url, "--rate", "500"]);
    assert_eq!(told.status, 1, "{told:?}");
    for words in [
        "✓ kept            comes-home",
        "✗ broken          parallel-first",
        "For users:",
        "Change:",
    ] {
        assert!(told.stdout.contains(words), "{words:?} in {}", told.stdout);
    }
    assert!(told.stderr.contains("20 fresh clients come to"), "{}", told.stderr);
    assert!(told.stderr.contains("comes-home"), "{}", told.stderr);
    assert!(!told.stdout.contains('…') || !told.stdout.contains("fresh clients come to"));
}

#[test]
fn junit_is_for_ci_and_what_is_allowed_does_not_fail() {
    let apps = app::two();
    let clingfish = sticky(&apps);
    let url = format!("http://{}/", clingfish.listener("web"));
    let args = ["check", &url, "--rate", "500", "--quiet", "--output", "junit"];
    for (more, status, words) in [
        (&[][..], 1, "failures=\"1\""),
        (&["--allow", "parallel-first"], 0, "failures=\"0\""),
        (&["--skip", "parallel-first"], 0, "failures=\"0\""),
        (&["--skip", "parallel-first", "--allow", "none"], 1, "type=\"could-not-tell\""),
        (&["--only", "comes-home"], 0, "tests=\"1\""),
    ] {
        let told = run(&[&args, more].concat());
        assert_eq!(told.status, status, "{more:?}: {told:?}");
        assert!(told.stdout.starts_with("<?xml"), "{}", told.stdout);
        assert!(told.stdout.contains(words), "{words:?} in {}", told.stdout);
        assert_eq!(told.stderr, "", "{more:?}");
    }
}

#[test]
fn what_cannot_run_ends_with_2_and_says_why() {
    let apps = app::two();
    let clingfish = sticky(&apps);
    let url = format!("http://{}/", clingfish.listener("web"));
    let gone = Target::start("gone");
    gone.stop();
    let nobody = format!("http://{}/", gone.address());
    for (args, words) in [
        (&[&*nobody][..], "cannot connect"),
        (&["ftp://shop.example/"], "neither http:// nor https://"),
        (&["http://no-such-host.invalid/"], "cannot find no-such-host.invalid"),
        (&[&url, "--who", "header:X-Nobody"], "no answer has header:x-nobody"),
        (&[&url, "--who", "cookie:a"], "none of header:NAME"),
        (&[&url, "--login", "login"], "no step of a login"),
        (&[&url, "--only", "everything"], "comes-home"),
        (&[&url, "--allow", "everything"], "comes-home"),
        (&[&url, "--requests-max", "5"], "limit of 5 requests"),
    ] {
        let told = run(&[&["check", "--rate", "500", "--quiet"], args].concat());
        assert_eq!(told.status, 2, "{args:?}: {told:?}");
        assert!(told.stderr.contains(words), "{words:?} in {}", told.stderr);
    }
}

#[test]
fn the_limits_on_load_hold() {
    let apps = app::two();
    let clingfish = sticky(&apps);
    let url = format!("http://{}/", clingfish.listener("web"));
    let args = ["check", &url, "--rate", "500", "--quiet", "--output", "json"];
    let told = run(&[&args[..], &["--requests", "4", "--requests-max", "70"]].concat());
    let received: usize = apps.iter().map(Target::count).sum();
    assert!(received <= 70, "{received} requests");
    assert!(told.stdout.contains("the limit of 70 requests was reached"), "{told:?}");
}
