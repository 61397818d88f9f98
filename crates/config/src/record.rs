//! What is kept of a resource for APIs alone: `id`, `created`, `tags` and `attributes`.

use std::collections::{BTreeMap, HashMap};

use clingfish_model::{Record, ResourceId};

use crate::{report::Report, section::Section, value::Value};

/// Reads what a load balancer or target group keeps.
pub(crate) fn read(section: &Section<'_>, report: &mut Report<'_>) -> Record {
    let created = section.value("created").and_then(|value| value.time(report));
    Record { created, ..read_undated(section, report) }
}

/// The same of a listener, whose time nobody asks for.
pub(crate) fn read_undated(section: &Section<'_>, report: &mut Report<'_>) -> Record {
    Record { attributes: read_attributes(section, report), ..read_tagged(section, report) }
}

/// The same of a rule, which has no attributes either.
pub(crate) fn read_tagged(section: &Section<'_>, report: &mut Report<'_>) -> Record {
    Record {
        id: section.value("id").and_then(|value| read_id(value, report)),
        tags: read_tags(section, "tags", report),
        ..Record::default()
    }
}

/// Whether the API made the table's load balancer, target group, listener or rule.
pub(crate) fn is_of_api(section: &Section<'_>) -> bool {
    section.value("id").is_some() || section.is_set("created")
}

fn read_id(value: &Value<'_>, report: &mut Report<'_>) -> Option<ResourceId> {
    let id = ResourceId::parse(value.text(report)?);
    if id.is_none() {
        let message = format!("{} = {} is not an id", value.name, value.written(report));
        value.refuse(report, message, "write 16 of the digits 0-9 a-f, or leave it out");
    }
    id
}

/// Reads tags, which are texts by their keys.
pub(crate) fn read_tags(
    section: &Section<'_>,
    name: &str,
    report: &mut Report<'_>,
) -> BTreeMap<String, String> {
    let Some(value) = section.value(name) else { return BTreeMap::new() };
    let mut tags = BTreeMap::new();
    for (key, value) in value.entries(report, "write tags = { team = \"shop\" }") {
        let Some(text) = value.text(report) else { continue };
        let lengths = [
            ("key", key.chars().count(), 1..=Record::TAG_KEY_CHARS_MAX),
            ("value", text.chars().count(), 0..=Record::TAG_VALUE_CHARS_MAX),
        ];
        for (what, chars, range) in lengths {
            if !range.contains(&chars) {
                let message = format!("the {what} of {} has {chars} characters", value.name);
                let help = format!("write {} to {}", range.start(), range.end());
                value.refuse(report, message, help);
            }
        }
        tags.insert(key.to_owned(), text.to_owned());
    }
    refuse_many(value, tags.len(), Record::TAGS_MAX, report);
    tags
}

/// Attributes by their ELBv2 names, whose dots may also make tables.
fn read_attributes(section: &Section<'_>, report: &mut Report<'_>) -> BTreeMap<String, String> {
    let Some(value) = section.value("attributes") else { return BTreeMap::new() };
    let mut attributes = BTreeMap::new();
    collect(value, "", &mut attributes, report);
    // What a stickiness was before it was switched off is kept here too.
    let acts = |name: &&String| section.acts_on(name) && !name.starts_with("stickiness.");
    let acting = attributes.keys().find(acts);
    if let Some(name) = acting.filter(|_| !is_of_api(section)) {
        let message = format!("{name:?} has no effect among attributes, which are only kept");
        let help = format!("write {name:?} in {} itself", section.label);
        report.warning(value.span.start, &value.path, message, help);
    }
    refuse_many(value, attributes.len(), Record::ATTRIBUTES_MAX, report);
    attributes
}

fn collect(
    value: &Value<'_>,
    prefix: &str,
    attributes: &mut BTreeMap<String, String>,
    report: &mut Report<'_>,
) {
    let help = "write attributes = { \"deletion_protection.enabled\" = \"true\" }";
    for (key, value) in value.entries(report, help) {
        let name = crate::section::join(prefix, key);
        if value.as_table().is_some() {
            collect(&value, &name, attributes, report);
            continue;
        }
        let Some(text) = value.text(report) else { continue };
        let max = Record::ATTRIBUTE_CHARS_MAX;
        if name.len() > max || text.len() > max {
            let message = format!("{} is too long", value.name);
            value.refuse(report, message, format!("write at most {max} characters"));
        }
        attributes.insert(name, text.to_owned());
    }
}

/// Notes an error where there are more than anybody could mean.
pub(crate) fn refuse_many(value: &Value<'_>, count: usize, max: usize, report: &mut Report<'_>) {
    if count > max {
        let message = format!("{} has {count} entries", value.name);
        value.refuse(report, message, format!("write at most {max}"));
    }
}

/// The ids of one kind of resource, where the file has them, and whether they are written there.
#[derive(Default)]
pub(crate) struct Ids(HashMap<ResourceId, (usize, bool)>);

impl Ids {
    /// Takes the id of a resource, written or derived; notes an error where another one has it.
    pub(crate) fn take(&mut self, id: ResourceId, section: &Section<'_>, report: &mut Report<'_>) {
        let (at, is_written) = (section.key_at("id"), section.is_set("id"));
        let first = self.0.insert(id, (at, is_written));
        // Two derived ones are two resources of one name, which is an error of its own.
        if let Some((first, _)) = first.filter(|(_, was_written)| is_written || *was_written) {
            let message =
                format!("the id {id} is that of the one on line {} already", report.line(first));
            let path = crate::section::join(&section.path, "id");
            report.error(at, &path, message, "remove it here: an id is derived from the name then");
        }
    }
}
