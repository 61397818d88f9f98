//! Target groups: what they are set to, and how their targets are.

use std::collections::{BTreeMap, HashMap};

use clingfish_config::{target_group_key, target_group_settings, target_group_table};
use clingfish_elb::Observed as _;
use clingfish_health::Registration;
use clingfish_model::{
    DesiredState, Edit, Name, Place, Record, Setting, TargetGroup, TargetHash,
    limits::{ACTIVE_SESSION_WINDOW, TARGETS_MAX},
};
use clingfish_snapshot::{Group, LiveSessions, Target};
use serde_json::{Map, Value, json};

use super::{
    change::{self, make, name, no_group},
    fault::Fault,
    wire,
};
use crate::{
    admin::{
        asked::{Answer, Asked},
        desk::Desk,
    },
    change::{Base, Outline},
    clock,
    observed::Sighting,
    status::Enforced,
};

/// Keys that are not for PATCH, and what to do instead.
const ELSEWHERE: [(&str, &str); 3] = [
    ("targets", "use POST, PATCH and DELETE below /v1/target-groups/NAME/targets"),
    ("id", "it is in ARNs; edit the file to change it"),
    ("created", "it is a fact"),
];

/// Tables whose keys are free.
const FREE: [&str; 2] = ["tags", "attributes"];

/// Listeners of a group that none forwards to.
const NOBODY: Vec<&str> = Vec::new();

pub(super) fn groups(now: &Enforced) -> Value {
    let (sighting, users) = (Sighting::of(&now.snapshot), users(&now.desired));
    let row = |group: &TargetGroup| {
        let targets = sighting.targets(&group.name);
        let healthy = targets.iter().filter(|target| target.state == "healthy").count();
        json!({
            "name": group.name.as_str(),
            "id": group.id().to_string(),
            "stickiness": group.stickiness.kind(),
            "algorithm": group.algorithm.as_str(),
            "targets": group.targets.len(),
            "healthy_targets": healthy,
            "listeners": users.get(&group.name).unwrap_or(&NOBODY),
        })
    };
    json!({ "target_groups": now.desired.target_groups.iter().map(row).collect::<Value>() })
}

pub(super) fn group(now: &Enforced, wanted: &str) -> Result<Value, Fault> {
    let (spec, users) = (spec(now, wanted)?, users(&now.desired));
    Ok(json!({
        "name": spec.name.as_str(),
        "id": spec.id().to_string(),
        "listeners": users.get(&spec.name).unwrap_or(&NOBODY),
        "settings": wire::table(&target_group_settings(spec)),
        "targets": rows(now, spec),
    }))
}

pub(super) fn targets(now: &Enforced, wanted: &str) -> Result<Value, Fault> {
    Ok(json!({ "targets": rows(now, spec(now, wanted)?) }))
}

pub(super) fn target(now: &Enforced, wanted: &str, id: &str) -> Result<Value, Fault> {
    let rows = rows(now, spec(now, wanted)?);
    let found = rows.into_iter().find(|row| row.get("id").and_then(Value::as_str) == Some(id));
    found.ok_or_else(|| no_target(id, wanted))
}

pub(super) fn no_target(id: &str, group: &str) -> Fault {
    Fault::not_found(format!("{group} has no target {id:?}; see /v1/target-groups/{group}/targets"))
}

/// Merges a JSON object into a group's settings (RFC 7396): null takes a key away.
pub(super) async fn patch(desk: &Desk, asked: &Asked, wanted: &str) -> Result<Answer, Fault> {
    let (group, fields) = (name(wanted)?, wire::object(&asked.body)?);
    for (key, instead) in ELSEWHERE {
        if fields.contains_key(key) {
            return Err(Fault::invalid(format!("{key} is not changed here: {instead}")));
        }
    }
    let plan = move |base: &Base| {
        let spec = change::group(base, &group)?;
        let mut edits = Vec::new();
        merge(&mut edits, &Place::TargetGroup(group.clone()), "", &fields, &spec.record)?;
        Ok((Outline::Edits(edits), vec![format!("target group {group}")]))
    };
    make(desk, asked, "PATCH target group", plan).await
}

/// Gives a group other stickiness, as a whole.
pub(super) async fn replace_stickiness(
    desk: &Desk,
    asked: &Asked,
    wanted: &str,
) -> Result<Answer, Fault> {
    let (group, fields) = (name(wanted)?, wire::object(&asked.body)?);
    for key in fields.keys() {
        target_group_key(&format!("stickiness.{key}")).or_else(|unknown| {
            let table = target_group_table(&format!("stickiness.{key}"));
            table.ok_or_else(|| Fault::invalid(unknown.to_string()))
        })?;
    }
    let table = wire::setting("stickiness", &Value::Object(fields))?;
    let plan = move |base: &Base| {
        change::group(base, &group)?;
        let place = || Place::TargetGroup(group.clone());
        let edits = table.clone().map(|table| Edit::Set(place(), "stickiness", table));
        let edits = edits.into_iter().collect();
        Ok((Outline::Edits(edits), vec![format!("target group {group}")]))
    };
    make(desk, asked, "PUT stickiness", plan).await
}

