//! Listeners: what an answer says of one, and the actions that find, show and delete them.

mod attributes;
mod certificates;
mod create;
mod modify;
mod tls;

use clingfish_model::{Edit, Listener, Place};

use super::{action, certificate, trust_store::Mutual};
use crate::{Error, Input, Members, Plan, World, constraint::Constraint, page::Page};

pub(super) use attributes::{describe as describe_attributes, modify as modify_attributes};
pub(super) use certificates::{
    add as add_certificates, describe as describe_certificates, remove as remove_certificates,
};
pub(super) use create::create;
pub(crate) use create::free_name;
pub(super) use modify::modify;

/// `DescribeListeners`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.text("LoadBalancerArn")?;
    let arns = input.list_of_text("ListenerArns")?.unwrap_or_default();
    let page = Page::read(input)?;
    let listeners = match (balancer, arns.is_empty()) {
        (Some(_), false) => {
            let message =
                "Listener ARNs and a load balancer ARN cannot be specified at the same time";
            return Err(Error::validation(message));
        }
        (None, true) => {
            let message = "You must specify either listener ARNs or a load balancer ARN";
            return Err(Error::validation(message));
        }
        (Some(arn), true) => {
            let balancer = world.balancer(&arn)?;
            let all = world.desired.listeners.iter();
            all.filter(|listener| listener.load_balancer == balancer.name).collect()
        }
        (None, false) => {
            let mut found: Vec<&Listener> = Vec::with_capacity(arns.len());
            for arn in &arns {
                let listener = world.listener(arn)?;
                if !found.iter().any(|other| other.name == listener.name) {
                    found.push(listener);
                }
            }
            found
        }
    };
    let (listeners, next) = page.cut(listeners, |one| world.listener_arn(one).to_string());
    let listeners = listeners.into_iter().map(|listener| members(listener, world));
    Ok(Plan::read(Members::default().list("Listeners", listeners).some_text("NextMarker", next)))
}

/// `DeleteListener`. Its rules go with it.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    let listener = world.listener(&arn)?;
    let place = Place::Listener(listener.name.clone());
    Ok(Plan::silent(arn, vec![Edit::Remove(place)]))
}

/// A listener as answers show it.
fn members(listener: &Listener, world: &World<'_>) -> Members {
    let arn = world.listener_arn(listener);
    let members = Members::default()
        .value("ListenerArn", &arn)
        .value("LoadBalancerArn", &arn.load_balancer)
        .value("Port", listener.bind.port())
        .text("Protocol", if listener.tls.is_some() { "HTTPS" } else { "HTTP" });
    let default = action::members(listener.default_action.as_ref(), listener, world);
    let Some(tls) = &listener.tls else {
        return members.list("DefaultActions", [default]);
    };
    // The others are for DescribeListenerCertificates.
    let certificate = tls
        .certificates
        .first()
        .map(|files| Members::default().text("CertificateArn", certificate::arn(files, world)));
    members
        .list("Certificates", certificate)
        .text("SslPolicy", tls::policy_name(tls))
        .list("DefaultActions", [default])
        .structure("MutualAuthentication", Mutual::of(&tls.mutual, world).members())
}

/// The answer to whoever made or changed the listener of that ARN.
fn shown(arn: &str, world: &World<'_>) -> Result<Members, Error> {
    Ok(Members::default().list("Listeners", [members(world.listener(arn)?, world)]))
}

/// Edits that keep name and ARN of a listener that a person wrote, whatever else the API changes of it.
pub(super) fn pinned(listener: &Listener) -> Vec<Edit> {
    if listener.record.id.is_some() {
        return Vec::new();
    }
    let place = Place::Listener(listener.name.clone());
    let name = clingfish_model::Setting::text(listener.name.as_str());
    let id = clingfish_model::Setting::text(listener.id().to_string());
    vec![Edit::Set(place.clone(), "name", name), Edit::Set(place, "id", id)]
}

/// A list that must have something in it.
pub(super) fn refuse_empty<T>(list: &[T], at: &str) -> Result<(), Error> {
    match list {
        [] => Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), at)),
        _ => Ok(()),
    }
}
