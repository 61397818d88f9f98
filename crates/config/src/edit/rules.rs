//! Priorities of rules, written or counted.

use clingfish_model::{Name, Setting, rule::Priority};

use super::{
    Document, EditError,
    find::{Site, Step},
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
        for rule in self.rules(listener)? {
            if !rule.is_written {
                self.write_priority(&rule.site, rule.priority);
            }
        }
        Ok(())
    }

    /// No other table is looked at: a listener may have thousands of rules.
    fn write_priority(&mut self, rule: &Site, priority: u64) {
        let setting = Setting::Integer(priority);
        match self.member(rule, "priority") {
            Some(site) => self.replace_value(&site, "priority", &setting),
            None => self.put_first(rule, "priority", &setting),
        }
    }

    /// Gives rules other priorities, all at once.
    pub(super) fn prioritise(
        &mut self,
        listener: &Name,
        moves: &[(Priority, Priority)],
    ) -> Result<(), EditError> {
        self.write_priorities(listener)?;
        let rules = self.rules(listener)?;
        for (from, _) in moves {
            if !rules.iter().any(|rule| rule.priority == u64::from(from.value())) {
                return Err(not_found(format!("rule {from} of listener {listener}")));
            }
        }
        for rule in rules {
            let moved = moves.iter().find(|(from, _)| u64::from(from.value()) == rule.priority);
            if let Some((_, to)) = moved {
                self.write_priority(&rule.site, to.value().into());
            }
        }
        Ok(())
    }
}
