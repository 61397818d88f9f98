//! Changes of desired state that somebody asks for while the process runs: by the APIs, or by going back to an older revision.
//!
//! Whoever asks brings a *plan*: a function from what the file says now to what it should say. The steward runs it on the file's content of
//! that moment, checks and saves what comes of it, and puts it in force. Where somebody else has written the file meanwhile, the plan is
//! run again on what they wrote, so that nothing is overwritten.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clingfish_model::{DesiredState, Edit};
use tokio::sync::{mpsc, oneshot};

/// What the file says, and what that means.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) text: Arc<str>,
    pub(crate) desired: Arc<DesiredState>,
    /// The revision since which that is desired.
    pub(crate) since: u64,
}

/// What a plan can begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A file that is in force: what was written by hand is taken in first.
    InForce,
    /// Whatever the file holds, errors too: the plan replaces all of it.
    Anything,
}

/// What a plan comes to.
#[derive(Debug)]
pub(crate) enum Outline {
    /// The file is right as it is.
    Nothing,
    /// It gets these changes.
    Edits(Vec<Edit>),
    /// It gets this content.
    Text(String),
}

/// What a plan wants, with something for whoever made it.
#[derive(Debug)]
pub(crate) struct Planned<T> {
    pub(crate) outline: Outline,
    /// What the event says is touched.
    pub(crate) touched: Vec<String>,
    pub(crate) with: T,
}

/// A change that is in force.
#[derive(Debug)]
pub(crate) struct Made<T> {
    /// The revision in force, which is an older one where there was nothing to change.
    pub(crate) revision: u64,
    pub(crate) desired: Arc<DesiredState>,
    /// The revision since which that is desired.
    pub(crate) since: u64,
    pub(crate) with: T,
}

/// Why nothing has changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotMade<E> {
    /// The plan says so.
    Refused(E),
    /// What would come of it is not valid: the errors that the file would have.
    Invalid(Vec<String>),
    /// Listeners cannot be opened, or a log cannot be written.
    Refusal(Vec<String>),
    /// The file cannot be read or replaced.
    File(String),
    /// The process is on its way out.
    Leaving,
}

/// What the steward is asked to do.
pub(crate) struct Change {
    /// Who asks, as events call them.
    pub(crate) author: String,
    pub(crate) action: String,
    pub(crate) ground: Ground,
    pub(crate) plan: Plan,
    pub(crate) answer: oneshot::Sender<Result<Settled, Unsettled>>,
}

/// What comes of a plan, without what is kept for whoever made it. Nothing where the plan refused.
pub(crate) type Plan = Box<dyn FnMut(&Base) -> Option<(Outline, Vec<String>)> + Send>;

/// [`Made`] as the steward knows it.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) revision: u64,
    pub(crate) desired: Arc<DesiredState>,
    pub(crate) since: u64,
}

/// [`NotMade`] as the steward knows it, which cannot see why a plan refused.
pub(crate) type Unsettled = NotMade<()>;

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("author", &self.author)
            .field("action", &self.action)
            .finish()
    }
}

/// How long an answer is waited for. A change that nobody waits for any more is not made.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

/// Asks for changes from anywhere.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    sender: mpsc::Sender<Change>,
}

impl Changes {
    /// Both ends; as many changes wait as `waiting_max`.
    pub(crate) fn channel(waiting_max: usize) -> (Self, mpsc::Receiver<Change>) {
        let (sender, receiver) = mpsc::channel(waiting_max);
        (Self { sender }, receiver)
    }

    /// Makes the change that `plan` plans. It may be run several times.
    ///
    /// # Errors
    ///
    /// Nothing has changed then, unless the process ends at that moment.
    pub(crate) async fn make<T: Send + 'static, E: Send + 'static>(
        &self,
        author: &str,
        action: &str,
        ground: Ground,
        mut plan: impl FnMut(&Base) -> Result<Planned<T>, E> + Send + 'static,
    ) -> Result<Made<T>, NotMade<E>> {
        // The mutex hands over what the last run of the plan left for us; the steward has no more use for it by then.
        let kept: Arc<Mutex<Option<Result<T, E>>>> = Arc::default();
        let left = Arc::clone(&kept);
        let plan: Plan = Box::new(move |base| {
            let (outline, with) = match plan(base) {
                Ok(planned) => (Some((planned.outline, planned.touched)), Ok(planned.with)),
                Err(error) => (None, Err(error)),
            };
            *left.lock().unwrap_or_else(PoisonError::into_inner) = Some(with);
            outline
        });
        let (answer, settled) = oneshot::channel();
        let (author, action) = (author.to_owned(), action.to_owned());
        let asked = self.sender.send(Change { author, action, ground, plan, answer });
        let settled = tokio::time::timeout(ANSWER_PATIENCE, async {
            asked.await.ok()?;
            settled.await.ok()
        });
        let settled = settled.await.ok().flatten().unwrap_or(Err(NotMade::Leaving));
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (settled, kept) {
            (Ok(Settled { revision, desired, since }), Some(Ok(with))) => {
                Ok(Made { revision, desired, since, with })
            }
            (Err(NotMade::Refused(())), Some(Err(error))) => Err(NotMade::Refused(error)),
            (Err(error), _) => Err(error.without_reason()),
            // The steward runs a plan before it says what came of it.
            (Ok(_), _) => Err(NotMade::Leaving),
        }
    }
}

impl Unsettled {
    /// Where the reason is nobody's that we know, the process is ending.
    fn without_reason<E>(self) -> NotMade<E> {
        match self {
            Self::Refused(()) | Self::Leaving => NotMade::Leaving,
            Self::Invalid(errors) => NotMade::Invalid(errors),
            Self::Refusal(errors) => NotMade::Refusal(errors),
            Self::File(error) => NotMade::File(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_steward_can_tell_that_nobody_waits_any_more() {
        let (changes, mut asked) = Changes::channel(1);
        let plan = |_: &Base| {
            Ok::<_, ()>(Planned { outline: Outline::Nothing, touched: Vec::new(), with: () })
        };
        let making =
            tokio::spawn(async move { changes.make("me", "act", Ground::InForce, plan).await });
        let change = asked.recv().await.unwrap();
        assert!(!change.answer.is_closed());
        assert!(matches!(making.await.unwrap(), Err(NotMade::Leaving)), "patience ends");
        assert!(change.answer.is_closed());
    }
}
