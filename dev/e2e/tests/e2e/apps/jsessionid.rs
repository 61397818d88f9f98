//! Tomcat: sessions in the container's memory, by cookie or in the URL, with and without the name of the instance in them.

use std::process::Command;

use super::{
    Bed, Instance, NONE, assert_all_counted, assert_lost, example, following, stickiness_of, visit,
};

/// Instances with a folder each in this one, whose session ids end with their name if they have routes.
fn tomcat(folder: &tempfile::TempDir, has_routes: bool) -> impl Fn(&str) -> Instance + Sync {
    move |name| {
        let mut command = Command::new(example("jsessionid/start.sh"));
        command.args(["0", name]).args(has_routes.then_some(name));
        command.env("CATALINA_BASE", folder.path().join(name));
        // Said once it listens; what comes then waits until the application is there.
        Instance::program(&mut command, "Starting ProtocolHandler [\"http-nio-127.0.0.1-auto-1-")
    }
}

#[test]
fn visitors_are_counted_where_they_began_with_routes() {
    let folder = tempfile::tempdir().expect("there is room");
    let bed = Bed::start(tomcat(&folder, true), &stickiness_of("jsessionid"));
    // By cookie, by the application's cookie alone, and by the URL.
    for cookies in ["all", "JSESSIONID", "none"] {
        assert_all_counted(&visit(&bed, cookies));
    }
    // The counter-test.
    let bed = bed.with(NONE);
    for cookies in ["all", "none"] {
        assert_lost(&visit(&bed, cookies));
    }
}

#[test]
fn visitors_are_counted_where_they_began_without_routes() {
    let folder = tempfile::tempdir().expect("there is room");
    let bed = Bed::start(tomcat(&folder, false), &stickiness_of("jsessionid"));
    // By cookie, by the application's cookie alone, and by the URL.
    for cookies in ["all", "JSESSIONID", "none"] {
        assert_all_counted(&visit(&bed, cookies));
    }
    // By a cookie of ours that follows Tomcat's.
    assert_all_counted(&visit(&bed.with(&following("JSESSIONID")), "all"));
}
