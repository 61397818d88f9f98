//! Targets of a group, one at a time.

use std::net::SocketAddr;

use clingfish_config::target_setting;
use clingfish_model::{Edit, Target, TargetAddress, TargetGroup, TargetId, Weight};
use serde_json::{Map, Value};

use super::{
    change::{self, check_address, make, name},
    created,
    fault::Fault,
    groups::no_target,
    wire,
};
use crate::{
    admin::{
        asked::{Answer, Asked},
        desk::Desk,
    },
    change::{Base, Outline},
};

const KEYS: [&str; 6] = ["id", "address", "weight", "zone", "drain", "known_as"];

/// Adds a target, whose address is no name: names are for the file, whose author is not a stranger.
pub(super) async fn add(desk: &Desk, asked: &Asked, wanted: &str) -> Result<Answer, Fault> {
    let (group, fields) = (name(wanted)?, wire::object(&asked.body)?);
    wire::only(&fields, &KEYS)?;
    let text = wire::text(&fields, "address")?.ok_or_else(no_address)?;
    let address: SocketAddr = text.parse().map_err(|_| no_address())?;
    check_address(address, desk.address)?;
    let id = wire::text(&fields, "id")?.unwrap_or(text);
    let id = TargetId::new(id).map_err(|error| Fault::invalid(error.to_string()))?;
    let bare = Target {
        id: id.clone(),
        address: TargetAddress::Socket(address),
        weight: Weight::default(),
        zone: None,
        drain: false,
        known_as: None,
    };
    let target = amended(&bare, &fields)?;
    let place = format!("/v1/target-groups/{wanted}/targets/{}", escaped(id.as_str()));
    let plan = move |base: &Base| {
        let spec = change::group(base, &group)?;
        if spec.targets.iter().any(|known| known.id == target.id) {
            return Err(Fault::conflict(format!("{group} has a target {} already", target.id)));
        }
        let edit = Edit::AddTarget(group.clone(), target_setting(&target));
        Ok((Outline::Edits(vec![edit]), vec![format!("target {} of {group}", target.id)]))
    };
    make(desk, asked, "POST target", plan).await.map(|answer| created(answer, &place))
}

/// Changes drain, weight, zone or name of a target, which keeps its sessions: it is known by its id.
pub(super) async fn change(
    desk: &Desk,
    asked: &Asked,
    wanted: &str,
    id: &str,
) -> Result<Answer, Fault> {
    let (group, fields) = (name(wanted)?, wire::object(&asked.body)?);
    wire::only(&fields, &["weight", "zone", "drain", "known_as"])?;
    let id = id.to_owned();
    let plan = move |base: &Base| {
        let before = find(change::group(base, &group)?, &id)?;
        let after = amended(before, &fields)?;
        let touched = vec![format!("target {id} of {group}")];
        if after == *before {
            return Ok((Outline::Nothing, touched));
        }
        let edit = Edit::SetTarget(group.clone(), before.id.clone(), target_setting(&after));
        Ok((Outline::Edits(vec![edit]), touched))
    };
    make(desk, asked, "PATCH target", plan).await
}

/// Takes a target out, which finishes what it has.
pub(super) async fn remove(
    desk: &Desk,
    asked: &Asked,
    wanted: &str,
    id: &str,
) -> Result<Answer, Fault> {
    let (group, id) = (name(wanted)?, id.to_owned());
    let plan = move |base: &Base| {
        let target = find(change::group(base, &group)?, &id)?;
        let edit = Edit::RemoveTarget(group.clone(), target.id.clone());
        Ok((Outline::Edits(vec![edit]), vec![format!("target {id} of {group}")]))
    };
    make(desk, asked, "DELETE target", plan).await
}

fn find<'a>(group: &'a TargetGroup, id: &str) -> Result<&'a Target, Fault> {
    let found = group.targets.iter().find(|target| target.id.as_str() == id);
    found.ok_or_else(|| no_target(id, group.name.as_str()))
}

/// The target with these fields; null is a field's default.
fn amended(target: &Target, fields: &Map<String, Value>) -> Result<Target, Fault> {
    let mut target = target.clone();
    if let Some(weight) = fields.get("weight") {
        let new = || Weight::new(weight.as_u64()?);
        let new = if weight.is_null() { Some(Weight::default()) } else { new() };
        let wrong = || Fault::invalid(format!("weight is a number from 0 to {}", Weight::MAX));
        target.weight = new.ok_or_else(wrong)?;
    }
    if let Some(drain) = fields.get("drain") {
        let new = if drain.is_null() { Some(false) } else { drain.as_bool() };
        target.drain = new.ok_or_else(|| Fault::invalid("drain is true or false"))?;
    }
    if fields.contains_key("zone") {
        target.zone = wire::text(fields, "zone")?
            .map(clingfish_model::Name::new)
            .transpose()
            .map_err(|error| Fault::invalid(format!("zone: {error}")))?;
    }
    if fields.contains_key("known_as") {
        target.known_as = wire::text(fields, "known_as")?.map(str::to_owned);
    }
    Ok(target)
}

fn no_address() -> Fault {
    Fault::invalid(
        "address is an IP address and a port, such as \"10.0.0.1:3000\"; names are for the file",
    )
}

/// An id as a path has it.
fn escaped(id: &str) -> String {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~:@!$&'()*+,;=".contains(&c);
    id.bytes()
        .map(|c| if is_plain(c) { char::from(c).to_string() } else { format!("%{c:02X}") })
        .collect()
}
