//! Many changes in one call give what one after the other gives, byte for byte.

use std::fmt::Write;

use proptest::prelude::*;

use super::{sketch::Dice, *};

const GAPS: [&str; 9] =
    ["", " ", "", "\n    ", "\n", " # c, \"t1:1\"\n  ", "\n# alone ]\n\n", "\t", "\r\n  "];

/// A target in any spelling. Some are there twice.
fn target(dice: &mut Dice<'_>) -> String {
    let id = format!("t{}:1", dice.below(7));
    match dice.below(7) {
        1 => format!("{{ address = \"{id}\", weight = 2 }}"),
        2 => format!("{{ id = '{id}', address = \"x:1\" }}"),
        3 => format!("{{weight=7,\"address\" = \"{id}\",}}"),
        4 => format!("{{ address = \"{id}\", # in it\n  zone = \"z\"\n }}"),
        5 => format!("'{id}'"),
        _ => format!("\"{id}\""),
    }
}

fn list(dice: &mut Dice<'_>) -> String {
    let count = dice.below(9);
    let mut text = format!("[{}", dice.pick(&GAPS));
    let is_plain = dice.below(3) == 1;
    for at in 0..count {
        let has_comma = at + 1 < count || dice.below(3) == 1;
        let (one, comma) = (target(dice), if has_comma { "," } else { "" });
        if is_plain {
            let _ = write!(text, "{one}{comma}{}", if has_comma { " " } else { "" });
        } else {
            let _ = write!(text, "{one}{}{comma}{}", dice.pick(&GAPS), dice.pick(&GAPS));
        }
    }
    text + "]"
}

fn blocks(dice: &mut Dice<'_>) -> String {
    let mut text = String::from(if dice.below(2) == 1 { "[target_groups.web]\n" } else { "" });
    for _ in 0..dice.below(6) {
        let _ = match dice.below(4) {
            1 => writeln!(text, "# above"),
            2 => writeln!(text, "\n# alone\n"),
            _ => Ok(()),
        };
        let id = dice.below(7);
        let _ = writeln!(text, "[[target_groups.web.targets]] # h\n  address = \"t{id}:1\"");
        let _ = match dice.below(6) {
            1 => writeln!(text, "\n[target_groups.o{}]\nvpc = \"v\"", text.len()),
            2 => writeln!(text, "weight = 3 # w\n# below"),
            3 => writeln!(text, "id = \"t{}:1\"\n\n", dice.below(7)),
            _ => Ok(()),
        };
    }
    text
}

fn file(dice: &mut Dice<'_>) -> String {
    let tail = *dice.pick(&["", " # the list\n", "\n\n# last\n", "\n[admin]\n"]);
    match dice.below(6) {
        0 | 1 => blocks(dice) + tail,
        2 => format!("target_groups = {{ web = {{ targets = {} }} }}{tail}", list(dice)),
        3 => format!("[target_groups.web]\nvpc = \"v\"{tail}"),
        _ => format!("# top\n[target_groups.web]\n  targets = {}{tail}", list(dice)),
    }
}

fn change(dice: &mut Dice<'_>) -> Edit {
    let id = format!("t{}:1", dice.below(9));
    let other = format!("t{}:1", dice.below(9));
    let setting = match dice.below(3) {
        1 => Setting::table([("address", Setting::text(other)), ("weight", Setting::Integer(4))]),
        2 => Setting::table([("id", Setting::text(id.clone())), ("address", Setting::text(other))]),
        _ => Setting::text(other),
    };
    let id = TargetId::new(id).unwrap();
    match dice.below(4) {
        0 => Edit::SetTarget(name("web"), id, setting),
        1 => Edit::RemoveTarget(name("web"), id),
        2 => Edit::AddTarget(name("web"), setting),
        _ => Edit::AddTarget(name("web"), Setting::text(format!("long{id}-{}", "x".repeat(20)))),
    }
}

