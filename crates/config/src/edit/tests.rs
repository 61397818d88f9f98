//! Files before and after a change, and laws for any file and any changes.

use clingfish_model::{Edit, Name, Place, Setting, TargetId, UnixMillis, rule::Priority};

use super::*;

mod batches;
mod laws;
mod settings;
mod sketch;
mod tables;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn web() -> Place {
    Place::TargetGroup(name("web"))
}

fn priority(number: u16) -> Priority {
    Priority::new(number).unwrap()
}

/// What comes of a change, or why nothing does.
fn after(before: &str, edits: &[Edit]) -> String {
    edit(before, edits).unwrap_or_else(|error| error.to_string())
}

/// Each with its own message, so that a wrong one shows both texts whole.
fn check(before: &str, edits: &[Edit], expected: &str) {
    let actual = after(before, edits);
    assert!(
        actual == expected,
        "before:\n{before}\n{edits:?}\n\nis:\n{actual}\nshould be:\n{expected}"
    );
    if before.contains('\n') {
        let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(after(&crlf(before), edits), crlf(expected), "with CRLF");
    }
    if let Some(start) = before.strip_suffix('\n') {
        let end = expected.strip_suffix('\n').unwrap_or(expected);
        assert_eq!(after(start, edits), end, "without a last newline");
    }
}

#[test]
fn what_is_not_there_cannot_be_changed() {
    let file = "[[listeners]]\nbind = \"0.0.0.0:80\"\nforward = false\n\n[target_groups.web]\ntargets = []\n";
    let id = TargetId::new("10.0.0.1:1").unwrap();
    let listener = || Place::Listener(name("x"));
    for (edit, message) in [
        (Edit::Set(listener(), "forward", Setting::Bool(false)), "the file has no listener x"),
        (
            Edit::Unset(Place::TargetGroup(name("x")), "targets"),
            "the file has no [target_groups.x]",
        ),
        (Edit::Remove(Place::LoadBalancer(name("x"))), "the file has no [load_balancers.x]"),
        (
            Edit::Remove(Place::Rule(name("0.0.0.0-80"), priority(3))),
            "the file has no rule 3 of listener 0.0.0.0-80",
        ),
        (
            Edit::RemoveTarget(name("web"), id),
            "the file has no target 10.0.0.1:1 in [target_groups.web]",
        ),
        (Edit::AddTarget(name("x"), Setting::text("a:1")), "the file has no [target_groups.x]"),
        (Edit::Add(web(), Vec::new()), "the file has [target_groups.web] already"),
        (
            Edit::Add(Place::Listener(name("0.0.0.0-80")), Vec::new()),
            "the file has listener 0.0.0.0-80 already",
        ),
        (
            Edit::Prioritise(name("0.0.0.0-80"), vec![(priority(1), priority(2))]),
            "the file has no rule 1 of listener 0.0.0.0-80",
        ),
    ] {
        assert_eq!(after(file, std::slice::from_ref(&edit)), message, "{edit:?}");
    }
    assert_eq!(after("a = 1\n[b\n", &[]), "line 2 is not TOML: unclosed table");
}

#[test]
fn values_are_written_as_toml_reads_them() {
    for (setting, written) in [
        (Setting::text("a \"b\" \\ \n\u{1} ä"), "\"a \\\"b\\\" \\\\ \\n\\u0001 ä\""),
        (Setting::Integer(7), "7"),
        (Setting::Float(1.5), "1.5"),
        (Setting::Float(2.0), "2.0"),
        (Setting::Bool(true), "true"),
        (Setting::Time(UnixMillis(1_801_418_400_123)), "2027-01-31T18:00:00.123Z"),
        (Setting::texts(["a", "b"]), "[\"a\", \"b\"]"),
        (
            Setting::table([("a.b", Setting::Bool(false)), ("c", Setting::List(Vec::new()))]),
            "{ \"a.b\" = false, c = [] }",
        ),
    ] {
        assert_eq!(render::value(&setting), written);
        assert!(render::says(written, &setting, false), "{written}");
    }
}

#[test]
fn a_file_of_mixed_newlines_ends_in_no_half_of_one() {
    let text = "[target_groups.web]\ntargets = []\nstickiness = true #\r\n ";
    let place = Place::TargetGroup(Name::new("new").unwrap());
    let added = edit(text, &[Edit::Add(place.clone(), Vec::new())]).unwrap();
    let removed = edit(&added, &[Edit::Remove(place)]).unwrap();
    for text in [added, removed] {
        assert!(crate::parse(&text).is_ok(), "{text:?}");
    }
}
