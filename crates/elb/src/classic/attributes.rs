//! `DescribeLoadBalancerAttributes` and `ModifyLoadBalancerAttributes`.

use std::collections::BTreeMap;

use clingfish_model::{DesyncMode, Edit, LoadBalancer, Place, Setting};

use super::{
    facts::{Draining, Facts},
    invalid,
};
use crate::{
    Code, Error, Input, Members, Plan, World,
    constraint::Constraint,
    v2::balancer::attributes::logs::{self, AccessLog},
};

/// Kept and returned: every client reaches every instance here.
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";

/// Minutes between two objects of a log. Kept and returned.
const LOG_INTERVAL: &str = "access_logs.s3.emit_interval";

/// The one of `AdditionalAttributes`.
const DESYNC: &str = "elb.http.desyncmitigationmode";

/// Most of them in a request, as AWS.
const ADDITIONAL_MAX: usize = 10;

/// What a request says; nothing where it is silent.
struct Request {
    cross_zone: Option<bool>,
    log: Option<Log>,
    draining: Option<(bool, Option<u64>)>,
    idle_seconds: Option<u64>,
    desync: Option<DesyncMode>,
}

/// `AccessLog`.
struct Log {
    log: AccessLog,
    interval: Option<i64>,
}

/// `DescribeLoadBalancerAttributes`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = world.named(input)?;
    Ok(Plan::read(Members::default().structure("LoadBalancerAttributes", members(balancer, world))))
}

/// `ModifyLoadBalancerAttributes`. Answers with all of them.
pub(super) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let request = input.structure("LoadBalancerAttributes", Request::read)?;
    let request = input.required("LoadBalancerAttributes", request)?;
    let edits = request.edits(world.classic(&name)?, world)?;
    Ok(Plan::change(name.clone(), edits, move |world| {
        Ok(Members::default()
            .text("LoadBalancerName", &name)
            .structure("LoadBalancerAttributes", members(world.classic(&name)?, world)))
    }))
}

fn members(balancer: &LoadBalancer, world: &World<'_>) -> Members {
    let kept = &balancer.record.attributes;
    let is_on = |key: &str| kept.get(key).is_some_and(|value| value == "true");
    let enabled = |is_on: bool| Members::default().value("Enabled", is_on);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let log = AccessLog::of(balancer, &world.desired.aws);
    let log = enabled(log.is_on)
        .some_text("S3BucketName", some(log.bucket))
        .some_text("EmitInterval", kept.get(LOG_INTERVAL))
        .some_text("S3BucketPrefix", some(log.prefix));
    let draining = Facts::of(balancer, world).draining;
    let idle = balancer.timeouts.idle.as_secs().max(1);
    let desync =
        Members::default().text("Key", DESYNC).text("Value", balancer.desync_mode.as_str());
    Members::default()
        .structure("CrossZoneLoadBalancing", enabled(is_on(CROSS_ZONE)))
        .structure("AccessLog", log)
        .structure(
            "ConnectionDraining",
            enabled(draining.enabled).value("Timeout", draining.seconds),
        )
        .structure("ConnectionSettings", Members::default().value("IdleTimeout", idle))
        .list("AdditionalAttributes", [desync])
}

impl Request {
    fn read(input: &mut Input) -> Result<Self, Error> {
        let enabled = |input: &mut Input| {
            let enabled = input.boolean("Enabled")?;
            input.required("Enabled", enabled)
        };
        let seconds = |number: i64| number.unsigned_abs();
        Ok(Self {
            cross_zone: input.structure("CrossZoneLoadBalancing", enabled)?,
            log: input.structure("AccessLog", |input| Log::read(enabled(input)?, input))?,
            draining: input.structure("ConnectionDraining", |input| {
                let most = i64::try_from(Draining::SECONDS_MAX).unwrap_or(i64::MAX);
                Ok((enabled(input)?, input.integer("Timeout", 1..=most)?.map(seconds)))
            })?,
            idle_seconds: input
                .structure("ConnectionSettings", |input| {
                    input.required_integer("IdleTimeout", 1..=3600)
                })?
                .map(seconds),
            desync: read_additional(input)?,
        })
    }

