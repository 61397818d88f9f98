//! The thread that formats and writes.

use std::{
    io, mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::Ordering::Relaxed,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError},
    },
    thread,
    time::Duration,
};

use clingfish_model::{
    desired::{self, LogFormat, LogSink},
    limits::ACCESS_LOG_BATCHES_MAX,
};

use super::{
    AccessLog, Message, Shared, UnixMicros, alb, batch::Batch, encode::Calendar, json,
    output::Output,
};
use crate::text::LogCounts;

/// Formatted bytes after which the writer writes, even though more batches wait.
const TEXT_BYTES: usize = 256 * 1024;

/// Emptied batches that wait for one worker.
const EMPTIED_MAX: usize = 4;

/// How long a stop waits for what is still to be written: a pipe that nobody reads must not keep the process.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// The operator's end of the access log.
#[derive(Debug)]
pub struct LogWriter {
    shared: Arc<Shared>,
    wanted: Arc<Mutex<Wanted>>,
    messages: SyncSender<Message>,
    /// Disconnects when the thread has ended.
    ended: Receiver<()>,
}

/// What the operator wants. The mutex around it is taken by operators and, once for each batch, by the writer.
#[derive(Debug, Default)]
struct Wanted {
    reopen: bool,
    redirect: Option<(desired::AccessLog, Output)>,
    stop: bool,
}

impl LogWriter {
    /// Opens the destination and starts the thread; gives each worker its end.
    pub fn start(
        config: &desired::AccessLog,
        workers: usize,
    ) -> io::Result<(Self, Vec<AccessLog>)> {
        let output = Output::open(&config.sink)?;
        let (messages, incoming) = mpsc::sync_channel(ACCESS_LOG_BATCHES_MAX);
        let (still_runs, ended) = mpsc::sync_channel(1);
        let shared = Arc::<Shared>::default();
        shared.is_on.store(output.is_on(), Relaxed);
        let (ends, emptied) =
            (0..workers).map(|worker| worker_end(worker, &shared, &messages)).unzip();
        let wanted = Arc::<Mutex<Wanted>>::default();
        let writer = Writer {
            shared: Arc::clone(&shared),
            wanted: Arc::clone(&wanted),
            emptied,
            sink: config.sink.clone(),
            format: config.format,
            output,
            text: Vec::new(),
            lines: 0,
            lost_unsaid: 0,
            latest: UnixMicros(0),
            calendar: Calendar::default(),
            is_failing: false,
        };
        thread::Builder::new().name("access-log".into()).spawn(move || {
            writer.run(&incoming);
            drop(still_runs);
        })?;
        let log = Self { shared, wanted, messages, ended };
        Ok((log, ends))
    }

    /// Opens the file again by its name, for whoever moved it away. Where that fails the old one stays in use.
    pub fn reopen(&self) {
        self.wanted().reopen = true;
        self.wake();
    }

    /// Writes what comes from now on to another destination or in another form. Where that cannot be opened nothing changes.
    pub fn redirect(&self, config: &desired::AccessLog) -> io::Result<()> {
        let output = Output::open(&config.sink)?;
        let is_on = output.is_on();
        self.wanted().redirect = Some((config.clone(), output));
        self.wake();
        self.shared.is_on.store(is_on, Relaxed);
        Ok(())
    }

    /// Waits until everything that workers handed over before is written.
    pub fn sync(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.messages.send(Message::Sync(done)).is_ok() {
            // An error means that the thread has ended, after it wrote all there was.
            let _ = wait.recv();
        }
    }

    /// Writes what workers handed over and ends the thread; waits five seconds at the most. False where they did not suffice.
    pub fn stop(self) -> bool {
        self.wanted().stop = true;
        self.wake();
        self.ended.recv_timeout(STOP_WAIT) == Err(RecvTimeoutError::Disconnected)
    }

    /// Lines written and lost since the start.
    pub fn counts(&self) -> LogCounts {
        LogCounts {
            written: self.shared.written.load(Relaxed),
            lost: self.shared.lost.load(Relaxed),
        }
    }

    /// A full channel needs no waking: the writer looks at what is wanted at each message.
    fn wake(&self) {
        let _ = self.messages.try_send(Message::Wake);
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        lock(&self.wanted)
    }
}

/// The flags are whole whatever panicked beside them.
fn lock(wanted: &Mutex<Wanted>) -> MutexGuard<'_, Wanted> {
    wanted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One worker's end, and the way back for its batches.
