//! Frames that are cheap for a client and bring no request on. Some are part of every connection; who sends them without end
//! wants our time, and loses the connection.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use clingfish_model::limits::{
    H2_IDLE_FRAMES_MAX, H2_IDLE_FRAMES_PER_SECOND, H2_RESETS_MAX, H2_RESETS_PER_SECOND,
    H2_UPDATES_MAX, H2_UPDATES_PER_SECOND,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::PREFACE;
use crate::deadline::Deadlines;

const HEAD_BYTES: usize = 9;
/// So many bytes that we have sent justify a frame of the client's, be it a PING that measures them.
const BYTES_PER_FRAME: u64 = 1024;

/// A client's connection, whose frames are counted as they come.
#[derive(Debug)]
pub(super) struct Watched<IO> {
    io: IO,
    deadlines: Rc<Deadlines>,
    verdict: Rc<Verdict>,
    frames: Frames,
    budgets: Budgets,
}

/// Whether the client has gone too far.
#[derive(Debug, Default)]
pub(super) struct Verdict(Cell<bool>);

impl Verdict {
    pub(super) fn is_flood(&self) -> bool {
        self.0.get()
    }
}

/// Where in the run of frames the connection stands.
#[derive(Debug)]
struct Frames {
    /// Bytes that are no head of a frame and come before the next one.
    skip: usize,
    head: [u8; HEAD_BYTES],
    have: usize,
}

/// What a frame says, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A request, or a part of one.
    Useful,
    Reset,
    Update,
    /// All others, and data without data.
    Idle,
}

/// How much of something a client may send: so much at once, and then at a rate.
#[derive(Clone, Copy, Debug)]
struct Budget {
    left: u64,
    max: u64,
    per_second: u64,
}

#[derive(Debug)]
struct Budgets {
    resets: Budget,
    updates: Budget,
    idle: Budget,
    since: Option<Instant>,
    /// Bytes sent that have not counted yet.
    sent: u64,
}

impl Frames {
    fn new() -> Self {
        Self { skip: PREFACE.len(), head: [0; HEAD_BYTES], have: 0 }
    }

    /// Takes bytes, and says what the next complete head among them means; the rest is left in `bytes`.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Kind> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        *bytes = bytes.get(skipped..)?;
        let (room, came) = (self.head.get_mut(self.have..)?, *bytes);
        let count = room.len().min(came.len());
        room.get_mut(..count)?.copy_from_slice(came.get(..count)?);
        *bytes = came.get(count..)?;
        self.have += count;
        if self.have < HEAD_BYTES {
            return None;
        }
        self.have = 0;
        let [a, b, c, kind, flags, ..] = self.head;
        self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        Some(Kind::of(kind, flags, self.skip))
    }
}

impl Kind {
    fn of(kind: u8, flags: u8, len: usize) -> Self {
        let ends = flags & 1 != 0;
        match kind {
            0 if len > 0 || ends => Self::Useful,
            1 => Self::Useful,
            3 => Self::Reset,
            8 => Self::Update,
            _ => Self::Idle,
        }
    }
}

impl Budget {
    fn new(max: u64, per_second: u64) -> Self {
        Self { left: max, max, per_second }
    }

    fn earn(&mut self, count: u64) {
        self.left = self.left.saturating_add(count).min(self.max);
    }

    /// False: there was nothing left.
    fn spend(&mut self) -> bool {
        let (left, is_short) = self.left.overflowing_sub(1);
        self.left = if is_short { 0 } else { left };
        !is_short
    }
}

impl Budgets {
    fn new() -> Self {
        Self {
            resets: Budget::new(H2_RESETS_MAX, H2_RESETS_PER_SECOND),
            updates: Budget::new(H2_UPDATES_MAX, H2_UPDATES_PER_SECOND),
            idle: Budget::new(H2_IDLE_FRAMES_MAX, H2_IDLE_FRAMES_PER_SECOND),
            since: None,
            sent: 0,
        }
    }

    /// Time brings something, in steps of a second.
    fn pass(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let seconds = now.saturating_duration_since(since).as_secs();
        if seconds > 0 {
            self.since = Some(since + Duration::from_secs(seconds));
            for budget in [&mut self.resets, &mut self.updates, &mut self.idle] {
                budget.earn(seconds.saturating_mul(budget.per_second));
            }
        }
    }

