//! A connection and its streams stay on the thread that made them: what looks like a lock is a look at a flag.

use std::cell::{BorrowMutError, RefCell, RefMut};

/// As [`std::sync::Mutex`], for one thread. It is never poisoned: whoever panics takes the connection with it.
#[derive(Debug)]
pub(crate) struct Mutex<T>(RefCell<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Mutex(RefCell::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> Result<RefMut<'_, T>, BorrowMutError> {
        Ok(self.0.borrow_mut())
    }

    pub(crate) fn try_lock(&self) -> Result<RefMut<'_, T>, BorrowMutError> {
        self.0.try_borrow_mut()
    }
}
