//! What the file has to say so that a Classic load balancer is what somebody wants it to be.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use clingfish_model::{
    Edit, Listener, Name, Place, Setting, TargetAddress, TargetGroup, TargetId,
    elb::{Classic, ClassicListener, ClassicPolicy},
};

use super::{
    facts::{Facts, Front, group_of},
    instances::{not_found, refused},
};
use crate::{
    Error, World,
    v2::{
        certificate, fresh,
        listener::free_name,
        target_group::health_check,
        targets::{forbidden, why_refused},
    },
};

impl Facts {
    /// What makes the file say this rather than what was before. What somebody else wrote into it stays.
    pub(super) fn edits(&self, before: &Self, world: &World<'_>) -> Result<Vec<Edit>, Error> {
        let place = || Place::LoadBalancer(self.name.clone());
        let mut edits = Vec::new();
        if self.classic != before.classic {
            edits.push(Edit::Set(place(), "classic", classic_setting(&self.classic)));
        }
        if self.attributes != before.attributes {
            edits.push(match self.attributes_setting() {
                Some(setting) => Edit::Set(place(), "attributes", setting),
                None => Edit::Unset(place(), "attributes"),
            });
        }
        edits.extend(self.listener_edits(before, world)?);
        Ok(edits)
    }

    /// The same of listeners and their groups alone.
    pub(super) fn listener_edits(
        &self,
        before: &Self,
        world: &World<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let mut edits = Vec::new();
        for gone in &before.listeners {
            if self.listeners.iter().all(|front| front.bind != gone.bind)
                && let Some(listener) = self.found(gone, world)
            {
                edits.extend(removal(listener, world));
            }
        }
        for front in &self.listeners {
            match before.listeners.iter().find(|other| other.bind == front.bind) {
                Some(old) => edits.extend(self.changes(front, before, old, world)?),
                None => edits.extend(self.addition(front, world)?),
            }
        }
        Ok(edits)
    }

    /// `attributes` as the file writes them.
    pub(super) fn attributes_setting(&self) -> Option<Setting> {
        let entries = self.attributes.iter().map(|(key, value)| (key, Setting::text(value)));
        (!self.attributes.is_empty()).then(|| Setting::table(entries))
    }

