//! Answers of our own, by status and cause.

use std::sync::OnceLock;

use crate::Counter;

/// Pairs of status and cause that one worker tells apart; further ones count as the cause `other`.
pub const ANSWERS_MAX: usize = 64;

/// A table that the owner fills as causes come up, and that others read at any time. One thread writes.
#[derive(Debug)]
pub struct OwnAnswers {
    rows: [Row; ANSWERS_MAX],
    other: Counter,
}

#[derive(Debug, Default)]
struct Row {
    key: OnceLock<(u16, &'static str)>,
    count: Counter,
}

impl Default for OwnAnswers {
    fn default() -> Self {
        Self { rows: std::array::from_fn(|_| Row::default()), other: Counter::default() }
    }
}

impl OwnAnswers {
    /// Counts one answer; on the owning thread only.
    pub fn count(&self, status: u16, reason: &'static str) {
        let key = (status, reason);
        let row = self.rows.iter().find(|row| *row.key.get_or_init(|| key) == key);
        row.map_or(&self.other, |row| &row.count).increment();
    }

    /// Status, cause and count; status 0 stands for those beyond [`ANSWERS_MAX`].
    pub fn iter(&self) -> impl Iterator<Item = ((u16, &'static str), u64)> {
        let rows = self.rows.iter();
        let known = rows.map_while(|row| row.key.get().map(|key| (*key, row.count.value())));
        let other = self.other.value();
        known.chain((other > 0).then_some(((0, "other"), other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded_and_nothing_is_lost() {
        let answers = OwnAnswers::default();
        for status in 400..400 + ANSWERS_MAX as u16 + 6 {
            answers.count(status, "cause");
            answers.count(status, "cause");
        }
        let rows: Vec<_> = answers.iter().collect();
        assert_eq!(rows.len(), ANSWERS_MAX + 1);
        assert_eq!(rows.first(), Some(&((400, "cause"), 2)));
        assert_eq!(rows.last(), Some(&((0, "other"), 12)));
    }

    #[test]
    fn causes_of_one_status_are_told_apart() {
        let answers = OwnAnswers::default();
        for reason in ["connect failed", "reset", "connect failed"] {
            answers.count(502, reason);
        }
        let rows: Vec<_> = answers.iter().collect();
        assert_eq!(rows, [((502, "connect failed"), 2), ((502, "reset"), 1)]);
    }
}
