//! From ARNs to what they stand for, and back.

use clingfish_model::{Listener, LoadBalancer, Owner, Rule, TargetGroup};

use crate::{
    Code, Error, World,
    arn::{Arn, ListenerArn, LoadBalancerArn, RuleArn, TargetGroupArn},
    classic::is_classic_group,
};

impl World<'_> {
    /// Whose ARNs these are.
    pub(crate) fn owner(&self) -> Owner {
        self.desired.aws.owner.clone()
    }

    /// The ARN of a load balancer.
    pub(crate) fn balancer_arn(&self, balancer: &LoadBalancer) -> LoadBalancerArn {
        LoadBalancerArn { owner: self.owner(), name: balancer.name.clone(), id: balancer.id() }
    }

    /// The ARN of a target group.
    pub(crate) fn group_arn(&self, group: &TargetGroup) -> TargetGroupArn {
        TargetGroupArn { owner: self.owner(), name: group.name.clone(), id: group.id() }
    }

    /// The ARN of a listener.
    pub(crate) fn listener_arn(&self, listener: &Listener) -> ListenerArn {
        let balancer = self.desired.load_balancer(&listener.load_balancer);
        let balancer =
            balancer.expect("a listener's load balancer is there: checked when it was read");
        ListenerArn { load_balancer: self.balancer_arn(balancer), id: listener.id() }
    }

    /// The ARN of a rule of that listener.
    pub(crate) fn rule_arn(&self, listener: &Listener, rule: &Rule) -> RuleArn {
        RuleArn { listener: self.listener_arn(listener), id: rule.id(listener.id()) }
    }

    /// The application load balancer of that ARN.
    pub(crate) fn balancer(&self, arn: &str) -> Result<&LoadBalancer, Error> {
        let found = arn.parse().ok().and_then(|arn: LoadBalancerArn| {
            let balancer = self.desired.load_balancer(&arn.name)?;
            (balancer.classic.is_none() && self.balancer_arn(balancer) == arn).then_some(balancer)
        });
        found.ok_or_else(|| {
            let message = format!("Load balancers '[{arn}]' not found");
            malformed::<LoadBalancerArn>(arn, "load balancer", Code::LoadBalancerNotFound, message)
        })
    }

    /// The target group of that ARN, unless it is one that the Classic API makes of a listener.
    pub(crate) fn group(&self, arn: &str) -> Result<&TargetGroup, Error> {
        self.group_unless(arn, |group| is_classic_group(self, group))
    }

    /// As [`Self::group`], for who knows of many groups which the Classic API makes.
    pub(crate) fn group_unless(
        &self,
        arn: &str,
        is_classic: impl FnOnce(&TargetGroup) -> bool,
    ) -> Result<&TargetGroup, Error> {
        let found = arn.parse().ok().and_then(|arn: TargetGroupArn| {
            let group = self.desired.target_group(&arn.name)?;
            (self.group_arn(group) == arn && !is_classic(group)).then_some(group)
        });
        found.ok_or_else(|| {
            let message = format!("Target group '{arn}' not found");
            malformed::<TargetGroupArn>(arn, "target group", Code::TargetGroupNotFound, message)
        })
    }

    /// The listener of an application load balancer of that ARN.
    pub(crate) fn listener(&self, arn: &str) -> Result<&Listener, Error> {
        let found = arn.parse().ok().and_then(|arn: ListenerArn| self.listener_of(&arn));
        found.ok_or_else(|| {
            let message = "The specified listener does not exist.";
            malformed::<ListenerArn>(arn, "listener", Code::ListenerNotFound, message)
        })
    }

    fn listener_of(&self, arn: &ListenerArn) -> Option<&Listener> {
        let wanted = &arn.load_balancer;
        let balancer = self.desired.load_balancer(&wanted.name)?;
        if balancer.classic.is_some() || self.balancer_arn(balancer) != *wanted {
            return None;
        }
        let mut listeners = self.desired.listeners.iter();
        listeners.find(|one| one.load_balancer == balancer.name && one.id() == arn.id)
    }

    /// The listener and its rule of that ARN; no rule stands for the default one.
    pub(crate) fn rule(&self, arn: &str) -> Result<(&Listener, Option<&Rule>), Error> {
        let found = arn.parse().ok().and_then(|arn: RuleArn| {
            let listener = self.listener_of(&arn.listener)?;
            if default_rule_id(listener) == arn.id {
                return Some((listener, None));
            }
            let id = listener.id();
            let rule = listener.rules.iter().find(|rule| rule.id(id) == arn.id)?;
            Some((listener, Some(rule)))
        });
        found.ok_or_else(|| {
            malformed::<RuleArn>(
                arn,
                "listener rule",
                Code::RuleNotFound,
                "The specified rule does not exist.",
            )
        })
    }

    /// The ARN of a listener's default rule.
    pub(crate) fn default_rule_arn(&self, listener: &Listener) -> RuleArn {
        RuleArn { listener: self.listener_arn(listener), id: default_rule_id(listener) }
    }
}

fn default_rule_id(listener: &Listener) -> clingfish_model::ResourceId {
    clingfish_model::ResourceId::derive("listener-rule", &format!("{}/default", listener.id()))
}

/// What is no ARN of that kind at all is a `ValidationError`, as AWS says; what only does not exist has its own code.
fn malformed<T: std::str::FromStr>(
    arn: &str,
    kind: &str,
    code: Code,
    message: impl Into<String>,
) -> Error {
    if arn.parse::<T>().is_ok() || arn.parse::<Arn>().is_ok() {
        Error::new(code, message)
    } else {
        Error::validation(format!("'{arn}' is not a valid {kind} ARN"))
    }
}
