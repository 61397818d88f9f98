//! Writes settings where they are, or where a person would write them; takes them away however they are spelled.

use std::ops::Range;

use clingfish_model::{Place, Setting};

use super::{
    Document, EditError,
    find::{Site, Spot},
    list::Splices,
    places::{Target, homes, label, not_found},
    render::{self, Plain},
};
use crate::keys::{Schema, below};

/// Tables that are on where anything is said about them.
const SWITCHES: [(&str, &str); 2] =
    [("stickiness", "stickiness.enabled"), ("group_stickiness", "group_stickiness.enabled")];

impl Document {
    /// Writes a setting. A table that has a name is made where it is not there.
    pub(super) fn set(
        &mut self,
        place: &Place,
        key: &'static str,
        setting: &Setting,
    ) -> Result<(), EditError> {
        let target = self.target(place)?;
        if !self.has(&target.path) {
            return self.add(place, &[(key, setting.clone())]);
        }
        if key == "priority"
            && let Place::Rule(listener, _) = place
        {
            self.write_priorities(listener)?;
        }
        self.set_in(&target, key, setting);
        Ok(())
    }

    /// Writes a setting of a table that is there.
    pub(super) fn set_in(&mut self, target: &Target, key: &str, setting: &Setting) {
        let spots = self.spots(&target.path, target.schema);
        let is_whole = matches!(setting, Setting::Table(_)) || target.schema.find(key).is_none();
        let found: Vec<Spot> = if is_whole {
            outermost(spots.iter().filter(|spot| is_below(spot, key, target.schema)))
        } else {
            spots.iter().filter(|spot| is_setting(spot, key, target.schema)).cloned().collect()
        };
        match found.as_slice() {
            [] => self.insert(target, key, setting),
            [one] if !one.is_part => self.replace(target, one, key, setting),
            _ => self.write_anew(target, found, key, setting),
        }
    }

    /// Takes these away and writes the setting as if it had not been there.
    fn write_anew(&mut self, target: &Target, found: Vec<Spot>, key: &str, setting: &Setting) {
        let spots = self.spots(&target.path, target.schema);
        // A table that would be left empty goes too, unless the setting comes to stand in it.
        let widen = |spot: Spot| {
            let mut site = spot.site;
            for table in spots.iter().rev().filter(|table| table.is_table) {
                let goes = !table.name.is_empty() && below(key, &table.name).is_none();
                let alone = spots.iter().filter(|other| other.site.is_within(&table.site)).count();
                if goes && site.is_within(&table.site) && alone == 2 {
                    site = table.site.clone();
                }
            }
            site
        };
        let sites = found.into_iter().map(widen).collect();
        self.remove_sites(sites);
        self.insert(target, key, setting);
    }

    /// Writes a setting over what is there.
    fn replace(&mut self, target: &Target, spot: &Spot, key: &str, setting: &Setting) {
        if spot.site.route.is_empty() {
            match setting {
                Setting::Table(entries) if self.is_flat(&spot.site) && spot.name == key => {
                    self.merge(&spot.site, entries);
                }
                _ => self.write_anew(target, vec![spot.clone()], key, setting),
            }
        } else if has_same_unit(&spot.name, key) {
            self.replace_value(&spot.site, key, setting);
        } else {
            match spot.name_in_place(key).filter(|_| self.may_be_called(target, spot, key)) {
                Some(rest) => self.rename(spot, rest, setting),
                None => self.write_anew(target, vec![spot.clone()], key, setting),
            }
        }
    }

    /// Whether nothing else stands below the name, which would then be a table and a value.
    fn may_be_called(&self, target: &Target, spot: &Spot, key: &str) -> bool {
        let spots = self.spots(&target.path, target.schema);
        !spots.iter().any(|other| other.site != spot.site && below(&other.name, key).is_some())
    }

