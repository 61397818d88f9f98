//! When checks start, so that ten thousand targets are not probed in one moment.

use std::time::Duration;

use clingfish_model::TargetHash;

/// A fresh target's first check starts within this time, or its interval where that is shorter.
pub const FIRST_CHECK_WITHIN: Duration = Duration::from_secs(1);

/// How long after it appeared a target's first check starts. The same for the same target, everywhere.
pub fn first_check_delay(target: TargetHash, interval: Duration) -> Duration {
    share(target, interval.min(FIRST_CHECK_WITHIN))
}

/// From the start of the first check to the start of the second: between half an interval and a whole one.
///
/// The first checks are close together because clients wait for them; this spreads the later ones, which then follow at
/// whole intervals.
pub fn second_check_delay(target: TargetHash, interval: Duration) -> Duration {
    interval / 2 + share(target, interval / 2)
}

/// A fixed part of `span` for each target, from zero to just below all of it.
fn share(target: TargetHash, span: Duration) -> Duration {
    let part = target.0.iter().take(4).fold(0_u32, |part, byte| part << 8 | u32::from(*byte));
    span.mul_f64(f64::from(part) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use clingfish_model::TargetId;

    use super::*;

    #[test]
    fn first_checks_come_soon_and_all_checks_are_spread() {
        for interval in [Duration::from_millis(100), Duration::from_secs(300)] {
            let window = interval.min(FIRST_CHECK_WITHIN);
            let (mut early, mut short) = (0, 0);
            for at in 0..1_000 {
                let target = TargetId::new(format!("10.0.0.1:{at}")).unwrap().hash();
                let first = first_check_delay(target, interval);
                let second = second_check_delay(target, interval);
                assert!(first < window, "{first:?} of {window:?}");
                assert!(second >= interval / 2 && second < interval, "{second:?}");
                early += usize::from(first < window / 2);
                short += usize::from(second < interval * 3 / 4);
            }
            assert!((400..600).contains(&early), "{early} of 1000 in the first half");
            assert!((400..600).contains(&short), "{short} of 1000 in the first half");
        }
    }

    #[test]
    fn delays_never_change() {
        let target = TargetId::new("10.0.0.1:3000").unwrap().hash();
        // 0xa0c1fcd2 of 2^32.
        let expected = Duration::from_nanos(627_960_016);
        assert_eq!(first_check_delay(target, Duration::from_secs(10)), expected);
    }
}
