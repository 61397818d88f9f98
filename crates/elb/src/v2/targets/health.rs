//! `DescribeTargetHealth`.

use std::collections::{HashMap, HashSet};

use clingfish_model::{Name, Target, TargetAddress, TargetGroup};

use super::{Given, identity::Identity, read_one};
use crate::{
    Error, Input, Members, Plan, TargetSeen, World,
    constraint::Constraint,
    v2::target_group::{default_port, is_in_use},
};

/// A state, and the reason and its text where there is one.
type State = (&'static str, Option<(&'static str, String)>);

/// One target as it is shown.
struct Shown {
    identity: Identity,
    zone: Option<Name>,
    state: State,
    is_anomalous: bool,
    is_mitigated: bool,
}

/// Plans it.
pub(in crate::v2) fn describe_health(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("TargetGroupArn")?;
    let given = input.list("Targets", read_one)?.unwrap_or_default();
    let with_anomalies = read_include(input)?;
    let group = world.group(&arn)?;
    let all = all(group, world);
    let show = |one: &Shown| one.show(group, with_anomalies);
    let by_identity: HashMap<_, _> = all.iter().map(|one| (&one.identity, one)).collect();
    let find = |given: &Given| by_identity.get(&Identity::given(given, group)?).copied();
    let list: Vec<_> = if given.is_empty() {
        all.iter().map(show).collect()
    } else {
        given.iter().map(|one| find(one).map_or_else(|| show_unknown(one, group), show)).collect()
    };
    Ok(Plan::read(Members::default().list("TargetHealthDescriptions", list)))
}

/// Whether anomalies are asked for.
fn read_include(input: &mut Input) -> Result<bool, Error> {
    const PARTS: [&str; 2] = ["AnomalyDetection", "All"];
    let parts = input.list_of_text("Include")?.unwrap_or_default();
    match parts.iter().position(|part| !PARTS.contains(&&**part)) {
        None => Ok(!parts.is_empty()),
        Some(at) => {
            let place = format!("{}.{}.member", input.at("Include"), at + 1);
            Err(Constraint::OneOf(&PARTS).broken_by(parts.get(at).map(|part| &**part), &place))
        }
    }
}

/// Whether that is what was seen of the target: of a DNS name, one of its addresses.
pub(super) fn stands_for(target: &Target, seen: &TargetSeen) -> bool {
    match &target.address {
        TargetAddress::Socket(_) => seen.id == target.id,
        TargetAddress::Host { .. } => name_of(seen) == Some(target.id.as_str()),
    }
}

/// The id of the target whose name brought this address.
fn name_of(seen: &TargetSeen) -> Option<&str> {
    Some(seen.id.as_str().rsplit_once('@')?.0)
}

/// The targets of the group in the order of the file, then those that are leaving.
fn all(group: &TargetGroup, world: &World<'_>) -> Vec<Shown> {
    let seen = world.observed.targets(&group.name);
    let is_used = is_in_use(world, group);
    let (mut by_id, mut by_name) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
    for one in seen.iter().filter(|one| !one.is_leaving) {
        by_id.insert(one.id.as_str(), one);
        by_name.entry(name_of(one)).or_default().push(one);
    }
    let mut shown = Vec::with_capacity(group.targets.len());
    for target in &group.targets {
        let before = shown.len();
        let id = target.id.as_str();
        match &target.address {
            TargetAddress::Socket(_) => {
                shown.extend(by_id.get(id).map(|one| Shown::of(one, group, is_used)));
            }
            TargetAddress::Host { .. } => {
                let addresses = by_name.get(&Some(id)).into_iter().flatten();
                shown.extend(addresses.map(|one| Shown::of(one, group, is_used)));
            }
        }
        if shown.len() == before {
            shown.push(Shown::unseen(target, group, is_used));
        }
    }
    if is_used {
        let stays: HashSet<_> = shown.iter().map(|one| one.identity.clone()).collect();
        let leaving = seen.iter().map(|one| Shown::leaving(one, group));
        shown.extend(leaving.filter(|one| !stays.contains(&one.identity)));
    }
    shown
}

fn not_in_use() -> State {
    let text = "Target group is not configured to receive traffic from the load balancer";
    ("unused", Some(("Target.NotInUse", text.into())))
}

impl Shown {
    fn of(seen: &TargetSeen, group: &TargetGroup, is_used: bool) -> Self {
        let address = TargetAddress::Socket(seen.address);
        let by_address = || Identity::new(&seen.address.ip().to_string(), seen.address.port());
        Self {
            identity: Identity::of_instance(&seen.id, &address, group).unwrap_or_else(by_address),
            zone: seen.zone.clone(),
            state: if is_used { (seen.state, seen.reason.clone()) } else { not_in_use() },
            is_anomalous: seen.is_anomalous,
            is_mitigated: seen.is_mitigated,
        }
    }

    /// One that the file has, and that nobody has looked at yet.
    fn unseen(target: &Target, group: &TargetGroup, is_used: bool) -> Self {
        let text = "Target registration is in progress";
        let registering = ("initial", Some(("Elb.RegistrationInProgress", text.into())));
        Self {
            identity: Identity::of(target, group),
            zone: target.zone.clone(),
            state: if is_used { registering } else { not_in_use() },
            is_anomalous: false,
            is_mitigated: false,
        }
    }

    /// One that the file has no more, whether or not that has been noticed.
    fn leaving(seen: &TargetSeen, group: &TargetGroup) -> Self {
        let text = "Target deregistration is in progress";
        let state = ("draining", Some(("Target.DeregistrationInProgress", text.into())));
        Self { state, ..Self::of(seen, group, true) }
    }

    /// `TargetHealthDescription`.
    fn show(&self, group: &TargetGroup, with_anomalies: bool) -> Members {
        let Identity { id, port } = &self.identity;
        let target = Members::default()
            .text("Id", id)
            .value("Port", port)
            .some_value("AvailabilityZone", self.zone.as_ref());
        let anomaly = Members::default()
            .text("Result", if self.is_anomalous { "anomalous" } else { "normal" })
            .text("MitigationInEffect", if self.is_mitigated { "yes" } else { "no" });
        description(target, Some(*port), group, &self.state)
            .some_structure("AnomalyDetection", with_anomalies.then_some(anomaly))
    }
}

/// One that was asked for and is not registered.
fn show_unknown(given: &Given, group: &TargetGroup) -> Members {
    let port = given.port.or_else(|| default_port(group));
    let target = Members::default().text("Id", &given.id).some_value("Port", port);
    let text = "Target is not registered to the target group";
    description(target, port, group, &("unused", Some(("Target.NotRegistered", text.into()))))
}

fn description(
    target: Members,
    port: Option<u16>,
    group: &TargetGroup,
    (state, reason): &State,
) -> Members {
    let health = Members::default()
        .text("State", state)
        .some_text("Reason", reason.as_ref().map(|(code, _)| code))
        .some_text("Description", reason.as_ref().map(|(_, text)| text));
    Members::default()
        .structure("Target", target)
        .some_value("HealthCheckPort", group.health_check.port.or(port))
        .structure("TargetHealth", health)
}
