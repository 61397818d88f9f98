//! The one task that changes what is in force: it looks after files, names and requests to reload.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use clingfish_model::{
    DesiredState,
    limits::{CERTIFICATE_AGE_EVERY, CHANGE_TRIES_MAX, FILE_POLL_EVERY, LOOKUP_PATIENCE},
};
use clingfish_snapshot::Doors;
use clingfish_telemetry::{LogPlan, LogWriter};
use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use crate::{
    Configuration, ConfigurationError,
    apply::Applier,
    change::{Base, Change, Ground, Plan, Settled, Unsettled},
    clock,
    files::{Drafted, Files, Findings, NotSaved, Pending, Ready},
    history::Event,
    lookups::{Lookups, Resolve},
    status::Status,
};

const UNWATCHED: &str = "the configuration cannot be read any more";

/// What others ask of the steward.
#[derive(Debug)]
pub(crate) enum Request<D> {
    /// Read the configuration again, and say what came of it: the revision in force, or every error.
    Reload(oneshot::Sender<Result<u64, Vec<String>>>),
    /// Change nothing any more, and give back the doors.
    Resign(oneshot::Sender<D>),
    /// Look at the doors.
    Ask(Ask<D>),
}

/// What somebody wants to know of the doors.
pub(crate) struct Ask<D>(pub(crate) Box<dyn FnOnce(&D) + Send>);

impl<D> fmt::Debug for Ask<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ask")
    }
}

/// Owns everything that decides what is in force.
#[derive(Debug)]
pub(crate) struct Steward<D, R> {
    pub(crate) applier: Applier<D>,
    pub(crate) lookups: Lookups<R>,
    /// None only while a thread looks at them.
    files: Option<Files>,
    log: Arc<Mutex<LogWriter>>,
    status: Arc<Status>,
    at_start: AtStart,
    /// The content of the file that is in force.
    text: Arc<str>,
    /// Whether the file holds that.
    is_up_to_date: bool,
}

/// Why something was not put in force.
enum NotApplied {
    /// Listeners cannot be opened, or a log cannot be written.
    Refusal(Vec<String>),
    /// It is not in the file.
    Unsaved(NotSaved),
}

/// Settings that only a start takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AtStart {
    workers: Option<usize>,
    admin_bind: SocketAddr,
}

impl AtStart {
    fn of(desired: &DesiredState) -> Self {
        Self { workers: desired.server.workers, admin_bind: desired.admin.bind }
    }

    /// Keys that `desired` wants otherwise.
    fn differences(self, desired: &DesiredState) -> Vec<&'static str> {
        let wanted = Self::of(desired);
        let differs = [
            ("server.workers", self.workers != wanted.workers),
            ("admin.bind", self.admin_bind != wanted.admin_bind),
        ];
        differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }
}

impl<D: Doors, R: Resolve> Steward<D, R> {
    pub(crate) fn new(
        applier: Applier<D>,
        lookups: Lookups<R>,
        files: Files,
        text: Arc<str>,
        log: Arc<Mutex<LogWriter>>,
        status: Arc<Status>,
    ) -> Self {
        let (at_start, files) = (AtStart::of(applier.desired()), Some(files));
        Self { applier, lookups, files, log, status, at_start, text, is_up_to_date: true }
    }

    /// Puts the first snapshot in force, once names have been asked for, or `patience` is over.
    pub(crate) async fn begin(&mut self, patience: Duration) {
        self.lookups.settle(self.applier.desired(), patience).await;
        self.applier.begin(self.lookups.addresses());
    }

