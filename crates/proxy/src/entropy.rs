//! Randomness for nonces, session ids and trace ids, fetched from the system in blocks.

use std::io;

/// Bytes fetched at a time: a system call for every hundred requests or so.
const BLOCK_BYTES: usize = 4096;

/// One worker's stock of random bytes from the system's generator.
#[derive(Debug)]
pub(crate) struct Entropy {
    block: Box<[u8; BLOCK_BYTES]>,
    used: usize,
}

impl Entropy {
    /// Fails where the system has no generator, which is a reason not to start.
    pub(crate) fn new() -> io::Result<Self> {
        let mut entropy = Self { block: Box::new([0; BLOCK_BYTES]), used: 0 };
        entropy.refill()?;
        Ok(entropy)
    }

    /// `N` bytes that nobody has seen.
    ///
    /// # Panics
    ///
    /// When the system's generator, which has worked before, stops working: tokens made without it would not be safe.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.used + N > BLOCK_BYTES {
            self.refill().expect("the system's random generator worked at start");
        }
        let mut out = [0; N];
        if let Some(fresh) = self.block.get(self.used..self.used + N) {
            out.copy_from_slice(fresh);
        }
        self.used += N;
        out
    }

    fn refill(&mut self) -> io::Result<()> {
        getrandom::fill(self.block.as_mut_slice()).map_err(io::Error::other)?;
        self.used = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_never_handed_out_twice() {
        let mut entropy = Entropy::new().unwrap();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            assert!(seen.insert(entropy.bytes::<24>()));
        }
    }
}
