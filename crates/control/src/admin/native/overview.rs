//! What there is, at a glance: the API itself, the state, keys and counts.

use clingfish_snapshot::Snapshot;
use serde_json::{Value, json};

use super::{route::ROUTES, wire};
use crate::{
    admin::desk::Desk,
    clock,
    keys::KeyState,
    metrics::Metrics,
    status::{Enforced, Phase},
};

pub(super) fn index(desk: &Desk) -> Value {
    let mut links: Vec<&str> = ROUTES.iter().map(|(_, path, _)| *path).collect();
    links.dedup();
    json!({ "version": desk.metrics.build.version, "openapi": "/v1/openapi.json", "links": links })
}

pub(in crate::admin) fn state(metrics: &Metrics, now: &Enforced) -> Value {
    let desired = &now.desired;
    let listeners = desired.listeners.iter().map(|listener| {
        json!({
            "name": listener.name.as_str(),
            "address": address(now, listener),
            "load_balancer": listener.load_balancer.as_str(),
        })
    });
    let groups = desired.target_groups.iter().map(|group| {
        json!({
            "name": group.name.as_str(),
            "stickiness": group.stickiness.kind(),
            "targets": group.targets.len(),
        })
    });
    json!({
        "phase": phase(metrics.phase()),
        "revision": now.snapshot.revision,
        "since": now.desired_since,
        "published_at": wire::time(now.at),
        "started_at": wire::time(metrics.status.started_at),
        "load_balancers": desired.load_balancers.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        "listeners": listeners.collect::<Value>(),
        "target_groups": groups.collect::<Value>(),
    })
}

/// Where a listener really is.
pub(super) fn address(now: &Enforced, listener: &clingfish_model::Listener) -> String {
    let found = now.addresses.iter().find(|(name, _)| *name == listener.name);
    found.map_or(listener.bind, |(_, address)| *address).to_string()
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Checking => "checking",
        Phase::Ready => "ready",
        Phase::Leaving => "leaving",
        Phase::Succeeded => "succeeded",
    }
}

/// Keys that have not retired; never what they are.
pub(super) fn keys(now: &Enforced) -> Value {
    let snapshot: &Snapshot = &now.snapshot;
    let (ring, at) = (&snapshot.ring, clock::wall());
    let known = ring.keys().iter().map(|key| (key, KeyState::of(key, ring, at)));
    let rows = known.filter(|(_, state)| *state != KeyState::Retired).map(|(key, state)| {
        let check: String = key.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "id": key.id().to_string(),
            "check": check,
            "state": state.as_str(),
            "created": wire::time(key.created()),
            "seals_from": wire::time(key.seals_from()),
            "retires_at": key.retires_at().map(wire::time),
        })
    });
    json!({ "keys": rows.collect::<Value>() })
}

/// Requests by verdict, as `/metrics` counts them.
pub(super) fn verdicts(metrics: &Metrics) -> Value {
    let totals = metrics.registry.totals();
    let groups = totals.groups.iter().map(|group| {
        let requests = group.totals.requests().filter(|(.., count)| *count > 0);
        let requests = requests.map(|(class, verdict, count)| {
            json!({ "class": class, "verdict": verdict.as_str(), "count": count })
        });
        let choices = group.totals.choices().filter(|(_, count)| *count > 0);
        let choices =
            choices.map(|(verdict, count)| json!({ "verdict": verdict.as_str(), "count": count }));
        json!({
            "target_group": &*group.name,
            "requests": requests.collect::<Value>(),
            "group_choices": choices.collect::<Value>(),
        })
    });
    json!({ "verdicts": groups.collect::<Value>() })
}
