//! Priorities of rules, written or counted.

use clingfish_model::{Name, Setting, rule::Priority};

use super::{
    Document, EditError,
    find::Step,
    places::{Target, not_found},
    render::{self, Plain},
};
use crate::keys;

/// A rule of a listener.
pub(super) struct Found {
    pub(super) path: Vec<Step>,
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
        let rule = |path: Vec<Step>| {
            let spots = self.spots(&path, &keys::RULE);
            let written = spots.iter().find(|spot| spot.name == "priority");
            let number = written.and_then(|spot| match render::plain(self.written(&spot.site))? {
                Plain::Number(number) => Some(number),
                _ => None,
            });
            before = number.unwrap_or(before + 1);
            Found { path, priority: before, is_written: number.is_some() }
        };
        Ok(self.elements(&list).into_iter().map(rule).collect())
    }

    /// Writes out what priorities were counted, so that a rule that comes or goes changes no other's.
    pub(super) fn write_priorities(&mut self, listener: &Name) -> Result<(), EditError> {
        for rule in self.rules(listener)? {
            if !rule.is_written {
                self.write_priority(rule.path, rule.priority);
            }
        }
        Ok(())
    }

    fn write_priority(&mut self, path: Vec<Step>, priority: u64) {
        let target = Target { path, schema: &keys::RULE };
        let setting = Setting::Integer(priority);
        self.set_in(&target, "priority", &setting);
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
                self.write_priority(rule.path, to.value().into());
            }
        }
        Ok(())
    }
}
