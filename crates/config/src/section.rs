//! One table of the file, flattened: each setting once, whichever of its names was written.
//!
//! `"stickiness.enabled" = true`, `stickiness.enabled = true`, `stickiness = { enabled = true }` and a table
//! `[target_groups.web.stickiness]` all arrive here as `stickiness.enabled`.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    time::Duration,
};

use toml::de::DeTable;

use crate::{
    keys::{self, SYNONYMS, Schema, below},
    nearest::nearest,
    report::Report,
    value::Value,
};

/// A table and the settings found in it.
pub(crate) struct Section<'t> {
    /// From the top of the file; empty at the top.
    pub(crate) path: String,
    /// As messages call it: `[target_groups.web]`.
    pub(crate) label: String,
    /// Where a missing key is reported.
    pub(crate) at: usize,
    schema: &'static Schema,
    /// By the setting's own name.
    entries: BTreeMap<&'static str, Entry<'t>>,
    /// Names of the tables inside.
    tables: BTreeSet<String>,
}

struct Entry<'t> {
    key_at: usize,
    value: Value<'t>,
}

impl<'t> Section<'t> {
    /// Reads the table at `value`; notes unknown keys, and settings that are there twice.
    pub(crate) fn read(
        value: &Value<'t>,
        label: String,
        schema: &'static Schema,
        report: &mut Report<'_>,
    ) -> Option<Self> {
        let help = format!("write {label} and its keys on the lines below");
        let table = value.table(report, &help)?;
        let at = value.span.start;
        Some(Self::of(table, value.path.clone(), label, at, schema, report))
    }

    /// Reads a table.
    pub(crate) fn of(
        table: &'t DeTable<'t>,
        path: String,
        label: String,
        at: usize,
        schema: &'static Schema,
        report: &mut Report<'_>,
    ) -> Self {
        let mut section =
            Self { path, label, at, schema, entries: BTreeMap::new(), tables: BTreeSet::new() };
        section.collect(table, "", report);
        section
    }

    fn collect(&mut self, table: &'t DeTable<'t>, prefix: &str, report: &mut Report<'_>) {
        for (key, value) in table {
            let name = join(prefix, key.get_ref());
            let value = Value::new(join(&self.path, &name), name, value);
            let key_at = key.span().start;
            if let Some(inner) = value.as_table()
                && self.schema.goes_on_below(&value.name)
            {
                self.tables.insert(value.name.clone());
                self.collect(inner, &value.name, report);
            } else if let Some((key, _)) = self.schema.find(&value.name) {
                self.insert(key.name, Entry { key_at, value }, report);
            } else if self.schema.is_at_aws(&value.name) {
                let message = format!("{:?} is known to AWS, but not supported yet", value.name);
                let help = format!(
                    "remove this line, or keep it for the API: attributes = {{ {:?} = \"...\" }}",
                    value.name
                );
                report.error(key_at, &value.path, message, help);
            } else {
                self.refuse_unknown(key_at, prefix, key.get_ref(), &value, report);
            }
        }
    }

    fn insert(&mut self, name: &'static str, entry: Entry<'t>, report: &mut Report<'_>) {
        let Some(other) = self.entries.get(name) else {
            self.entries.insert(name, entry);
            return;
        };
        let (first, second) =
            if other.key_at <= entry.key_at { (other, &entry) } else { (&entry, other) };
        let message = format!(
            "{:?} says again what {:?} says on line {}",
            second.value.name,
            first.value.name,
            report.line(first.key_at)
        );
        let help = format!("keep one of them; both set {name}");
        report.error(second.key_at, &second.value.path, message, help);
    }

    fn refuse_unknown(
        &self,
        key_at: usize,
        prefix: &str,
        key: &str,
        value: &Value<'_>,
        report: &mut Report<'_>,
    ) {
        if self.schema.goes_on_below(&value.name) {
            let example = self.schema.names().find(|name| below(name, &value.name).is_some());
            let message = format!("{} is a table in {}", value.name, self.label);
            let help = format!("write {} = ...", example.unwrap_or(&value.name));
            report.error(key_at, &value.path, message, help);
            return;
        }
        let message = format!("unknown key {key:?} in {}", self.label_of(prefix));
        report.error(key_at, &value.path, message, proposal(self.schema, prefix, key));
    }

