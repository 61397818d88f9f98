//! `CreateListener`.

use std::net::SocketAddr;

use clingfish_model::{
    Action, Edit, Listener, LoadBalancer, Name, Place, ResourceId, Setting, rule::Scheme,
};

use super::{shown, tls};
use crate::{
    Code, Error, Input, Plan, World,
    arn::ListenerArn,
    v2::{
        action::{self, Scope},
        bind, fresh,
        tags::{self, Tags},
    },
};

/// A listener as a request wants it.
struct Wanted {
    port: u16,
    tls: Option<tls::Whole>,
    action: Action,
    tags: Tags,
}

/// `CreateListener`. One that is there with the same settings is answered as if it had just been made.
pub(crate) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let balancer = world.balancer(&arn)?;
    let wanted = Wanted::read(input, balancer, world)?;
    let mut own = world.desired.listeners.iter().filter(|one| one.load_balancer == balancer.name);
    if let Some(there) = own.find(|one| one.bind.port() == wanted.port) {
        if wanted.is_like(there, world) {
            let arn = world.listener_arn(there).to_string();
            return Ok(Plan::read(shown(&arn, world)?));
        }
        return Err(duplicate(&arn));
    }
    let bind = SocketAddr::new(bind::address(balancer, world), wanted.port);
    bind::refuse_taken(bind, None, world)?;
    let has_id = |id| world.desired.listeners.iter().any(|other| other.id() == id);
    let id = fresh::id("listener", &format!("{arn}/{}", wanted.port), world.now, has_id);
    let is_taken = |name: &Name| world.desired.listeners.iter().any(|one| one.name == *name);
    let name = free_name(&balancer.name, wanted.port, is_taken);
    let settings = wanted.settings(&name, balancer, bind, id, world)?;
    let arn = ListenerArn { load_balancer: world.balancer_arn(balancer), id }.to_string();
    let edits = vec![Edit::Add(Place::Listener(name), settings)];
    Ok(Plan::change(arn.clone(), edits, move |world| shown(&arn, world)))
}

impl Wanted {
    fn read(input: &mut Input, balancer: &LoadBalancer, world: &World<'_>) -> Result<Self, Error> {
        let port = input.integer("Port", 1..=i64::from(u16::MAX))?;
        let scheme = tls::read_protocol(input)?;
        let port = port.and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or_else(|| Error::validation("A listener port must be specified"))?;
        let scheme =
            scheme.ok_or_else(|| Error::validation("A listener protocol must be specified"))?;
        let scope = Scope::to_be(balancer, scheme, port, world);
        let action = action::read(input, "DefaultActions", scope)?;
        let action = input.required("DefaultActions", action)?;
        let request = tls::Request::read(input, world)?;
        let tags = tags::read(input)?;
        let tls = match scheme {
            Scheme::Https => Some(request.whole(world)?),
            Scheme::Http => {
                request.refuse_without_tls()?;
                None
            }
        };
        Ok(Self { port, tls, action, tags })
    }

    /// Whether a listener of that port has the same settings.
    fn is_like(&self, there: &Listener, world: &World<'_>) -> bool {
        let tls_is_alike = match (&self.tls, &there.tls) {
            (None, None) => true,
            (Some(wanted), Some(tls)) => wanted.is_that_of(tls, world),
            _ => false,
        };
        let place = Place::Listener(there.name.clone());
        let changes = action::changes(&place, there.default_action.as_ref(), &self.action);
        tls_is_alike && changes.is_empty() && self.tags == there.record.tags
    }

    fn settings(
        &self,
        name: &Name,
        balancer: &LoadBalancer,
        bind: SocketAddr,
        id: ResourceId,
        world: &World<'_>,
    ) -> Result<Vec<(&'static str, Setting)>, Error> {
        let mut settings = vec![
            ("name", Setting::text(name.as_str())),
            ("load_balancer", Setting::text(balancer.name.as_str())),
            ("bind", Setting::text(bind.to_string())),
        ];
        match &self.tls {
            Some(tls) => settings.extend(tls.settings(world)?),
            None => settings.push(("protocol", Setting::text("HTTP"))),
        }
        settings.extend(action::settings(&self.action));
        settings.push(("id", Setting::text(id.to_string())));
        if !self.tags.is_empty() {
            settings.push(("tags", tags::setting(&self.tags)));
        }
        Ok(settings)
    }
}

/// The refusal of a second listener of one port.
pub(super) fn duplicate(balancer_arn: &str) -> Error {
    let message =
        format!("A listener already exists on this port for this load balancer '{balancer_arn}'");
    Error::new(Code::DuplicateListener, message)
}

/// `BALANCER-PORT`, with a number behind it where somebody has that name.
pub(crate) fn free_name(balancer: &Name, port: u16, is_taken: impl Fn(&Name) -> bool) -> Name {
    let name = |end: String| {
        let room = Name::LEN_MAX.saturating_sub(end.len());
        let start: String = balancer.as_str().chars().take(room).collect();
        Name::new(start + &end).expect("a part of a name, hyphens and digits make a name")
    };
    let numbered = (2..=usize::MAX).map(|count| name(format!("-{port}-{count}")));
    let mut names = std::iter::once(name(format!("-{port}"))).chain(numbered);
    names.find(|name| !is_taken(name)).expect("there are more numbers than things with names")
}
