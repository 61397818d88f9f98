//! The targets of a group: addresses, or tables of more.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
};

use clingfish_model::{
    Target, TargetAddress, TargetId, Weight, limits::TARGETS_MAX, stickiness::ForeignCookie,
};

use crate::{address, keys, report::Report, section::Section, value::Value};

const HELP: &str = "write targets = [\"10.0.0.1:3000\", \"10.0.0.2:3000\"]";

/// Reads the list `targets` of `group`.
pub(crate) fn read(value: &Value<'_>, group: &Section<'_>, report: &mut Report<'_>) -> Vec<Target> {
    let elements = value.list(report, HELP);
    if elements.len() > TARGETS_MAX {
        let message = format!("{} has {} targets", group.label, elements.len());
        let help = format!("use at most {TARGETS_MAX} targets in a group");
        value.refuse(report, message, help);
    }
    let mut ids = Seen::default();
    let mut addresses = Seen::default();
    let mut targets = Vec::with_capacity(elements.len());
    for element in &elements {
        let Some(target) = read_one(element, group, report) else {
            continue;
        };
        let at = element.span.start;
        if let Some(first) = ids.again(&target.id, at) {
            let message =
                format!("target {} is there already, on line {}", target.id, report.line(first));
            let help = "remove one of them, or give each an id of its own";
            element.refuse(report, message, help);
        } else if let Some(first) = addresses.again(&same_address(&target.address), at) {
            let message = format!(
                "target {} has the address of the one on line {}",
                target.id,
                report.line(first)
            );
            let help = "fine for tests; otherwise both hold sessions of one process";
            report.warning(at, &element.path, message, help);
        }
        targets.push(target);
    }
    targets
}

fn read_one(value: &Value<'_>, group: &Section<'_>, report: &mut Report<'_>) -> Option<Target> {
    if value.as_table().is_none() {
        return read_address(value, report).map(|(address, id)| plain(address, id));
    }
    let label = format!("a target of {}", group.label);
    let section = Section::read(value, label, &keys::TARGET, report)?;
    let address = section.required("address", report, "write address = \"10.0.0.1:3000\"");
    let address = address.and_then(|value| read_address(value, report));
    let id = section.value("id").map(|value| read_id(value, report));
    let weight = section.integer("weight", 0..=u64::from(Weight::MAX), report);
    let zone = section.value("zone").and_then(|value| value.name(report));
    let drain = section.bool("drain", false, report);
    let known_as = section.value("known_as").and_then(|value| read_known_as(value, report));
    let (address, written) = address?;
    Some(Target {
        id: id.unwrap_or(Some(written))?,
        weight: weight.and_then(Weight::new).unwrap_or_default(),
        zone,
        drain,
        address,
        known_as,
    })
}

fn plain(address: TargetAddress, id: TargetId) -> Target {
    Target { id, address, weight: Weight::default(), zone: None, drain: false, known_as: None }
}

/// The address, and the id that it is where none is given: the address as written.
fn read_address(value: &Value<'_>, report: &mut Report<'_>) -> Option<(TargetAddress, TargetId)> {
    let text = value.text(report)?;
    let address = address::parse_target(text)
        .map_err(|bad| value.refuse(report, bad.message, bad.help))
        .ok()?;
    Some((address, read_id(value, report)?))
}

fn read_id(value: &Value<'_>, report: &mut Report<'_>) -> Option<TargetId> {
    TargetId::new(value.text(report)?).map_err(|error| value.refuse_error(report, &error)).ok()
}

/// What stands in a cookie's value: any that can come back as it went.
fn read_known_as(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    let is_good = |c: u8| c.is_ascii_graphic() && !matches!(c, b'"' | b',' | b';' | b'\\');
    if !(1..=ForeignCookie::VALUE_BYTES_MAX).contains(&text.len()) || !text.bytes().all(is_good) {
        let message =
            format!("{} = {} cannot stand in a cookie", value.name, value.written(report));
        value.refuse(report, message, "write the name that the other balancer had for this target");
        return None;
    }
    Some(text.to_owned())
}

/// Names are the same in any case.
fn same_address(address: &TargetAddress) -> TargetAddress {
    match address {
        TargetAddress::Host { name, port } => {
            TargetAddress::Host { name: name.to_ascii_lowercase(), port: *port }
        }
        TargetAddress::Socket(_) => address.clone(),
    }
}

/// Where each thing was seen first.
struct Seen<T>(HashMap<T, usize>);

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Eq + Hash + Clone> Seen<T> {
    /// Where it was seen before, if it was.
    fn again(&mut self, thing: &T, at: usize) -> Option<usize> {
        match self.0.entry(thing.clone()) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(at);
                None
            }
        }
    }
}
