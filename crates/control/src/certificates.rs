//! What the files hold that listeners and target groups name for TLS: read, checked, and kept while nothing better is there.

use std::{
    collections::HashMap,
    hash::Hash,
    path::{Path, PathBuf},
    sync::Arc,
};

use clingfish_model::{
    CertificateFiles, DesiredState, ListenerTls, MutualAuthentication, Name, ProtocolVersion,
    TargetTls, TlsVersion, UnixMillis, limits::CERTIFICATE_FILE_BYTES_MAX, tls::TrustStoreFiles,
};
use clingfish_tls::{
    Authorities, Certified, Clients, File, Material, Purpose, ServerParts, TargetParts,
    TlsFileError, TrustStore,
};
use zeroize::Zeroizing;

use crate::{
    configuration::{Fingerprint, read_bounded},
    watch::Looks,
};

/// Everything that was read for TLS, and what it was read for. Cheap to copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    wanted: Wanted,
    material: Arc<Material>,
    /// What the admin address shows.
    admin: Option<ServerParts>,
    /// How the files looked right before they were read.
    pub(crate) looks: Looks,
    /// Legal, but hardly meant.
    pub(crate) warnings: Vec<String>,
    /// Why something older than the files is in use still.
    pub(crate) kept: Vec<String>,
    shelf: Shelf,
}

/// The parts of desired state that name files.
#[derive(Clone, Debug, Default)]
struct Wanted {
    /// With whether HTTP/2 is offered.
    listeners: Vec<(Name, ListenerTls, bool)>,
    /// With whether targets speak HTTP/2.
    target_groups: Vec<(Name, TargetTls, bool)>,
    admin: Option<CertificateFiles>,
}

/// What is wrong with files, and which were looked at.
#[derive(Debug)]
pub(crate) struct BadFiles {
    pub(crate) errors: Vec<String>,
    pub(crate) looks: Looks,
}

/// Each thing that was read, by what it was read for. The same files give the very same thing again, even one that has expired since.
#[derive(Clone, Debug, Default)]
struct Shelf {
    certified: Kept<(CertificateFiles, bool), Certified>,
    authorities: Kept<PathBuf, Authorities>,
    trust_stores: Kept<TrustStoreFiles, TrustStore>,
}

type Kept<K, T> = HashMap<K, (Fingerprint, Arc<T>)>;

impl Certificates {
    /// Reads all files that `desired` names. What cannot be read, or is no good, is an error, unless `previous` has something older
    /// from the same place, which is kept.
    pub(crate) fn read(
        desired: &DesiredState,
        previous: &Self,
        now: UnixMillis,
    ) -> Result<Self, BadFiles> {
        Self::read_wanted(Wanted::of(desired), previous, now)
    }

    /// Reads the same files again. What is no good is kept as it was.
    pub(crate) fn read_again(&self, now: UnixMillis) -> Result<Self, BadFiles> {
        Self::read_wanted(self.wanted.clone(), self, now)
    }

    fn read_wanted(wanted: Wanted, previous: &Self, now: UnixMillis) -> Result<Self, BadFiles> {
        let (shelf, notes) = (Shelf::default(), Notes::default());
        let mut reading = Reading { now, previous: &previous.shelf, shelf, notes };
        let mut material = Material::default();
        for (name, tls, http2) in &wanted.listeners {
            if let Some(parts) = reading.server(name, tls, *http2) {
                material.listeners.insert(name.clone(), parts);
            }
        }
        for (name, tls, http2) in &wanted.target_groups {
            if let Some(parts) = reading.target(name, tls, *http2) {
                material.target_groups.insert(name.clone(), parts);
            }
        }
        let admin = wanted.admin.as_ref().and_then(|files| reading.admin(files));
        let Reading { shelf, notes: Notes { looks, errors, mut warnings, kept }, .. } = reading;
        if !errors.is_empty() {
            return Err(BadFiles { errors, looks });
        }
        warnings.sort();
        warnings.dedup();
        let material = Arc::new(material);
        Ok(Self { wanted, material, admin, looks, warnings, kept, shelf })
    }

    /// What snapshots are compiled with.
    pub(crate) fn material(&self) -> &Material {
        &self.material
    }

    /// What the admin address is served with.
    pub(crate) fn admin(&self) -> Option<&ServerParts> {
        self.admin.as_ref()
    }

