//! Rules and actions of a listener, compiled: which rule takes a request, and what is done with it.

use std::sync::Arc;

use clingfish_model::{
    Action, Listener, Name,
    rule::{FixedResponse, Forward, Redirect, Transforms},
};
use clingfish_rules::{Request, RuleSet};

use crate::{Reads, StickyGroups};

/// What a listener does with requests.
#[derive(Clone, Debug)]
pub struct Routes {
    rules: RuleSet,
    /// One for each rule, in the same order.
    routes: Vec<Route>,
    /// Index of the group that gets every request which meets no rule, where that is what the default action does.
    default_group: Option<usize>,
    /// The default action, where it is anything else.
    default: Option<Route>,
    reads: Reads,
}

/// What one rule does.
#[derive(Clone, Debug)]
struct Route {
    /// 0 for the default action.
    priority: u16,
    step: Step,
    transforms: Option<Transforms>,
}

#[derive(Clone, Debug)]
enum Step {
    Forward(usize),
    /// Groups with the sum of the weights up to and with theirs.
    Spread(Box<[(u32, usize)]>),
    Sticky(Arc<StickyGroups>),
    Redirect(Arc<Redirect>),
    FixedResponse(Arc<FixedResponse>),
}

/// What is done with a request.
#[derive(Clone, Copy, Debug)]
pub struct Routed<'a> {
    /// Of the rule that took it; 0 for the default action.
    pub priority: u16,
    /// What is done.
    pub action: Chosen<'a>,
    /// How it is rewritten for the target.
    pub transforms: Option<&'a Transforms>,
}

/// What is done with one request.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// The group of that index serves it.
    Forward(usize),
    /// One of these groups serves it, as its claim says: see [`StickyGroups::choose`].
    Sticky(&'a StickyGroups),
    /// The client is sent elsewhere.
    Redirect(&'a Arc<Redirect>),
    /// It gets this answer.
    FixedResponse(&'a Arc<FixedResponse>),
}

impl Routes {
    /// Compiles what a listener does; `group` finds the index of a group.
    ///
    /// An action that names a group which is not there, which the configuration refuses, is as if it were not there.
    pub fn new(listener: &Listener, group: impl Fn(&Name) -> Option<usize>) -> Self {
        let step = |action: &Action| Step::new(action, &group);
        let known: Vec<_> = listener
            .rules
            .iter()
            .filter_map(|rule| {
                let transforms = Some(rule.transforms().clone()).filter(|all| !all.is_empty());
                let step = step(rule.action())?;
                Some((rule, Route { priority: rule.priority().value(), step, transforms }))
            })
            .collect();
        let rules: Vec<_> = known.iter().map(|(rule, _)| (*rule).clone()).collect();
        let default = listener.default_action.as_ref().and_then(step);
        let mut reads = Reads::of(&rules);
        let steps = known.iter().map(|(_, route)| &route.step).chain(&default);
        for step in steps {
            if let Step::Sticky(groups) = step {
                reads.add(groups.policy().cookie().names());
            }
        }
        Self {
            reads,
            rules: RuleSet::new(&rules),
            routes: known.into_iter().map(|(_, route)| route).collect(),
            default_group: match default {
                Some(Step::Forward(group)) => Some(group),
                _ => None,
            },
            default: default.map(|step| Route { priority: 0, step, transforms: None }),
        }
    }

    /// What it depends on beside method, host, path and client.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// What is done with the request; nothing where there is no default action.
    ///
    /// `random` is asked where requests are spread over groups.
    #[inline]
    pub fn find<'r>(
        &self,
        request: impl FnOnce() -> Request<'r>,
        random: impl FnOnce() -> u64,
    ) -> Option<Routed<'_>> {
        if self.rules.is_empty()
            && let Some(group) = self.default_group
        {
            return Some(Routed { priority: 0, action: Chosen::Forward(group), transforms: None });
        }
        self.judge(&request(), random)
    }

    #[inline(never)]
    fn judge(&self, request: &Request<'_>, random: impl FnOnce() -> u64) -> Option<Routed<'_>> {
        let ruled = self.rules.first(request).and_then(|rule| self.routes.get(rule));
        let route = ruled.or(self.default.as_ref())?;
        let action = match &route.step {
            Step::Forward(group) => Chosen::Forward(*group),
            Step::Spread(shares) => Chosen::Forward(pick(shares, random())?),
            Step::Sticky(groups) => Chosen::Sticky(groups),
            Step::Redirect(redirect) => Chosen::Redirect(redirect),
            Step::FixedResponse(response) => Chosen::FixedResponse(response),
        };
        let transforms = route.transforms.as_ref();
        Some(Routed { priority: route.priority, action, transforms })
    }
}

impl Step {
    fn new(action: &Action, group: impl Fn(&Name) -> Option<usize>) -> Option<Self> {
        match action {
            Action::Forward(forward) => Self::forward(forward, group),
            Action::Redirect(redirect) => Some(Self::Redirect(Arc::new(redirect.clone()))),
            Action::FixedResponse(response) => {
                Some(Self::FixedResponse(Arc::new(response.clone())))
            }
            _ => None,
        }
    }

    fn forward(forward: &Forward, group: impl Fn(&Name) -> Option<usize>) -> Option<Self> {
        if let Some(stickiness) = forward.stickiness() {
            let groups = StickyGroups::new(forward.groups(), stickiness, group)?;
            return Some(Self::Sticky(Arc::new(groups)));
        }
        if let [only] = forward.groups() {
            return group(&only.group).map(Self::Forward);
        }
        let mut sum = 0;
        let share = |one: &clingfish_model::rule::WeightedGroup| {
            sum += u32::from(one.weight);
            Some((sum, group(&one.group)?))
        };
        forward.groups().iter().map(share).collect::<Option<_>>().map(Self::Spread)
    }
}

/// The group whose share of the sum of all weights the random number falls into.
fn pick(shares: &[(u32, usize)], random: u64) -> Option<usize> {
    let (sum, _) = shares.last()?;
    let ticket = (u128::from(random) * u128::from(*sum)) >> 64;
    shares.iter().find(|(up_to, _)| ticket < u128::from(*up_to)).map(|(_, group)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_group_gets_its_share_and_one_without_weight_nothing() {
        let shares = [(10, 7), (10, 8), (40, 9)];
        let mut counts = [0; 3];
        for step in 0..4000u64 {
            let picked = pick(&shares, step * (u64::MAX / 4000)).unwrap();
            counts[picked - 7] += 1;
        }
        assert!((999..=1001).contains(&counts[0]) && counts[1] == 0, "{counts:?}");
        assert_eq!(pick(&shares, u64::MAX), Some(9));
        assert_eq!(pick(&[], 1), None);
    }
}
