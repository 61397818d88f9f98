//! The thread that formats and writes.

use std::{
    collections::HashMap,
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
    ResourceId,
    desired::{LogFormat, LogSink},
    limits::ACCESS_LOG_BATCHES_MAX,
};

use super::{
    AccessLog, LogError, LogPlan, Message, Scope, Shared, UnixMicros, alb, batch::Batch,
    encode::Pen, folder::FolderLog, json, output::Output,
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
    redirect: Option<Destinations>,
    stop: bool,
}

/// Where lines go, and how they look there: a plan, opened.
#[derive(Debug)]
struct Destinations {
    sink: LogSink,
    format: LogFormat,
    output: Output,
    folders: HashMap<ResourceId, FolderLog>,
    pen: Pen,
}

impl Destinations {
    fn open(plan: &LogPlan) -> Result<Self, LogError> {
        let sink = &plan.log.sink;
        let output = Output::open(sink);
        let output = output.map_err(|cause| LogError::Sink { sink: sink.clone(), cause })?;
        let folders = plan.balancers.iter().map(|balancer| {
            FolderLog::open(balancer, &plan.owner).map(|folder| (balancer.id, folder))
        });
        Ok(Self {
            sink: sink.clone(),
            format: plan.log.format,
            output,
            folders: folders.collect::<Result<_, _>>()?,
            pen: Pen::of(&plan.owner),
        })
    }

    /// Which requests anybody wants to know of.
    fn scope(&self) -> Scope {
        match (self.output.is_on(), self.folders.is_empty()) {
            (true, _) => Scope::Everything,
            (false, false) => Scope::Apart,
            (false, true) => Scope::Nothing,
        }
    }
}

impl LogWriter {
    /// Opens the destinations and starts the thread; gives each worker its end.
    ///
    /// # Errors
    ///
    /// When some destination cannot be opened, or the system gives no thread.
    pub fn start(plan: &LogPlan, workers: usize) -> Result<(Self, Vec<AccessLog>), LogError> {
        let to = Destinations::open(plan)?;
        let (messages, incoming) = mpsc::sync_channel(ACCESS_LOG_BATCHES_MAX);
        let (still_runs, ended) = mpsc::sync_channel(1);
        let shared = Arc::<Shared>::default();
        shared.set_scope(to.scope());
        let (ends, emptied) =
            (0..workers).map(|worker| worker_end(worker, &shared, &messages)).unzip();
        let wanted = Arc::<Mutex<Wanted>>::default();
        let writer = Writer {
            shared: Arc::clone(&shared),
            wanted: Arc::clone(&wanted),
            emptied,
            to,
            text: Vec::new(),
            lines: 0,
            lost_unsaid: 0,
            latest: UnixMicros(0),
            is_failing: false,
        };
        let run = move || {
            writer.run(&incoming);
            drop(still_runs);
        };
        let thread = thread::Builder::new().name("access-log".into());
        thread.spawn(run).map_err(LogError::Thread)?;
        let log = Self { shared, wanted, messages, ended };
        Ok((log, ends))
    }

    /// Opens files again by their names, for whoever moved them away. Where that fails the old one stays in use.
    pub fn reopen(&self) {
        self.wanted().reopen = true;
        self.wake();
    }

    /// Writes what comes from now on to other destinations or in another form.
    ///
    /// # Errors
    ///
    /// When one of them cannot be opened; then nothing changes.
    pub fn redirect(&self, plan: &LogPlan) -> Result<(), LogError> {
        let to = Destinations::open(plan)?;
        let scope = to.scope();
        self.wanted().redirect = Some(to);
        self.wake();
        self.shared.set_scope(scope);
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
    to: Destinations,
    /// Lines for the log of the process that are formatted but not written.
    text: Vec<u8>,
    lines: u64,
    /// Lines lost that the log does not mention yet.
    lost_unsaid: u64,
    /// Time of the newest record seen: the thread has no clock of its own.
    latest: UnixMicros,
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
        let Destinations { format, output, folders, pen, .. } = &mut self.to;
        let write = match format {
            LogFormat::Json => json::write,
            LogFormat::Alb => alb::write,
        };
        for (record, is_plain) in batch.records() {
            if output.is_on() {
                write(&record, is_plain, pen, &mut self.text);
                self.text.push(b'\n');
                self.lines += 1;
            }
            if !folders.is_empty()
                && let Some(folder) = folders.get_mut(&record.facts.load_balancer_id)
            {
                folder.push(&record, is_plain, pen, &self.shared);
            }
            self.latest = self.latest.max(record.facts.responded_at);
        }
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
            self.to.folders.values_mut().for_each(|folder| folder.close(&self.shared));
            match Output::open(&self.to.sink) {
                Ok(output) => self.to.output = output,
                Err(error) => {
                    tracing::warn!(%error, "cannot reopen the access log: the old file stays in use")
                }
            }
        }
        if let Some(to) = wanted.redirect {
            self.write_out();
            self.to = to;
        }
        wanted.stop
    }

    /// Writes the lines so far, and before them how many are missing.
    fn write_out(&mut self) {
        self.to.folders.values_mut().for_each(|folder| folder.write_out(&self.shared));
        let lines = mem::take(&mut self.lines);
        self.say_lost();
        if self.text.is_empty() {
            return;
        }
        let lost = match self.to.output.write(&self.text) {
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
        let calendar = &mut self.to.pen.calendar;
        let write = match self.to.format {
            LogFormat::Json => json::write_lost,
            LogFormat::Alb => alb::write_lost,
        };
        write(self.lost_unsaid, self.latest, calendar, &mut line);
        line.push(b'\n');
        match self.to.output.write(&line) {
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
