//! PHP's own sessions: files in a folder of each instance's.

use std::process::Command;

use super::{Bed, Instance, NONE, assert_all_counted, assert_lost, example, stickiness_of, visit};

/// Instances that keep sessions in folders of this one.
fn counter(folder: &tempfile::TempDir) -> impl Fn(&str) -> Instance + Sync {
    |name| {
        let sessions = folder.path().join(name);
        std::fs::create_dir(&sessions).expect("the folder is ours");
        let mut command = Command::new(example("php/start.sh"));
        Instance::program(
            command.args(["0", name]).env("SESSIONS", sessions),
            "Development Server (http://127.0.0.1:",
        )
    }
}

#[test]
fn visitors_are_counted_where_they_began() {
    let folder = tempfile::tempdir().expect("there is room");
    let bed = Bed::start(counter(&folder), &stickiness_of("php"));
    assert_all_counted(&visit(&bed, "all"));
}

#[test]
fn without_stickiness_counts_are_lost() {
    let folder = tempfile::tempdir().expect("there is room");
    assert_lost(&visit(&Bed::start(counter(&folder), NONE), "all"));
}
