//! Which certificate a client gets: by the name that it asks for, and by what it can check.

use std::{collections::HashMap, sync::Arc};

use rustls::{
    SignatureAlgorithm,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use crate::Certified;

/// The certificates of a listener by their names. The first one is for everybody else.
#[derive(Debug)]
pub(crate) struct Resolver {
    certificates: Vec<Arc<Certified>>,
    exact: ByName,
    /// Without the `*.` in front.
    wildcard: ByName,
    /// The first one, and those of other kinds for the same names.
    default: Vec<usize>,
}

type ByName = HashMap<Box<str>, Vec<usize>>;

impl Resolver {
    pub(crate) fn new(certificates: Vec<Arc<Certified>>) -> Self {
        let (mut exact, mut wildcard) = (ByName::new(), ByName::new());
        for (at, certificate) in certificates.iter().enumerate() {
            for name in certificate.names() {
                let (names, name) = match name.strip_prefix("*.") {
                    Some(rest) => (&mut wildcard, rest),
                    None => (&mut exact, name),
                };
                names.entry(name.into()).or_default().push(at);
            }
        }
        let first: Vec<&str> = certificates.iter().take(1).flat_map(|one| one.names()).collect();
        let is_alike = |(_, one): &(usize, &Arc<Certified>)| one.names().eq(first.iter().copied());
        let alike = certificates.iter().enumerate().skip(1).filter(is_alike).map(|(at, _)| at);
        let default = (!certificates.is_empty()).then_some(0).into_iter().chain(alike).collect();
        let mut resolver = Self { certificates, exact, wildcard, default };
        resolver.put_best_first();
        resolver
    }

    /// As ALB: elliptic curves before RSA, then the one that is valid longest.
    fn put_best_first(&mut self) {
        let Self { certificates, exact, wildcard, default } = self;
        let rank = |at: &usize| {
            certificates.get(*at).map(|one| {
                let is_rsa = one.algorithm() == SignatureAlgorithm::RSA;
                (is_rsa, std::cmp::Reverse(one.not_after))
            })
        };
        for candidates in exact.values_mut().chain(wildcard.values_mut()) {
            candidates.sort_by_key(rank);
        }
        default.sort_by_key(rank);
    }

    /// The certificates for that name, best first.
    pub(crate) fn candidates(&self, name: Option<&str>) -> impl Iterator<Item = &Arc<Certified>> {
        let name = name.map(str::to_ascii_lowercase);
        let exact = name.as_deref().and_then(|name| self.exact.get(name));
        let parent = name.as_deref().and_then(|name| name.split_once('.'));
        let wildcard = parent.and_then(|(_, rest)| self.wildcard.get(rest));
        let named = exact.into_iter().chain(wildcard).flatten();
        let default = if exact.is_none() && wildcard.is_none() { &*self.default } else { &[] };
        named.chain(default).filter_map(|at| self.certificates.get(*at))
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let can_check = |one: &&Arc<Certified>| {
            one.key().key.choose_scheme(hello.signature_schemes()).is_some()
        };
        let candidates = || self.candidates(hello.server_name());
        // One that the client cannot check ends in "handshake failure", as scanners and clients expect; none at all would not.
        let chosen = candidates().find(can_check).or_else(|| candidates().next());
        chosen.map(|one| Arc::clone(one.key()))
    }
}

#[cfg(test)]
mod tests;