/// What these changes give, up to the first that cannot be made.
fn made(text: &str, edits: &[Edit], is_batch: bool) -> (Result<(), EditError>, String) {
    let mut document = Document::parse(text).unwrap();
    let done = if is_batch {
        document.apply(edits)
    } else {
        edits.iter().try_for_each(|edit| document.apply_one(edit))
    };
    (done, document.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn targets_at_once_are_targets_one_after_the_other(bytes in proptest::collection::vec(any::<u8>(), 60..400)) {
        let mut dice = Dice::new(&bytes);
        let text = file(&mut dice);
        prop_assume!(Document::parse(&text).is_ok());
        let mut edits: Vec<Edit> = Vec::new();
        for _ in 0..dice.below(12) + 2 {
            let edit = change(&mut dice);
            // One that cannot be made ends it all, so most that cannot are left out.
            let tried = [edits.as_slice(), std::slice::from_ref(&edit)].concat();
            if made(&text, &tried, false).0.is_ok() || dice.below(20) == 1 {
                edits.push(edit);
            }
        }
        prop_assert_eq!(made(&text, &edits, true), made(&text, &edits, false), "{:?}\n{}", edits, text);
    }

    #[test]
    fn priorities_at_once_are_priorities_one_after_the_other(bytes in proptest::collection::vec(any::<u8>(), 30..200)) {
        let mut dice = Dice::new(&bytes);
        let text = rules(&mut dice);
        let listener = name("l");
        let mut document = Document::parse(&text).unwrap();
        let there = document.rules(&listener).unwrap();
        let mut moves = Vec::new();
        for rule in &there {
            if dice.below(2) == 1 {
                let from = priority(u16::try_from(rule.priority).unwrap());
                moves.push((from, priority(u16::try_from(dice.below(2000)).unwrap() + 1)));
            }
        }
        let mut slow = Document::parse(&text).unwrap();
        write_each(&mut slow, &moves);
        document.apply(&[Edit::Prioritise(listener, moves.clone())]).unwrap();
        prop_assert_eq!(document.to_string(), slow.to_string(), "{:?}\n{}", moves, text);
    }
}

/// A listener with rules of any form.
fn rules(dice: &mut Dice<'_>) -> String {
    let is_list = dice.below(2) == 1;
    let mut text = String::from("[[listeners]]\nname = \"l\"\n");
    text.push_str(if is_list { "rules = [" } else { "" });
    for at in 0..dice.below(6) {
        let priority = match dice.below(4) {
            1 => format!("priority = {}", 10 * (at + 1)),
            2 => format!("\"priority\" = 0x{:x}", 10 * (at + 1)),
            3 => "priority = \"x\"".into(),
            _ => String::new(),
        };
        let gap = *dice.pick(&["", " ", "\n   ", " # c }\n"]);
        let _ = if is_list {
            let members = if priority.is_empty() { "forward = 1".into() } else { priority };
            let comma = *dice.pick(&["", ","]);
            write!(text, "{{{gap}{members}{comma}{gap}}},{gap}")
        } else {
            writeln!(text, "[[listeners.rules]] # r\n{gap}\n  forward = 1\n  {priority} # p")
        };
    }
    text + if is_list { "]\n" } else { "" }
}

fn write_each(document: &mut Document, moves: &[(Priority, Priority)]) {
    let list = |document: &Document| {
        let mut list = document.listener(&name("l")).unwrap();
        list.push(find::Step::key("rules"));
        document.elements(&list)
    };
    let write = |document: &mut Document, at: usize, priority: u64| {
        let rule = list(document)[at].clone();
        match document.member(&rule, "priority") {
            Some(site) => document.replace_value(&site, "priority", &Setting::Integer(priority)),
            None => {
                document.put(&rule, Some(usize::MAX), "priority", &Setting::Integer(priority));
            }
        }
    };
    let before: Vec<u64> =
        document.rules(&name("l")).unwrap().iter().map(|rule| rule.priority).collect();
    for (at, priority) in before.iter().enumerate() {
        let written = document.plain(&list(document)[at], "priority");
        if !matches!(written, Some(render::Plain::Number(_))) {
            write(document, at, *priority);
        }
    }
    for (at, priority) in before.iter().enumerate() {
        if let Some((_, to)) = moves.iter().find(|(from, _)| u64::from(from.value()) == *priority) {
            write(document, at, to.value().into());
        }
    }
}

/// Each of these takes minutes where a change costs as much as the list is long.
#[test]
fn thousands_come_and_go_at_once() {
    let id = |at: usize| format!("10.0.{}.{}:80", at / 250, at % 250);
    let head = "[target_groups.web]\n";
    let line = |at| format!("    \"{}\",\n", id(at));
    let block = |at| format!("\n[[target_groups.web.targets]]\naddress = \"{}\"\n", id(at));
    let lines = |range: std::ops::Range<usize>| {
        format!("{head}targets = [\n{}]\n", range.map(line).collect::<String>())
    };
    let in_blocks =
        |range: std::ops::Range<usize>| format!("{head}{}", range.map(block).collect::<String>());
    let add = |at: usize| Edit::AddTarget(name("web"), Setting::text(id(at)));
    let remove = |at: usize| Edit::RemoveTarget(name("web"), TargetId::new(id(at)).unwrap());
    let adds: Vec<Edit> = (200..3200).map(add).collect();
    let removes: Vec<Edit> = (200..5000).map(remove).collect();
    assert!(after(&lines(0..200), &adds) == lines(0..3200));
    assert!(after(&lines(0..5000), &removes) == lines(0..200));
    assert!(after(&in_blocks(0..200), &adds) == in_blocks(0..3200));
    assert!(after(&in_blocks(0..5000), &removes) == in_blocks(0..200));

    let rule = |priority: &str| format!("    {{ forward = \"a\"{priority} }},\n");
    let rules = |written: &dyn Fn(u16) -> String| {
        let rules: String = (1..=3000).map(written).collect();
        format!("[[listeners]]\nname = \"l\"\nrules = [\n{rules}]\n")
    };
    let moves = (1..=3000).map(|at| (priority(at), priority(3001 - at))).collect();
    assert!(
        after(&rules(&|_| rule("")), &[Edit::Prioritise(name("l"), moves)])
            == rules(&|at| rule(&format!(", priority = {}", 3001 - at)))
    );
}
