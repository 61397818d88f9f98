//! The configuration file, read whole or not at all.

use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use clingfish_config::Diagnostic;
use clingfish_model::{DesiredState, Name, limits::CONFIG_BYTES_MAX};

use crate::{certificates::Certificates, clock, watch::Looks};

/// What a configuration file asks for.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What it asks for; its references hold.
    pub desired: DesiredState,
    /// What is legal but hardly meant, with file and line.
    pub warnings: Vec<String>,
    /// The zone that the process was told beside the file, which wins.
    pub(crate) zone: Option<Name>,
    /// What the files hold that it names for TLS.
    pub(crate) certificates: Certificates,
    /// The file's own content.
    pub(crate) text: Arc<str>,
    pub(crate) fingerprint: Fingerprint,
    /// Nothing but white space.
    pub(crate) is_blank: bool,
}

/// Tells contents apart: the same for the same bytes within one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

/// Everything that is wrong with a configuration file.
#[derive(Debug)]
pub struct ConfigurationError {
    /// At least one, each with file and line where it has one, in the order of the file.
    pub errors: Vec<String>,
    /// None where the file could not be read.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Files for TLS that were read, where they are what is wrong.
    pub(crate) looks: Option<Looks>,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.errors.join("\n"))
    }
}

impl std::error::Error for ConfigurationError {}

impl Configuration {
    /// Reads and checks the file, and those that it names for TLS.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        Self::read_in(None, path)
    }

    /// As [`Self::read`], for a process that was told its availability zone beside the file. Reloads go by it too.
    pub fn read_in(zone: Option<&Name>, path: &Path) -> Result<Self, ConfigurationError> {
        Self::read_after(zone, path, &Certificates::default())
    }

    /// As [`Self::read_in`]; what `previous` has of files that are no good any more is kept.
    pub(crate) fn read_after(
        zone: Option<&Name>,
        path: &Path,
        previous: &Certificates,
    ) -> Result<Self, ConfigurationError> {
        let file = path.display().to_string();
        let bytes = read_bounded(path, CONFIG_BYTES_MAX).map_err(|error| ConfigurationError {
            errors: vec![format!("cannot read {file}: {error}")],
            fingerprint: None,
            looks: None,
        })?;
        Self::check(zone, path, &bytes, previous)
    }

    /// As [`Self::read_after`], of content that the file has or is to have.
    pub(crate) fn check(
        zone: Option<&Name>,
        path: &Path,
        bytes: &[u8],
        previous: &Certificates,
    ) -> Result<Self, ConfigurationError> {
        let file = path.display().to_string();
        let mut configuration = Self::parse(zone, &file, bytes)?;
        configuration.desired.anchor(path.parent().unwrap_or(Path::new("")));
        let read = Certificates::read(&configuration.desired, previous, clock::wall());
        configuration.certificates = read.map_err(|bad| ConfigurationError {
            errors: bad.errors.iter().map(|error| format!("{file}: {error}")).collect(),
            fingerprint: Some(configuration.fingerprint),
            looks: Some(bad.looks),
        })?;
        let found = &configuration.certificates;
        configuration.warnings.extend(found.warnings.iter().cloned());
        configuration.warnings.extend(found.expiry_warnings(clock::wall()));
        Ok(configuration)
    }

    fn parse(zone: Option<&Name>, file: &str, bytes: &[u8]) -> Result<Self, ConfigurationError> {
        let fingerprint = Fingerprint::of(bytes);
        let wrong =
            |errors| ConfigurationError { errors, fingerprint: Some(fingerprint), looks: None };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + lines_before(bytes, error.valid_up_to());
            wrong(vec![format!("{file}:{line}: the file is not UTF-8 text")])
        })?;
        let render = |found: Vec<Diagnostic>| found.iter().map(|one| one.render(file)).collect();
        match clingfish_config::parse_in(zone, text) {
            Ok((desired, warnings)) => {
                let (warnings, is_blank) = (render(warnings), text.trim().is_empty());
                let (certificates, zone) = (Certificates::default(), zone.cloned());
                let text = text.into();
                Ok(Self { desired, warnings, zone, certificates, text, fingerprint, is_blank })
            }
            Err(errors) => Err(wrong(render(errors))),
        }
    }
}

impl Fingerprint {
    /// Of several contents in their order.
    pub(crate) fn of_all<'b>(contents: impl Iterator<Item = &'b [u8]>) -> Self {
        let mut hasher = DefaultHasher::new();
        contents.for_each(|bytes| bytes.hash(&mut hasher));
        Self(hasher.finish())
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        Self(hasher.finish())
    }
}

fn lines_before(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The bytes of a file that has at most `bytes_max` of them.
pub(crate) fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    read_from(fs::File::open(path)?, bytes_max)
}

/// As [`read_bounded`], of an open file.
pub(crate) fn read_from(file: fs::File, bytes_max: u64) -> io::Result<Vec<u8>> {
    // Room for all of it from the start, so that no part of a secret is left behind where it grew.
    let expected = file.metadata()?.len().min(bytes_max);
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let message = format!("it has more than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_names_file_and_line() {
        let error = Configuration::parse(None, "c.toml", b"[admim]\n[server]\nworkers = \"x\"\n")
            .unwrap_err();
        assert_eq!(error.errors.len(), 2, "{error}");
        assert!(error.errors[0].starts_with("c.toml:1:"), "{error}");
        assert!(error.errors[1].starts_with("c.toml:3:"), "{error}");
        let error = Configuration::parse(None, "c.toml", b"[admin]\n# \xff\n").unwrap_err();
        assert_eq!(error.to_string(), "c.toml:2: the file is not UTF-8 text");
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("c.toml");
        let error = Configuration::read(&missing).unwrap_err();
        assert!(error.to_string().contains(missing.to_str().unwrap()), "{error}");
        assert!(Configuration::read(folder.path()).is_err());
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(read_bounded(&path, 4).unwrap(), b"1234");
        assert_eq!(read_bounded(&path, 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