    /// Whether both hold the very same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let admin = match (&self.admin, &other.admin) {
            (None, None) => true,
            (Some(one), Some(other)) => one.is_same(other),
            _ => false,
        };
        let (one, other) = (&self.material, &other.material);
        let listeners =
            || one.listeners.iter().map(|(name, parts)| (other.listeners.get(name), parts));
        let groups =
            || one.target_groups.iter().map(|(name, parts)| (other.target_groups.get(name), parts));
        admin
            && one.listeners.len() == other.listeners.len()
            && one.target_groups.len() == other.target_groups.len()
            && listeners().all(|(other, parts)| other.is_some_and(|other| other.is_same(parts)))
            && groups().all(|(other, parts)| other.is_some_and(|other| other.is_same(parts)))
    }

    /// Every certificate with its key, once.
    pub(crate) fn certified(&self) -> impl Iterator<Item = &Arc<Certified>> {
        self.shelf.certified.values().map(|(_, certified)| certified)
    }

    /// What to tell an operator about ages, in order.
    pub(crate) fn expiry_warnings(&self, now: UnixMillis) -> Vec<String> {
        let mut warnings: Vec<String> =
            self.certified().filter_map(|certified| certified.expiry_warning(now)).collect();
        warnings.sort();
        warnings.dedup();
        warnings
    }
}

impl Wanted {
    fn of(desired: &DesiredState) -> Self {
        let listener = |listener: &clingfish_model::Listener| {
            let balancer = desired.load_balancer(&listener.load_balancer);
            let http2 = balancer.is_none_or(|balancer| balancer.http2);
            Some((listener.name.clone(), listener.tls.clone()?, http2))
        };
        let group = |group: &clingfish_model::TargetGroup| {
            let http2 = group.protocol_version != ProtocolVersion::Http1;
            Some((group.name.clone(), group.tls.clone()?, http2))
        };
        Self {
            listeners: desired.listeners.iter().filter_map(listener).collect(),
            target_groups: desired.target_groups.iter().filter_map(group).collect(),
            admin: desired.admin.tls.clone(),
        }
    }
}

/// One go through all files.
struct Reading<'a> {
    now: UnixMillis,
    previous: &'a Shelf,
    shelf: Shelf,
    notes: Notes,
}

/// What there is to say about it.
#[derive(Default)]
struct Notes {
    looks: Looks,
    errors: Vec<String>,
    warnings: Vec<String>,
    kept: Vec<String>,
}

impl Reading<'_> {
    fn server(&mut self, name: &Name, tls: &ListenerTls, http2: bool) -> Option<ServerParts> {
        let whose = format!("listener {name}");
        let read = |files| self.certified(&whose, files, Purpose::Server);
        let certificates: Vec<Option<Arc<Certified>>> = tls.certificates.iter().map(read).collect();
        let clients = match &tls.mutual {
            MutualAuthentication::Off => Some(Clients::Unasked),
            MutualAuthentication::Passthrough => Some(Clients::Passthrough),
            MutualAuthentication::Verify(files) => {
                self.trust_store(&whose, files).map(Clients::Verified)
            }
        };
        Some(ServerParts {
            certificates: certificates.into_iter().collect::<Option<_>>()?,
            min_version: tls.min_version,
            http2,
            clients: clients?,
        })
    }

    /// HTTP/1.1 by any version of TLS; who asks is found out later.
    fn admin(&mut self, files: &CertificateFiles) -> Option<ServerParts> {
        Some(ServerParts {
            certificates: vec![self.certified("admin.tls", files, Purpose::Server)?],
            min_version: TlsVersion::V1_2,
            http2: false,
            clients: Clients::Unasked,
        })
    }

    fn target(&mut self, name: &Name, tls: &TargetTls, http2: bool) -> Option<TargetParts> {
        let whose = format!("target group {name}");
        let authorities = tls.authorities.as_ref().map(|path| self.authorities(&whose, path));
        let client = tls.client.as_ref();
        let client = client.map(|files| self.certified(&whose, files, Purpose::Client));
        let server_name = tls.server_name.clone().and_then(|name| name.try_into().ok());
        Some(TargetParts {
            authorities: all(authorities)?,
            server_name,
            client: all(client)?,
            http2,
        })
    }

    fn certified(
        &mut self,
        whose: &str,
        files: &CertificateFiles,
        purpose: Purpose,
    ) -> Option<Arc<Certified>> {
        let mut paths = vec![&*files.certificate, &*files.key];
        paths.extend(files.ocsp.as_deref());
        let key = (files.clone(), purpose == Purpose::Server);
        let (old, new) = (&self.previous.certified, &mut self.shelf.certified);
        let certified = keep(&mut self.notes, whose, &paths, key, (old, new), |read| {
            let [certificate, key, ocsp @ ..] = read else { return None };
            Some(Certified::read(*certificate, *key, ocsp.first().copied(), purpose, self.now))
        })?;
        self.notes.warnings.extend(certified.warnings.iter().cloned());
        Some(certified)
    }

    fn authorities(&mut self, whose: &str, path: &Path) -> Option<Arc<Authorities>> {
        let (old, new) = (&self.previous.authorities, &mut self.shelf.authorities);
        let read = |read: &[File<'_>]| Some(Authorities::read(*read.first()?));
        let authorities = keep(&mut self.notes, whose, &[path], path.to_owned(), (old, new), read)?;
        self.notes.warn_of_ignored(path, authorities.ignored);
        Some(authorities)
    }

    fn trust_store(&mut self, whose: &str, files: &TrustStoreFiles) -> Option<Arc<TrustStore>> {
        let mut paths = vec![&*files.authorities];
        paths.extend(files.revocations.as_deref());
        let (old, new) = (&self.previous.trust_stores, &mut self.shelf.trust_stores);
        let store = keep(&mut self.notes, whose, &paths, files.clone(), (old, new), |read| {
            let [authorities, revocations @ ..] = read else { return None };
            Some(TrustStore::read(files, *authorities, revocations.first().copied()))
        })?;
        self.notes.warn_of_ignored(&files.authorities, store.ignored);
        Some(store)
    }
}

