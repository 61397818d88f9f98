//! Waiting for a condition.

use std::{thread, time::Duration};

use crate::clock;

/// Between two looks at the condition.
const POLL: Duration = Duration::from_millis(10);

/// Asks until there is an answer, for `limit` at most.
///
/// # Panics
///
/// When there is none in time.
#[track_caller]
pub fn eventually<T>(limit: Duration, condition: impl FnMut() -> Option<T>) -> T {
    match within(limit, condition) {
        Some(answer) => answer,
        None => panic!("what was waited for did not come within {limit:?}"),
    }
}

/// As [`eventually`], for callers that can say more about what did not come.
pub(crate) fn within<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let started = clock::now();
    loop {
        if let Some(answer) = condition() {
            return Some(answer);
        }
        if started.elapsed() > limit {
            return None;
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_comes_true_is_returned() {
        let mut asked = 0;
        let answer = eventually(Duration::from_secs(5), || {
            asked += 1;
            (asked == 3).then_some(asked)
        });
        assert_eq!(answer, 3);
    }

    #[test]
    #[should_panic(expected = "did not come within")]
    fn a_condition_that_never_comes_true_ends_the_test() {
        eventually(Duration::from_millis(20), || None::<()>);
    }
}
