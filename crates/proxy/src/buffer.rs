//! Buffers that connections borrow while bytes are on their way, so that an idle one holds none.

use std::{
    cell::{Cell, RefCell},
    ops::{Deref, DerefMut},
    rc::Rc,
};

use clingfish_model::limits::{
    BODY_BUFFER_BYTES_MAX, BODY_BUFFERS_MAX, BUFFER_BYTES, BUFFERS_IDLE_MAX,
};

/// One worker's idle buffers.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    idle: RefCell<Vec<Vec<u8>>>,
    idle_large: RefCell<Vec<Vec<u8>>>,
    /// Large buffers in use.
    large_out: Cell<usize>,
}

impl BufferPool {
    /// An empty buffer of [`BUFFER_BYTES`].
    pub(crate) fn take(self: &Rc<Self>) -> Buffer {
        let bytes =
            self.idle.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(BUFFER_BYTES));
        Buffer { bytes, is_large: false, pool: Rc::clone(self) }
    }

    /// A buffer without room, for who waits: to be exchanged for one that has some once there is something to put into it.
    pub(crate) fn none(self: &Rc<Self>) -> Buffer {
        Buffer { bytes: Vec::new(), is_large: false, pool: Rc::clone(self) }
    }

    /// An empty buffer of [`BODY_BUFFER_BYTES_MAX`], for bodies that keep coming; an ordinary one once [`BODY_BUFFERS_MAX`] are out.
    pub(crate) fn take_large(self: &Rc<Self>) -> Buffer {
        if self.large_out.get() >= BODY_BUFFERS_MAX {
            return self.take();
        }
        self.large_out.set(self.large_out.get() + 1);
        let kept = self.idle_large.borrow_mut().pop();
        let bytes = kept.unwrap_or_else(|| Vec::with_capacity(BODY_BUFFER_BYTES_MAX));
        Buffer { bytes, is_large: true, pool: Rc::clone(self) }
    }

    /// Whether none lies idle.
    pub(crate) fn is_empty(&self) -> bool {
        self.idle.borrow().is_empty() && self.idle_large.borrow().is_empty()
    }

    /// Lets go of half of what lies idle, so that a peak does not hold its memory for ever.
    pub(crate) fn sweep(&self) {
        for idle in [&self.idle, &self.idle_large] {
            let mut idle = idle.borrow_mut();
            let half = idle.len() / 2;
            idle.truncate(half);
        }
    }
}

/// A growable buffer that goes back to its pool when dropped, unless it has grown.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    is_large: bool,
    pool: Rc<BufferPool>,
}

impl Buffer {
    /// Drops the first `count` bytes; what follows moves to the front.
    pub(crate) fn consume(&mut self, count: usize) {
        if count >= self.bytes.len() {
            self.bytes.clear();
        } else {
            self.bytes.drain(..count);
        }
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let (idle, capacity, idle_max) = if self.is_large {
            self.pool.large_out.update(|out| out - 1);
            (&self.pool.idle_large, BODY_BUFFER_BYTES_MAX, BODY_BUFFERS_MAX)
        } else {
            (&self.pool.idle, BUFFER_BYTES, BUFFERS_IDLE_MAX)
        };
        let mut idle = idle.borrow_mut();
        // One that has grown goes to the allocator: the next would keep its memory for nothing.
        if self.bytes.capacity() == capacity && idle.len() < idle_max {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            idle.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_empty_and_a_grown_one_does_not() {
        let pool = Rc::new(BufferPool::default());
        let mut buffer = pool.take();
        buffer.extend_from_slice(b"secret");
        drop(buffer);
        assert_eq!(pool.idle.borrow().len(), 1);
        let mut again = pool.take();
        assert!(again.is_empty());
        again.reserve(2 * BUFFER_BYTES);
        drop(again);
        assert!(pool.idle.borrow().is_empty());
    }

    #[test]
    fn large_buffers_are_few() {
        let pool = Rc::new(BufferPool::default());
        let out: Vec<Buffer> = (0..=BODY_BUFFERS_MAX).map(|_| pool.take_large()).collect();
        let large = out.iter().filter(|buffer| buffer.capacity() == BODY_BUFFER_BYTES_MAX).count();
        assert_eq!(large, BODY_BUFFERS_MAX);
        drop(out);
        assert_eq!(pool.idle_large.borrow().len(), BODY_BUFFERS_MAX);
        for _ in 0..=BODY_BUFFERS_MAX {
            // Framing may make one grow, which must not cost its place.
            pool.take_large().reserve(2 * BODY_BUFFER_BYTES_MAX);
        }
        assert_eq!(pool.large_out.get(), 0);
        let out: Vec<Buffer> = (0..BODY_BUFFERS_MAX).map(|_| pool.take_large()).collect();
        drop(out);
        assert_eq!(pool.take_large().capacity(), BODY_BUFFER_BYTES_MAX);
        pool.sweep();
        assert_eq!(pool.idle_large.borrow().len(), BODY_BUFFERS_MAX / 2);
    }

    #[test]
    fn consuming_keeps_what_follows() {
        let pool = Rc::new(BufferPool::default());
        let mut buffer = pool.take();
        buffer.extend_from_slice(b"headbody");
        buffer.consume(4);
        assert_eq!(buffer.as_slice(), b"body");
        buffer.consume(9);
        assert!(buffer.is_empty());
    }
}
