//! Priorities of rules, written or counted.

use std::collections::{BTreeMap, HashMap, HashSet};

use clingfish_model::{Name, Setting, rule::Priority};

use super::{
    Document, EditError,
    find::{Site, Step},
    list::Splices,
    places::not_found,
    render::Plain,
};

/// A rule of a listener.
pub(super) struct Found {
    pub(super) path: Vec<Step>,
    site: Site,
    pub(super) priority: u64,
    is_written: bool,
}

impl Document {
    /// The rules of a listener, in the order of the file.
    pub(super) fn rules(&self, listener: &Name) -> Result<Vec<Found>, EditError> {
        let owner = self.listener(listener);
        let mut list = owner.ok_or_else(|| not_found(format!("listener {listener}")))?;
        list.push(Step::key("rules"));
        let mut before = 0;
        let rule = |(at, site): (usize, Site)| {
            let number = match self.plain(&site, "priority") {
                Some(Plain::Number(number)) => Some(number),
                _ => None,
            };
            before = number.unwrap_or(before + 1);
            let path = list.iter().cloned().chain([Step::Index(at)]).collect();
            Found { path, site, priority: before, is_written: number.is_some() }
        };
        Ok(self.elements(&list).into_iter().enumerate().map(rule).collect())
    }

    /// Writes out what priorities were counted, so that a rule that comes or goes changes no other's.
    pub(super) fn write_priorities(&mut self, listener: &Name) -> Result<(), EditError> {
        let rules = self.rules(listener)?;
        let counted = rules.iter().filter(|rule| !rule.is_written);
        self.write_all(counted.map(|rule| (&rule.site, rule.priority)));
        Ok(())
    }

    /// Gives rules other priorities, all at once.
    pub(super) fn prioritise(
        &mut self,
        listener: &Name,
        moves: &[(Priority, Priority)],
    ) -> Result<(), EditError> {
        let rules = self.rules(listener)?;
        let known: HashSet<u64> = rules.iter().map(|rule| rule.priority).collect();
        let mut goals: HashMap<u64, u64> = HashMap::new();
        for (from, to) in moves {
            if !known.contains(&from.value().into()) {
                return Err(not_found(format!("rule {from} of listener {listener}")));
            }
            goals.entry(from.value().into()).or_insert(to.value().into());
        }
        let wanted = rules.iter().filter_map(|rule| match goals.get(&rule.priority) {
            Some(to) => Some((&rule.site, *to)),
            // One that was counted is written out, so that it stays as it is.
            None => (!rule.is_written).then_some((&rule.site, rule.priority)),
        });
        self.write_all(wanted);
        Ok(())
    }

    /// Writes priorities of rules in one pass: a listener may have thousands, all in one block. What one of them
    /// becomes is inside its own bytes, so that they can all be found before any is written.
    fn write_all<'r>(&mut self, wanted: impl Iterator<Item = (&'r Site, u64)>) {
        let mut splices: BTreeMap<usize, Splices> = BTreeMap::new();
        for (rule, priority) in wanted {
            splices.entry(rule.block).or_default().extend(self.priority_written(rule, priority));
        }
        for (block, mut splices) in splices {
            splices.sort_by_key(|(range, _)| range.start);
            self.splice(block, splices);
        }
    }

    fn priority_written(&self, rule: &Site, priority: u64) -> Splices {
        let setting = Setting::Integer(priority);
        match self.member(rule, "priority") {
            Some(site) => self.overwritten(&site, "priority", &setting),
            None => self.put_at(rule, Some(usize::MAX), "priority", &setting),
        }
    }
}
