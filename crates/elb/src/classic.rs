//! The actions of the Classic API, version 2012-06-01.
//!
//! A Classic load balancer lives in the file as any other does. Each of its listeners forwards to a target group of its own, which is
//! made of what the load balancer has for all of them: instances, health check, draining, and the policy that the listener uses.
//! [`facts`] reads all that from the file, an action changes it, and [`sync`] says what the file has to say then.

mod attributes;
mod balancer;
mod describe;
mod facts;
mod health;
mod health_check;
mod instances;
mod limits;
mod listeners;
mod network;
mod policies;
mod policy_types;
mod sync;
mod tags;

use clingfish_model::{LoadBalancer, TargetGroup};

use crate::{Call, Code, Error, Input, Plan, World};

/// Plans the action that `call` asks for.
///
/// # Errors
///
/// As AWS refuses it. Nothing is to be changed then.
pub(crate) fn plan(call: Call, world: &World<'_>) -> Result<Plan, Error> {
    // One line for each action, in the order of AWS's documentation.
    match call.action.as_str() {
        "AddTags" => call.read(|input| tags::add(input, world)),
        "ApplySecurityGroupsToLoadBalancer" => call.read(|input| network::apply(input, world)),
        "AttachLoadBalancerToSubnets" => call.read(|input| network::attach(input, world)),
        "ConfigureHealthCheck" => call.read(|input| health_check::configure(input, world)),
        "CreateAppCookieStickinessPolicy" => call.read(|input| policies::create_app(input, world)),
        "CreateLBCookieStickinessPolicy" => call.read(|input| policies::create_lb(input, world)),
        "CreateLoadBalancer" => call.read(|input| balancer::create(input, world)),
        "CreateLoadBalancerListeners" => call.read(|input| listeners::create(input, world)),
        "CreateLoadBalancerPolicy" => call.read(|input| policies::create(input, world)),
        "DeleteLoadBalancer" => call.read(|input| balancer::delete(input, world)),
        "DeleteLoadBalancerListeners" => call.read(|input| listeners::delete(input, world)),
        "DeleteLoadBalancerPolicy" => call.read(|input| policies::delete(input, world)),
        "DeregisterInstancesFromLoadBalancer" => {
            call.read(|input| instances::deregister(input, world))
        }
        "DescribeAccountLimits" => call.read(limits::describe),
        "DescribeInstanceHealth" => call.read(|input| health::describe(input, world)),
        "DescribeLoadBalancerAttributes" => call.read(|input| attributes::describe(input, world)),
        "DescribeLoadBalancerPolicies" => call.read(|input| policies::describe(input, world)),
        "DescribeLoadBalancerPolicyTypes" => call.read(policy_types::describe),
        "DescribeLoadBalancers" => call.read(|input| describe::describe(input, world)),
        "DescribeTags" => call.read(|input| tags::describe(input, world)),
        "DetachLoadBalancerFromSubnets" => call.read(|input| network::detach(input, world)),
        "DisableAvailabilityZonesForLoadBalancer" => {
            call.read(|input| network::disable_zones(input, world))
        }
        "EnableAvailabilityZonesForLoadBalancer" => {
            call.read(|input| network::enable_zones(input, world))
        }
        "ModifyLoadBalancerAttributes" => call.read(|input| attributes::modify(input, world)),
        "RegisterInstancesWithLoadBalancer" => call.read(|input| instances::register(input, world)),
        "RemoveTags" => call.read(|input| tags::remove(input, world)),
        "SetLoadBalancerListenerSSLCertificate" => {
            call.read(|input| listeners::set_certificate(input, world))
        }
        "SetLoadBalancerPoliciesForBackendServer" => {
            call.read(|input| policies::set_of_backend(input, world))
        }
        "SetLoadBalancerPoliciesOfListener" => {
            call.read(|input| policies::set_of_listener(input, world))
        }
        _ => Err(call.unknown_action()),
    }
}

/// Whether the group is made of a listener of the Classic API, so that ELBv2 does not show it.
pub(crate) fn is_classic_group(world: &World<'_>, group: &TargetGroup) -> bool {
    let mut listeners = world.desired.listeners.iter().filter(|one| one.classic.is_some());
    listeners.any(|listener| listener.groups().any(|name| *name == group.name))
}

impl<'a> World<'a> {
    /// The Classic load balancer of that name.
    fn classic(&self, name: &str) -> Result<&'a LoadBalancer, Error> {
        let mut balancers = self.desired.load_balancers.iter();
        let found = balancers.find(|one| one.classic.is_some() && one.name.as_str() == name);
        found.ok_or_else(|| {
            let message = format!("There is no ACTIVE Load Balancer named '{name}'");
            Error::new(Code::LoadBalancerNotFound, message)
        })
    }

    /// The one that a request names.
    fn named(&self, input: &mut Input) -> Result<&'a LoadBalancer, Error> {
        self.classic(&input.required_text("LoadBalancerName")?)
    }
}

/// What a load balancer cannot be, as AWS puts it.
fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidConfigurationRequest, message)
}
