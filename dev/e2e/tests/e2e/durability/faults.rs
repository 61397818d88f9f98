//! Each system call of a change, killed or failed: the file is the old one or the new one, and the history agrees.

use std::{collections::HashMap, os::unix::process::ExitStatusExt};

use super::*;

/// The calls of the path: everything that has to do with files.
const CALLS: &str = "trace=%file,%desc";

/// One system call of the path: its name, and which of that name it is since the program's start.
#[derive(Debug)]
struct Call {
    name: String,
    number: usize,
}

/// Every call of a change that succeeds.
fn calls() -> Vec<Call> {
    let place = Place::new();
    let changed = place.change_traced(&["-e", CALLS]);
    assert!(changed.status.success(), "{changed:?}");
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut calls = Vec::new();
    let mut has_begun = false;
    let trace = fs::read_to_string(place.trace()).unwrap();
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else { continue };
        let number = numbers.entry(name).or_default();
        *number += 1;
        has_begun |= line.contains("/save-begins-here");
        if has_begun {
            calls.push(Call { name: name.to_owned(), number: *number });
        }
    }
    assert!(calls.len() > 30, "{trace}");
    calls
}

/// Changes the file with one call that goes wrong, starts again, and looks at what there is.
#[track_caller]
fn check(call: &Call, fault: &str) -> Option<i32> {
    let place = Place::new();
    let Call { name, number } = call;
    let inject = format!("inject={name}:{fault}:when={number}");
    let said = place.change_traced(&["-e", CALLS, "-e", &inject]);
    let text = place.text();
    let about = || {
        let trace = fs::read_to_string(place.trace()).unwrap_or_default();
        let errors = String::from_utf8_lossy(&said.stderr);
        format!("{inject}: {}\n{errors}\n{text}\n{trace}", said.status)
    };
    match said.status.code() {
        Some(0) => assert_eq!(text, NEW, "{}", about()),
        Some(1) => assert_eq!(text, OLD, "{}", about()),
        Some(2) => assert!(text == NEW || text == OLD, "{}", about()),
        Some(_) => panic!("{}", about()),
        None => {
            assert_eq!(said.status.signal(), Some(9), "{}", about());
            assert!(text == NEW || text == OLD, "{}", about());
        }
    }
    let told = place.start();
    let expected = if text == NEW { ["applied"; 2] } else { ["refused", "none"] };
    assert!(expected.contains(&told.as_str()), "told {told}: {}", about());
    assert_eq!(place.text(), text, "a start changes nothing: {}", about());
    assert_eq!(names(&place.etc()), ["c.toml"], "{}", about());
    let revisions = names(&place.state().join("revisions"));
    let is_text = |name: &String| name == "000001.toml";
    assert!(revisions.iter().all(is_text), "{revisions:?}: {}", about());
    assert_eq!(revisions.len(), usize::from(text == NEW), "{}", about());
    said.status.code()
}

#[test]
fn a_process_that_is_killed_leaves_the_old_file_or_the_new_one() {
    for call in calls() {
        check(&call, "signal=KILL");
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_or_the_new_one() {
    fails_honestly("ENOSPC");
}

#[test]
fn a_broken_disk_leaves_the_old_file_or_the_new_one() {
    fails_honestly("EIO");
}

#[track_caller]
fn fails_honestly(error: &str) {
    let mut codes: HashMap<Option<i32>, usize> = HashMap::new();
    // Closing a folder cannot fail; std panics if it does.
    for call in calls().into_iter().filter(|call| call.name != "close") {
        *codes.entry(check(&call, &format!("error={error}"))).or_default() += 1;
    }
    for code in 0..=2 {
        assert!(codes.contains_key(&Some(code)), "no fault led to {code}: {codes:?}");
    }
}
