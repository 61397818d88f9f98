//! Attributes of target groups.
//!
//! A request's values are judged one by one, then all that the group would have is judged as a whole. Stickiness that is off leaves the file's
//! `stickiness` table; what was said of it is kept among the file's `attributes`, as AWS keeps it.

mod couplings;
mod key;
mod stickiness;

use std::collections::BTreeMap;

use clingfish_model::{Edit, Place, Setting, TargetGroup};

use super::after;
use crate::{Code, Error, Input, Members, Plan, World};

use key::{Key, Values};

/// Plans `DescribeTargetGroupAttributes`.
pub(in crate::v2) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("TargetGroupArn")?;
    Ok(Plan::read(show(&Values::of(world.group(&arn)?))))
}

/// Plans `ModifyTargetGroupAttributes`.
pub(in crate::v2) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("TargetGroupArn")?;
    let attributes = input.required_list("Attributes", read_one)?;
    let group = world.group(&arn)?;
    let current = Values::of(group);
    let mut wanted = current.clone();
    let mut given = Vec::new();
    for (name, text) in attributes {
        let key = Key::named(&name, group)?;
        if given.contains(&key) {
            let message = format!("Target group attribute key '{name}' is given twice");
            return Err(Error::validation(message));
        }
        if *current.get(key) != text {
            wanted.set(key, key.read(&text, group)?);
        }
        given.push(key);
    }
    stickiness::forget_ours(&mut wanted);
    couplings::judge(group, &current, &wanted, &given, world)?;
    let group_arn = world.group_arn(group);
    Ok(Plan::change(arn, edits(group, &current, &wanted), move |world| {
        Ok(show(&Values::of(after(world, &group_arn)?)))
    }))
}

fn read_one(input: &mut Input) -> Result<(String, String), Error> {
    let key = input.sized_text("Key", 0..=256)?;
    let key = input.required("Key", key)?;
    Ok((key, input.text("Value")?.unwrap_or_default()))
}

fn show(values: &Values) -> Members {
    let one =
        |key: Key| Members::default().text("Key", key.as_str()).text("Value", values.get(key));
    Members::default().list("Attributes", Key::ALL.map(one))
}

/// What is to be written so that the group has these attributes.
fn edits(group: &TargetGroup, current: &Values, wanted: &Values) -> Vec<Edit> {
    let place = Place::TargetGroup(group.name.clone());
    let mut edits = Vec::new();
    for key in Key::ALL.into_iter().filter(|key| current.get(*key) != wanted.get(*key)) {
        if let Some((name, setting)) = key.setting(wanted.get(key)) {
            edits.push(Edit::Set(place.clone(), name, setting));
        }
    }
    edits.extend(stickiness::edits(group, current, wanted));
    let kept = kept(group, wanted);
    if kept != group.record.attributes {
        edits.push(if kept.is_empty() {
            Edit::Unset(place, "attributes")
        } else {
            let table = kept.into_iter().map(|(name, text)| (name, Setting::Text(text)));
            Edit::Set(place, "attributes", Setting::table(table))
        });
    }
    edits
}

/// What the file keeps among `attributes`: of stickiness, that which its own table does not say.
fn kept(group: &TargetGroup, wanted: &Values) -> BTreeMap<String, String> {
    let mut kept = group.record.attributes.clone();
    for key in Key::OF_STICKINESS {
        let text = wanted.get(key);
        if stickiness::is_said(key, wanted) || text == key.default() {
            kept.remove(key.as_str());
        } else {
            kept.insert(key.as_str().into(), text.into());
        }
    }
    kept
}

/// A refusal of what does not go together.
fn conflict(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidConfigurationRequest, message)
}