    fn found<'a>(&self, front: &Front, world: &World<'a>) -> Option<&'a Listener> {
        let mut listeners = world.desired.listeners.iter();
        listeners.find(|one| one.load_balancer == self.name && one.bind == front.bind)
    }

    /// A listener, and a group before it that the listener may name.
    fn addition(&self, front: &Front, world: &World<'_>) -> Result<[Edit; 2], Error> {
        let (desired, port) = (world.desired, front.bind.port());
        let group = free_name(&self.name, port, |name| desired.target_group(name).is_some());
        let is_taken = |name: &Name| desired.listeners.iter().any(|one| one.name == *name);
        let listener = free_name(&self.name, port, is_taken);
        let has_id = |id| desired.target_groups.iter().any(|one| one.id() == id);
        let group_id = fresh::id("targetgroup", group.as_str(), world.now, has_id);
        let has_id = |id| desired.listeners.iter().any(|one| one.id() == id);
        let listener_id = fresh::id("listener", listener.as_str(), world.now, has_id);
        let targets = self.classic.instances.iter();
        let targets = targets.map(|instance| self.target(instance, front, world));
        let mut of_group = vec![
            ("id", Setting::text(group_id.to_string())),
            ("created", Setting::Time(world.now)),
            ("targets", Setting::List(targets.collect::<Result<_, _>>()?)),
            ("target_type", Setting::text("instance")),
            ("port", Setting::Integer(front.classic.instance_port.into())),
            ("protocol", Setting::text(protocol(front.classic.instance_tls))),
            ("algorithm", Setting::text("least_outstanding_requests")),
        ];
        of_group.extend(self.group_settings(front));
        let mut of_listener = vec![
            ("name", Setting::text(listener.as_str())),
            ("load_balancer", Setting::text(self.name.as_str())),
            ("bind", Setting::text(front.bind.to_string())),
            ("protocol", Setting::text(protocol(front.certificate.is_some()))),
        ];
        if let Some(arn) = &front.certificate {
            of_listener.push(("certificates", certificates(arn, world)?));
        }
        of_listener.push(("forward", Setting::text(group.as_str())));
        of_listener.push(("id", Setting::text(listener_id.to_string())));
        of_listener.push(("classic", listener_setting(&front.classic)));
        Ok([
            Edit::Add(Place::TargetGroup(group), of_group),
            Edit::Add(Place::Listener(listener), of_listener),
        ])
    }

    /// What differs of a listener that stays.
    fn changes(
        &self,
        front: &Front,
        before: &Self,
        old: &Front,
        world: &World<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let mut edits = Vec::new();
        let Some(listener) = self.found(front, world) else { return Ok(edits) };
        let place = || Place::Listener(listener.name.clone());
        if front.classic != old.classic {
            edits.push(Edit::Set(place(), "classic", listener_setting(&front.classic)));
        }
        if front.certificate != old.certificate
            && let Some(arn) = &front.certificate
        {
            edits.push(Edit::Set(place(), "certificates", certificates(arn, world)?));
        }
        let Some(group) = group_of(listener, world) else { return Ok(edits) };
        let place = || Place::TargetGroup(group.name.clone());
        let (mut was, wanted) = (before.group_settings(old), self.group_settings(front));
        if !before.check.enabled && before.check != self.check {
            // The file may say no more than `health_check = false`, beside which nothing can stand.
            edits.push(Edit::Unset(place(), "health_check"));
            was.retain(|(key, _)| !key.starts_with("health_check."));
        }
        for (key, _) in was.iter().filter(|(key, _)| wanted.iter().all(|(one, _)| one != key)) {
            edits.push(Edit::Unset(place(), key));
        }
        let changed = wanted.into_iter().filter(|setting| !was.contains(setting));
        edits.extend(changed.map(|(key, setting)| Edit::Set(place(), key, setting)));
        edits.extend(self.target_changes(front, before, group, world)?);
        Ok(edits)
    }

    /// Instances that come and go.
    fn target_changes(
        &self,
        front: &Front,
        before: &Self,
        group: &TargetGroup,
        world: &World<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let (was, wanted) = (&before.classic.instances, &self.classic.instances);
        let mut edits = Vec::new();
        if was == wanted {
            return Ok(edits);
        }
        let (was_set, wanted_set) = (set(was), set(wanted));
        let there: BTreeSet<_> = group.targets.iter().map(|target| &target.id).collect();
        let port = front.classic.instance_port;
        for gone in was.iter().filter(|one| !wanted_set.contains(one)) {
            let id = target_id(gone, port)?;
            if there.contains(&id) {
                edits.push(Edit::RemoveTarget(group.name.clone(), id));
            }
        }
        for new in wanted.iter().filter(|one| !was_set.contains(one)) {
            if !there.contains(&target_id(new, port)?) {
                let target = self.target(new, front, world)?;
                edits.push(Edit::AddTarget(group.name.clone(), target));
            }
        }
        Ok(edits)
    }

    /// What a group says that differs from listener to listener or from day to day.
    fn group_settings(&self, front: &Front) -> Vec<(&'static str, Setting)> {
        let delay = Setting::seconds(self.draining.delay_seconds());
        let mut settings = vec![("deregistration_delay", delay)];
        settings.extend(health_check::settings(&self.check));
        let policies = front.classic.policies.iter();
        let mut policies = policies.filter_map(|name| self.classic.policies.get(name));
        settings.extend(policies.next().map(|policy| ("stickiness", stickiness(policy))));
        settings
    }

    /// An instance as a target of that listener's group.
    fn target(&self, instance: &str, front: &Front, world: &World<'_>) -> Result<Setting, Error> {
        let port = front.classic.instance_port;
        let address = SocketAddr::new(self.address(instance, world)?, port);
        let is_literal = instance.parse::<IpAddr>().is_ok();
        let why = match is_literal {
            true => why_refused(address, world),
            // The file says where instances are, on loopback too.
            false => forbidden(address, world).map(|forbidden| format!("it is {forbidden}")),
        };
        if let Some(why) = why {
            return Err(refused(instance, address, &why));
        }
        let id = target_id(instance, port)?;
        let address = Setting::text(address.to_string());
        Ok(match is_literal {
            true => address,
            false => Setting::table([("id", Setting::text(id.as_str())), ("address", address)]),
        })
    }

    /// Where an instance is: as the file says, or itself, or where its targets are already.
    fn address(&self, instance: &str, world: &World<'_>) -> Result<IpAddr, Error> {
        let known = world.desired.aws.instances.as_ref();
        if let Some(address) = known.and_then(|known| known.get(instance)) {
            return Ok(*address);
        }
        if let Ok(address) = instance.parse() {
            return Ok(address);
        }
        let own = world.desired.listeners.iter().filter(|one| one.load_balancer == self.name);
        let found = own.filter_map(|listener| {
            let port = listener.classic.as_ref()?.instance_port;
            let id = target_id(instance, port).ok()?;
            let group = group_of(listener, world)?;
            match group.targets.iter().find(|target| target.id == id)?.address {
                TargetAddress::Socket(address) => Some(address.ip()),
                TargetAddress::Host { .. } => None,
            }
        });
        found.into_iter().next().ok_or_else(|| not_found(instance))
    }
}

