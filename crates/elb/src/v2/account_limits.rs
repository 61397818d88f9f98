//! `DescribeAccountLimits`: AWS calls them quotas of an account, here they are those of the program.

use clingfish_model::{ListenerTls, Rule, limits::TARGETS_MAX, rule::Forward};

use crate::{Error, Input, Members, Plan, page::Page};

/// Most load balancers of all kinds that there are before this API makes no more.
pub(crate) const LOAD_BALANCERS_MAX: usize = 1_000;

/// Most target groups that there are before this API makes no more.
pub(super) const TARGET_GROUPS_MAX: usize = 10_000;

/// Listeners differ by their ports.
const PORTS: usize = u16::MAX as usize;

/// By AWS's names, in their order. Of what one load balancer has, the limit of one listener or group counts, for there is no sum.
const LIMITS: [(&str, usize); 14] = [
    ("application-load-balancers", LOAD_BALANCERS_MAX),
    ("certificates-per-application-load-balancer", ListenerTls::CERTIFICATES_MAX),
    ("classic-load-balancers", LOAD_BALANCERS_MAX),
    ("condition-values-per-alb-rule", Rule::VALUES_MAX),
    ("condition-wildcards-per-alb-rule", Rule::WILDCARDS_MAX),
    ("gateway-load-balancers", 0),
    ("listeners-per-application-load-balancer", PORTS),
    ("network-load-balancers", 0),
    ("rules-per-application-load-balancer", Rule::COUNT_MAX),
    ("target-groups", TARGET_GROUPS_MAX),
    ("target-groups-per-action-on-application-load-balancer", Forward::GROUPS_MAX),
    ("target-groups-per-application-load-balancer", TARGET_GROUPS_MAX),
    ("targets-per-application-load-balancer", TARGETS_MAX),
    ("targets-per-target-group", TARGETS_MAX),
];

/// `DescribeAccountLimits`.
pub(super) fn describe(input: &mut Input) -> Result<Plan, Error> {
    let (limits, next) = Page::read(input)?.cut(LIMITS.to_vec(), |(name, _)| (*name).to_owned());
    let limits = limits
        .into_iter()
        .map(|(name, max)| Members::default().text("Name", name).value("Max", max));
    Ok(Plan::read(Members::default().list("Limits", limits).some_text("NextMarker", next)))
}
