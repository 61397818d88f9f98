//! The two files that are watched: configuration and key ring. Runs on a thread that may wait for a slow disk.

mod saving;

use std::{path::PathBuf, sync::Arc};

pub(crate) use saving::{Drafted, NotSaved, Pending, Ready};

use clingfish_affinity::KeyRing;
use clingfish_model::Name;

use crate::{
    Configuration, ConfigurationError, KeyFile, KeyFileError,
    certificates::Certificates,
    clock,
    configuration::Fingerprint,
    history::Annals,
    store::Store,
    watch::{FileWatch, Poll, SetWatch},
};

/// Both files, and what was last seen of them.
#[derive(Debug)]
pub(crate) struct Files {
    config: FileWatch,
    store: Store,
    annals: Annals,
    /// The zone that the process was told beside the file.
    zone: Option<Name>,
    /// Content that was last tried, whether it was good or not.
    tried: Option<Fingerprint>,
    keys: KeyFile,
    keys_watch: FileWatch,
    ring_revision: u64,
    /// What is in force.
    certificates: Certificates,
    certificates_watch: SetWatch,
    /// Whether the configuration was refused for what its certificate files hold.
    waits_for_certificates: bool,
}

/// What is new since the last look.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) configuration: Option<Result<Configuration, ConfigurationError>>,
    pub(crate) ring: Option<Result<Arc<KeyRing>, KeyFileError>>,
    /// The same files for TLS, with other content or none.
    pub(crate) certificates: Option<Certificates>,
    /// Files that have gone; what they said last stays in force.
    pub(crate) gone: Vec<PathBuf>,
}

impl Files {
    /// Begins with what was read to start.
    pub(crate) fn new(
        path: PathBuf,
        configuration: &Configuration,
        keys: KeyFile,
        ring: &KeyRing,
        annals: Annals,
    ) -> Self {
        Self {
            config: FileWatch::new(&path),
            store: Store::open(path),
            annals,
            zone: configuration.zone.clone(),
            tried: Some(configuration.fingerprint),
            keys_watch: FileWatch::new(keys.path()),
            keys,
            ring_revision: ring.revision(),
            certificates: configuration.certificates.clone(),
            certificates_watch: SetWatch::new(configuration.certificates.looks.clone()),
            waits_for_certificates: false,
        }
    }

    /// Reads what has changed since the last look, if anything.
    pub(crate) fn look(&mut self) -> Findings {
        let mut findings = Findings::default();
        match self.config.poll() {
            Poll::Same => {}
            Poll::Gone => findings.gone.push(self.config.path().into()),
            // As after every change through us, which need not be read once more.
            Poll::Changed if self.holds_what_was_tried() => {}
            Poll::Changed => {
                let found = self.read_config();
                findings.configuration = self.is_new(&found).then_some(found);
            }
        }
        match self.keys_watch.poll() {
            Poll::Same => {}
            Poll::Gone => findings.gone.push(self.keys.path().into()),
            Poll::Changed => findings.ring = self.new_ring(self.keys.load()),
        }
        self.look_at_certificates(&mut findings);
        findings
    }

    /// Whether the file has the content that was tried last, good or not.
    fn holds_what_was_tried(&self) -> bool {
        self.store.read().is_ok_and(|(bytes, _)| self.tried == Some(Fingerprint::of(&bytes)))
    }

    /// Takes note of what is in force now, which is what is watched.
    pub(crate) fn adopt(&mut self, certificates: Certificates) {
        if !self.waits_for_certificates {
            self.certificates_watch = SetWatch::new(certificates.looks.clone());
        }
        self.certificates = certificates;
    }

    fn look_at_certificates(&mut self, findings: &mut Findings) {
        if !self.certificates_watch.has_changed() || findings.configuration.is_some() {
            return;
        }
        if self.waits_for_certificates {
            findings.configuration = Some(self.read_config());
            return;
        }
        // It cannot fail: there is something older for each.
        if let Ok(certificates) = self.certificates.read_again(clock::wall()) {
            findings.certificates = Some(certificates);
        }
    }

    /// Reads the configuration now, changed or not.
    pub(crate) fn read(&mut self) -> Result<Configuration, ConfigurationError> {
        self.config.note_read();
        let found = self.read_config();
        self.is_new(&found);
        found
    }

    /// An empty file is what a full disk or a broken copy leaves behind; nobody means to stop serving by it.
    fn read_config(&mut self) -> Result<Configuration, ConfigurationError> {
        let found =
            Configuration::read_after(self.zone.as_ref(), self.config.path(), &self.certificates);
        let wrong = found.as_ref().err().and_then(|error| error.looks.as_ref());
        self.waits_for_certificates = wrong.is_some();
        if let Some(looks) = wrong {
            let mut looks = looks.clone();
            looks.join(&self.certificates.looks);
            self.certificates_watch = SetWatch::new(looks);
        }
        let found = found?;
        if found.is_blank {
            let path = self.config.path().display();
            let message =
                format!("{path}: the file is empty; write [admin] to serve nothing on purpose");
            let fingerprint = Some(found.fingerprint);
            return Err(ConfigurationError { errors: vec![message], fingerprint, looks: None });
        }
        Ok(found)
    }

    fn is_new(&mut self, found: &Result<Configuration, ConfigurationError>) -> bool {
        let fingerprint = match found {
            Ok(configuration) => Some(configuration.fingerprint),
            Err(error) => error.fingerprint,
        };
        fingerprint.is_none() || std::mem::replace(&mut self.tried, fingerprint) != fingerprint
    }

    fn new_ring(
        &mut self,
        found: Result<KeyRing, KeyFileError>,
    ) -> Option<Result<Arc<KeyRing>, KeyFileError>> {
        match found {
            Ok(ring) if ring.revision() == self.ring_revision => None,
            Ok(ring) => {
                self.ring_revision = ring.revision();
                Some(Ok(Arc::new(ring)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