fn set(list: &[String]) -> BTreeSet<&String> {
    list.iter().collect()
}

/// Takes a listener away, and its group unless somebody else forwards there too.
pub(super) fn removal(listener: &Listener, world: &World<'_>) -> Vec<Edit> {
    let mut edits = vec![Edit::Remove(Place::Listener(listener.name.clone()))];
    if listener.classic.is_some()
        && let Some(group) = group_of(listener, world)
    {
        let mut others = world.desired.listeners.iter().filter(|one| one.name != listener.name);
        if !others.any(|other| other.groups().any(|name| *name == group.name)) {
            edits.push(Edit::Remove(Place::TargetGroup(group.name.clone())));
        }
    }
    edits
}

/// `classic` of a load balancer.
pub(super) fn classic_setting(classic: &Classic) -> Setting {
    let mut entries = Vec::new();
    if !classic.zones.is_empty() {
        entries.push(("zones", Setting::texts(&classic.zones)));
    }
    if !classic.instances.is_empty() {
        entries.push(("instances", Setting::texts(&classic.instances)));
    }
    if !classic.policies.is_empty() {
        let policies = classic.policies.iter().map(|(name, policy)| (name, policy_setting(policy)));
        entries.push(("policies", Setting::table(policies)));
    }
    Setting::table(entries)
}

fn policy_setting(policy: &ClassicPolicy) -> Setting {
    let (kind, detail) = match policy {
        ClassicPolicy::LbCookie(None) => ("lb_cookie", None),
        ClassicPolicy::LbCookie(Some(seconds)) => {
            ("lb_cookie", Some(("duration", Setting::seconds(*seconds))))
        }
        ClassicPolicy::AppCookie(cookie) => ("app_cookie", Some(("cookie", Setting::text(cookie)))),
    };
    Setting::table([("type", Setting::text(kind))].into_iter().chain(detail))
}

/// The same as the stickiness of a group.
fn stickiness(policy: &ClassicPolicy) -> Setting {
    let (kind, detail) = match policy {
        ClassicPolicy::LbCookie(None) => ("lb_cookie", None),
        ClassicPolicy::LbCookie(Some(seconds)) => {
            ("lb_cookie", Some(("duration", Setting::seconds(*seconds))))
        }
        ClassicPolicy::AppCookie(cookie) => {
            ("app_cookie", Some(("app_cookie", Setting::text(cookie))))
        }
    };
    let style = [("type", Setting::text(kind)), ("style", Setting::text("classic"))];
    Setting::table(style.into_iter().chain(detail))
}

fn listener_setting(classic: &ClassicListener) -> Setting {
    let mut entries = vec![
        ("instance_port", Setting::Integer(classic.instance_port.into())),
        ("instance_protocol", Setting::text(protocol(classic.instance_tls))),
    ];
    if !classic.policies.is_empty() {
        entries.push(("policies", Setting::texts(&classic.policies)));
    }
    Setting::table(entries)
}

fn certificates(arn: &str, world: &World<'_>) -> Result<Setting, Error> {
    Ok(Setting::List(vec![certificate::setting(arn, world)?]))
}

fn protocol(is_tls: bool) -> &'static str {
    if is_tls { "HTTPS" } else { "HTTP" }
}

/// What a target is called that an instance is at a port.
pub(super) fn target_id(instance: &str, port: u16) -> Result<TargetId, Error> {
    let id = match instance.parse() {
        Ok(address) => SocketAddr::new(address, port).to_string(),
        Err(_) => format!("{instance}:{port}"),
    };
    TargetId::new(id).map_err(|_| not_found(instance))
}
