use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use clingfish_model::limits::{AUDIT_LOG_BYTES_MAX, AUDIT_LOGS_KEPT, REVISIONS_KEPT_MAX};

use super::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn event(revision: u64) -> Event {
    Event::new(revision, NOW, "access key AKIA", "CreateTargetGroup").touching(["web"])
}

fn open(folder: &tempfile::TempDir) -> History {
    History::open(folder.path()).unwrap()
}

fn log(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("events.jsonl")
}

fn outcomes(history: &History) -> Vec<(u64, &'static str)> {
    let entries = history.events(None, usize::MAX);
    entries.iter().map(|entry| (entry.id, entry.outcome.as_str())).collect()
}

#[test]
fn what_happened_is_remembered_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(&folder);
    assert_eq!(history.last_revision(), 0);
    history.record(event(1), Outcome::Applied, Some(b"a = 1\n")).unwrap();
    let change = event(2).changing(b"a = 1\n", b"a = 2\n");
    let begun = history.begin(change.clone(), b"a = 2\n").unwrap();
    assert_eq!(outcomes(&history), [(1, "applied"), (2, "intended")]);
    history.end(begun, Outcome::Applied, NOW).unwrap();
    let begun = history.begin(event(3), b"a = 3\n").unwrap();
    history.end(begun, Outcome::refused("the port is taken"), NOW).unwrap();
    for history in [history, open(&folder)] {
        assert_eq!(outcomes(&history), [(1, "applied"), (2, "applied"), (3, "refused")]);
        assert_eq!(history.last_revision(), 2);
        let second = &history.events(Some(1), 1)[0];
        assert_eq!(second.event, change);
        assert_eq!(history.text_at(1).unwrap().unwrap(), b"a = 1\n");
        assert_eq!(history.text_at(3).unwrap().unwrap(), b"a = 2\n", "3 was never in force");
        let diff = history.diff(1, 2).unwrap().unwrap();
        assert_eq!(diff.as_str(), "@@ -1,1 +1,1 @@\n-a = 1\n+a = 2\n");
        assert_eq!(history.diff(0, 2).unwrap(), None);
        assert_eq!(history.events(None, 2).len(), 2);
        assert_eq!(history.events(None, 2)[0].id, 2);
    }
}

#[test]
fn log_and_texts_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).record(event(1), Outcome::Applied, Some(b"a = 1\n")).unwrap();
    for (name, expected) in
        [("events.jsonl", 0o600), ("revisions", 0o700), ("revisions/000001.toml", 0o600)]
    {
        let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, expected, "{name}");
    }
}

#[test]
fn a_change_that_was_cut_short_is_settled_by_what_the_file_holds() {
    for (in_file, expected, last) in
        [("a = 2\n", "applied", 2), ("a = 1\n", "refused", 1), ("a = 9\n", "refused", 1)]
    {
        let folder = tempfile::tempdir().unwrap();
        let mut history = open(&folder);
        history.record(event(1), Outcome::Applied, Some(b"a = 1\n")).unwrap();
        let _ = history.begin(event(2), b"a = 2\n").unwrap();
        let mut history = open(&folder);
        assert_eq!(outcomes(&history), [(1, "applied"), (2, "intended")]);
        history.settle(in_file.as_bytes(), NOW).unwrap();
        history.settle(b"something else", NOW).unwrap();
        for history in [history, open(&folder)] {
            assert_eq!(outcomes(&history), [(1, "applied"), (2, expected)], "{in_file}");
            assert_eq!(history.last_revision(), last, "{in_file}");
        }
    }
}

#[test]
fn a_line_that_was_cut_costs_no_other_one() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).record(event(1), Outcome::Applied, None).unwrap();
    open(&folder).record(event(2), Outcome::Applied, None).unwrap();
    let bytes = fs::metadata(log(&folder)).unwrap().len();
    OpenOptions::new().write(true).open(log(&folder)).unwrap().set_len(bytes - 9).unwrap();
    let mut history = open(&folder);
    assert_eq!(outcomes(&history), [(1, "applied")]);
    history.record(event(2), Outcome::Applied, None).unwrap();
    let mut file = OpenOptions::new().append(true).open(log(&folder)).unwrap();
    file.write_all(b"\xff\n{}\n[]\nnonsense\n").unwrap();
    assert_eq!(outcomes(&open(&folder)), [(1, "applied"), (2, "applied")]);
}

#[test]
fn a_change_that_cannot_be_written_down_is_not_begun() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(&folder);
    fs::remove_dir(folder.path().join("revisions")).unwrap();
    history.begin(event(1), b"a = 1\n").unwrap_err();
    for history in [history, open(&folder)] {
        assert_eq!(outcomes(&history), [(1, "refused")]);
        assert_eq!(history.last_revision(), 0);
    }
}

#[test]
fn a_log_that_was_removed_leaves_the_numbers_of_the_texts() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).record(event(7), Outcome::Applied, Some(b"a = 1\n")).unwrap();
    fs::remove_file(log(&folder)).unwrap();
    assert_eq!(open(&folder).last_revision(), 7);
}

#[test]
fn a_log_that_has_grown_makes_way_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(&folder);
    for revision in 1..=AUDIT_LOGS_KEPT as u64 + 3 {
        history.record(event(revision), Outcome::Applied, None).unwrap();
        // Sparse: as if many more had been written.
        let file = OpenOptions::new().write(true).open(log(&folder)).unwrap();
        file.set_len(AUDIT_LOG_BYTES_MAX).unwrap();
        drop(history);
        history = open(&folder);
    }
    let logs = fs::read_dir(folder.path()).unwrap().count() - 1;
    assert_eq!(logs, AUDIT_LOGS_KEPT + 1);
    let outcomes = outcomes(&history);
    assert_eq!(outcomes.len(), AUDIT_LOGS_KEPT + 1);
    assert_eq!(outcomes[0].0, 3);
}

#[test]
fn only_so_many_texts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = open(&folder);
    for revision in 1..=REVISIONS_KEPT_MAX as u64 + 2 {
        let text = format!("a = {revision}\n");
        history.record(event(revision), Outcome::Applied, Some(text.as_bytes())).unwrap();
    }
    assert_eq!(history.text_at(2).unwrap(), None);
    assert_eq!(history.text_at(3).unwrap().unwrap(), b"a = 3\n");
    let kept = fs::read_dir(folder.path().join("revisions")).unwrap().count();
    assert_eq!(kept, REVISIONS_KEPT_MAX);
}

#[test]
fn only_so_many_events_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> = (1..=EVENTS_KEPT_MAX as u64 + 5)
        .map(|id| Entry { id, event: event(id), outcome: Outcome::Applied }.to_line())
        .collect();
    fs::write(log(&folder), lines.concat()).unwrap();
    let mut history = open(&folder);
    history.record(event(2_000), Outcome::Applied, None).unwrap();
    let ids: Vec<u64> = outcomes(&history).iter().map(|outcome| outcome.0).collect();
    assert_eq!((ids.len(), ids[0]), (EVENTS_KEPT_MAX, 7));
}

#[test]
fn what_is_too_long_is_cut_off() {
    let long = "ü".repeat(10_000);
    let folder = tempfile::tempdir().unwrap();
    let many = event(1).touching(vec![long.as_str(); 1_000]);
    let after = format!("# {long}\n").repeat(10);
    let many = many.changing(b"", after.as_bytes());
    open(&folder).record(many.clone(), Outcome::refused(&long), None).unwrap();
    let kept = open(&folder).events(None, 1);
    assert_eq!(kept[0].event, many);
    assert!(fs::metadata(log(&folder)).unwrap().len() < 200_000);
}