    /// Gives an entry another key and value, where it is.
    fn rename(&mut self, spot: &Spot, rest: &str, setting: &Setting) {
        let (Some(entry), Some(block)) = (self.entry(&spot.site), self.block(&spot.site)) else {
            return;
        };
        let keys = entry.keys.get(spot.skip..).unwrap_or_default();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return };
        let is_quoted = block.text().get(first.at.clone()).is_some_and(|key| key.starts_with('"'));
        let key = if is_quoted { render::key_quoted(rest) } else { render::dotted(rest) };
        let splices = vec![
            (first.at.start..last.at.end, key),
            (entry.value.at.clone(), render::value(setting)),
        ];
        self.splice(spot.site.block, splices);
    }

    /// Writes a setting that is not there, in the form that the table uses already.
    fn insert(&mut self, target: &Target, key: &str, setting: &Setting) {
        let spots = self.spots(&target.path, target.schema);
        let key = free_name(key, target.schema, &spots);
        let is_short = |spot: &&Spot| !spot.is_table && below(key, &spot.name).is_some();
        if let Some(short) = spots.iter().find(is_short) {
            return self.expand(target, &short.clone(), key, setting);
        }
        let prefixes = || key.rmatch_indices('.').filter_map(|(at, _)| key.get(..at));
        let table = prefixes()
            .find_map(|prefix| spots.iter().rfind(|spot| spot.is_table && spot.name == prefix));
        if let Some(table) = table {
            let rest = below(key, &table.name).unwrap_or(key);
            return self.put(&table.site, None, &render::dotted(rest), setting);
        }
        let beside = prefixes().find_map(|prefix| {
            spots.iter().rfind(|spot| {
                !spot.is_table && !spot.site.route.is_empty() && below(&spot.name, prefix).is_some()
            })
        });
        if let Some(beside) = beside
            && let Some(rest) = beside.name_in_place(key)
        {
            return self.put_beside(beside, rest, setting);
        }
        self.put_at_home(target, &spots, key, setting);
    }

    /// Writes a setting among the others of its table.
    fn put_at_home(&mut self, target: &Target, spots: &[Spot], key: &str, setting: &Setting) {
        if let Some(home) = homes(spots).next() {
            return self.put(&home.site, None, &render::dotted(key), setting);
        }
        if let Some(beside) = spots.iter().rfind(|spot| spot.skip > 0) {
            return self.put_beside(beside, key, setting);
        }
        // There are but tables inside it.
        let keys = target.path.iter().filter_map(|step| match step {
            super::find::Step::Key(key) => Some(key.clone()),
            super::find::Step::Index(_) => None,
        });
        self.add_block(keys.collect(), false, &[(key, setting.clone())], &target.path);
    }

    /// Writes an entry at the end of a block or of a table in braces; `after` beyond the last entry is before the first.
    pub(super) fn put(&mut self, site: &Site, after: Option<usize>, key: &str, setting: &Setting) {
        let splices = self.put_at(site, after, key, setting);
        self.splice(site.block, splices);
    }

    /// What [`Self::put`] replaces.
    pub(super) fn put_at(
        &self,
        site: &Site,
        after: Option<usize>,
        key: &str,
        setting: &Setting,
    ) -> Splices {
        if !site.route.is_empty() {
            let thing = format!("{key} = {}", render::value(setting));
            return self.in_list(site, |list| list.append(&thing));
        }
        let Some(block) = self.block(site) else { return Splices::new() };
        let after = after.or_else(|| block.entries().len().checked_sub(1));
        let (at, indent) = block.line_after(after);
        let line = render::statement(key, setting, &indent, self.newline);
        vec![(at..at, format!("{line}{}", self.newline))]
    }

    /// Writes an entry behind another one, whose first keys and quotes it takes over.
    fn put_beside(&mut self, beside: &Spot, rest: &str, setting: &Setting) {
        let (Some(entry), Some(block)) = (self.entry(&beside.site), self.block(&beside.site))
        else {
            return;
        };
        let text = |range: Range<usize>| block.text().get(range).unwrap_or_default();
        let next = entry.keys.get(beside.skip);
        let is_quoted = next.is_some_and(|part| part.name.contains('.'));
        let rest = if is_quoted { render::key_quoted(rest) } else { render::dotted(rest) };
        let lead = match (entry.keys.first(), next) {
            (Some(first), Some(next)) => text(first.at.start..next.at.start),
            _ => "",
        };
        let key = format!("{lead}{rest}");
        let Some((up, index)) = beside.site.up() else { return };
        self.put(&up, Some(index), &key, setting);
    }

    /// A setting below a short form: `stickiness = true` becomes a table that says so and more.
    fn expand(&mut self, target: &Target, short: &Spot, key: &str, setting: &Setting) {
        let written = self.written(&short.site).to_owned();
        let rest = below(key, &short.name).unwrap_or(key);
        let first = match render::plain(&written) {
            Some(Plain::Bool) => format!("enabled = {written}"),
            // The one word that there is for a redirect.
            Some(Plain::Text(_)) if short.name == "redirect" && rest != "protocol" => {
                "protocol = \"HTTPS\"".into()
            }
            _ => return self.write_anew(target, vec![short.clone()], key, setting),
        };
        let at = self.node(&short.site).map(|node| node.at.clone()).unwrap_or_default();
        let table = format!("{{ {first}, {} = {} }}", render::dotted(rest), render::value(setting));
        self.splice(short.site.block, vec![(at, table)]);
    }

    /// Takes a setting away, with all below it.
    pub(super) fn unset(&mut self, place: &Place, key: &'static str) -> Result<(), EditError> {
        let target = self.target(place)?;
        if !self.has(&target.path) {
            return Err(not_found(label(place)));
        }
        let spots = self.spots(&target.path, target.schema);
        let gone = outermost(spots.iter().filter(|spot| is_below(spot, key, target.schema)));
        if gone.is_empty() {
            return Ok(());
        }
        self.remove_sites(gone.into_iter().map(|spot| spot.site).collect());
        for (table, switch) in SWITCHES {
            if key == switch {
                self.clear_empty(&target, table);
            } else if below(key, table).is_some() {
                self.keep_on(&target, &spots, table);
            }
        }
        Ok(())
    }

    /// Takes away what is left of a table without settings, which would be on.
    fn clear_empty(&mut self, target: &Target, table: &'static str) {
        let spots = self.spots(&target.path, target.schema);
        let left: Vec<&Spot> =
            spots.iter().filter(|spot| is_below(spot, table, target.schema)).collect();
        if left.iter().all(|spot| spot.is_table) {
            let left = outermost(left.into_iter()).into_iter().map(|spot| spot.site);
            self.remove_sites(left.collect());
        }
    }

    /// What was on because something was said about it stays on.
    fn keep_on(&mut self, target: &Target, before: &[Spot], table: &'static str) {
        let is_said =
            |spots: &[Spot]| spots.iter().any(|spot| is_below(spot, table, target.schema));
        if is_said(before) && !is_said(&self.spots(&target.path, target.schema)) {
            self.insert(target, table, &Setting::Bool(true));
        }
    }
}

