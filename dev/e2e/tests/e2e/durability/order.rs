//! In which order a change goes to disk, from a trace.

use super::*;

const CALLS: &str = "trace=write,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat";

/// Finds calls in a trace, each after the one before, that begin with and contain these words.
#[track_caller]
fn assert_order(trace: &str, expected: &[(&str, String)]) {
    let mut lines = trace.lines();
    for (call, words) in expected {
        let is_it = |line: &str| line.starts_with(call) && line.contains(words.as_str());
        assert!(lines.any(is_it), "{call} … {words} is missing, or too early:\n{trace}");
    }
}

#[test]
fn nothing_is_moved_into_place_before_it_is_on_disk() {
    let place = Place::new();
    let (etc, state) = (place.etc().display().to_string(), place.state().display().to_string());
    let draft = format!("<{etc}/.c.toml.draft-");
    let said = place.change_traced(&["-y", "-e", CALLS]);
    assert!(said.status.success(), "{said:?}");
    let trace = fs::read_to_string(place.trace()).unwrap();
    let log = format!("<{state}/events.jsonl>");
    assert_order(
        &trace,
        &[
            ("write(", draft.clone()),
            ("fsync(", draft),
            ("write(", log.clone()),
            ("fdatasync(", log.clone()),
            ("write(", format!("<{state}/revisions/.revision-")),
            ("fsync(", format!("<{state}/revisions/.revision-")),
            ("rename", "/revisions/000001.toml".to_owned()),
            ("fsync(", format!("<{state}/revisions>)")),
            ("renameat2(", "\"c.toml\", RENAME_EXCHANGE".to_owned()),
            ("fsync(", format!("<{etc}>)")),
            ("unlink", format!("{etc}/.c.toml.draft-")),
            ("write(", log.clone()),
            ("fdatasync(", log),
        ],
    );
    assert_eq!(trace.matches("c.toml\", RENAME_EXCHANGE").count(), 1, "{trace}");
}

#[test]
fn where_files_cannot_change_places_one_is_renamed() {
    let place = Place::new();
    let etc = place.etc().display().to_string();
    let inject = "inject=renameat2:error=EINVAL:when=1";
    let said = place.change_traced(&["-y", "-e", CALLS, "-e", inject]);
    assert!(said.status.success(), "{said:?}");
    assert_eq!(place.text(), NEW);
    assert_eq!(names(&place.etc()), ["c.toml"]);
    let trace = fs::read_to_string(place.trace()).unwrap();
    assert_order(
        &trace,
        &[
            ("fsync(", format!("<{etc}/.c.toml.draft-")),
            ("renameat2(", "EINVAL".to_owned()),
            ("rename", format!("{etc}/c.toml\")")),
            ("fsync(", format!("<{etc}>)")),
        ],
    );
}
