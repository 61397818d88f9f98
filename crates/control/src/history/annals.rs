//! The history as the rooms of control share it.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Event, History, Outcome};
use crate::{Configuration, clock};

/// A history that several hold, or the reason why there is none.
///
/// Where there is none, everything goes on but for changes, which could not be written down.
#[derive(Clone, Debug)]
pub struct Annals {
    /// Protects the end of the audit log. Held while a line is made durable, so whoever takes it does so on a thread for slow disks.
    history: Arc<Mutex<Result<History, String>>>,
}

impl Annals {
    /// What the state directory `folder` remembers, brought up to date with the file that the process starts on.
    pub fn open(folder: &Path, configuration: &Configuration) -> Self {
        let text = configuration.text.as_bytes();
        let opened = History::open(folder).and_then(|mut history| {
            history.settle(text, clock::wall())?;
            let last = history.last_revision();
            let before = history.text_at(last)?;
            if before.as_deref() != Some(text) {
                let event = Event::new(last + 1, clock::wall(), "file", "start");
                let event = event.changing(before.as_deref().unwrap_or_default(), text);
                history.record(event, Outcome::Applied, Some(text))?;
            }
            Ok(history)
        });
        Self::new(opened.map_err(|error| format!("{}: {error}", folder.display())))
    }

    /// Shares it.
    fn new(history: Result<History, String>) -> Self {
        Self { history: Arc::new(Mutex::new(history)) }
    }

    /// The newest revision that is remembered; zero where nothing is.
    pub fn last_revision(&self) -> u64 {
        self.with(|history| history.last_revision()).unwrap_or_default()
    }

    /// Looks at the history, or adds to it. May wait for a slow disk.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn with<T>(&self, work: impl FnOnce(&mut History) -> T) -> Result<T, String> {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.as_mut().map(work).map_err(|reason| reason.clone())
    }
}
