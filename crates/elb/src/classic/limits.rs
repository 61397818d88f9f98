//! `DescribeAccountLimits`.

use clingfish_model::limits::TARGETS_MAX;

use crate::{Error, Input, Members, Plan, page::Page, v2::account_limits::LOAD_BALANCERS_MAX};

/// By AWS's names, in their order.
const LIMITS: [(&str, usize); 3] = [
    ("classic-listeners", u16::MAX as usize),
    ("classic-load-balancers", LOAD_BALANCERS_MAX),
    ("classic-registered-instances", TARGETS_MAX),
];

/// `DescribeAccountLimits`.
pub(super) fn describe(input: &mut Input) -> Result<Plan, Error> {
    let (limits, next) = Page::read(input)?.cut(LIMITS.to_vec(), |(name, _)| (*name).to_owned());
    let limits = limits
        .into_iter()
        .map(|(name, max)| Members::default().text("Name", name).value("Max", max));
    Ok(Plan::read(Members::default().list("Limits", limits).some_text("NextMarker", next)))
}
