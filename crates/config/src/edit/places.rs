//! Tables: where they are, and how they come and go.

use clingfish_model::{Name, Place, Setting};

use super::{
    Document, EditError,
    block::Block,
    find::{Site, Spot, Step},
    list::List,
    render::{self, Plain},
    tree::{Entry, Kind},
};
use crate::{
    keys::{self, Schema},
    listener::derive_name,
};

/// A table of the file: where it is from the top, and what may be in it.
pub(super) struct Target {
    pub(super) path: Vec<Step>,
    pub(super) schema: &'static Schema,
}

impl Target {
    pub(super) fn named(list: &str, name: &Name, schema: &'static Schema) -> Self {
        Self { path: vec![Step::key(list), Step::key(name.as_str())], schema }
    }
}

/// What a place is called in errors.
pub(super) fn label(place: &Place) -> String {
    match place {
        Place::LoadBalancer(name) => format!("[load_balancers.{name}]"),
        Place::TargetGroup(name) => format!("[target_groups.{name}]"),
        Place::Listener(name) => format!("listener {name}"),
        Place::Rule(name, priority) => format!("rule {priority} of listener {name}"),
    }
}

pub(super) fn not_found(what: String) -> EditError {
    EditError::NotFound { what }
}

impl Document {
    /// The table of a place; of one that has a name it may not be there yet.
    pub(super) fn target(&self, place: &Place) -> Result<Target, EditError> {
        match place {
            Place::LoadBalancer(name) => {
                Ok(Target::named("load_balancers", name, &keys::LOAD_BALANCER))
            }
            Place::TargetGroup(name) => {
                Ok(Target::named("target_groups", name, &keys::TARGET_GROUP))
            }
            Place::Listener(name) => {
                let path = self.listener(name).ok_or_else(|| not_found(label(place)))?;
                Ok(Target { path, schema: &keys::LISTENER })
            }
            Place::Rule(name, priority) => {
                let rules = self.rules(name)?;
                let rule = rules.into_iter().find(|rule| rule.priority == priority.value().into());
                let path = rule.ok_or_else(|| not_found(label(place)))?.path;
                Ok(Target { path, schema: &keys::RULE })
            }
        }
    }

    /// Whether the file has anything of that table.
    pub(super) fn has(&self, path: &[Step]) -> bool {
        !self.sites(path).is_empty()
    }

    /// The listener that is called so, by its own word or by its address.
    pub(super) fn listener(&self, name: &Name) -> Option<Vec<Step>> {
        let called = |site: &Site| {
            let text = |key| match self.plain(site, key)? {
                Plain::Text(text) => Some(text),
                _ => None,
            };
            match text("name") {
                Some(written) => written == name.as_str(),
                None => text("bind")
                    .and_then(|bind| bind.parse().ok())
                    .is_some_and(|bind| derive_name(bind) == name.as_str()),
            }
        };
        let at = self.elements(&[Step::key("listeners")]).iter().position(called)?;
        Some(vec![Step::key("listeners"), Step::Index(at)])
    }

    /// The elements of a list, be they blocks or in brackets.
    pub(super) fn elements(&self, list: &[Step]) -> Vec<Site> {
        self.sites(list).iter().flat_map(|site| self.elements_at(site, list.len())).collect()
    }

    fn elements_at(&self, site: &Site, depth: usize) -> Vec<Site> {
        if site.route.is_empty() {
            let is_one = self.block(site).is_some_and(|block| {
                block.path.len() == depth + 1 && block.header.as_ref().is_some_and(|head| head.1)
            });
            return is_one.then(|| site.clone()).into_iter().collect();
        }
        match self.node(site).map(|node| &node.kind) {
            Some(Kind::List(nodes)) => (0..nodes.len()).map(|at| site.inside(at)).collect(),
            _ => Vec::new(),
        }
    }

    /// An entry of a table, by its key.
    pub(super) fn member(&self, table: &Site, key: &str) -> Option<Site> {
        let entries = match self.node(table) {
            Some(node) => node.members(),
            None => self.block(table)?.entries(),
        };
        let is_it = |entry: &Entry| matches!(&*entry.keys, [part] if part.name == key);
        entries.iter().position(is_it).map(|at| table.inside(at))
    }

    /// The text or number that a table has under a key.
    pub(super) fn plain(&self, table: &Site, key: &str) -> Option<Plain> {
        render::plain(self.written(&self.member(table, key)?))
    }