    /// Works until it is asked to resign, or nobody can ask any more.
    pub(crate) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request<D>>,
        mut changes: mpsc::Receiver<Change>,
    ) {
        let mut polls = interval(FILE_POLL_EVERY);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ages = interval(CERTIFICATE_AGE_EVERY);
        ages.reset();
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(Request::Reload(answer)) => {
                        // Whoever asked may have gone; the reload counts all the same.
                        let _ = answer.send(self.reload().await);
                    }
                    Some(Request::Resign(answer)) => {
                        let _ = answer.send(self.applier.into_doors());
                        return;
                    }
                    Some(Request::Ask(Ask(question))) => question(self.applier.doors()),
                    None => return,
                },
                Some(change) = changes.recv() => self.change(change).await,
                _ = polls.tick() => {
                    let findings = self.with_files(Files::look).await.unwrap_or_default();
                    self.take(findings).await;
                }
                _ = ages.tick() => self.warn_of_ages(),
                () = self.lookups.change() => self.applier.apply_addresses(self.lookups.addresses()),
            }
        }
    }

    async fn reload(&mut self) -> Result<u64, Vec<String>> {
        match self.with_files(Files::read).await {
            Some(found) => self.take_configuration(found).await,
            None => Err(vec![UNWATCHED.to_owned()]),
        }
    }

    async fn take(&mut self, findings: Findings) {
        for path in &findings.gone {
            tracing::warn!(path = %path.display(), "the file is gone; what it said last stays in force");
        }
        if let Some(found) = findings.configuration {
            // Reported already; nobody waits for it.
            let _ = self.take_configuration(found).await;
        }
        match findings.ring {
            None => {}
            Some(Ok(ring)) => {
                self.applier.apply_ring(ring, self.lookups.addresses());
            }
            Some(Err(error)) => tracing::error!(%error, "the key ring in use is kept"),
        }
        if let Some(certificates) = findings.certificates {
            self.status.count_certificates(certificates.kept.is_empty());
            certificates.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            self.applier.apply_certificates(certificates, self.lookups.addresses());
            self.adopt_certificates();
        }
    }

    async fn take_configuration(
        &mut self,
        found: Result<Configuration, ConfigurationError>,
    ) -> Result<u64, Vec<String>> {
        let outcome = match found {
            Ok(configuration) => self.take_in(configuration).await,
            Err(error) => Err(error.errors),
        };
        self.is_up_to_date = outcome.is_ok();
        self.status.count_reload(outcome.is_ok());
        match &outcome {
            Ok(revision) => tracing::info!(revision, "configuration in force"),
            Err(errors) => {
                tracing::error!(
                    errors = errors.len(),
                    "configuration refused, nothing has changed"
                );
                errors.iter().for_each(|error| tracing::error!("{error}"));
            }
        }
        outcome
    }

    fn warn_of_ages(&self) {
        let warnings = self.applier.certificates().expiry_warnings(clock::wall());
        warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    }

    /// Tells the watch what is in force, and an operator what is not.
    fn adopt_certificates(&mut self) {
        let certificates = self.applier.certificates();
        let kept = certificates.kept.len() as u64;
        self.status.certificates_kept.store(kept, Ordering::Relaxed);
        for reason in &certificates.kept {
            tracing::error!(%reason, "the certificate in use is kept");
        }
        if let Some(files) = &mut self.files {
            files.adopt(certificates.clone());
        }
    }

    /// Applies what the file says, and writes that down.
    async fn take_in(&mut self, configuration: Configuration) -> Result<u64, Vec<String>> {
        let (before, after) = (Arc::clone(&self.text), Arc::clone(&configuration.text));
        let applied = self.apply(configuration, None).await;
        if applied.is_ok() && before != after {
            let event = Event::new(self.applier.revision(), clock::wall(), "file", "edit");
            let record = move |files: &mut Files| files.record(event, &before, &after);
            self.with_files(record).await;
        }
        applied.map_err(|error| match error {
            NotApplied::Refusal(errors) => errors,
            NotApplied::Unsaved(_) => Vec::new(),
        })
    }

    /// Puts a configuration in force: all or nothing. Where it is not in the file yet, it is saved at the moment when nothing but
    /// that can fail any more.
    async fn apply(
        &mut self,
        configuration: Configuration,
        save: Option<(Pending, Event)>,
    ) -> Result<u64, NotApplied> {
        if save.is_none() {
            // Of what a person has written; the rest of the file gave them before.
            configuration.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        }
        let Configuration { desired, certificates, text, .. } = configuration;
        for key in self.at_start.differences(&desired) {
            tracing::warn!(key, "takes effect at the next start only");
        }
        if save.is_none()
            && self.is_up_to_date
            && *self.text == *text
            && **self.applier.desired() == desired
        {
            self.applier.apply_certificates(certificates, self.lookups.addresses());
            self.adopt_certificates();
            return Ok(self.applier.revision());
        }
        let (log_before, log_now) = (LogPlan::of(self.applier.desired()), LogPlan::of(&desired));
        self.redirect_log(&log_before, &log_now).map_err(NotApplied::Refusal)?;
        self.lookups.settle(&desired, LOOKUP_PATIENCE).await;
        let ready = self.prepare(&desired, save).await;
        if ready.is_err() {
            // It was open a moment ago.
            let _ = self.redirect_log(&log_now, &log_before);
        }
        let revision = ready.map(|()| {
            self.text = text;
            self.is_up_to_date = true;
            self.applier.apply(desired, certificates, self.lookups.addresses())
        });
        self.adopt_certificates();
        self.lookups.forget_all_but(self.applier.desired());
        revision
    }

    /// The last that can fail: listeners, then the file.
    async fn prepare(
        &mut self,
        desired: &DesiredState,
        save: Option<(Pending, Event)>,
    ) -> Result<(), NotApplied> {
        self.applier.prepare(desired).map_err(|errors| {
            NotApplied::Refusal(errors.iter().map(ToString::to_string).collect())
        })?;
        let Some((pending, event)) = save else {
            return Ok(());
        };
        let saved = self.with_files(|files| files.commit(pending, event)).await;
        let saved = saved.unwrap_or_else(|| Err(NotSaved::Because(UNWATCHED.into())));
        saved.map_err(|error| {
            self.applier.withdraw();
            NotApplied::Unsaved(error)
        })
    }

    async fn change(&mut self, change: Change) {
        let Change { author, action, ground, plan, answer } = change;
        let is_awaited = || !answer.is_closed();
        let outcome = self.make(&author, &action, (ground, plan), is_awaited).await;
        match &outcome {
            Ok(Settled { revision, .. }) => tracing::info!(revision, %author, %action, "changed"),
            Err(error) => tracing::debug!(?error, %author, %action, "not changed"),
        }
        // Whoever asked may have gone this moment; the change counts all the same.
        let _ = answer.send(outcome);
    }

    /// Runs the plan until nobody else has written to the file between its beginning and its end.
    async fn make(
        &mut self,
        author: &str,
        action: &str,
        (ground, mut plan): (Ground, Plan),
        is_awaited: impl Fn() -> bool,
    ) -> Result<Settled, Unsettled> {
        for _ in 0..CHANGE_TRIES_MAX {
            let base = self.base(ground).await?;
            let draft = move |files: &mut Files| (files.draft(&base, &mut plan), plan);
            let drafted = self.with_files(draft).await;
            let (drafted, again) = drafted.ok_or_else(|| Unsettled::File(UNWATCHED.into()))?;
            plan = again;
            let ready = match drafted {
                Drafted::Refused => return Err(Unsettled::Refused(())),
                Drafted::Invalid(errors) => return Err(Unsettled::Invalid(errors)),
                Drafted::Unsaved(error) if error.is_conflict() => continue,
                Drafted::Unsaved(error) => return Err(Unsettled::File(error.to_string())),
                Drafted::Nothing => return Ok(self.settled()),
                Drafted::Ready(ready) => ready,
            };
            // Whoever was told that nothing has changed is to be right.
            if !is_awaited() {
                return Err(Unsettled::Leaving);
            }
            let Ready { configuration, pending } = *ready;
            let event = Event::new(self.applier.next_revision(), clock::wall(), author, action);
            match self.apply(configuration, Some((pending, event))).await {
                Ok(_) => return Ok(self.settled()),
                Err(NotApplied::Refusal(errors)) => return Err(Unsettled::Refusal(errors)),
                Err(NotApplied::Unsaved(NotSaved::Conflict)) => {}
                Err(NotApplied::Unsaved(NotSaved::Because(why))) => {
                    return Err(Unsettled::File(why));
                }
            }
        }
        Err(Unsettled::File("the configuration file keeps being changed by somebody else".into()))
    }

    fn settled(&self) -> Settled {
        let (revision, since) = (self.applier.revision(), self.applier.desired_since());
        Settled { revision, desired: Arc::clone(self.applier.desired()), since }
    }

    /// What the file holds, once that is in force. What somebody has written by hand a moment ago is taken in first.
    async fn base(&mut self, ground: Ground) -> Result<Base, Unsettled> {
        let found = self.with_files(|files| files.content()).await;
        let found = found.ok_or_else(|| Unsettled::File(UNWATCHED.into()))?;
        let found = found.map_err(Unsettled::File)?;
        let mut text = Arc::clone(&self.text);
        if *found != *text || !self.is_up_to_date {
            match (self.reload().await, ground) {
                (Ok(_), _) => text = Arc::clone(&self.text),
                (Err(_), Ground::Anything) => text = found,
                (Err(errors), Ground::InForce) => return Err(Unsettled::File(in_the_way(&errors))),
            }
        }
        let desired = Arc::clone(self.applier.desired());
        Ok(Base { text, desired, since: self.applier.desired_since() })
    }

    fn redirect_log(&self, from: &LogPlan, to: &LogPlan) -> Result<(), Vec<String>> {
        if from == to {
            return Ok(());
        }
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.redirect(to).map_err(|error| vec![error.to_string()])
    }

    /// Runs `work` on a thread for slow disks; none if it broke.
    async fn with_files<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Files) -> T + Send + 'static,
    ) -> Option<T> {
        let mut files = self.files.take()?;
        let worked = tokio::task::spawn_blocking(move || {
            let outcome = work(&mut files);
            (files, outcome)
        });
        match worked.await {
            Ok((files, outcome)) => {
                self.files = Some(files);
                Some(outcome)
            }
            Err(error) => {
                tracing::error!(%error, "reading the configuration broke; files are no longer watched");
                None
            }
        }
    }
}

