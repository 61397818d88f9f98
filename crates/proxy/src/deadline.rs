//! One deadline per connection, all of a worker's in one table.
//!
//! A timer per phase of each request would cost more than the phases do. Here moving a deadline is one store; a tick every
//! [`WHEEL_TICK`] looks at all of them, which for 20,000 connections is a scan of 80 kB.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use clingfish_model::limits::WHEEL_TICK;
use futures_util::FutureExt as _;
use tokio::sync::Notify;

use crate::clock;

const TICK_MILLIS: u64 = WHEEL_TICK.as_millis() as u64;
/// No deadline.
const NEVER: u32 = u32::MAX;
/// With this bit a deadline is that many ticks after the next one: see [`Deadline::push`].
const PUSHED: u32 = 1 << 31;
/// Has fired, and fires again for whoever waits, until it is moved.
const FIRED: u32 = 0;

/// All deadlines of one worker.
#[derive(Debug)]
pub(crate) struct Deadlines {
    /// Tick 0.
    epoch: Instant,
    /// Ticks, side by side so that the scan is quick.
    at: RefCell<Vec<u32>>,
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
    /// The latest time that anybody has seen.
    latest: Cell<Instant>,
    /// A tick, and when the next one begins: most times are of the tick that was asked for last, and to compare them costs less than to count.
    known: Cell<(u32, Instant)>,
    occupied: Notify,
}

#[derive(Debug, Default)]
struct Slot {
    waker: Option<Waker>,
    /// The door that the connection came in by.
    door: u64,
    /// Serial number of the target that the connection's request runs on; 0 is none.
    target: u64,
    /// The connection waits for its next request.
    idle: bool,
    /// Fired because that target is gone, and stays so while the request runs on it.
    cut: bool,
}

/// The time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expired;

impl Deadlines {
    /// None so far; ticks count from `epoch`.
    pub(crate) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            at: RefCell::default(),
            slots: RefCell::default(),
            free: RefCell::default(),
            latest: Cell::new(epoch),
            known: Cell::new((0, epoch)),
            occupied: Notify::new(),
        }
    }

    /// Takes note of a time that somebody has looked up anyway, so that [`Deadline::set`] can count from it.
    pub(crate) fn observe(&self, now: Instant) {
        self.latest.set(self.latest.get().max(now));
    }

    /// The time that was looked up last.
    pub(crate) fn latest(&self) -> Instant {
        self.latest.get()
    }

    /// The present tick.
    fn tick(&self) -> u32 {
        let latest = self.latest.get();
        let (known, ends_at) = self.known.get();
        if latest < ends_at {
            return known;
        }
        let elapsed = millis(latest.saturating_duration_since(self.epoch));
        let tick = u32::try_from(elapsed / TICK_MILLIS).unwrap_or(NEVER - 1);
        self.known.set((tick, self.epoch + WHEEL_TICK * tick.saturating_add(1)));
        tick
    }

    /// A deadline that is not set yet, for a connection that came in by that door.
    pub(crate) fn open(self: &Rc<Self>, door: u64) -> Deadline {
        let index = self.free.borrow_mut().pop().unwrap_or_else(|| {
            self.at.borrow_mut().push(NEVER);
            self.slots.borrow_mut().push(Slot::default());
            u32::try_from(self.at.borrow().len() - 1).unwrap_or(NEVER)
        });
        if let Some(slot) = self.slots.borrow_mut().get_mut(index as usize) {
            slot.door = door;
        }
        self.occupied.notify_one();
        Deadline { table: Rc::clone(self), index }
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.at.borrow().len() - self.free.borrow().len()
    }

    /// Resolves when at least one deadline may be open, so that an idle worker need not tick.
    pub(crate) async fn occupied(&self) {
        while self.len() == 0 {
            self.occupied.notified().await;
        }
    }

    /// Wakes whoever is late by now.
    pub(crate) fn advance(&self, now: Instant) {
        self.observe(now);
        let tick = self.tick();
        let mut slots = self.slots.borrow_mut();
        for (at, slot) in self.at.borrow_mut().iter_mut().zip(slots.iter_mut()) {
            if *at >= PUSHED && *at != NEVER {
                // One more, as in `after`: this tick may be partly over.
                *at = tick
                    .saturating_add(*at - PUSHED)
                    .saturating_add(1)
                    .clamp(FIRED + 1, PUSHED - 1);
            } else if *at <= tick && *at != FIRED {
                *at = FIRED;
                if let Some(waker) = slot.waker.take() {
                    waker.wake();
                }
            }
        }
    }

    /// Ends every request that runs on the target of that serial number.
    pub(crate) fn cut(&self, target: u64) {
        for slot in self.slots.borrow_mut().iter_mut().filter(|slot| slot.target == target) {
            slot.cut = true;
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        }
    }

    /// Lets no idle connection wait longer than `span` from now.
    pub(crate) fn hurry(&self, span: Duration) {
        let latest = self.after(span);
        for (at, slot) in self.at.borrow_mut().iter_mut().zip(self.slots.borrow().iter()) {
            if slot.idle {
                *at = (*at).min(latest);
            }
        }
    }

    /// Ends the idle connections that came in by that door.
    pub(crate) fn dismiss(&self, door: u64) {
        for (at, slot) in self.at.borrow_mut().iter_mut().zip(self.slots.borrow_mut().iter_mut()) {
            if slot.idle && slot.door == door {
                *at = FIRED;
                if let Some(waker) = slot.waker.take() {
                    waker.wake();
                }
            }
        }
    }

    /// The tick at which `span` from now has certainly passed.
    fn after(&self, span: Duration) -> u32 {
        // One more, because the present tick is partly over.
        self.tick().saturating_add(ticks(span)).saturating_add(1).min(PUSHED - 1)
    }
}

