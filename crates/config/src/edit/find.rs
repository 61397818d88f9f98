//! Where the file has what a change is about, however it is spelled.

use std::collections::HashMap;

use super::{
    Document,
    block::Block,
    tree::{Entry, Kind, Node},
};
use crate::{keys::Schema, section::join};

/// One step from the top of the file towards something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Key(String),
    /// Of a list, counted from 0.
    Index(usize),
}

impl Step {
    pub(super) fn key(name: &str) -> Self {
        Self::Key(name.to_owned())
    }

    fn is(&self, name: &str) -> bool {
        matches!(self, Self::Key(key) if key == name)
    }
}

/// A block, an entry of one, or something inside the value of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Site {
    pub(super) block: usize,
    /// The entry of the block, and from there on the members and elements that lead to it.
    pub(super) route: Vec<usize>,
}

impl Site {
    pub(super) fn inside(&self, index: usize) -> Self {
        let mut route = self.route.clone();
        route.push(index);
        Self { block: self.block, route }
    }

    /// What it is in, and its number there.
    pub(super) fn up(&self) -> Option<(Self, usize)> {
        let (last, route) = self.route.split_last()?;
        Some((Self { block: self.block, route: route.to_vec() }, *last))
    }

    /// Whether it is `other` or inside it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.block == other.block && self.route.starts_with(&other.route)
    }
}

/// A setting of a table, or a table whose members are settings.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// With dots, from the table on, as a section calls it; empty for the table itself.
    pub(super) name: String,
    /// The name of what the entry stands in.
    pub(super) base: String,
    pub(super) site: Site,
    pub(super) is_table: bool,
    /// How many of the entry's keys lead to the table.
    pub(super) skip: usize,
    /// It is only a part of the setting: `tags.team = "shop"` of `tags`.
    pub(super) is_part: bool,
}

impl Document {
    /// Says of each block where it is from the top of the file.
    pub(super) fn index(&mut self) {
        let mut lists: HashMap<Vec<Step>, usize> = HashMap::new();
        for block in &mut self.blocks {
            let Some((keys, is_list)) = &block.header else { continue };
            let mut path = Vec::with_capacity(keys.len() + 1);
            for (at, key) in keys.iter().enumerate() {
                path.push(Step::key(key));
                let is_next = *is_list && at + 1 == keys.len();
                match lists.get_mut(&path) {
                    Some(count) => {
                        *count += usize::from(is_next);
                        path.push(Step::Index(*count - 1));
                    }
                    None if is_next => {
                        lists.insert(path.clone(), 1);
                        path.push(Step::Index(0));
                    }
                    None => {}
                }
            }
            block.path = path;
        }
    }

    pub(super) fn block(&self, site: &Site) -> Option<&Block> {
        self.blocks.get(site.block)
    }

    /// The entry at a site, where it is one.
    pub(super) fn entry(&self, site: &Site) -> Option<&Entry> {
        let (up, last) = site.up()?;
        if up.route.is_empty() {
            return self.block(site)?.entries().get(last);
        }
        self.node(&up)?.members().get(last)
    }

    /// The value at a site, unless that is a block.
    pub(super) fn node(&self, site: &Site) -> Option<&Node> {
        let (first, rest) = site.route.split_first()?;
        let mut node = &self.block(site)?.entries().get(*first)?.value;
        for at in rest {
            node = match &node.kind {
                Kind::List(nodes) => nodes.get(*at)?,
                Kind::Table(entries) => &entries.get(*at)?.value,
                Kind::Scalar => return None,
            };
        }
        Some(node)
    }

    /// A value as it is written.
    pub(super) fn written(&self, site: &Site) -> &str {
        let at = self.node(site).map_or(0..0, |node| node.at.clone());
        self.block(site).and_then(|block| block.text().get(at)).unwrap_or_default()
    }

