//! ARNs: the names by which AWS knows load balancers, target groups, listeners and rules.
//!
//! The ARN of a listener is that of its rules without the last part and without `-rule`; tools depend on it.

use std::{fmt, str::FromStr};

use clingfish_model::{Name, Owner, ResourceId};

/// What every ARN begins with.
const SERVICE: &str = "arn:aws:elasticloadbalancing:";

/// `…:loadbalancer/app/NAME/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadBalancerArn {
    /// Where.
    pub owner: Owner,
    /// The name that the load balancer was made with.
    pub name: Name,
    /// Its id.
    pub id: ResourceId,
}

/// `…:targetgroup/NAME/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetGroupArn {
    /// Where.
    pub owner: Owner,
    /// The name that the group was made with.
    pub name: Name,
    /// Its id.
    pub id: ResourceId,
}

/// `…:listener/app/NAME/ID OF THE LOAD BALANCER/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerArn {
    /// Whose listener it is.
    pub load_balancer: LoadBalancerArn,
    /// Its id.
    pub id: ResourceId,
}

/// `…:listener-rule/app/NAME/ID OF THE LOAD BALANCER/ID OF THE LISTENER/ID`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleArn {
    /// Whose rule it is.
    pub listener: ListenerArn,
    /// Its id.
    pub id: ResourceId,
}

/// Any of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arn {
    /// A load balancer's.
    LoadBalancer(LoadBalancerArn),
    /// A target group's.
    TargetGroup(TargetGroupArn),
    /// A listener's.
    Listener(ListenerArn),
    /// A rule's.
    Rule(RuleArn),
}

/// A text that is no ARN of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a valid ARN")]
pub struct BadArn {
    /// What was written.
    pub text: String,
}

impl LoadBalancerArn {
    /// What metrics and logs call it: `app/NAME/ID`.
    pub fn suffix(&self) -> String {
        format!("app/{}/{}", self.name, self.id)
    }
}

impl TargetGroupArn {
    /// What metrics and logs call it: `targetgroup/NAME/ID`.
    pub fn suffix(&self) -> String {
        format!("targetgroup/{}/{}", self.name, self.id)
    }
}

impl ListenerArn {
    /// What follows `listener/` and, in the ARNs of its rules, `listener-rule/`.
    fn suffix(&self) -> String {
        format!("{}/{}", self.load_balancer.suffix(), self.id)
    }
}

/// What all ARNs of an owner begin with.
pub(crate) fn start(owner: &Owner) -> String {
    format!("{SERVICE}{}:{}", owner.region(), owner.account())
}

impl fmt::Display for LoadBalancerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:loadbalancer/{}", start(&self.owner), self.suffix())
    }
}

impl fmt::Display for TargetGroupArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", start(&self.owner), self.suffix())
    }
}

impl fmt::Display for ListenerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:listener/{}", start(&self.load_balancer.owner), self.suffix())
    }
}

impl fmt::Display for RuleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = start(&self.listener.load_balancer.owner);
        write!(f, "{start}:listener-rule/{}/{}", self.listener.suffix(), self.id)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoadBalancer(arn) => arn.fmt(f),
            Self::TargetGroup(arn) => arn.fmt(f),
            Self::Listener(arn) => arn.fmt(f),
            Self::Rule(arn) => arn.fmt(f),
        }
    }
}

impl FromStr for Arn {
    type Err = BadArn;

    /// Strict: what is accepted is written again as the same text.
    fn from_str(text: &str) -> Result<Self, BadArn> {
        parse(text).ok_or_else(|| BadArn { text: text.into() })
    }
}

fn parse(text: &str) -> Option<Arn> {
    let mut parts = text.strip_prefix(SERVICE)?.splitn(3, ':');
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let owner = Owner::new(account, region).ok()?;
    let mut parts = resource.split('/');
    let kind = parts.next()?;
    if kind == "targetgroup" {
        let (name, id) = (name(parts.next()?)?, id(parts.next()?)?);
        let arn = Arn::TargetGroup(TargetGroupArn { owner, name, id });
        return parts.next().is_none().then_some(arn);
    }
    if parts.next()? != "app" {
        return None;
    }
    let (name, of_load_balancer) = (name(parts.next()?)?, id(parts.next()?)?);
    let load_balancer = LoadBalancerArn { owner, name, id: of_load_balancer };
    let arn = match kind {
        "loadbalancer" => Arn::LoadBalancer(load_balancer),
        "listener" => Arn::Listener(ListenerArn { load_balancer, id: id(parts.next()?)? }),
        "listener-rule" => {
            let listener = ListenerArn { load_balancer, id: id(parts.next()?)? };
            Arn::Rule(RuleArn { listener, id: id(parts.next()?)? })
        }
        _ => return None,
    };
    parts.next().is_none().then_some(arn)
}

fn name(text: &str) -> Option<Name> {
    Name::new(text).ok()
}

fn id(text: &str) -> Option<ResourceId> {
    ResourceId::parse(text)
}

/// Each kind is read as any kind is, and must be that one.
macro_rules! one_kind {
    ($($variant:ident($kind:ident),)*) => {$(
        impl FromStr for $kind {
            type Err = BadArn;

            fn from_str(text: &str) -> Result<Self, BadArn> {
                match text.parse()? {
                    Arn::$variant(arn) => Ok(arn),
                    _ => Err(BadArn { text: text.into() }),
                }
            }
        }

        impl From<$kind> for Arn {
            fn from(arn: $kind) -> Self {
                Self::$variant(arn)
            }
        }
    )*};
}

one_kind! {
    LoadBalancer(LoadBalancerArn),
    TargetGroup(TargetGroupArn),
    Listener(ListenerArn),
    Rule(RuleArn),
}

#[cfg(test)]
mod tests;
