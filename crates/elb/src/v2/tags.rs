//! Tags, which load balancers, target groups, listeners and rules have: `AddTags`, `RemoveTags`, `DescribeTags`.

use std::collections::{BTreeMap, BTreeSet};

use clingfish_model::{Edit, Place, Record, Setting};

use crate::{
    Code, Error, Input, Members, Plan, World,
    arn::Arn,
    constraint::{Constraint, Pattern},
    v2::balancer::shown,
};

/// Tags by their keys.
pub(crate) type Tags = BTreeMap<String, String>;

/// Most resources of a `DescribeTags`, as AWS.
const RESOURCES_MAX: usize = 20;

/// What keys and values are made of.
const PATTERN: Pattern = Pattern {
    text: r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
    accepts: |text| text.chars().all(is_legal),
};

/// Prefix of the keys that are AWS's own.
const RESERVED: &str = "aws:";

fn is_legal(character: char) -> bool {
    let is_space = character.is_whitespace() && !character.is_control();
    character.is_alphanumeric() || is_space || "_.:/=+-@".contains(character)
}

/// Reads `Tags` of an action that makes something; none where there are none.
pub(crate) fn read(input: &mut Input) -> Result<Tags, Error> {
    let list = input.list("Tags", read_one)?.unwrap_or_default();
    collect(list)
}

/// Tags as the file writes them.
pub(crate) fn setting(tags: &Tags) -> Setting {
    Setting::table(tags.iter().map(|(key, value)| (key.clone(), Setting::text(value))))
}

/// Tags as an answer lists them.
pub(crate) fn members(tags: &Tags) -> impl Iterator<Item = Members> {
    tags.iter().map(|(key, value)| Members::default().text("Key", key).text("Value", value))
}

/// `AddTags`.
pub(super) fn add(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arns = read_arns(input)?;
    let list = input.required_list("Tags", read_one)?;
    refuse_empty(&list, "tags")?;
    let added = collect(list)?;
    change(&arns, world, |tags| tags.extend(added.clone()))
}

/// `RemoveTags`. Keys that a resource does not have are no error.
pub(super) fn remove(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arns = read_arns(input)?;
    let keys = input.required_list_of_text("TagKeys")?;
    refuse_empty(&keys, "tagKeys")?;
    change(&arns, world, |tags| tags.retain(|key, _| !keys.contains(key)))
}

/// `DescribeTags`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arns = read_arns(input)?;
    if arns.len() > RESOURCES_MAX {
        let list = format!("[{}]", arns.join(", "));
        return Err(Constraint::LengthAtMost(RESOURCES_MAX).broken_by(Some(&list), "resourceArns"));
    }
    let describe = |arn: &String| {
        let tags = members(Tagged::find(arn, world)?.tags);
        Ok(Members::default().text("ResourceArn", arn).list("Tags", tags))
    };
    let descriptions = arns.iter().map(describe).collect::<Result<Vec<_>, Error>>()?;
    Ok(Plan::read(Members::default().list("TagDescriptions", descriptions)))
}

/// Gives each of these resources other tags, or none of them.
fn change(
    arns: &[String],
    world: &World<'_>,
    mut alter: impl FnMut(&mut Tags),
) -> Result<Plan, Error> {
    let mut plan = Plan::read(Members::default());
    for arn in arns {
        let resource = Tagged::find(arn, world)?;
        let mut tags = resource.tags.clone();
        alter(&mut tags);
        // What the file has too many of already may become fewer.
        if tags.len() > Record::TAGS_MAX && tags.len() > resource.tags.len() {
            return Err(too_many());
        }
        if tags != *resource.tags {
            plan.edits.push(resource.edit(&tags));
            plan.touched.push(arn.clone());
        }
    }
    Ok(plan)
}

/// A resource that has tags.
struct Tagged<'a> {
    place: Place,
    key: &'static str,
    tags: &'a Tags,
}

impl<'a> Tagged<'a> {
    fn find(arn: &str, world: &'a World<'_>) -> Result<Self, Error> {
        let kind: Arn =
            arn.parse().map_err(|_| Error::validation(format!("'{arn}' is not a valid ARN")))?;
        let resource = match kind {
            Arn::LoadBalancer(_) => {
                let balancer = shown(arn, world)?;
                Self::new(Place::LoadBalancer(balancer.name.clone()), &balancer.record)
            }
            Arn::TargetGroup(_) => {
                let group = world.group(arn)?;
                Self::new(Place::TargetGroup(group.name.clone()), &group.record)
            }
            Arn::Listener(_) => {
                let listener = world.listener(arn)?;
                Self::new(Place::Listener(listener.name.clone()), &listener.record)
            }
            Arn::Rule(_) => match world.rule(arn)? {
                (listener, Some(rule)) => {
                    let place = Place::Rule(listener.name.clone(), rule.priority());
                    Self::new(place, rule.record())
                }
                (listener, None) => Self {
                    place: Place::Listener(listener.name.clone()),
                    key: "default_rule_tags",
                    tags: &listener.default_rule_tags,
                },
            },
        };
        Ok(resource)
    }

    fn new(place: Place, record: &'a Record) -> Self {
        Self { place, key: "tags", tags: &record.tags }
    }

    fn edit(self, tags: &Tags) -> Edit {
        match tags.is_empty() {
            true => Edit::Unset(self.place, self.key),
            false => Edit::Set(self.place, self.key, setting(tags)),
        }
    }
}

/// Each is there once, in the order in which they came.
fn read_arns(input: &mut Input) -> Result<Vec<String>, Error> {
    let mut arns = input.required_list_of_text("ResourceArns")?;
    let mut seen = BTreeSet::new();
    arns.retain(|arn| seen.insert(arn.clone()));
    refuse_empty(&arns, "resourceArns")?;
    Ok(arns)
}

fn refuse_empty<T>(list: &[T], at: &str) -> Result<(), Error> {
    match list {
        [] => Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), at)),
        _ => Ok(()),
    }
}

fn read_one(input: &mut Input) -> Result<(String, String), Error> {
    let key = read_part(input, "Key", 1..=Record::TAG_KEY_CHARS_MAX)?;
    let key = input.required("Key", key)?;
    if key.starts_with(RESERVED) {
        return Err(Error::validation(format!(
            "Tag key '{key}' is reserved: {RESERVED} prefixed tag keys are not allowed for external use"
        )));
    }
    Ok((key, read_part(input, "Value", 0..=Record::TAG_VALUE_CHARS_MAX)?.unwrap_or_default()))
}

fn read_part(
    input: &mut Input,
    name: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<Option<String>, Error> {
    let text = input.sized_text(name, length)?;
    match text {
        Some(text) if !(PATTERN.accepts)(&text) => {
            Err(Constraint::Pattern(PATTERN.text).broken_by(Some(&text), &input.at(name)))
        }
        text => Ok(text),
    }
}

fn collect(list: Vec<(String, String)>) -> Result<Tags, Error> {
    let mut tags = Tags::new();
    for (key, value) in list {
        if tags.contains_key(&key) {
            let message = format!("Tag key '{key}' is specified more than once");
            return Err(Error::new(Code::DuplicateTagKeys, message));
        }
        tags.insert(key, value);
    }
    if tags.len() > Record::TAGS_MAX {
        return Err(too_many());
    }
    Ok(tags)
}

pub(crate) fn too_many() -> Error {
    let message = format!("The number of tags of a resource cannot exceed {}", Record::TAGS_MAX);
    Error::new(Code::TooManyTags, message)
}