    /// We have sent something, which a client may acknowledge and measure.
    fn sent(&mut self, bytes: u64) {
        self.updates.earn(4 + bytes / 256);
        self.sent += bytes;
        self.idle.earn(self.sent / BYTES_PER_FRAME);
        self.sent %= BYTES_PER_FRAME;
    }

    /// False: it is one too many.
    fn take(&mut self, kind: Kind) -> bool {
        match kind {
            Kind::Useful => {
                self.idle.earn(1);
                true
            }
            Kind::Reset => self.resets.spend(),
            Kind::Update => self.updates.spend(),
            Kind::Idle => self.idle.spend(),
        }
    }
}

impl<IO> Watched<IO> {
    pub(super) fn new(io: IO, deadlines: &Rc<Deadlines>) -> (Self, Rc<Verdict>) {
        let verdict = Rc::new(Verdict::default());
        let watched = Self {
            io,
            deadlines: Rc::clone(deadlines),
            verdict: Rc::clone(&verdict),
            frames: Frames::new(),
            budgets: Budgets::new(),
        };
        (watched, verdict)
    }

    fn count(&mut self, mut bytes: &[u8]) {
        self.budgets.pass(self.deadlines.latest());
        while let Some(kind) = self.frames.next(&mut bytes) {
            if !self.budgets.take(kind) {
                self.verdict.0.set(true);
            }
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Watched<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.verdict.is_flood() {
            // Whoever serves the connection looks at the verdict when it has nothing to read.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let poll = Pin::new(&mut this.io).poll_read(context, buffer);
        if matches!(poll, Poll::Ready(Ok(()))) {
            this.count(buffer.filled().get(before..).unwrap_or_default());
        }
        poll
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Watched<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.io).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = poll {
            this.budgets.sent(count as u64);
        }
        poll
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.io).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(count)) = poll {
            this.budgets.sent(count as u64);
        }
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(mut bytes: &[u8], frames: &mut Frames) -> Vec<Kind> {
        std::iter::from_fn(|| frames.next(&mut bytes)).collect()
    }

    #[test]
    fn frames_are_told_apart_however_they_are_cut() {
        let mut bytes = PREFACE.to_vec();
        for (kind, flags, len) in
            [(4, 0, 6), (1, 5, 3), (0, 0, 5), (0, 0, 0), (0, 1, 0), (3, 0, 4), (8, 0, 4), (6, 1, 8)]
        {
            bytes.extend([0, 0, len, kind, flags, 0, 0, 0, 1]);
            bytes.extend(vec![b'x'; usize::from(len)]);
        }
        let expected = [
            Kind::Idle,
            Kind::Useful,
            Kind::Useful,
            Kind::Idle,
            Kind::Useful,
            Kind::Reset,
            Kind::Update,
            Kind::Idle,
        ];
        for size in [1, 2, 7, 9, 10, 1000] {
            let mut frames = Frames::new();
            let seen: Vec<_> =
                bytes.chunks(size).flat_map(|piece| kinds(piece, &mut frames)).collect();
            assert_eq!(seen, expected, "pieces of {size}");
        }
    }

    #[test]
    fn a_budget_runs_out_and_comes_back_with_time() {
        #[expect(clippy::disallowed_methods, reason = "any moment will do")]
        let start = Instant::now();
        let mut budgets = Budgets::new();
        budgets.pass(start);
        for _ in 0..H2_RESETS_MAX {
            assert!(budgets.take(Kind::Reset));
        }
        assert!(!budgets.take(Kind::Reset));
        budgets.pass(start + Duration::from_millis(999));
        assert!(!budgets.take(Kind::Reset));
        budgets.pass(start + Duration::from_secs(1));
        assert!(budgets.take(Kind::Reset));
    }

    #[test]
    fn what_is_acknowledged_and_measured_is_no_flood() {
        let mut budgets = Budgets::new();
        for _ in 0..100_000 {
            budgets.sent(16 * 1024);
            assert!(budgets.take(Kind::Update) && budgets.take(Kind::Update));
            assert!(budgets.take(Kind::Idle));
        }
        // PINGs are answered, but that does not pay for them.
        let mut pings = 0_u64;
        while budgets.take(Kind::Idle) {
            budgets.sent(17);
            pings += 1;
        }
        assert!(pings < 2 * H2_IDLE_FRAMES_MAX, "{pings}");
    }
}
