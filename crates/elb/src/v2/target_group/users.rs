//! Who forwards to groups, of all groups at once.

use std::collections::{BTreeSet, HashMap, HashSet};

use clingfish_model::{Name, TargetGroup};

use crate::World;

/// What the listeners of a world forward to. Making it looks at every rule; then no group costs more than another.
#[derive(Debug)]
pub(super) struct Users<'a> {
    /// Groups of the listeners of the Classic API.
    classic: HashSet<&'a Name>,
    /// Application load balancers by the groups that they forward to.
    balancers: HashMap<&'a Name, BTreeSet<&'a Name>>,
}

impl<'a> Users<'a> {
    pub(super) fn of(world: &World<'a>) -> Self {
        let (mut classic, mut balancers) = (HashSet::new(), HashMap::<_, BTreeSet<_>>::new());
        for listener in &world.desired.listeners {
            if listener.classic.is_some() {
                classic.extend(listener.groups());
            }
            let balancer = world.desired.load_balancer(&listener.load_balancer);
            let Some(balancer) = balancer.filter(|balancer| balancer.classic.is_none()) else {
                continue;
            };
            for group in listener.groups() {
                balancers.entry(group).or_default().insert(&balancer.name);
            }
        }
        Self { classic, balancers }
    }

    /// Whether the group is made of a listener of the Classic API, so that ELBv2 does not show it.
    pub(super) fn are_classic(&self, group: &TargetGroup) -> bool {
        self.classic.contains(&group.name)
    }

    /// ARNs of the application load balancers that forward to the group, in the order of their names.
    pub(super) fn balancers(&self, group: &TargetGroup, world: &World<'_>) -> Vec<String> {
        let names = self.balancers.get(&group.name).into_iter().flatten();
        let balancers = names.filter_map(|name| world.desired.load_balancer(name));
        balancers.map(|balancer| world.balancer_arn(balancer).to_string()).collect()
    }
}
