//! The pure parts of a request, each repeated as often as asked, so that its instructions can be counted.
//!
//! `cargo xtask bench --instructions` runs each case under callgrind twice, the second time with twice as many calls: the
//! difference is the calls' own, without the start of the process and without what a case prepares.

mod clock;
mod decisions;
mod heads;
mod imports;
mod rings;
mod rules;
mod samples;
mod sessions;
mod turns;

use anyhow::Result;

/// Something that a request does.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// As on the command line.
    pub name: &'static str,
    /// What one call is, for the table.
    pub what: &'static str,
    /// Prepares, then makes that many calls.
    pub run: fn(calls: usize) -> Result<()>,
}

/// All cases, in the order of a request.
pub fn cases() -> impl Iterator<Item = Case> {
    [
        heads::CASES,
        rules::CASES,
        sessions::CASES,
        imports::CASES,
        turns::CASES,
        rings::CASES,
        decisions::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs() {
        for case in cases() {
            let outcome = (case.run)(3);
            assert!(outcome.is_ok(), "{}: {outcome:?}", case.name);
        }
    }

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let mut names: Vec<_> = cases().map(|case| case.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
