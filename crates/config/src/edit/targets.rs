//! Targets of a group, one at a time.

use clingfish_model::{Name, Setting, TargetId};

use super::{
    Document, EditError,
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

    /// Adds a target at the end of a group's list.
    pub(super) fn add_target(&mut self, group: &Name, setting: &Setting) -> Result<(), EditError> {
        let target = self.group(group)?;
        let list = target.path.iter().cloned().chain([Step::key("targets")]).collect::<Vec<_>>();
        let sites = self.sites(&list);
        match sites.first() {
            None => self.set_in(&target, "targets", &Setting::List(vec![setting.clone()])),
            Some(site) if site.route.is_empty() => {
                let keys = vec!["target_groups".into(), group.to_string(), "targets".into()];
                let settings: Vec<(&str, Setting)> = match setting {
                    Setting::Table(entries) => {
                        entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect()
                    }
                    address => vec![("address", address.clone())],
                };
                self.add_block(keys, true, &settings, &list);
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
        let target = self.group(group)?;
        let list = target.path.iter().cloned().chain([Step::key("targets")]).collect::<Vec<_>>();
        for site in self.sites(&list) {
            let found = match (site.route.is_empty(), self.node(&site).map(|node| &node.kind)) {
                (true, _) => self
                    .block(&site)
                    .is_some_and(|block| {
                        self.id(&site, block.entries()).as_deref() == Some(id.as_str())
                    })
                    .then(|| site.clone()),
                (false, Some(Kind::List(nodes))) => {
                    let at = nodes.iter().position(|node| self.is_target(&site, node, id));
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

    fn is_target(&self, site: &Site, node: &Node, id: &TargetId) -> bool {
        let found = match &node.kind {
            Kind::Table(entries) => self.id(site, entries),
            _ => self.text(site, node),
        };
        found.as_deref() == Some(id.as_str())
    }

    /// The id that a target has: written, or else its address.
    fn id(&self, site: &Site, entries: &[Entry]) -> Option<String> {
        let text = |key: &str| {
            let is_key = |entry: &&Entry| matches!(&*entry.keys, [part] if part.name == key);
            self.text(site, &entries.iter().find(is_key)?.value)
        };
        text("id").or_else(|| text("address"))
    }

    fn text(&self, site: &Site, node: &Node) -> Option<String> {
        match render::plain(self.block(site)?.text().get(node.at.clone())?)? {
            Plain::Text(text) => Some(text),
            _ => None,
        }
    }
}
