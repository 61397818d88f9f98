//! What a fuzzer calls.

use std::collections::HashSet;

use clingfish_model::DesiredState;

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
