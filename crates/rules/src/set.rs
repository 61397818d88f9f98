//! The rules of a listener, compiled.

use clingfish_model::rule::{Condition, Rule, Values};

use crate::{
    Request,
    affix::{Affixes, Gathered, Side},
    meets::{cost, meets},
};

/// The rules of a listener, found by host and path.
///
/// A rule stands under each host and path that its conditions name: whole names and paths, the end of a host from the last
/// wildcard on, the start of a path up to the first. What names neither stands where every request looks.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// What finding a rule does not settle, in the order of priorities.
    rules: Vec<Vec<Condition>>,
    index: Affixes<Affixes<Vec<u32>>>,
}

type Paths = Gathered<Vec<u32>>;

impl RuleSet {
    /// Compiles rules, which are in the order of their priorities.
    pub fn new(rules: &[Rule]) -> Self {
        debug_assert!(rules.is_sorted_by_key(Rule::priority), "rules are in order");
        let mut hosts: Gathered<Option<Paths>> = Gathered::new(Side::HostEnd);
        for (number, rule) in (0..).zip(rules) {
            insert(&mut hosts, number, rule.conditions());
        }
        Self {
            rules: rules.iter().map(|rule| open_conditions(rule.conditions())).collect(),
            index: hosts.finish(|paths| {
                paths.unwrap_or_else(|| Paths::new(Side::PathStart)).finish(|numbers| numbers)
            }),
        }
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The first rule whose conditions the request meets, as a position in the rules that this is made of.
    pub fn first(&self, request: &Request<'_>) -> Option<usize> {
        self.search(request, || {})
    }

    /// As [`Self::first`]; says of each rule that it is judged.
    #[inline]
    fn search(&self, request: &Request<'_>, mut judged: impl FnMut()) -> Option<usize> {
        let mut first = u32::MAX;
        self.index.visit(request.host, |paths| {
            paths.visit(request.path, |numbers| {
                for number in numbers.iter().copied().take_while(|number| *number < first) {
                    judged();
                    if self.is_met(number, request) {
                        first = number;
                        break;
                    }
                }
            });
        });
        (first != u32::MAX).then_some(first as usize)
    }

    fn is_met(&self, number: u32, request: &Request<'_>) -> bool {
        let rule = self.rules.get(number as usize);
        rule.is_some_and(|rule| rule.iter().all(|condition| meets(request, condition)))
    }
}

/// The conditions that are still open where a rule is found by host and path, the cheapest first.
fn open_conditions(all: &[Condition]) -> Vec<Condition> {
    let is_open = |condition: &&Condition| match condition {
        Condition::Host(values) => !are_settled(values, Side::HostEnd),
        Condition::Path(values) => !are_settled(values, Side::PathStart),
        _ => true,
    };
    let mut open: Vec<Condition> = all.iter().filter(is_open).cloned().collect();
    open.sort_by_key(cost);
    open
}

/// Whether whoever is found by any of the values meets the condition.
fn are_settled(values: &Values, side: Side) -> bool {
    values.regexes.is_empty() && values.patterns.iter().all(|pattern| side.settles(pattern))
}

/// Puts a rule under each pair of host and path that it names.
fn insert(hosts: &mut Gathered<Option<Paths>>, number: u32, conditions: &[Condition]) {
    let host = conditions.iter().find_map(|condition| match condition {
        Condition::Host(values) => Some(values),
        _ => None,
    });
    let path = conditions.iter().find_map(|condition| match condition {
        Condition::Path(values) => Some(values),
        _ => None,
    });
    for host in keys(host) {
        let paths = hosts.entry(host, || None).get_or_insert_with(|| Paths::new(Side::PathStart));
        for path in keys(path) {
            let numbers = paths.entry(path, Vec::new);
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }
}

/// The patterns of a condition, or one that is none where something else may do.
fn keys(values: Option<&Values>) -> impl Iterator<Item = Option<&clingfish_model::rule::Pattern>> {
    let indexed = values.filter(|values| values.regexes.is_empty());
    let any = indexed.is_none().then_some(None);
    indexed.into_iter().flat_map(|values| &values.patterns).map(Some).chain(any)
}

#[cfg(test)]
mod tests;