/// How many ticks that span takes; three years at the most.
fn ticks(span: Duration) -> u32 {
    u32::try_from(millis(span).div_ceil(TICK_MILLIS))
        .map_or(PUSHED - 2, |ticks| ticks.min(PUSHED - 2))
}

/// In 64 bits: the 128 of [`Duration::as_millis`] cost more than all else that a deadline does.
fn millis(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1000).saturating_add(span.subsec_millis().into())
}

/// One connection's deadline; closed when dropped.
#[derive(Debug)]
pub(crate) struct Deadline {
    table: Rc<Deadlines>,
    index: u32,
}

impl Deadline {
    /// Moves it to `span` from the time that was looked up last. Only where that was just now: see [`Self::set_now`].
    pub(crate) fn set(&self, span: Duration) {
        let at = self.table.after(span);
        self.store(at);
    }

    /// Moves it to `span` from now: for whoever has waited since somebody looked at a clock.
    pub(crate) fn set_now(&self, span: Duration) {
        self.set_from(clock::now(), span);
    }

    /// Moves it to `span` from `now`, which has just been looked up.
    pub(crate) fn set_from(&self, now: Instant, span: Duration) {
        self.table.observe(now);
        self.set(span);
    }

    /// Moves it to `span` from the next tick, up to two ticks later than [`Self::set_now`] would, and never earlier than asked. Without a look at a clock: for what
    /// happens more often than ticks do.
    pub(crate) fn push(&self, span: Duration) {
        self.store(PUSHED | ticks(span));
    }

    /// Takes it away.
    pub(crate) fn clear(&self) {
        self.store(NEVER);
    }

    /// Notes whether the connection waits for its next request.
    pub(crate) fn idles(&self, idle: bool) {
        if let Some(slot) = self.table.slots.borrow_mut().get_mut(self.index as usize) {
            slot.idle = idle;
        }
    }

    /// Notes on which target the request runs, so that [`Deadlines::cut`] finds it; 0 is none.
    pub(crate) fn runs_on(&self, target: u64) {
        if let Some(slot) = self.table.slots.borrow_mut().get_mut(self.index as usize) {
            slot.target = target;
            slot.cut = false;
        }
    }

    /// Whether the target was taken away while the request ran.
    pub(crate) fn is_cut(&self) -> bool {
        self.table.slots.borrow().get(self.index as usize).is_some_and(|slot| slot.cut)
    }

    /// Waits for `future`, but not beyond the deadline. Cancel-safe when `future` is.
    ///
    /// It has to be pinned already: a function that is `async` would have room for it twice.
    pub(crate) fn guard<F: Future + Unpin>(
        &self,
        mut future: F,
    ) -> impl Future<Output = Result<F::Output, Expired>> {
        poll_fn(move |context| self.limit(future.poll_unpin(context), context))
    }

