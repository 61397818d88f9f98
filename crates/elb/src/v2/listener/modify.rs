//! `ModifyListener`.

use std::net::SocketAddr;

use clingfish_model::{Edit, Listener, Place, Setting, rule::Scheme};

use super::{create::duplicate, pinned, shown, tls};
use crate::{
    Error, Input, Plan, World,
    v2::{
        action::{self, Scope},
        bind,
    },
};

/// `ModifyListener`. Only what is given changes.
pub(crate) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    let listener = world.listener(&arn)?;
    let was = Scope::of(listener, world);
    let port = input.integer("Port", 1..=i64::from(u16::MAX))?;
    let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(was.port);
    let scheme = tls::read_protocol(input)?.unwrap_or(was.scheme);
    let scope = Scope { scheme, port, ..was };
    let action = action::read(input, "DefaultActions", scope)?;
    let request = tls::Request::read(input, world)?;
    if scheme != was.scheme {
        action::check_kept(listener, action.is_none(), scheme)?;
    }
    let place = Place::Listener(listener.name.clone());
    let mut edits = rebound(listener, port, world)?;
    edits.extend(tls_changes(listener, scheme, &request, world)?);
    if let Some(action) = action {
        edits.extend(action::changes(&place, listener.default_action.as_ref(), &action));
    }
    if !edits.is_empty() {
        edits.splice(0..0, pinned(listener));
    }
    Ok(Plan::change(arn.clone(), edits, move |world| shown(&arn, world)))
}

/// What puts a listener on another port of its address. Its name may be made of the old one, and stays.
fn rebound(listener: &Listener, port: u16, world: &World<'_>) -> Result<Vec<Edit>, Error> {
    if listener.bind.port() == port {
        return Ok(Vec::new());
    }
    let mut own =
        world.desired.listeners.iter().filter(|one| one.load_balancer == listener.load_balancer);
    if own.any(|one| one.bind.port() == port) {
        return Err(duplicate(&world.listener_arn(listener).load_balancer.to_string()));
    }
    let bind = SocketAddr::new(listener.bind.ip(), port);
    bind::refuse_taken(bind, Some(listener), world)?;
    let place = Place::Listener(listener.name.clone());
    let name = Setting::text(listener.name.as_str());
    let bind = Setting::text(bind.to_string());
    Ok(vec![Edit::Set(place.clone(), "name", name), Edit::Set(place, "bind", bind)])
}

fn tls_changes(
    listener: &Listener,
    scheme: Scheme,
    request: &tls::Request,
    world: &World<'_>,
) -> Result<Vec<Edit>, Error> {
    let place = Place::Listener(listener.name.clone());
    match (&listener.tls, scheme) {
        (Some(tls), Scheme::Https) => request.changes(&place, tls, world),
        (None, Scheme::Https) => {
            let settings = request.whole(world)?.settings(world)?;
            // HTTP/2 without TLS does not go with it.
            let h2c = listener.h2c.then(|| Edit::Unset(place.clone(), "h2c"));
            let set = |(key, value)| Edit::Set(place.clone(), key, value);
            Ok(h2c.into_iter().chain(settings.into_iter().map(set)).collect())
        }
        (was, Scheme::Http) => {
            request.refuse_without_tls()?;
            Ok(if was.is_some() { tls::taken_away(&place) } else { Vec::new() })
        }
    }
}
