//! What a fuzzer calls.

use std::collections::HashSet;

use clingfish_model::{DesiredState, Edit, Name, Place, Setting};

/// Reads any bytes. Panics where the reader does, or where it accepts a state that contradicts itself.
pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match crate::parse(text) {
        Ok((state, _)) => check(&state),
        Err(errors) => assert!(!errors.is_empty(), "refused without a reason"),
    }
}

/// Changes any text that is a configuration. Panics where what comes of it is no TOML, or where a change and its opposite are not the same file.
pub fn changes(data: &[u8]) {
    let Some(text) = std::str::from_utf8(data).ok().filter(|text| crate::parse(text).is_ok())
    else {
        return;
    };
    let name = Name::new("fuzzed-group").expect("letters and a hyphen are a name");
    let place = Place::TargetGroup(name.clone());
    let settings = vec![("stickiness.duration", Setting::seconds(60))];
    let Ok(added) = crate::edit(text, &[Edit::Add(place.clone(), settings)]) else {
        return;
    };
    let (state, _) = crate::parse(&added).expect("a group more is a configuration still");
    assert!(state.target_group(&name).is_some(), "{added}");
    let removed = crate::edit(&added, &[Edit::Remove(place)]).expect("it has just been added");
    let state = |text| crate::parse(text).ok().map(|(state, _)| state);
    assert!(state(text) == state(&removed), "{removed}");
}

/// The laws that every accepted state keeps.
fn check(state: &DesiredState) {
    let mut names = HashSet::new();
    for listener in &state.listeners {
        assert!(listener.groups().all(|name| state.target_group(name).is_some()), "{listener:?}");
        assert!(listener.rules.is_sorted_by(|a, b| a.priority() < b.priority()), "{listener:?}");
        assert!(state.load_balancer(&listener.load_balancer).is_some(), "{listener:?}");
        assert!(names.insert(&listener.name), "{listener:?}");
    }
    assert!(state.target_groups.is_sorted_by(|a, b| a.name < b.name));
    assert!(state.load_balancers.is_sorted_by(|a, b| a.name < b.name));
    for group in &state.target_groups {
        let ids: HashSet<_> = group.targets.iter().map(|target| &target.id).collect();
        assert_eq!(ids.len(), group.targets.len(), "{}", group.name);
        let check = &group.health_check;
        assert!(check.timeout < check.interval, "{}", group.name);
    }
}
