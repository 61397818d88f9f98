//! Any file in any spelling, any changes: what is read back is what was asked for, and the rest stays.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    sketch::{Dice, Sketch},
    *,
};

proptest! {
    #[test]
    fn a_changed_file_says_what_was_asked_for(bytes in proptest::collection::vec(any::<u8>(), 150..600)) {
        let mut dice = Dice::new(&bytes);
        let mut sketch = Sketch::draw(&mut dice);
        let mut text = sketch.written(&mut dice);
        prop_assert_eq!(read(&text), read(&sketch.plain()), "{}", text);
        for _ in 0..dice.below(6) + 1 {
            let edits = sketch.change(&mut dice);
            let before = text.clone();
            let mut document = Document::parse(&before).unwrap();
            let done = document.apply(&edits);
            prop_assert_eq!(done, Ok(()), "{:?}\n{}", edits, before);
            text = document.to_string();
            prop_assert_eq!(
                read(&text), read(&sketch.plain()),
                "{:?}\nbefore:\n{}\nafter:\n{}", edits, before, text
            );
            prop_assert!(Document::parse(&text).is_ok());
            let lost = lost_comments(&before, &text);
            let mut stays = lost.iter().filter(|line| !goes_too(&before, &edits, line));
            prop_assert_eq!(stays.next(), None, "{:?}\nbefore:\n{}\nafter:\n{}", edits, before, text);
        }
    }

    #[test]
    fn what_changes_nothing_leaves_every_byte(bytes in proptest::collection::vec(any::<u8>(), 150..400)) {
        let mut dice = Dice::new(&bytes);
        let sketch = Sketch::draw(&mut dice);
        let text = sketch.written(&mut dice);
        prop_assert_eq!(&after(&text, &[]), &text);
        for edit in sketch.as_they_are() {
            // A name with another unit is replaced by the setting's own.
            if !text.contains("seconds") {
                prop_assert_eq!(&after(&text, std::slice::from_ref(&edit)), &text, "{:?}", edit);
            }
        }
    }

    #[test]
    fn a_group_comes_and_goes_in_any_file(bytes in proptest::collection::vec(any::<u8>(), 150..400)) {
        let mut dice = Dice::new(&bytes);
        let text = Sketch::draw(&mut dice).written(&mut dice);
        crate::fuzzing::changes(text.as_bytes());
    }

    #[test]
    fn any_text_is_changed_or_refused(text in "[\\[\\]{}a-z=\\.\"'#,\n 1]{0,60}") {
        let edits = [Edit::Set(web(), "stickiness.duration", Setting::seconds(60)), Edit::Remove(web())];
        if let Ok(changed) = edit(&text, &edits) {
            prop_assert!(Document::parse(&changed).is_ok() || crate::parse(&text).is_err(), "{}", changed);
        }
    }
}

/// The state that a text means, or nothing.
fn read(text: &str) -> Option<clingfish_model::DesiredState> {
    crate::parse(text).ok().map(|(state, _)| state)
}

/// Whether a comment line is inside what these changes take away. Comments that stand alone behind it are not.
fn goes_too(before: &str, edits: &[Edit], line: &str) -> bool {
    let document = Document::parse(before).unwrap();
    let sites = edits.iter().flat_map(|edit| match edit {
        Edit::Remove(place) | Edit::Unset(place, _) => {
            document.sites(&document.target(place).unwrap().path)
        }
        Edit::RemoveTarget(group, _) => document.sites(&[
            find::Step::key("target_groups"),
            find::Step::key(group.as_str()),
            find::Step::key("targets"),
        ]),
        _ => Vec::new(),
    });
    sites.into_iter().any(|site| {
        let block = document.block(&site).unwrap();
        let text = match site.route.first() {
            Some(entry) if site.route.len() == 1 => block.text().get(block.lines_of(*entry)),
            Some(_) => None,
            None => block.text().strip_suffix(block.tail()),
        };
        text.is_some_and(|text| text.lines().any(|one| one.trim() == line))
    })
}

/// Comment lines that are in the one text and not in the other.
fn lost_comments(before: &str, after: &str) -> Vec<String> {
    let count = |text: &str| {
        let mut counts = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with('#')) {
            *counts.entry(line.to_owned()).or_insert(0) += 1;
        }
        counts
    };
    let left: BTreeMap<String, i32> = count(after);
    let gone = count(before).into_iter().filter(|(line, many)| left.get(line) != Some(many));
    gone.map(|(line, _)| line).collect()
}

/// The examples, and what the documentation shows.
fn files() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut path = entry.unwrap().path();
        if path.is_dir() {
            path.push("clingfish.toml");
        }
        if path.extension().is_some_and(|extension| extension == "toml") && path.exists() {
            files.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    let documentation = include_str!("../../../../../docs/configuration.md");
    let blocks =
        documentation.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    files.extend(blocks.map(str::to_owned));
    files
}

/// What comes and goes again leaves a file as it was.
#[test]
fn examples_are_the_same_after_a_change_and_its_opposite() {
    let mut seen = 0;
    for text in files() {
        let (state, _) = crate::parse(&text).unwrap();
        let new = || Place::TargetGroup(name("brand-new"));
        let rule = |listener: &Name| Place::Rule(listener.clone(), priority(49_999));
        let conditions = Setting::table([("path-pattern", Setting::text("/brand-new"))]);
        let mut pairs =
            vec![vec![Edit::Add(new(), vec![("vpc", Setting::text("v"))]), Edit::Remove(new())]];
        for group in &state.target_groups {
            let place = || Place::TargetGroup(group.name.clone());
            pairs.push(vec![
                Edit::Set(place(), "vpc", Setting::text("v")),
                Edit::Unset(place(), "vpc"),
            ]);
            if group.targets.is_empty() {
                // What goes leaves an empty list where there was none.
                continue;
            }
            let id = TargetId::new("brand-new:1").unwrap();
            let target = Setting::text("brand-new:1");
            pairs.push(vec![
                Edit::AddTarget(group.name.clone(), target),
                Edit::RemoveTarget(group.name.clone(), id),
            ]);
        }
        for listener in state.listeners.iter().filter(|listener| listener.rules.is_empty()) {
            let settings =
                vec![("conditions", conditions.clone()), ("forward", Setting::text("x"))];
            pairs.push(vec![
                Edit::Add(rule(&listener.name), settings),
                Edit::Remove(rule(&listener.name)),
            ]);
        }
        for pair in pairs {
            assert!(after(&text, &pair) == text, "{text}\n{pair:?}\n{}", after(&text, &pair));
            let (first, _) = pair.split_first().unwrap();
            assert_ne!(after(&text, std::slice::from_ref(first)), text, "{first:?}");
            seen += 1;
        }
    }
    assert!(seen > 60, "only {seen}");
}
