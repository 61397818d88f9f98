//! Targets of a group, one at a time.

use clingfish_model::{Name, Setting, TargetId};

use super::{
    Document, EditError,
    block::Block,
    find::{Site, Step},
    places::{Target, not_found},
    render::{self, Plain},
    tree::{Entry, Kind, Node},
};
use crate::keys;

impl Document {
    fn group(&self, group: &Name) -> Result<Target, EditError> {
        let target = Target::named("target_groups", group, &keys::TARGET_GROUP);
        let label = || not_found(format!("[target_groups.{group}]"));
        if self.has(&target.path) { Ok(target) } else { Err(label()) }
    }

    /// Where a group's targets are from the top of the file.
    pub(super) fn target_list(&self, group: &Name) -> Result<Vec<Step>, EditError> {
        let mut path = self.group(group)?.path;
        path.push(Step::key("targets"));
        Ok(path)
    }

    /// Adds a target at the end of a group's list.
    pub(super) fn add_target(&mut self, group: &Name, setting: &Setting) -> Result<(), EditError> {
        let target = self.group(group)?;
        let list = self.target_list(group)?;
        let sites = self.sites(&list);
        match sites.first() {
            None => self.set_in(&target, "targets", &Setting::List(vec![setting.clone()])),
            Some(site) if site.route.is_empty() => {
                let keys = vec!["target_groups".into(), group.to_string(), "targets".into()];
                self.add_block(keys, true, &members(setting), &list);
            }
            Some(site) => {
                let site = site.clone();
                self.append(&site, &render::value(setting));
            }
        }
        Ok(())
    }

    /// Writes a target of a group's list anew, where it stands.
    pub(super) fn set_target(
        &mut self,
        group: &Name,
        id: &TargetId,
        setting: &Setting,
    ) -> Result<(), EditError> {
        let site = self.find_target(group, id)?;
        match setting {
            Setting::Table(entries) if site.route.is_empty() => self.merge(&site, entries),
            setting => self.replace_value(&site, "", setting),
        }
        Ok(())
    }

    /// Takes the target of that id from a group's list.
    pub(super) fn remove_target(&mut self, group: &Name, id: &TargetId) -> Result<(), EditError> {
        let site = self.find_target(group, id)?;
        self.remove_sites(vec![site]);
        Ok(())
    }

    fn find_target(&self, group: &Name, id: &TargetId) -> Result<Site, EditError> {
        let list = self.target_list(group)?;
        for site in self.sites(&list) {
            let found = match (site.route.is_empty(), self.node(&site).map(|node| &node.kind)) {
                (true, _) => self
                    .block(&site)
                    .and_then(|block| id_among(block.text(), block.entries()))
                    .is_some_and(|found| found == id.as_str())
                    .then(|| site.clone()),
                (false, Some(Kind::List(nodes))) => {
                    let text = self.block(&site).map_or("", Block::text);
                    let is_it = |node| id_of(text, node).is_some_and(|found| found == id.as_str());
                    let at = nodes.iter().position(is_it);
                    at.map(|at| Site { route: [&*site.route, &[at]].concat(), ..site })
                }
                _ => None,
            };
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Err(not_found(format!("target {id} in [target_groups.{group}]")))
    }
}

/// What a target's block says.
pub(super) fn members(target: &Setting) -> Vec<(&str, Setting)> {
    match target {
        Setting::Table(entries) => {
            entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect()
        }
        address => vec![("address", address.clone())],
    }
}

/// The id of a target in a list of that text.
pub(super) fn id_of(text: &str, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Table(entries) => id_among(text, entries),
        _ => words(text, node),
    }
}

/// The id that a target has: written, or else its address.
pub(super) fn id_among(text: &str, entries: &[Entry]) -> Option<String> {
    let of = |key: &str| {
        let is_key = |entry: &&Entry| matches!(&*entry.keys, [part] if part.name == key);
        words(text, &entries.iter().find(is_key)?.value)
    };
    of("id").or_else(|| of("address"))
}

fn words(text: &str, node: &Node) -> Option<String> {
    match render::plain(text.get(node.at.clone())?)? {
        Plain::Text(text) => Some(text),
        _ => None,
    }
}
