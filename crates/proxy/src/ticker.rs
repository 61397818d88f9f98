//! A timer that is a file, and wakes a worker as a socket does.
//!
//! With a timer of the runtime, each wait for events sets one of the kernel's and takes it back when an event comes first, which is
//! nearly always.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::{
    io::read,
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};
use tokio::io::{Interest, unix::AsyncFd};

/// A timer of its own.
#[derive(Debug)]
pub(crate) struct Ticker(AsyncFd<OwnedFd>);

impl Ticker {
    /// One that is not set. Needs a runtime, and fails where there is no room for a file descriptor.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let file = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "sound for a file that it owns; what replaces it is `unsafe`"
        )]
        let file = AsyncFd::with_interest(file, Interest::READABLE)?;
        Ok(Self(file))
    }

    /// Resolves after `span`, which is not zero. For one at a time.
    pub(crate) async fn sleep(&self, span: Duration) -> io::Result<()> {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value =
            Timespec { tv_sec: span.as_secs() as i64, tv_nsec: span.subsec_nanos().into() };
        let once = Itimerspec { it_interval: never, it_value };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        // It is readable until it is read, which tells how often it has fired.
        let fired = |file: &OwnedFd| Ok(read(file, &mut [0; 8])?);
        self.0.async_io(Interest::READABLE, fired).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn it_sleeps_as_long_as_asked_and_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let ticker = Ticker::new().unwrap();
            for millis in [1, 20] {
                let (since, span) = (clock::now(), Duration::from_millis(millis));
                ticker.sleep(span).await.unwrap();
                assert!(since.elapsed() >= span);
            }
        });
    }
}
