//! Boxes for futures of several kilobytes, which are made where they stay.

use std::pin::Pin;

/// Boxes what `make` makes.
///
/// `Box::pin(serve(..))` makes the future on the stack and copies it, all of it, though hardly any of it has been written yet. A call
/// that is not inlined writes its result where it is told, which is the box, if that is there first.
pub(crate) fn boxed<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, made(make)))
}

#[inline(never)]
fn made<F>(make: impl FnOnce() -> F) -> F {
    make()
}
