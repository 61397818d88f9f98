//! Values under patterns: all of the text, how it begins or ends, or nothing that could be looked up.

use std::collections::{BTreeMap, BTreeSet};

use clingfish_model::rule::Pattern;

use crate::table::Table;

/// Which end of a text patterns are looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Hosts: `*.shop.example`, in any case.
    HostEnd,
    /// Paths: `/api/*`.
    PathStart,
}

/// Values that apply to a text if a pattern does.
#[derive(Clone, Debug)]
pub(crate) struct Affixes<V> {
    side: Side,
    whole: Table<V>,
    /// Lengths of the keys of `part`, ascending: at most as many as a pattern has characters, so that their number is bounded.
    lengths: Box<[usize]>,
    part: Table<V>,
    any: V,
}

/// [`Affixes`] while they are gathered.
#[derive(Clone, Debug)]
pub(crate) struct Gathered<V> {
    side: Side,
    whole: BTreeMap<Vec<u8>, V>,
    part: BTreeMap<Vec<u8>, V>,
    any: V,
}

impl Side {
    /// Whether a text that the pattern is found by is like it: nothing is left to compare.
    pub(crate) fn settles(self, pattern: &Pattern) -> bool {
        pattern.is_literal()
            || match self {
                Self::HostEnd => pattern.is_end(),
                Self::PathStart => pattern.is_start(),
            }
    }
}

impl<V: Default> Gathered<V> {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, whole: BTreeMap::new(), part: BTreeMap::new(), any: V::default() }
    }

    /// The value for texts that the pattern may be like; for every text where there is none.
    pub(crate) fn entry(&mut self, pattern: Option<&Pattern>, new: impl FnOnce() -> V) -> &mut V {
        let Some(pattern) = pattern else {
            return &mut self.any;
        };
        if pattern.is_literal() {
            return self.whole.entry(pattern.start().to_vec()).or_insert_with(new);
        }
        let key = match self.side {
            Side::HostEnd => pattern.end(),
            Side::PathStart => pattern.start().to_vec(),
        };
        if key.is_empty() {
            return &mut self.any;
        }
        self.part.entry(key).or_insert_with(new)
    }

    pub(crate) fn finish<W>(self, finish: impl Fn(V) -> W) -> Affixes<W> {
        let lengths: BTreeSet<usize> = self.part.keys().map(Vec::len).collect();
        let table = |map: BTreeMap<Vec<u8>, V>| {
            Table::new(map.into_iter().map(|(key, value)| (key, finish(value))).collect())
        };
        Affixes {
            side: self.side,
            whole: table(self.whole),
            lengths: lengths.into_iter().collect(),
            part: table(self.part),
            any: finish(self.any),
        }
    }
}

impl<V> Affixes<V> {
    /// Shows each value that may apply to the text.
    #[inline]
    pub(crate) fn visit<'a>(&'a self, text: &[u8], mut show: impl FnMut(&'a V)) {
        let is_equal = match self.side {
            Side::HostEnd => <[u8]>::eq_ignore_ascii_case,
            Side::PathStart => <[u8] as PartialEq>::eq,
        };
        if !self.whole.is_empty()
            && let Some(value) = self.whole.find(text, is_equal)
        {
            show(value);
        }
        for length in self.lengths.iter().take_while(|length| **length <= text.len()) {
            let key = match self.side {
                Side::HostEnd => text.get(text.len() - length..),
                Side::PathStart => text.get(..*length),
            };
            if let Some(value) = key.and_then(|key| self.part.find(key, is_equal)) {
                show(value);
            }
        }
        show(&self.any);
    }
}
