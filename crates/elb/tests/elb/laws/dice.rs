//! Choices out of bytes, so that a failure shrinks with them.

/// Bytes that decide; when they are used up, everything is the first choice.
pub(super) struct Dice<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl<'a> Dice<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    /// A number below that one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or_default()) % end.max(1)
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.get(self.below(choices.len())).expect("nobody gives no choice")
    }

    /// Whether, once in so many times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}
