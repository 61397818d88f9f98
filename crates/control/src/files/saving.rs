//! Changes of the configuration file that somebody asked for while the process runs.

use std::sync::Arc;

use clingfish_config::edit;

use super::Files;
use crate::{
    Configuration,
    change::{Base, Outline, Plan},
    clock,
    configuration::Fingerprint,
    history::{Event, Outcome},
    store::{Prepared, SaveError},
};

/// What comes of a plan before the file changes.
#[derive(Debug)]
pub(crate) enum Drafted {
    /// The plan refuses.
    Refused,
    /// It finds everything as it wants it.
    Nothing,
    /// What it wants is not valid.
    Invalid(Vec<String>),
    /// The file cannot be replaced.
    Unsaved(SaveError),
    /// It can go on.
    Ready(Box<Ready>),
}

/// A change that is on disk beside the file, and needs nothing more than its commit.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) configuration: Configuration,
    pub(crate) pending: Pending,
}

/// The part of it that concerns the file.
#[derive(Debug)]
pub(crate) struct Pending {
    touched: Vec<String>,
    base: Arc<str>,
    text: Arc<str>,
    prepared: Prepared,
}

/// Why a change did not get into the file.
#[derive(Debug)]
pub(crate) enum NotSaved {
    /// Somebody else was quicker.
    Conflict,
    /// For this reason.
    Because(String),
}

impl Files {
    /// What the file holds at this moment.
    pub(crate) fn content(&self) -> Result<Arc<str>, String> {
        let (bytes, _) = self.store.read().map_err(|error| error.to_string())?;
        let path = self.store.path().display();
        let text = String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8 text"))?;
        Ok(text.into())
    }

    /// Runs a plan on what the file holds, checks what comes of it, and writes that beside the file.
    pub(crate) fn draft(&self, base: &Base, plan: &mut Plan) -> Drafted {
        let Some((outline, touched)) = plan(base) else {
            return Drafted::Refused;
        };
        let text = match outline {
            Outline::Nothing => return Drafted::Nothing,
            Outline::Edits(edits) if edits.is_empty() => return Drafted::Nothing,
            Outline::Edits(edits) => match edit(&base.text, &edits) {
                Ok(text) => text,
                Err(error) => return Drafted::Invalid(vec![error.to_string()]),
            },
            Outline::Text(text) => text,
        };
        if *text == *base.text {
            return Drafted::Nothing;
        }
        let path = self.store.path();
        let checked =
            Configuration::check(self.zone.as_ref(), path, text.as_bytes(), &self.certificates);
        let configuration = match checked {
            Ok(configuration) => configuration,
            Err(error) => return Drafted::Invalid(error.errors),
        };
        match self.store.prepare(base.text.as_bytes(), text.as_bytes()) {
            Err(error) => Drafted::Unsaved(error),
            Ok(prepared) => {
                let (base, text) = (Arc::clone(&base.text), Arc::clone(&configuration.text));
                let pending = Pending { touched, base, text, prepared };
                Drafted::Ready(Box::new(Ready { configuration, pending }))
            }
        }
    }

    /// Writes down what is about to happen, makes it what the file holds, and writes down what came of it.
    pub(crate) fn commit(&mut self, pending: Pending, event: Event) -> Result<(), NotSaved> {
        let Pending { touched, base, text, prepared } = pending;
        let event = event.touching(&touched).changing(base.as_bytes(), text.as_bytes());
        let begun = self
            .annals
            .with(|history| history.begin(event, text.as_bytes()))
            .and_then(|begun| begun.map_err(|error| error.to_string()))
            .map_err(|reason| {
                NotSaved::Because(format!("the change cannot be written down: {reason}"))
            })?;
        let committed = prepared.commit();
        let outcome = match &committed {
            Err(error) if !error.has_changed() => Outcome::refused(&error.to_string()),
            Ok(()) | Err(_) => Outcome::Applied,
        };
        let ended = self.annals.with(|history| history.end(begun, outcome, clock::wall()));
        if let Ok(Err(error)) = ended {
            tracing::error!(%error, "the audit log does not say what came of its last change");
        }
        match committed {
            Ok(()) => {}
            Err(error) if error.has_changed() => tracing::error!("{error}"),
            Err(error) if error.is_conflict() => return Err(NotSaved::Conflict),
            Err(error) => return Err(NotSaved::Because(error.to_string())),
        }
        // The next look at the file finds it changed and known. Taking note of its looks here could hide what somebody writes now.
        self.tried = Some(Fingerprint::of(text.as_bytes()));
        Ok(())
    }

    /// Writes down that something else than a change through us is in force.
    pub(crate) fn record(&self, event: Event, before: &str, after: &str) {
        let event = event.changing(before.as_bytes(), after.as_bytes());
        let recorded = self
            .annals
            .with(|history| history.record(event, Outcome::Applied, Some(after.as_bytes())));
        if let Ok(Err(error)) = recorded {
            tracing::error!(%error, "the audit log misses that the file was changed by hand");
        }
    }
}
