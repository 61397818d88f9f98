//! `DescribeLoadBalancerAttributes` and `ModifyLoadBalancerAttributes`.

pub(crate) mod logs;
mod table;

use std::collections::BTreeSet;

use clingfish_model::{Edit, LoadBalancer, Place, Setting, elb::Aws};

use super::shown;
use crate::{
    Code, Error, Input, Members, Plan, World,
    constraint::{Constraint, Pattern},
};
use logs::AccessLog;
use table::{ATTRIBUTES, Attribute, Home, OF_OTHER_TYPES, PROTECTION};

/// Most attributes of a request, as AWS.
const COUNT_MAX: usize = 20;

/// Most characters of a key and of a value.
const KEY_LEN_MAX: usize = 256;
const VALUE_LEN_MAX: usize = 1024;

/// What keys are made of.
const KEY: Pattern = Pattern {
    text: "^[a-zA-Z0-9._]+$",
    accepts: |text| text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_')),
};

/// `DescribeLoadBalancerAttributes`.
pub(crate) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    Ok(Plan::read(members(shown(&arn, world)?, &world.desired.aws)))
}

/// `ModifyLoadBalancerAttributes`. Answers with all of them.
pub(crate) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let changes = input.required_list("Attributes", read_one)?;
    if changes.len() > COUNT_MAX {
        let keys: Vec<_> = changes.iter().map(|(attribute, _)| attribute.key).collect();
        let keys = format!("[{}]", keys.join(", "));
        return Err(Constraint::LengthAtMost(COUNT_MAX).broken_by(Some(&keys), "attributes"));
    }
    let balancer = shown(&arn, world)?;
    let edits = plan(balancer, &changes, &world.desired.aws)?;
    Ok(Plan::change(arn.clone(), edits, move |world| {
        Ok(members(world.balancer(&arn)?, &world.desired.aws))
    }))
}

/// Whether it may not be deleted.
pub(super) fn is_protected(balancer: &LoadBalancer) -> bool {
    balancer.record.attributes.get(PROTECTION).is_some_and(|value| value == "true")
}

/// All attributes with their values.
fn members(balancer: &LoadBalancer, aws: &Aws) -> Members {
    let attributes = ATTRIBUTES.iter().map(|attribute| {
        let value = attribute.value_of(balancer, aws);
        Members::default().text("Key", attribute.key).text("Value", value)
    });
    Members::default().list("Attributes", attributes)
}

/// What has to change so that these attributes have these values.
fn plan(
    balancer: &LoadBalancer,
    changes: &[(&Attribute, String)],
    aws: &Aws,
) -> Result<Vec<Edit>, Error> {
    let place = || Place::LoadBalancer(balancer.name.clone());
    let mut kept = balancer.record.attributes.clone();
    let log_before = AccessLog::of(balancer, aws);
    let mut log = log_before.clone();
    let mut edits = Vec::new();
    let mut seen = BTreeSet::new();
    for (attribute, value) in changes {
        if !seen.insert(attribute.key) {
            let message = format!(
                "Load balancer attribute key '{}' is specified more than once",
                attribute.key
            );
            return Err(Error::validation(message));
        }
        if *value == attribute.value_of(balancer, aws) {
            continue;
        }
        attribute.judge(value)?;
        match &attribute.home {
            Home::Acts { key, write, .. } => edits.push(Edit::Set(place(), key, write(value))),
            Home::Log(part) => log.set(*part, value),
            Home::Kept(default) if value == default(balancer) => drop(kept.remove(attribute.key)),
            Home::Kept(_) => drop(kept.insert(attribute.key.into(), value.clone())),
        }
    }
    logs::judge(&kept)?;
    edits.extend(log.edit(&log_before, &mut kept, place(), aws)?);
    if kept != balancer.record.attributes {
        edits.push(match kept.is_empty() {
            true => Edit::Unset(place(), "attributes"),
            false => {
                let entries = kept.into_iter().map(|(key, value)| (key, Setting::Text(value)));
                Edit::Set(place(), "attributes", Setting::table(entries))
            }
        });
    }
    Ok(edits)
}

fn read_one(input: &mut Input) -> Result<(&'static Attribute, String), Error> {
    let key = input.sized_text("Key", 0..=KEY_LEN_MAX)?;
    let key = input.required("Key", key)?;
    if key.is_empty() || !(KEY.accepts)(&key) {
        return Err(Constraint::Pattern(KEY.text).broken_by(Some(&key), &input.at("Key")));
    }
    let value = input.sized_text("Value", 0..=VALUE_LEN_MAX)?;
    let Some(attribute) = ATTRIBUTES.iter().find(|attribute| attribute.key == key) else {
        return Err(unknown(&key));
    };
    Ok((attribute, input.required("Value", value)?))
}

/// Terraform looks for these words, and goes on without the key.
fn unknown(key: &str) -> Error {
    let subject = format!("Load balancer attribute key '{key}'");
    match OF_OTHER_TYPES.contains(&key) {
        false => Error::validation(format!("{subject} is not recognized")),
        true => Error::new(
            Code::InvalidConfigurationRequest,
            format!("{subject} is not supported on load balancers with type 'application'"),
        ),
    }
}
