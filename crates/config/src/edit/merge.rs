//! Writes values over others, of lists and tables just what differs.

use std::ops::Range;

use clingfish_model::Setting;

use super::{
    Document,
    find::Site,
    list::Splices,
    render,
    tree::{Entry, Kind},
};

impl Document {
    /// Replaces a value, unless it says that already; of lists and tables just what differs.
    pub(super) fn replace_value(&mut self, site: &Site, key: &str, setting: &Setting) {
        if render::says(self.written(site), setting, is_duration(key)) {
            return;
        }
        let Some(node) = self.node(site) else { return };
        match (&node.kind, setting) {
            (Kind::Table(members), Setting::Table(entries))
                if members.iter().all(|m| m.keys.len() == 1) =>
            {
                self.merge(site, entries);
            }
            (Kind::List(nodes), Setting::List(wanted)) if !wanted.is_empty() => {
                let (count, at) = (nodes.len(), node.at.clone());
                if !self.merge_list(site, count, wanted) {
                    self.overwrite(site, at, setting);
                }
            }
            _ => self.overwrite(site, node.at.clone(), setting),
        }
    }

    /// What a plain value over the one that is there replaces.
    pub(super) fn overwritten(&self, site: &Site, key: &str, setting: &Setting) -> Splices {
        match self.node(site) {
            Some(node) if !render::says(self.written(site), setting, is_duration(key)) => {
                vec![(node.at.clone(), render::value(setting))]
            }
            _ => Splices::new(),
        }
    }

    fn overwrite(&mut self, site: &Site, at: Range<usize>, setting: &Setting) {
        self.splice(site.block, vec![(at, render::value(setting))]);
    }

    /// Makes a list what is wanted by taking elements away and adding others at its end, where that will do.
    fn merge_list(&mut self, site: &Site, count: usize, wanted: &[Setting]) -> bool {
        let element = |at| Site { block: site.block, route: [&*site.route, &[at]].concat() };
        let mut kept = 0;
        let mut gone = Vec::new();
        for at in 0..count {
            let written = self.written(&element(at));
            match wanted.get(kept) {
                Some(next) if render::says(written, next, false) => kept += 1,
                _ => gone.push(element(at)),
            }
        }
        if kept == 0 {
            return false;
        }
        self.remove_sites(gone);
        for more in wanted.get(kept..).unwrap_or_default() {
            self.append(site, &render::value(more));
        }
        true
    }

    /// Whether a block's keys have one part each, and nothing else of the file is below it.
    pub(super) fn is_flat(&self, site: &Site) -> bool {
        let Some(block) = self.block(site) else { return false };
        let is_list = block.header.as_ref().is_some_and(|header| header.1);
        !is_list
            && block.entries().iter().all(|entry| entry.keys.len() == 1)
            && self.sites(&block.path).len() == 1
    }

    /// Makes a table with free keys what is wanted: a block, or one in braces.
    pub(super) fn merge(&mut self, site: &Site, wanted: &[(String, Setting)]) {
        let members = |document: &Self| -> Vec<String> {
            let entries = match document.node(site) {
                Some(node) => node.members(),
                None => document.block(site).map_or(&[][..], |block| block.entries()),
            };
            let name = |entry: &Entry| entry.keys.first().map(|part| part.name.clone());
            entries.iter().filter_map(name).collect()
        };
        let member = |at| Site { block: site.block, route: [&*site.route, &[at]].concat() };
        let is_wanted = |name: &String| wanted.iter().any(|(key, _)| key == name);
        let gone = members(self).into_iter().enumerate().filter(|(_, name)| !is_wanted(name));
        let gone = gone.map(|(at, _)| member(at)).collect();
        self.remove_sites(gone);
        for (key, setting) in wanted {
            match members(self).iter().position(|name| name == key) {
                Some(at) => self.replace_value(&member(at), "", setting),
                None => self.put(site, None, &render::key(key), setting),
            }
        }
    }
}

/// Whether two texts that mean one duration are the same under this key.
fn is_duration(key: &str) -> bool {
    const WORDS: [&str; 7] =
        ["duration", "timeout", "interval", "delay", "slow_start", "absolute", "keep_alive"];
    WORDS.iter().any(|word| key.contains(word))
}
