//! `DescribeCapacityReservation` and `ModifyCapacityReservation`. There is no capacity to reserve: a machine has what it has.

use super::{network, shown};
use crate::{Code, Error, Input, Members, Plan, World};

/// `DescribeCapacityReservation`: every zone has what was asked for, which is nothing.
pub(crate) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    answer(&input.required_text("LoadBalancerArn")?, world)
}

/// `ModifyCapacityReservation`: to reset what is not there changes nothing; to reserve is refused.
pub(crate) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let units = input.structure("MinimumLoadBalancerCapacity", |input| {
        input.required_integer("CapacityUnits", 0..=i64::from(i32::MAX))
    })?;
    let resets = input.boolean("ResetCapacityReservation")?;
    shown(&arn, world)?;
    match (units, resets) {
        (Some(_), Some(true)) => Err(Error::validation(
            "MinimumLoadBalancerCapacity and ResetCapacityReservation cannot be specified at the same time",
        )),
        (Some(units), _) => Err(Error::new(
            Code::OperationNotPermitted,
            format!(
                "'{units}' capacity units cannot be reserved: the capacity of this load balancer is that of its machine"
            ),
        )),
        (None, Some(true)) => answer(&arn, world),
        (None, _) => Err(Error::validation(
            "Either MinimumLoadBalancerCapacity or ResetCapacityReservation must be specified",
        )),
    }
}

fn answer(arn: &str, world: &World<'_>) -> Result<Plan, Error> {
    let (aws, subnets) = (&world.desired.aws, &shown(arn, world)?.network.subnets);
    let zones = network::zones(aws, subnets).map(|zone| {
        Members::default()
            .structure("State", Members::default().text("Code", "provisioned"))
            .text("AvailabilityZone", zone)
            .value("EffectiveCapacityUnits", 0)
    });
    let answer = Members::default().value("DecreaseRequestsRemaining", 0);
    Ok(Plan::read(answer.list("CapacityReservationState", zones)))
}