fn in_the_way(errors: &[String]) -> String {
    format!(
        "the file has errors, and can be changed only once they are gone: {}",
        errors.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_balancer_with_listeners_has_a_log_where_its_table_says_so() {
        let text = "[[listeners]]\nbind = \"10.0.0.7:80\"\nload_balancer = \"a\"\nforward = \"web\"\n\
             [load_balancers.a]\naccess_log = { folder = \"/logs\", prefix = \"x\" }\n\
             [load_balancers.idle]\naccess_log = { folder = \"/logs\" }\n\
             [load_balancers.off]\naccess_log = { folder = \"/logs\", enabled = false }\n[target_groups.web]\n";
        let mut desired = clingfish_config::parse(text).unwrap().0;
        desired.aws.owner = clingfish_model::Owner::new("123456789012", "eu-west-1").unwrap();
        let plan = LogPlan::of(&desired);
        assert_eq!((plan.owner.account(), plan.owner.region()), ("123456789012", "eu-west-1"));
        let [log] = &*plan.balancers else { panic!("{plan:?}") };
        assert_eq!((log.name.as_str(), log.node.to_string()), ("a", "10.0.0.7".into()));
        assert_eq!((log.log.folder().to_str(), log.log.prefix()), (Some("/logs"), "x"));
    }

    #[test]
    fn settings_that_wait_for_a_restart_are_told_until_it_comes() {
        let desired = |text: &str| clingfish_config::parse(text).unwrap().0;
        let at_start = AtStart::of(&desired("[admin]\nbind = \"127.0.0.1:1\"\n"));
        for (text, expected) in [
            ("[admin]\nbind = \"127.0.0.1:1\"\nhosts = [\"a.example\"]\n", [].as_slice()),
            ("[admin]\nbind = \"127.0.0.1:2\"\n", &["admin.bind"]),
            ("[server]\nworkers = 3\n", &["server.workers", "admin.bind"]),
        ] {
            assert_eq!(at_start.differences(&desired(text)), expected, "{text}");
        }
    }
}