    /// What a poll came to, unless the deadline has passed.
    pub(crate) fn limit<T>(
        &self,
        poll: Poll<T>,
        context: &Context<'_>,
    ) -> Poll<Result<T, Expired>> {
        match poll {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if self.is_over(context.waker()) => Poll::Ready(Err(Expired)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Whether it has passed; if not, `waker` is woken when it does.
    fn is_over(&self, waker: &Waker) -> bool {
        let index = self.index as usize;
        let fired = self.table.at.borrow().get(index).is_none_or(|at| *at == FIRED);
        let mut slots = self.table.slots.borrow_mut();
        let Some(slot) = slots.get_mut(index) else {
            return true;
        };
        if fired || slot.cut {
            return true;
        }
        if !slot.waker.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            slot.waker = Some(waker.clone());
        }
        false
    }

    fn store(&self, value: u32) {
        if let Some(at) = self.table.at.borrow_mut().get_mut(self.index as usize) {
            *at = value;
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.clear();
        if let Some(slot) = self.table.slots.borrow_mut().get_mut(self.index as usize) {
            *slot = Slot::default();
        }
        self.table.free.borrow_mut().push(self.index);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn is_ready(deadline: &Deadline) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        deadline.guard(pending::<()>()).poll_unpin(&mut context).is_ready()
    }

    /// Lets so many ticks go by.
    fn advance(table: &Deadlines, ticks: u32) {
        table.advance(table.epoch + WHEEL_TICK * (table.tick() + ticks));
    }

    #[test]
    fn a_deadline_fires_after_its_span_and_not_before() {
        let table = Rc::new(Deadlines::new(clock::now()));
        let deadline = table.open(1);
        assert!(!is_ready(&deadline), "none set");
        deadline.set(WHEEL_TICK * 3);
        advance(&table, 3);
        assert!(!is_ready(&deadline), "the present tick may have just begun or be nearly over");
        advance(&table, 1);
        assert!(is_ready(&deadline));
        deadline.set(WHEEL_TICK);
        assert!(!is_ready(&deadline), "moved on");
        deadline.clear();
        advance(&table, 1000);
        assert!(!is_ready(&deadline), "taken away");
    }

    #[test]
    fn a_deadline_that_is_pushed_counts_from_the_next_tick() {
        let table = Rc::new(Deadlines::new(clock::now()));
        let deadline = table.open(1);
        for _ in 0..3 {
            deadline.push(WHEEL_TICK * 3);
            advance(&table, 1);
            advance(&table, 3);
            assert!(!is_ready(&deadline));
        }
        advance(&table, 1);
        assert!(is_ready(&deadline));
        deadline.push(Duration::MAX);
        advance(&table, 1);
        advance(&table, 1000);
        assert!(!is_ready(&deadline), "as good as none");
    }

    #[test]
    fn slots_are_used_again() {
        let table = Rc::new(Deadlines::new(clock::now()));
        let (first, second) = (table.open(1), table.open(1));
        first.set(Duration::ZERO);
        first.runs_on(7);
        drop(first);
        let third = table.open(1);
        advance(&table, 100);
        table.cut(7);
        assert!(!is_ready(&third));
        assert_eq!((table.len(), second.index, third.index), (2, 1, 0));
    }

    #[test]
    fn a_door_that_closes_dismisses_its_idle_connections_only() {
        let table = Rc::new(Deadlines::new(clock::now()));
        let (idle, busy, other) = (table.open(1), table.open(1), table.open(2));
        idle.idles(true);
        other.idles(true);
        table.dismiss(1);
        assert!(is_ready(&idle));
        assert!(!is_ready(&busy) && !is_ready(&other));
    }

    #[test]
    fn a_target_that_is_cut_ends_its_requests_only() {
        let table = Rc::new(Deadlines::new(clock::now()));
        let (gone, stays) = (table.open(1), table.open(1));
        gone.runs_on(1);
        stays.runs_on(2);
        table.cut(1);
        assert!(is_ready(&gone) && gone.is_cut());
        assert!(!is_ready(&stays) && !stays.is_cut());
        gone.runs_on(0);
        assert!(!is_ready(&gone));
    }
}
