//! Policies of stickiness: they are made for a load balancer, and listeners use them.

use std::fmt::Display;

use clingfish_model::{
    Name,
    elb::{Aws, ClassicPolicy},
    stickiness::AppCookieName,
};

use super::{
    facts::Facts,
    invalid, listeners,
    policy_types::{self, Kind},
};
use crate::{Code, Error, Input, Members, Plan, World};

/// `CreateLBCookieStickinessPolicy`.
pub(super) fn create_lb(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (balancer, name) = read_names(input)?;
    let period = input.integer("CookieExpirationPeriod", i64::MIN..=i64::MAX)?;
    add(balancer, name, lb_cookie(period)?, world)
}

/// `CreateAppCookieStickinessPolicy`.
pub(super) fn create_app(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (balancer, name) = read_names(input)?;
    let cookie = input.required_text("CookieName")?;
    add(balancer, name, app_cookie(cookie)?, world)
}

/// `CreateLoadBalancerPolicy`.
pub(super) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (balancer, name) = read_names(input)?;
    let kind = policy_types::kind(&input.required_text("PolicyTypeName")?)?;
    let attributes = input.list("PolicyAttributes", |input| {
        Ok((input.required_text("AttributeName")?, input.text("AttributeValue")?))
    })?;
    let mut value = None;
    for (attribute, given) in attributes.unwrap_or_default() {
        if attribute != kind.attribute() || value.is_some() {
            return Err(invalid(format!(
                "Policies of type {} have the attribute {} once, and not '{attribute}'",
                kind.name(),
                kind.attribute()
            )));
        }
        value = given;
    }
    let policy = match (kind, value) {
        (Kind::LbCookie, None) => ClassicPolicy::LbCookie(None),
        (Kind::LbCookie, Some(text)) => {
            let period = text.parse().map_err(|_| period_refused(&text))?;
            lb_cookie(Some(period))?
        }
        (Kind::AppCookie, Some(cookie)) => app_cookie(cookie)?,
        (Kind::AppCookie, None) => {
            return Err(invalid(format!(
                "Policies of type {} need the attribute {}",
                kind.name(),
                kind.attribute()
            )));
        }
    };
    add(balancer, name, policy, world)
}

/// `DeleteLoadBalancerPolicy`. What is not there is deleted already.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.required_text("LoadBalancerName")?;
    let name = input.required_text("PolicyName")?;
    let before = Facts::of(world.classic(&balancer)?, world);
    let mut after = before.clone();
    after.classic.policies.remove(&name);
    let mut listeners = before.listeners.iter();
    if let Some(user) = listeners.find(|one| one.classic.policies.contains(&name)) {
        return Err(invalid(format!(
            "The policy '{name}' cannot be deleted: the listener on port {} uses it",
            user.bind.port()
        )));
    }
    Ok(Plan::silent(balancer, after.edits(&before, world)?))
}

/// `SetLoadBalancerPoliciesOfListener`: these in place of all that it has.
pub(super) fn set_of_listener(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.required_text("LoadBalancerName")?;
    let port = listeners::read_port(input)?;
    let names = input.required_list_of_text("PolicyNames")?;
    let before = Facts::of(world.classic(&balancer)?, world);
    let mut after = before.clone();
    let listener = after.listener(port).ok_or_else(|| listeners::not_found(&balancer, port))?;
    if let Some(name) = names.iter().find(|name| !before.classic.policies.contains_key(*name)) {
        return Err(not_found(name, &balancer));
    }
    if names.len() > 1 {
        let message = "A listener can have at most one policy of stickiness";
        return Err(invalid(message));
    }
    listener.classic.policies = names;
    Ok(Plan::silent(balancer, after.edits(&before, world)?))
}

/// `SetLoadBalancerPoliciesForBackendServer`: there is no policy here that an instance could have.
pub(super) fn set_of_backend(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.required_text("LoadBalancerName")?;
    let port = input.required_integer("InstancePort", 1..=u16::MAX.into())?;
    let names = input.required_list_of_text("PolicyNames")?;
    let facts = Facts::of(world.classic(&balancer)?, world);
    if facts.listeners.iter().all(|one| i64::from(one.classic.instance_port) != port) {
        let message = format!("No listener of load balancer '{balancer}' has instance port {port}");
        return Err(invalid(message));
    }
    match names.first() {
        None => Ok(Plan::silent(balancer, Vec::new())),
        Some(name) if !facts.classic.policies.contains_key(name) => Err(not_found(name, &balancer)),
        Some(name) => Err(invalid(format!(
            "The policy '{name}' is one of stickiness, which belongs to listeners and not to instances"
        ))),
    }
}