fn merge(
    edits: &mut Vec<Edit>,
    place: &Place,
    prefix: &str,
    fields: &Map<String, Value>,
    record: &Record,
) -> Result<(), Fault> {
    for (key, value) in fields {
        let written = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let unknown = |unknown: clingfish_config::UnknownKey| Fault::invalid(unknown.to_string());
        if let Some(free) = FREE.iter().find(|free| **free == written) {
            let kept = if *free == "tags" { &record.tags } else { &record.attributes };
            edits.push(Edit::Set(place.clone(), free, merged(free, value, kept)?));
            continue;
        }
        match (value, target_group_table(&written)) {
            (Value::Object(inner), Some(_)) => merge(edits, place, &written, inner, record)?,
            (Value::Null, Some(table)) => edits.push(Edit::Unset(place.clone(), table)),
            (value, _) => {
                let known = target_group_key(&written).map_err(unknown)?;
                edits.push(match wire::setting(&written, value)? {
                    Some(setting) => Edit::Set(place.clone(), known, setting),
                    None => Edit::Unset(place.clone(), known),
                });
            }
        }
    }
    Ok(())
}

/// A table of texts with these merged in.
fn merged(key: &str, value: &Value, kept: &BTreeMap<String, String>) -> Result<Setting, Fault> {
    let wrong = || Fault::invalid(format!("{key} is a table of texts"));
    let mut texts = kept.clone();
    match value {
        Value::Null => texts.clear(),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Null => drop(texts.remove(name)),
                    Value::String(text) => drop(texts.insert(name.clone(), text.clone())),
                    _ => return Err(wrong()),
                }
            }
        }
        _ => return Err(wrong()),
    }
    Ok(Setting::table(texts.into_iter().map(|(name, text)| (name, Setting::Text(text)))))
}

pub(super) fn spec<'a>(now: &'a Enforced, wanted: &str) -> Result<&'a TargetGroup, Fault> {
    let found = Name::new(wanted).ok().and_then(|name| now.desired.target_group(&name));
    found.ok_or_else(|| no_group(wanted))
}

/// Listeners that send requests to each group, by whatever rule.
fn users(desired: &DesiredState) -> HashMap<&Name, Vec<&str>> {
    let mut users: HashMap<&Name, Vec<&str>> = HashMap::new();
    for listener in &desired.listeners {
        for group in listener.groups() {
            let users = users.entry(group).or_default();
            if users.last() != Some(&listener.name.as_str()) {
                users.push(listener.name.as_str());
            }
        }
    }
    users
}

/// Targets of a group, those that are leaving last.
fn rows(now: &Enforced, spec: &TargetGroup) -> Vec<Value> {
    let sighting = Sighting::of(&now.snapshot);
    let Some(sighted) = sighting.group(&spec.name) else {
        return Vec::new();
    };
    let group = sighted.group;
    let sessions = sessions(group);
    let row = |target, registration, is_leaving| {
        row(group, target, registration, is_leaving, sessions.as_ref())
    };
    let staying = group.targets.iter();
    let staying = staying.map(|target| row(target, sighted.registration(target), false));
    let leaving = sighted.leaving.iter();
    let leaving = leaving.map(|target| row(target, Registration::Draining, true));
    staying.chain(leaving).collect()
}

/// Learned sessions by home, where there is a table of them: all that are live, and those that are active.
fn sessions(group: &Group) -> Option<[HashMap<TargetHash, u64>; 2]> {
    let (table, now) = (&group.learned()?.table, clock::wall());
    let windows = [group.session_window(), ACTIVE_SESSION_WINDOW];
    Some(windows.map(|window| table.count_by_target(now, window, TARGETS_MAX).by_target))
}

/// How many sessions live on each target of a group, in the order of its targets.
pub(super) fn live_now(group: &Group) -> Vec<LiveSessions> {
    let sessions = sessions(group);
    group.targets.iter().map(|target| live(group, target, sessions.as_ref())).collect()
}

/// How many sessions live on a target: counted now, where there is a table, else as of a few seconds ago.
fn live(
    group: &Group,
    target: &Target,
    sessions: Option<&[HashMap<TargetHash, u64>; 2]>,
) -> LiveSessions {
    let Some(counts) = sessions else { return group.live_sessions(target) };
    let [in_duration, in_5m] =
        counts.each_ref().map(|count| count.get(&target.hash).copied().unwrap_or_default());
    LiveSessions { in_duration, in_5m, is_exact: true }
}

fn row(
    group: &Group,
    target: &Target,
    registration: Registration,
    is_leaving: bool,
    sessions: Option<&[HashMap<TargetHash, u64>; 2]>,
) -> Value {
    let (state, reason) = target.cell.health().report(registration);
    let configured = group.spec.targets.get(target.origin).filter(|_| !is_leaving);
    let live = group.is_sticky().then(|| live(group, target, sessions));
    json!({
        "id": target.id.as_str(),
        "address": target.address.to_string(),
        "configured_as": configured.map(|configured| configured.id.as_str()),
        "zone": target.zone.as_ref().map(Name::as_str),
        "weight": target.weight.value(),
        "drain": target.drain,
        "drain_announced": target.cell.announces_drain(),
        "leaving": is_leaving,
        "health": {
            "state": state.as_str(),
            "reason": reason.map(|reason| reason.code()),
            "description": reason.map(|reason| reason.description().into_owned()),
        },
        "anomalous": target.cell.is_anomalous(),
        "in_flight": target.cell.in_flight(),
        "open_streams": target.cell.open_streams(),
        "sessions": live.map(|live| live.in_duration),
        "active_sessions": live.map(|live| live.in_5m),
        "sessions_exact": live.is_some_and(|live| live.is_exact),
    })
}
