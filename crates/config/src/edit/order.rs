//! What stands behind what, where things come and go.

/// Things by their numbers, which stay theirs, in an order that a thing enters and leaves in no time.
#[derive(Debug)]
pub(super) struct Order {
    /// Of each thing, the one before it and the one behind it.
    links: Vec<(Option<usize>, Option<usize>)>,
    first: Option<usize>,
    last: Option<usize>,
}

impl Order {
    /// Of things that have the numbers from 0.
    pub(super) fn new(count: usize) -> Self {
        let next = |at: usize| Some(at + 1).filter(|next| *next < count);
        Self {
            links: (0..count).map(|at| (at.checked_sub(1), next(at))).collect(),
            first: (count > 0).then_some(0),
            last: count.checked_sub(1),
        }
    }

    pub(super) fn last(&self) -> Option<usize> {
        self.last
    }

    pub(super) fn before(&self, at: usize) -> Option<usize> {
        self.links.get(at).and_then(|links| links.0)
    }

    pub(super) fn behind(&self, at: usize) -> Option<usize> {
        self.links.get(at).and_then(|links| links.1)
    }

    /// Says that a new thing, which gets the next number, is behind that one, or the first.
    pub(super) fn insert(&mut self, before: Option<usize>) -> usize {
        let at = self.links.len();
        let behind = before.map_or(self.first, |before| self.behind(before));
        self.links.push((before, behind));
        self.join(before, Some(at));
        self.join(Some(at), behind);
        at
    }

    pub(super) fn remove(&mut self, at: usize) {
        self.join(self.before(at), self.behind(at));
    }

    fn join(&mut self, before: Option<usize>, behind: Option<usize>) {
        match before {
            Some(before) => self.links.get_mut(before).into_iter().for_each(|of| of.1 = behind),
            None => self.first = behind,
        }
        match behind {
            Some(behind) => self.links.get_mut(behind).into_iter().for_each(|of| of.0 = before),
            None => self.last = before,
        }
    }

    /// The numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        std::iter::successors(self.first, |at| self.behind(*at))
    }
}