    fn edits(self, balancer: &LoadBalancer, world: &World<'_>) -> Result<Vec<Edit>, Error> {
        let before = Facts::of(balancer, world);
        let mut after = before.clone();
        if let Some(is_on) = self.cross_zone {
            keep(&mut after.attributes, CROSS_ZONE, is_on.then(|| "true".into()));
        }
        if let Some((enabled, seconds)) = self.draining {
            let seconds = seconds.unwrap_or(before.draining.seconds);
            after.draining = Draining { enabled, seconds };
            after.draining.keep(&mut after.attributes);
        }
        let place = || Place::LoadBalancer(balancer.name.clone());
        let mut edits = Vec::new();
        if let Some(Log { log, interval }) = self.log {
            let minutes = interval.or(log.is_on.then_some(60));
            let minutes = minutes.map(|minutes| minutes.to_string());
            keep(&mut after.attributes, LOG_INTERVAL, minutes);
            let was = AccessLog::of(balancer, &world.desired.aws);
            let (kept, aws) = (&mut after.attributes, &world.desired.aws);
            edits.extend(log.edit(&was, kept, place(), aws)?);
        }
        if let Some(seconds) = self.idle_seconds
            && balancer.timeouts.idle != std::time::Duration::from_secs(seconds)
        {
            edits.push(Edit::Set(place(), "idle_timeout", Setting::seconds(seconds)));
        }
        if let Some(mode) = self.desync.filter(|mode| *mode != balancer.desync_mode) {
            let mode = Setting::text(mode.as_str());
            edits.push(Edit::Set(place(), "desync_mitigation_mode", mode));
        }
        edits.extend(after.edits(&before, world)?);
        Ok(edits)
    }
}

impl Log {
    fn read(is_on: bool, input: &mut Input) -> Result<Self, Error> {
        let bucket = input.text("S3BucketName")?.unwrap_or_default();
        let prefix = input.text("S3BucketPrefix")?.unwrap_or_default();
        let interval = input.integer("EmitInterval", 0..=i64::MAX)?;
        if !bucket.is_empty() && !logs::is_bucket(&bucket) {
            return Err(invalid(format!("'{bucket}' is not a valid bucket name")));
        }
        if !prefix.is_empty() && !logs::is_prefix(&prefix) {
            return Err(invalid(format!("'{prefix}' is not a valid prefix")));
        }
        if is_on && bucket.is_empty() {
            return Err(invalid("S3BucketName must be specified to enable the access log"));
        }
        match interval {
            None | Some(5 | 60) => Ok(Self { log: AccessLog { is_on, bucket, prefix }, interval }),
            Some(other) => {
                Err(invalid(format!("EmitInterval must be 5 or 60 minutes, not {other}")))
            }
        }
    }
}

fn keep(attributes: &mut BTreeMap<String, String>, key: &str, value: Option<String>) {
    match value {
        Some(value) => drop(attributes.insert(key.into(), value)),
        None => drop(attributes.remove(key)),
    }
}

fn read_additional(input: &mut Input) -> Result<Option<DesyncMode>, Error> {
    let list = input.list("AdditionalAttributes", |input| {
        Ok((input.required_text("Key")?, input.required_text("Value")?))
    })?;
    let list = list.unwrap_or_default();
    if list.len() > ADDITIONAL_MAX {
        let at = "loadBalancerAttributes.additionalAttributes";
        return Err(Constraint::LengthAtMost(ADDITIONAL_MAX).broken_by(None, at));
    }
    let mut mode = None;
    for (key, value) in list {
        if key != DESYNC {
            let message = format!("The attribute '{key}' is not recognized");
            return Err(Error::new(Code::LoadBalancerAttributeNotFound, message));
        }
        let found = DesyncMode::ALL.into_iter().find(|mode| mode.as_str() == value);
        mode = Some(found.ok_or_else(|| {
            let words = DesyncMode::ALL.map(DesyncMode::as_str).join(", ");
            invalid(format!("'{DESYNC}' must be one of [{words}], not '{value}'"))
        })?);
    }
    Ok(mode)
}