impl Spot {
    /// The key that its entry would have for another setting, if that can stand in the same table.
    fn name_in_place<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.base.is_empty() { Some(key) } else { below(key, &self.base) }
    }
}

/// Whether a spot is that setting, under any of its names.
fn is_setting(spot: &Spot, key: &str, schema: &Schema) -> bool {
    let own = |name: &str| schema.find(name).map(|(key, _)| key.name);
    !spot.is_table && own(&spot.name).is_some() && own(&spot.name) == own(key)
}

/// Whether a spot is that setting or table, or in it, under any name.
fn is_below(spot: &Spot, key: &str, schema: &Schema) -> bool {
    let is_at = |name: &str| name == key || below(name, key).is_some();
    if is_at(&spot.name) {
        return !spot.name.is_empty();
    }
    if spot.is_table {
        // ELBv2's own table of it.
        let mut inside = schema
            .keys
            .iter()
            .filter(|known| known.names().any(|name| below(name, &spot.name).is_some()));
        return !spot.name.is_empty()
            && schema.goes_on_below(&spot.name)
            && inside.all(|known| is_at(known.name));
    }
    schema.find(&spot.name).is_some_and(|(known, _)| {
        is_at(known.name)
            || schema
                .find(key)
                .is_some_and(|(wanted, _)| wanted.name == known.name && key.contains('.'))
    })
}

/// Those that are not inside another of them.
fn outermost<'s>(spots: impl Iterator<Item = &'s Spot>) -> Vec<Spot> {
    let mut found: Vec<Spot> = Vec::new();
    for spot in spots {
        if !found.iter().any(|outer| spot.site.is_within(&outer.site)) {
            found.push(spot.clone());
        }
    }
    found
}

/// The setting's name, or another one of it where something stands below that.
fn free_name<'k>(key: &'k str, schema: &Schema, spots: &[Spot]) -> &'k str {
    let clashes = |spot: &Spot, name: &str| {
        below(&spot.name, name).is_some()
            || spot.is_table && spot.name == name
            || !spot.is_table && below(name, &spot.name).is_some()
    };
    let is_free = |name: &str| !spots.iter().any(|spot| clashes(spot, name));
    let names = schema.find(key).into_iter().flat_map(|(known, _)| known.names());
    let mut others = names.filter(|name| has_same_unit(name, key));
    if is_free(key) { key } else { others.find(|name| is_free(name)).unwrap_or(key) }
}

/// Whether both names take the same values.
fn has_same_unit(one: &str, other: &str) -> bool {
    let unit = |name: &str| (name.ends_with("seconds"), name == "proxy_protocol_v2.enabled");
    unit(one) == unit(other)
}
