//! One self-test: what was asked for, how far it is, and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clingfish_model::{
    UnixMillis,
    limits::{CHECK_LINES_MAX, CHECK_REPORT_BYTES_MAX, CHECK_TEXT_BYTES_MAX},
};
use serde_json::Value;

use super::CheckPlan;

/// A self-test that runs or has run.
#[derive(Debug)]
pub(crate) struct Run {
    /// Counts self-tests of this process.
    pub(crate) id: u64,
    pub(crate) plan: CheckPlan,
    /// Who started it.
    pub(crate) who: Arc<str>,
    pub(crate) began_at: UnixMillis,
    /// Protects what changes while it runs; never held while anybody waits.
    course: Mutex<Course>,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) state: State,
    /// What was done, the newest last.
    pub(crate) lines: Vec<String>,
    /// What became of promises so far, as the report has it.
    pub(crate) promises: Vec<Value>,
    pub(crate) report: Option<Value>,
    /// Why there is no report.
    pub(crate) error: Option<String>,
    pub(crate) ended_at: Option<UnixMillis>,
}

/// Whether it still runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    /// There is a report, whatever it says.
    Done,
    /// Nothing could be found out.
    Failed,
    Cancelled,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Run {
    pub(super) fn new(id: u64, plan: CheckPlan, who: Arc<str>, began_at: UnixMillis) -> Self {
        let course = Course {
            state: State::Running,
            lines: Vec::new(),
            promises: Vec::new(),
            report: None,
            error: None,
            ended_at: None,
        };
        Self { id, plan, who, began_at, course: Mutex::new(course) }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lock().state == State::Running
    }

    /// How far it is now.
    pub(crate) fn course(&self) -> Course {
        self.lock().clone()
    }

    pub(super) fn say(&self, line: &str) {
        let mut course = self.lock();
        if course.state == State::Running && course.lines.len() < CHECK_LINES_MAX {
            let end = line.floor_char_boundary(CHECK_TEXT_BYTES_MAX);
            course.lines.push(line.get(..end).unwrap_or(line).to_owned());
        }
    }

    pub(super) fn judge(&self, finding: Value) {
        let mut course = self.lock();
        if course.state == State::Running && course.promises.len() < CHECK_LINES_MAX {
            course.promises.push(finding);
        }
    }

    /// Writes down how it ended, unless it has ended before; says which.
    pub(super) fn end(&self, state: State, outcome: Result<Value, String>, at: UnixMillis) -> bool {
        let mut course = self.lock();
        if course.state != State::Running {
            return false;
        }
        (course.state, course.ended_at) = (state, Some(at));
        match outcome {
            Ok(report) => course.report = Some(report),
            Err(error) => course.error = Some(error),
        }
        let (id, who, listener) = (self.id, &self.who, &self.plan.listener);
        let (state, error) = (state.as_str(), course.error.as_deref());
        tracing::info!(id, %who, %listener, state, error, "a self-test has ended");
        true
    }

    /// Writes down what the checker has found out.
    pub(super) fn finish(&self, outcome: Result<Value, String>, at: UnixMillis) {
        let outcome = outcome.and_then(|report| {
            if report.to_string().len() <= CHECK_REPORT_BYTES_MAX {
                return Ok(report);
            }
            let most = CHECK_REPORT_BYTES_MAX / 1024;
            Err(format!("its report is longer than {most} KiB: run clingfish check by hand"))
        });
        let state = if outcome.is_ok() { State::Done } else { State::Failed };
        self.end(state, outcome, at);
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