fn worker_end(
    worker: usize,
    shared: &Arc<Shared>,
    messages: &SyncSender<Message>,
) -> (AccessLog, SyncSender<Batch>) {
    let (sender, emptied) = mpsc::sync_channel(EMPTIED_MAX);
    let end = AccessLog {
        shared: Arc::clone(shared),
        batch: Batch::new(worker),
        lost: 0,
        outgoing: messages.clone(),
        emptied,
    };
    (end, sender)
}

/// The state of the thread.
struct Writer {
    shared: Arc<Shared>,
    wanted: Arc<Mutex<Wanted>>,
    emptied: Vec<SyncSender<Batch>>,
    sink: LogSink,
    format: LogFormat,
    output: Output,
    /// Lines that are formatted but not written.
    text: Vec<u8>,
    lines: u64,
    /// Lines lost that the log does not mention yet.
    lost_unsaid: u64,
    /// Time of the newest record seen: the thread has no clock of its own.
    latest: UnixMicros,
    calendar: Calendar,
    is_failing: bool,
}

impl Writer {
    fn run(mut self, incoming: &Receiver<Message>) {
        loop {
            let message = match incoming.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.write_out();
                    match incoming.recv() {
                        Ok(message) => message,
                        Err(mpsc::RecvError) => break,
                    }
                }
            };
            // First, so that a batch of a log that was just turned on finds it on.
            let stop = self.obey();
            self.take(message);
            if stop {
                incoming.try_iter().for_each(|message| self.take(message));
                break;
            }
        }
        self.write_out();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Batch(batch) => self.format(batch),
            Message::Wake => {}
            Message::Sync(done) => {
                self.write_out();
                // Whoever waited may have gone.
                let _ = done.try_send(());
            }
        }
    }

    fn format(&mut self, mut batch: Batch) {
        self.lost_unsaid += batch.lost_before;
        let write = match self.format {
            LogFormat::Json => json::write,
            LogFormat::Alb => alb::write,
        };
        for (record, is_plain) in batch.records() {
            write(&record, is_plain, &mut self.calendar, &mut self.text);
            self.text.push(b'\n');
            self.latest = self.latest.max(record.facts.responded_at);
        }
        self.lines += batch.lines();
        if self.text.len() >= TEXT_BYTES {
            self.write_out();
        }
        batch.clear();
        if let Some(worker) = self.emptied.get(batch.worker) {
            // A worker that has enough, or has ended, needs no more.
            let _ = worker.try_send(batch);
        }
    }

    /// Does what the operator wants; true where that is to stop.
    fn obey(&mut self) -> bool {
        let wanted = mem::take(&mut *lock(&self.wanted));
        if wanted.reopen {
            self.write_out();
            match Output::open(&self.sink) {
                Ok(output) => self.output = output,
                Err(error) => {
                    tracing::warn!(%error, "cannot reopen the access log: the old file stays in use")
                }
            }
        }
        if let Some((config, output)) = wanted.redirect {
            self.write_out();
            (self.sink, self.format, self.output) = (config.sink, config.format, output);
        }
        wanted.stop
    }

    /// Writes the lines so far, and before them how many are missing.
    fn write_out(&mut self) {
        let lines = mem::take(&mut self.lines);
        if !self.output.is_on() {
            self.text.clear();
        }
        self.say_lost();
        if self.text.is_empty() {
            return;
        }
        let lost = match self.output.write(&self.text) {
            Ok(()) => {
                self.is_failing = false;
                0
            }
            Err(failure) => {
                self.warn_once(&failure.cause);
                failure.lines
            }
        };
        self.text.clear();
        self.lost_unsaid += lost;
        self.shared.lost.fetch_add(lost, Relaxed);
        self.shared.written.fetch_add(lines.saturating_sub(lost), Relaxed);
    }

    fn say_lost(&mut self) {
        if self.lost_unsaid == 0 {
            return;
        }
        let mut line = Vec::new();
        match self.format {
            LogFormat::Json => {
                json::write_lost(self.lost_unsaid, self.latest, &mut self.calendar, &mut line);
            }
            LogFormat::Alb => {
                alb::write_lost(self.lost_unsaid, self.latest, &mut self.calendar, &mut line);
            }
        }
        line.push(b'\n');
        match self.output.write(&line) {
            Ok(()) => self.lost_unsaid = 0,
            Err(failure) => self.warn_once(&failure.cause),
        }
    }

    /// One warning for each time that writing stops working, however many lines that costs.
    fn warn_once(&mut self, error: &io::Error) {
        if !mem::replace(&mut self.is_failing, true) {
            tracing::warn!(%error, "cannot write the access log: its lines are lost");
        }
    }
}