    /// `[target_groups.web.stickiness]` for the prefix `stickiness` of `[target_groups.web]`.
    fn label_of(&self, prefix: &str) -> String {
        match self.label.strip_suffix(']') {
            Some(start) if !prefix.is_empty() && !start.ends_with(']') => {
                format!("{start}.{prefix}]")
            }
            _ => self.label.clone(),
        }
    }

    /// The value of a setting, if the file has it.
    pub(crate) fn value(&self, name: &str) -> Option<&Value<'t>> {
        debug_assert!(self.schema.find(name).is_some(), "{name} is in no schema");
        self.entries.get(name).map(|entry| &entry.value)
    }

    /// Whether the file has that setting; it has none that tables of this kind do not know.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether tables of this kind have a setting of that name.
    pub(crate) fn acts_on(&self, name: &str) -> bool {
        self.schema.find(name).is_some()
    }

    /// Where the key of a setting is, or else the section.
    pub(crate) fn key_at(&self, name: &str) -> usize {
        self.entries.get(name).map_or(self.at, |entry| entry.key_at)
    }

    /// Whether anything below `table` is in the file, even an empty table.
    pub(crate) fn mentions(&self, table: &str) -> bool {
        self.tables.contains(table)
            || self.entries.values().any(|entry| below(&entry.value.name, table).is_some())
    }

    /// A setting that must be there.
    pub(crate) fn required(
        &self,
        name: &str,
        report: &mut Report<'_>,
        help: &str,
    ) -> Option<&Value<'t>> {
        let value = self.value(name);
        if value.is_none() {
            let message = format!("{} has no {name}", self.label);
            report.absent(self.at, &join(&self.path, name), message, help);
        }
        value
    }

    pub(crate) fn bool(&self, name: &str, default: bool, report: &mut Report<'_>) -> bool {
        self.value(name).and_then(|value| value.bool(report)).unwrap_or(default)
    }

    pub(crate) fn duration(
        &self,
        name: &str,
        range: RangeInclusive<Duration>,
        default: Duration,
        report: &mut Report<'_>,
    ) -> Duration {
        self.value(name).and_then(|value| value.duration(report, range)).unwrap_or(default)
    }

    pub(crate) fn integer(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
        report: &mut Report<'_>,
    ) -> Option<u64> {
        self.value(name)?.integer(report, range)
    }

    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
        default: T,
        report: &mut Report<'_>,
    ) -> T {
        self.value(name).and_then(|value| value.word(report, words, &[])).unwrap_or(default)
    }
}

/// What the author of an unknown key may have meant.
pub(crate) fn proposal(schema: &'static Schema, prefix: &str, key: &str) -> String {
    let known = || schema.names().filter_map(|name| below(name, prefix));
    let here: BTreeSet<&str> = known().map(|name| name.split('.').next().unwrap_or(name)).collect();
    let synonym = SYNONYMS.iter().find(|(word, _)| *word == key);
    let ends_so = |name: &&str| name.rsplit('.').next() == Some(key);
    let meant = nearest(key, here.iter().copied().chain(known()))
        .or_else(|| synonym.map(|(_, ours)| *ours).filter(|ours| here.contains(ours)))
        .or_else(|| known().find(ends_so));
    if let Some(meant) = meant {
        return format!("did you mean {meant:?}?");
    }
    let elsewhere =
        keys::ALL.iter().find(|other| !std::ptr::eq(**other, schema) && other.find(key).is_some());
    if let Some(schema) = elsewhere {
        return format!("{key:?} belongs in {}", schema.title);
    }
    let names = schema.keys.iter().filter_map(|key| below(key.name, prefix));
    let here: BTreeSet<&str> = names.filter_map(|name| name.split('.').next()).collect();
    if here.is_empty() {
        return "remove this line".into();
    }
    let here: Vec<&str> = here.into_iter().collect();
    format!("known keys: {}", here.join(", "))
}

/// A dotted name; the first part alone where there is no prefix.
pub(crate) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        return name.to_owned();
    }
    format!("{prefix}.{name}")
}