/// `DescribeLoadBalancerPolicies`. Without a load balancer AWS shows samples; here there are none.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.text("LoadBalancerName")?;
    let names = input.list_of_text("PolicyNames")?.unwrap_or_default();
    let policies = match &balancer {
        Some(name) => Facts::of(world.classic(name)?, world).classic.policies,
        None => Default::default(),
    };
    let of = balancer.as_deref().unwrap_or_default();
    if let Some(name) = names.iter().find(|name| !policies.contains_key(*name)) {
        return Err(not_found(name, of));
    }
    let shown = policies.iter().filter(|(name, _)| names.is_empty() || names.contains(name));
    let shown = shown.map(|(name, policy)| members(name, policy));
    Ok(Plan::read(Members::default().list("PolicyDescriptions", shown)))
}

fn members(name: &str, policy: &ClassicPolicy) -> Members {
    let (kind, value) = match policy {
        ClassicPolicy::LbCookie(period) => (Kind::LbCookie, period.map(|one| one.to_string())),
        ClassicPolicy::AppCookie(cookie) => (Kind::AppCookie, Some(cookie.clone())),
    };
    let attribute = value.map(|value| {
        Members::default().text("AttributeName", kind.attribute()).text("AttributeValue", value)
    });
    Members::default()
        .text("PolicyName", name)
        .text("PolicyTypeName", kind.name())
        .list("PolicyAttributeDescriptions", attribute)
}

fn read_names(input: &mut Input) -> Result<(String, String), Error> {
    let balancer = input.required_text("LoadBalancerName")?;
    let name = input.required_text("PolicyName")?;
    let legal = name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    if !legal || Name::new(&name).is_err() {
        let message = format!(
            "The policy name '{name}' must have 1 to {} letters, digits and hyphens",
            Name::LEN_MAX
        );
        return Err(Error::validation(message));
    }
    Ok((balancer, name))
}

fn add(
    balancer: String,
    name: String,
    policy: ClassicPolicy,
    world: &World<'_>,
) -> Result<Plan, Error> {
    let before = Facts::of(world.classic(&balancer)?, world);
    let mut after = before.clone();
    if after.classic.policies.contains_key(&name) {
        let message = format!("Policy name {name} already exists for load balancer {balancer}");
        return Err(Error::new(Code::DuplicatePolicyName, message));
    }
    if after.classic.policies.len() >= ClassicPolicy::COUNT_MAX {
        let message = format!(
            "The number of policies of a load balancer cannot exceed {}",
            ClassicPolicy::COUNT_MAX
        );
        return Err(Error::new(Code::TooManyPolicies, message));
    }
    after.classic.policies.insert(name, policy);
    Ok(Plan::silent(balancer, after.edits(&before, world)?))
}

/// Nothing and 0 are a browser's session.
fn lb_cookie(period: Option<i64>) -> Result<ClassicPolicy, Error> {
    match period {
        None | Some(0) => Ok(ClassicPolicy::LbCookie(None)),
        Some(period) => match u64::try_from(period) {
            Ok(seconds) if ClassicPolicy::SECONDS.contains(&seconds) => {
                Ok(ClassicPolicy::LbCookie(Some(seconds)))
            }
            _ => Err(period_refused(period)),
        },
    }
}

fn period_refused(given: impl Display) -> Error {
    Error::validation(format!(
        "CookieExpirationPeriod '{given}' must be between 0 and {} seconds",
        ClassicPolicy::SECONDS.end()
    ))
}

fn app_cookie(cookie: String) -> Result<ClassicPolicy, Error> {
    if let Err(bad) = AppCookieName::new(&cookie) {
        return Err(invalid(format!("The cookie name '{cookie}' is not valid: {bad}")));
    }
    if cookie.len() > Aws::ID_CHARS_MAX {
        let message = format!("A cookie name has at most {} characters", Aws::ID_CHARS_MAX);
        return Err(Error::validation(message));
    }
    Ok(ClassicPolicy::AppCookie(cookie))
}

fn not_found(name: &str, balancer: &str) -> Error {
    let message = format!("There is no policy with name {name} for load balancer {balancer}");
    Error::new(Code::PolicyNotFound, message)
}