impl Notes {
    fn warn_of_ignored(&mut self, path: &Path, ignored: usize) {
        if ignored > 0 {
            let path = path.display();
            self.warnings
                .push(format!("{path}: {ignored} certificates cannot be used, and are ignored"));
        }
    }
}

/// What the files at `paths` hold: what was made of the same content before, or what `make` makes of it, or else what is old.
fn keep<K: Eq + Hash, T>(
    notes: &mut Notes,
    whose: &str,
    paths: &[&Path],
    key: K,
    (old, new): (&Kept<K, T>, &mut Kept<K, T>),
    make: impl FnOnce(&[File<'_>]) -> Option<Result<T, TlsFileError>>,
) -> Option<Arc<T>> {
    if let Some((_, known)) = new.get(&key) {
        return Some(Arc::clone(known));
    }
    let old = old.get(&key);
    let made = read_all(notes, paths).and_then(|contents| {
        let fingerprint = Fingerprint::of_all(contents.iter().map(|(_, bytes)| bytes.as_slice()));
        if let Some((_, known)) = old.filter(|(of, _)| *of == fingerprint) {
            return Ok((fingerprint, Arc::clone(known)));
        }
        let files: Vec<File<'_>> =
            contents.iter().map(|(name, bytes)| File { name, bytes }).collect();
        let made = make(&files).ok_or("a file is missing")?;
        made.map(|made| (fingerprint, Arc::new(made))).map_err(|error| error.to_string())
    });
    let found = match (made, old) {
        (Ok(made), _) => made,
        (Err(reason), Some(old)) => {
            notes.kept.push(format!("{whose}: {reason}"));
            old.clone()
        }
        (Err(reason), None) => {
            notes.errors.push(format!("{whose}: {reason}"));
            return None;
        }
    };
    let known = Arc::clone(&found.1);
    new.insert(key, found);
    Some(known)
}

/// A file's name for messages, and its bytes.
type Read = (String, Zeroizing<Vec<u8>>);

fn read_all(notes: &mut Notes, paths: &[&Path]) -> Result<Vec<Read>, String> {
    let read = |path: &&Path| {
        notes.looks.note(path);
        let name = path.display().to_string();
        match read_bounded(path, CERTIFICATE_FILE_BYTES_MAX) {
            Ok(bytes) => Ok((name, Zeroizing::new(bytes))),
            Err(error) => Err(format!(
                "cannot read {name}: {error}; correct the path, or let this user read the file"
            )),
        }
    };
    paths.iter().map(read).collect()
}

/// Nothing where nothing is wanted; none where what is wanted is missing.
fn all<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}
