//! Turns the DNS names of targets into addresses.

use std::{
    fs,
    net::IpAddr,
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::{LookupIpStrategy, ResolverConfig},
    lookup_ip::LookupIp,
    net::{NetError, runtime::TokioRuntimeProvider},
};

/// How long an answer is taken for valid, whatever its TTL says: no storm of questions, and no address believed for ever.
pub const VALID_FOR: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(5 * 60);

/// How long all servers and all search domains together may take.
pub const RESOLVE_WITHIN: Duration = Duration::from_secs(10);

/// What the system's resolver is made of.
const SYSTEM_FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// The addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// At least one, sorted, each once: IPv4, or IPv6 where the name has no IPv4 address.
    pub addresses: Vec<IpAddr>,
    /// The shortest TTL of the records, within [`VALID_FOR`].
    pub valid_for: Duration,
}

/// Why a name has no addresses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// The servers say that there is none.
    #[error("{name} has no address")]
    NoAddress {
        /// The name.
        name: String,
    },
    /// Nobody answered in time.
    #[error("no answer for {name} within {after:?}")]
    Timeout {
        /// The name.
        name: String,
        /// How long we waited.
        after: Duration,
    },
    /// The servers could not be asked, or failed.
    #[error("cannot resolve {name}: {source}")]
    Failed {
        /// The name.
        name: String,
        /// What went wrong.
        source: Box<NetError>,
    },
}

/// Asks as the system would: `/etc/hosts`, then the servers and search domains of `/etc/resolv.conf`, both read again when they
/// change. Keeps no answers.
pub struct Resolver {
    /// Protects which files the resolver was made of; held to look at them, never while asking.
    system: Mutex<Option<System>>,
}

/// A resolver for each family, made of these files.
#[derive(Clone)]
struct System {
    made_of: Vec<Option<(SystemTime, u64)>>,
    ipv4: TokioResolver,
    ipv6: TokioResolver,
}

impl Resolver {
    /// A resolver that reads the system's settings when it is first asked.
    pub fn new() -> Self {
        Self { system: Mutex::new(None) }
    }

    /// The addresses of `name` now.
    ///
    /// IPv6 is asked for only where a server says that there is no IPv4 address, so that a lost answer never moves a group
    /// from one family to the other.
    pub async fn resolve(&self, name: &str) -> Result<Resolved, ResolveError> {
        match tokio::time::timeout(RESOLVE_WITHIN, self.ask(name)).await {
            Ok(Ok(answer)) => resolved(&answer).ok_or_else(|| no_address(name)),
            Ok(Err(source)) if source.is_no_records_found() => Err(no_address(name)),
            Ok(Err(source)) => {
                Err(ResolveError::Failed { name: name.into(), source: Box::new(source) })
            }
            Err(_) => Err(ResolveError::Timeout { name: name.into(), after: RESOLVE_WITHIN }),
        }
    }

    async fn ask(&self, name: &str) -> Result<LookupIp, NetError> {
        let system = self.system()?;
        match system.ipv4.lookup_ip(name).await {
            Err(error) if error.is_no_records_found() => system.ipv6.lookup_ip(name).await,
            answer => answer,
        }
    }

    fn system(&self) -> Result<System, NetError> {
        let made_of = fingerprint();
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        match &*system {
            Some(system) if system.made_of == made_of => Ok(system.clone()),
            _ => {
                let made = System {
                    made_of,
                    ipv4: build(LookupIpStrategy::Ipv4Only)?,
                    ipv6: build(LookupIpStrategy::Ipv6Only)?,
                };
                Ok(system.insert(made).clone())
            }
        }
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

fn no_address(name: &str) -> ResolveError {
    ResolveError::NoAddress { name: name.into() }
}

fn build(strategy: LookupIpStrategy) -> Result<TokioResolver, NetError> {
    let builder = TokioResolver::builder_tokio().unwrap_or_else(|_| {
        // A machine without name servers still has its hosts file.
        let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default())
    });
    build_of(builder, strategy)
}

fn build_of(
    mut builder: ResolverBuilder<TokioRuntimeProvider>,
    strategy: LookupIpStrategy,
) -> Result<TokioResolver, NetError> {
    let options = builder.options_mut();
    options.ip_strategy = strategy;
    // Whoever asks knows how long an answer is valid, and asks again on purpose.
    options.cache_size = 0;
    builder.build()
}

fn fingerprint() -> Vec<Option<(SystemTime, u64)>> {
    let of = |path| {
        let about = fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    SYSTEM_FILES.into_iter().map(of).collect()
}

fn resolved(answer: &LookupIp) -> Option<Resolved> {
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_unstable();
    addresses.dedup();
    let ttl = answer.as_lookup().answers().iter().map(|record| record.ttl).min()?;
    let valid_for = Duration::from_secs(ttl.into()).clamp(*VALID_FOR.start(), *VALID_FOR.end());
    (!addresses.is_empty()).then_some(Resolved { addresses, valid_for })
}

#[cfg(test)]
mod tests;
