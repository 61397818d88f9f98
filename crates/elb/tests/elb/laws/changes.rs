//! What a change may do, and what not.

use clingfish_model::{DesiredState, UnixMillis};

use super::{Survey, asked};

/// What was asked for is there, so that asking for it again changes nothing: it is refused, or finds what it wants.
pub(super) fn are_asked_once(form: &str, desired: &DesiredState, now: UnixMillis, told: &str) {
    if let Ok(again) = asked(form, desired, now) {
        assert!(again.edits.is_empty(), "again: {:?}\nfirst: {told}", again.edits);
    }
}

/// Nothing goes that nobody deletes, nothing has another ARN, and what is not touched says what it said.
pub(super) fn are_those_that_were_asked_for(
    form: &str,
    touched: &[String],
    before: &Survey,
    after: &Survey,
    told: &str,
) {
    let deletes = form.starts_with("Action=Delete");
    // That one is there as long as something is said of it or anything belongs to it.
    let may_go = |arn: &str| arn.contains(":loadbalancer/app/default/");
    let is_touched = |arn: &str| touched.iter().any(|one| one == arn);
    for (arn, said) in &before.said {
        let belongs = deletes && touched.iter().any(|one| is_of(arn, one));
        match after.said.get(arn) {
            Some(now) if !is_touched(arn) => assert_eq!(now, said, "{arn}: {told}"),
            Some(_) => {}
            None => assert!(belongs || may_go(arn), "{arn} is gone: {told}"),
        }
    }
}

/// Whether something is the other, or a part of it.
fn is_of(arn: &str, whole: &str) -> bool {
    let suffix = |arn: &str| {
        let kinds = [":loadbalancer/", ":listener/", ":listener-rule/", ":targetgroup/"];
        let found = kinds.into_iter().find_map(|kind| arn.split_once(kind));
        found.map_or_else(|| arn.to_owned(), |(_, rest)| rest.to_owned())
    };
    arn == whole || suffix(arn).starts_with(&(suffix(whole) + "/"))
}