    /// Adds a table behind its like.
    pub(super) fn add(
        &mut self,
        place: &Place,
        settings: &[(&'static str, Setting)],
    ) -> Result<(), EditError> {
        if self.target(place).is_ok_and(|target| self.has(&target.path)) {
            return Err(EditError::Exists { what: label(place) });
        }
        let mut settings: Vec<(&str, Setting)> =
            settings.iter().map(|(key, setting)| (*key, setting.clone())).collect();
        let mut first = |key: &'static str, setting: Setting| {
            if !settings.iter().any(|(known, _)| *known == key) {
                settings.insert(0, (key, setting));
            }
        };
        match place {
            Place::LoadBalancer(name) => self.add_named("load_balancers", name, &settings),
            Place::TargetGroup(name) => self.add_named("target_groups", name, &settings),
            Place::Listener(name) => {
                first("name", Setting::text(name.as_str()));
                self.add_element(&[Step::key("listeners")], &["listeners"], &[], &settings);
            }
            Place::Rule(listener, priority) => {
                first("priority", Setting::Integer(priority.value().into()));
                self.write_priorities(listener)?;
                let owner = self.listener(listener);
                let owner = owner.ok_or_else(|| not_found(format!("listener {listener}")))?;
                let list: Vec<Step> = owner.iter().cloned().chain([Step::key("rules")]).collect();
                self.add_element(&list, &["listeners", "rules"], &owner, &settings);
            }
        }
        Ok(())
    }

    fn add_named(&mut self, list: &str, name: &Name, settings: &[(&str, Setting)]) {
        let parent = [Step::key(list)];
        let sites = self.sites(&parent);
        // All of them in one pair of braces: nothing else can be said of them outside.
        let braces = sites.iter().find(|site| {
            self.entry(site).is_some_and(|entry| entry.keys.len() == 1)
                && self.node(site).is_some_and(|node| matches!(node.kind, Kind::Table(_)))
        });
        if let Some(site) = braces.cloned() {
            let table = in_braces(settings);
            self.append(&site, &format!("{} = {table}", render::key(name.as_str())));
            return;
        }
        let keys = vec![list.to_owned(), name.as_str().to_owned()];
        self.add_block(keys, false, settings, &parent);
    }

    /// Adds an element to a list of tables; `owner` is what its block must follow.
    fn add_element(
        &mut self,
        list: &[Step],
        header: &[&str],
        owner: &[Step],
        settings: &[(&str, Setting)],
    ) {
        let in_brackets = self
            .sites(list)
            .into_iter()
            .find(|site| self.node(site).is_some_and(|node| matches!(node.kind, Kind::List(_))));
        if let Some(site) = in_brackets {
            self.append(&site, &in_braces(settings));
            return;
        }
        let home = self.sites(owner).into_iter().find(|site| !site.route.is_empty());
        if let Some(home) = home.filter(|_| !owner.is_empty()) {
            // The owner is in brackets itself.
            self.append(&home, &format!("rules = [{}]", in_braces(settings)));
            return;
        }
        let keys = header.iter().map(|key| (*key).to_owned()).collect();
        let like = if owner.is_empty() { list } else { owner };
        self.add_block(keys, true, settings, like);
    }

    /// Adds a block behind the last one that is at or below `like`, or at the end.
    pub(super) fn add_block(
        &mut self,
        keys: Vec<String>,
        is_list: bool,
        settings: &[(&str, Setting)],
        like: &[Step],
    ) {
        let last = self.blocks.iter().rposition(|block| block.path.starts_with(like));
        let last = last.or_else(|| self.blocks.len().checked_sub(1));
        let at = last.map_or(0, |last| last + 1);
        let mut block = Block::new(keys, is_list, settings, self.newline);
        let is_followed = at < self.blocks.len();
        let before = last.and_then(|last| self.blocks.get_mut(last));
        block.part(before, is_followed, self.newline);
        self.blocks.insert(at, block);
        self.index();
    }

    /// Takes a table away, with all in it.
    pub(super) fn remove(&mut self, place: &Place) -> Result<(), EditError> {
        if let Place::Rule(listener, _) = place {
            self.write_priorities(listener)?;
        }
        let target = self.target(place)?;
        let sites = self.sites(&target.path);
        if sites.is_empty() {
            return Err(not_found(label(place)));
        }
        self.remove_sites(sites);
        Ok(())
    }

    /// Takes these away, none of which is inside another.
    pub(super) fn remove_sites(&mut self, mut sites: Vec<Site>) {
        sites.sort();
        sites.dedup();
        let has_blocks = sites.iter().any(|site| site.route.is_empty());
        for site in sites.iter().rev() {
            self.remove_site(site);
        }
        if has_blocks {
            self.index();
        }
    }

    fn remove_site(&mut self, site: &Site) {
        let Some((up, index)) = site.up() else {
            self.remove_block(site.block);
            return;
        };
        if up.route.is_empty() {
            let lines = self.block(site).map_or(0..0, |block| block.lines_of(index));
            self.splice(site.block, vec![(lines, String::new())]);
            return;
        }
        let splices = self.in_list(&up, |list| list.remove(index));
        self.splice(site.block, splices);
    }

    /// Takes a block away. Comments that stand alone behind it stay.
    fn remove_block(&mut self, at: usize) {
        let Some(block) = self.blocks.get(at) else { return };
        let tail = block.tail().to_owned();
        self.blocks.remove(at);
        let was_last = at == self.blocks.len();
        if let Some(before) = at.checked_sub(1).and_then(|before| self.blocks.get_mut(before)) {
            before.take_over(&tail, was_last);
        }
    }

    /// What the list or table in braces at a site makes of a change.
    pub(super) fn in_list(
        &self,
        site: &Site,
        change: impl FnOnce(&List<'_>) -> super::Splices,
    ) -> super::Splices {
        let (Some(block), Some(node)) = (self.block(site), self.node(site)) else {
            return Vec::new();
        };
        change(&List {
            text: block.text(),
            at: node.at.clone(),
            things: &node.things(),
            is_table: matches!(node.kind, Kind::Table(_)),
            newline: self.newline,
        })
    }

    /// Puts a thing at the end of a list or a table in braces.
    pub(super) fn append(&mut self, site: &Site, thing: &str) {
        let splices = self.in_list(site, |list| list.append(thing));
        self.splice(site.block, splices);
    }
}

/// A table in braces, of settings whose names have dots.
pub(super) fn in_braces(settings: &[(&str, Setting)]) -> String {
    if settings.is_empty() {
        return "{}".into();
    }
    let member = |(key, setting): &(&str, Setting)| {
        format!("{} = {}", render::dotted(key), render::value(setting))
    };
    format!("{{ {} }}", settings.iter().map(member).collect::<Vec<_>>().join(", "))
}

/// Those of the spots that are the table itself.
pub(super) fn homes(spots: &[Spot]) -> impl Iterator<Item = &Spot> {
    spots.iter().filter(|spot| spot.name.is_empty())
}
