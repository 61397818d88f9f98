//! Edits by hand between all the steps of changes by the API, in every order and at every moment.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody adds a line, into the file itself or by another file.
    Edit { in_place: bool },
    /// A change by the API reads the file and plans: one of two that wait.
    Plan { change: bool },
    /// What was planned is committed, and planned again if that is a conflict.
    Commit { change: bool },
    /// The process is killed, and starts again.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(|in_place| Step::Edit { in_place }),
        3 => any::<bool>().prop_map(|change| Step::Plan { change }),
        3 => any::<bool>().prop_map(|change| Step::Commit { change }),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..24)
}

/// What was planned, and the line that it adds.
type Planned = (Prepared, String);

fn plan(store: &Store, line: String) -> Planned {
    let (base, _) = store.read().unwrap();
    let new = [base.as_slice(), line.as_bytes()].concat();
    (store.prepare(&base, &new).unwrap(), line)
}

/// Takes the steps; gives every line that must be in the file.
fn take(folder: &Folder, steps: &[Step]) -> Vec<String> {
    let mut store = folder.store();
    let mut planned: [Option<Planned>; 2] = [None, None];
    let mut lines = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        match *step {
            Step::Edit { in_place } => {
                let line = format!("hand {number}\n");
                let text = folder.text() + &line;
                if in_place {
                    folder.write(&text)
                } else {
                    folder.swap_in(&text)
                }
                lines.push(line);
            }
            Step::Plan { change } => {
                planned[usize::from(change)] = Some(plan(&store, format!("api {number}\n")));
            }
            Step::Commit { change } => {
                let Some((prepared, line)) = planned[usize::from(change)].take() else { continue };
                if let Err(error) = prepared.commit() {
                    assert!(error.is_conflict(), "{error}");
                    plan(&store, line.clone()).0.commit().unwrap();
                }
                lines.push(line);
            }
            Step::Crash => {
                planned = [None, None];
                store = folder.store();
            }
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_edits_and_changes_loses_any(steps in steps()) {
        let folder = Folder::new();
        folder.write("");
        let expected = take(&folder, &steps);
        let text = folder.text();
        prop_assert_eq!(text.lines().count(), expected.len(), "{}", text);
        for line in expected {
            prop_assert!(text.contains(&line), "{} is lost: {}", line, text);
        }
        folder.assert_holds(&text, 0);
    }
}

/// The check before a change cannot see an edit that comes right after it; changing places can.
#[test]
fn an_edit_at_any_moment_stays_while_changes_follow_each_other() {
    let folder = Folder::new();
    let (attempts, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let store = folder.store();
            while !is_over.load(Ordering::Relaxed) {
                let (base, _) = store.read().unwrap();
                let hand = base.split(|byte| *byte == b'\n').next().unwrap();
                let count = attempts.load(Ordering::Relaxed);
                let new = [hand, format!("\napi {count}\n").as_bytes()].concat();
                if let Err(error) = store.replace(&base, &new) {
                    assert!(error.is_conflict(), "{error}");
                }
                attempts.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut lost = Vec::new();
        for number in 0..100 {
            folder.swap_in(&format!("hand {number}\n"));
            // The one that runs, and one that has begun after the edit.
            let until = attempts.load(Ordering::SeqCst) + 2;
            while attempts.load(Ordering::SeqCst) < until {
                thread::yield_now();
            }
            let text = folder.text();
            if !text.starts_with(&format!("hand {number}\n")) {
                lost.push((number, text));
            }
        }
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(lost, []);
    });
}
