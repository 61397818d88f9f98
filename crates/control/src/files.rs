//! The two files that are watched: configuration and key ring. Runs on a thread that may wait for a slow disk.

use std::{path::PathBuf, sync::Arc};

use clingfish_affinity::KeyRing;
use clingfish_model::Name;

use crate::{
    Configuration, ConfigurationError, KeyFile, KeyFileError,
    configuration::Fingerprint,
    watch::{FileWatch, Poll},
};

/// Both files, and what was last seen of them.
#[derive(Debug)]
pub(crate) struct Files {
    config: FileWatch,
    /// The zone that the process was told beside the file.
    zone: Option<Name>,
    /// Content that was last tried, whether it was good or not.
    tried: Option<Fingerprint>,
    keys: KeyFile,
    keys_watch: FileWatch,
    ring_revision: u64,
}

/// What is new since the last look.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) configuration: Option<Result<Configuration, ConfigurationError>>,
    pub(crate) ring: Option<Result<Arc<KeyRing>, KeyFileError>>,
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
    ) -> Self {
        Self {
            config: FileWatch::new(path),
            zone: configuration.zone.clone(),
            tried: Some(configuration.fingerprint),
            keys_watch: FileWatch::new(keys.path()),
            keys,
            ring_revision: ring.revision(),
        }
    }

    /// Reads what has changed since the last look, if anything.
    pub(crate) fn look(&mut self) -> Findings {
        let mut findings = Findings::default();
        match self.config.poll() {
            Poll::Same => {}
            Poll::Gone => findings.gone.push(self.config.path().into()),
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
        findings
    }

    /// Reads the configuration now, changed or not.
    pub(crate) fn read(&mut self) -> Result<Configuration, ConfigurationError> {
        self.config.note_read();
        let found = self.read_config();
        self.is_new(&found);
        found
    }

    /// An empty file is what a full disk or a broken copy leaves behind; nobody means to stop serving by it.
    fn read_config(&self) -> Result<Configuration, ConfigurationError> {
        let found = Configuration::read_in(self.zone.as_ref(), self.config.path())?;
        if found.is_blank {
            let path = self.config.path().display();
            let message =
                format!("{path}: the file is empty; write [admin] to serve nothing on purpose");
            let fingerprint = Some(found.fingerprint);
            return Err(ConfigurationError { errors: vec![message], fingerprint });
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
