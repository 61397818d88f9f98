//! The actions of ELBv2, version 2015-12-01.
//!
//! Each is a function from the members of a request and the [`World`] to a [`Plan`]: it says which changes of the file it wants, and how
//! the answer is made once they are in force. Nothing here knows the file's syntax or how a request came.

pub(crate) mod account_limits;
mod action;
pub(crate) mod balancer;
pub(crate) mod bind;
pub(crate) mod certificate;
mod condition;
mod find;
pub(crate) mod fresh;
pub(crate) mod listener;
mod rule;
mod ssl_policy;
pub(crate) mod tags;
pub(crate) mod target_group;
pub(crate) mod targets;
mod transform;
mod trust_store;

use crate::{Call, Error, Plan, World};

/// Plans the action that `call` asks for.
///
/// # Errors
///
/// As AWS refuses it. Nothing is to be changed then.
pub(crate) fn plan(call: Call, world: &World<'_>) -> Result<Plan, Error> {
    // One line for each action, in the order of AWS's documentation.
    match call.action.as_str() {
        "AddListenerCertificates" => call.read(|input| listener::add_certificates(input, world)),
        "AddTags" => call.read(|input| tags::add(input, world)),
        "CreateListener" => call.read(|input| listener::create(input, world)),
        "CreateLoadBalancer" => call.read(|input| balancer::create(input, world)),
        "CreateRule" => call.read(|input| rule::create(input, world)),
        "CreateTargetGroup" => call.read(|input| target_group::create(input, world)),
        "DeleteListener" => call.read(|input| listener::delete(input, world)),
        "DeleteLoadBalancer" => call.read(|input| balancer::delete(input, world)),
        "DeleteRule" => call.read(|input| rule::delete(input, world)),
        "DeleteTargetGroup" => call.read(|input| target_group::delete(input, world)),
        "DeregisterTargets" => call.read(|input| targets::deregister(input, world)),
        "DescribeAccountLimits" => call.read(account_limits::describe),
        "DescribeCapacityReservation" => call.read(|input| balancer::capacity(input, world)),
        "DescribeListenerAttributes" => {
            call.read(|input| listener::describe_attributes(input, world))
        }
        "DescribeListenerCertificates" => {
            call.read(|input| listener::describe_certificates(input, world))
        }
        "DescribeListeners" => call.read(|input| listener::describe(input, world)),
        "DescribeLoadBalancerAttributes" => {
            call.read(|input| balancer::attributes::describe(input, world))
        }
        "DescribeLoadBalancers" => call.read(|input| balancer::describe(input, world)),
        "DescribeRules" => call.read(|input| rule::describe(input, world)),
        "DescribeSSLPolicies" => call.read(ssl_policy::describe),
        "DescribeTags" => call.read(|input| tags::describe(input, world)),
        "DescribeTargetGroupAttributes" => {
            call.read(|input| target_group::attributes::describe(input, world))
        }
        "DescribeTargetGroups" => call.read(|input| target_group::describe(input, world)),
        "DescribeTargetHealth" => call.read(|input| targets::describe_health(input, world)),
        "ModifyCapacityReservation" => call.read(|input| balancer::reserve(input, world)),
        "ModifyListener" => call.read(|input| listener::modify(input, world)),
        "ModifyListenerAttributes" => call.read(|input| listener::modify_attributes(input, world)),
        "ModifyLoadBalancerAttributes" => {
            call.read(|input| balancer::attributes::modify(input, world))
        }
        "ModifyRule" => call.read(|input| rule::modify(input, world)),
        "ModifyTargetGroup" => call.read(|input| target_group::modify(input, world)),
        "ModifyTargetGroupAttributes" => {
            call.read(|input| target_group::attributes::modify(input, world))
        }
        "RegisterTargets" => call.read(|input| targets::register(input, world)),
        "RemoveListenerCertificates" => {
            call.read(|input| listener::remove_certificates(input, world))
        }
        "RemoveTags" => call.read(|input| tags::remove(input, world)),
        "SetIpAddressType" => call.read(|input| balancer::set_ip_address_type(input, world)),
        "SetRulePriorities" => call.read(|input| rule::set_priorities(input, world)),
        "SetSecurityGroups" => call.read(|input| balancer::set_security_groups(input, world)),
        "SetSubnets" => call.read(|input| balancer::set_subnets(input, world)),
        _ => Err(call.unknown_action()),
    }
}