    /// Everything at or below a path: blocks, entries of blocks above, or what is inside them.
    pub(super) fn sites(&self, path: &[Step]) -> Vec<Site> {
        let mut sites = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let site = Site { block: at, route: Vec::new() };
            if block.path.starts_with(path) {
                sites.push(site);
            } else if let Some(rest) = path.strip_prefix(&*block.path) {
                let mut found = |site: Site, _: usize| sites.push(site);
                descend(block.entries(), rest, &site, &mut found);
            }
        }
        sites
    }

    /// The settings of the table at a path, and the tables that they are in.
    pub(super) fn spots(&self, path: &[Step], schema: &Schema) -> Vec<Spot> {
        let mut spots = Spots { schema, found: Vec::new() };
        for (at, block) in self.blocks.iter().enumerate() {
            let site = Site { block: at, route: Vec::new() };
            if let Some(rest) = block.path.strip_prefix(path) {
                spots.visit_block(block, rest, site);
            } else if let Some(rest) = path.strip_prefix(&*block.path) {
                let mut found = |site: Site, skip: usize| match self.entry(&site) {
                    Some(entry) if skip < entry.keys.len() => {
                        spots.visit_entry(entry, "", skip, &site);
                    }
                    Some(_) | None => {
                        spots.table(String::new(), "", &site, 0);
                        let node = self.node(&site);
                        spots.visit(node.map_or(&[], Node::members), "", &site);
                    }
                };
                descend(block.entries(), rest, &site, &mut found);
            }
        }
        spots.found
    }
}

/// Finds what is at or below `rest`, seen from these entries; says how many keys of its entry lead there.
fn descend(entries: &[Entry], rest: &[Step], site: &Site, found: &mut dyn FnMut(Site, usize)) {
    for (at, entry) in entries.iter().enumerate() {
        let common = entry.keys.iter().zip(rest).take_while(|(part, step)| step.is(&part.name));
        let common = common.count();
        let site = site.inside(at);
        if common == rest.len() {
            found(site, common);
        } else if common == entry.keys.len() {
            into(&entry.value, rest.get(common..).unwrap_or_default(), site, found);
        }
    }
}

fn into(node: &Node, rest: &[Step], site: Site, found: &mut dyn FnMut(Site, usize)) {
    match (&node.kind, rest.split_first()) {
        (_, None) => found(site, usize::MAX),
        (Kind::Table(entries), _) => descend(entries, rest, &site, found),
        (Kind::List(nodes), Some((Step::Index(index), rest))) => {
            if let Some(node) = nodes.get(*index) {
                into(node, rest, site.inside(*index), found);
            }
        }
        _ => {}
    }
}

/// Collects settings as [`crate::section::Section`] does.
struct Spots<'s> {
    schema: &'s Schema,
    found: Vec<Spot>,
}

impl Spots<'_> {
    fn table(&mut self, name: String, base: &str, site: &Site, skip: usize) {
        self.push(name, base, site, skip, (true, false));
    }

    fn push(
        &mut self,
        name: String,
        base: &str,
        site: &Site,
        skip: usize,
        (is_table, is_part): (bool, bool),
    ) {
        let (base, site) = (base.to_owned(), site.clone());
        self.found.push(Spot { name, base, site, is_table, skip, is_part });
    }

    fn visit_block(&mut self, block: &Block, rest: &[Step], site: Site) {
        let mut name = String::new();
        for (at, step) in rest.iter().enumerate() {
            let is_last = at + 1 == rest.len();
            match step {
                Step::Key(key) => name = join(&name, key),
                Step::Index(_) => return self.push(name, "", &site, 0, (false, true)),
            }
            if !self.schema.goes_on_below(&name) {
                return self.push(name, "", &site, 0, (false, !is_last));
            }
        }
        self.table(name.clone(), "", &site, 0);
        self.visit(block.entries(), &name, &site);
    }

    fn visit(&mut self, entries: &[Entry], base: &str, site: &Site) {
        for (at, entry) in entries.iter().enumerate() {
            self.visit_entry(entry, base, 0, &site.inside(at));
        }
    }

    fn visit_entry(&mut self, entry: &Entry, base: &str, skip: usize, site: &Site) {
        let mut name = base.to_owned();
        for (at, part) in entry.keys.iter().enumerate().skip(skip) {
            let is_last = at + 1 == entry.keys.len();
            name = join(&name, &part.name);
            if !self.schema.goes_on_below(&name) {
                return self.push(name, base, site, skip, (false, !is_last));
            }
        }
        if let Kind::Table(members) = &entry.value.kind {
            self.table(name.clone(), base, site, skip);
            self.visit(members, &name, site);
        } else {
            self.push(name, base, site, skip, (false, false));
        }
    }
}
