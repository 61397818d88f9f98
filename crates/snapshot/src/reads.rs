//! Which fields and cookies decide where requests go: what has to be kept of a head so that the decision can be told again.

use clingfish_affinity::{CookieNames, SITE_FIELDS};
use clingfish_model::{
    Rule, Stickiness,
    rule::Condition,
    stickiness::{Carrier, HashKey, IdPlace},
};

use crate::Group;

/// What the rules of one listener look at.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// Names of fields in lower case, each once.
    fields: Vec<Box<str>>,
    /// Cookies that name groups, each once.
    cookies: Vec<CookieNames>,
}

impl Reads {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut fields: Vec<Box<str>> = Vec::new();
        for condition in rules.iter().flat_map(Rule::conditions) {
            if let Condition::Header { name, .. } = condition {
                fields.push(name.as_str().into());
            }
        }
        fields.sort_unstable();
        fields.dedup();
        Self { fields, cookies: Vec::new() }
    }

    /// Some rule keeps sessions with their group by these cookies.
    pub(crate) fn add(&mut self, names: &CookieNames) {
        if !self.cookies.contains(names) {
            self.cookies.push(names.clone());
        }
    }

    /// Whether a rule looks at fields of that name, in any case.
    pub fn field(&self, name: &[u8]) -> bool {
        self.fields.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether a cookie of that name may say which group a session is with.
    pub fn cookie(&self, name: &[u8]) -> bool {
        self.cookies.iter().any(|names| names.include(name))
    }
}

impl Group {
    /// Whether a field of that name, in any case, may say where a request belongs here. Cookies are told apart by [`Self::reads_cookie`].
    pub fn reads_field(&self, name: &[u8]) -> bool {
        let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        let is_place = |place: &IdPlace| matches!(place, IdPlace::Header(known) if is(known));
        let is_own = match &self.spec.stickiness {
            Stickiness::Header(header) => is(header.name()),
            Stickiness::Hash(hash) => matches!(&hash.key, HashKey::Header(key) if is(key.as_str())),
            Stickiness::Route(route) => route.places.iter().any(is_place),
            Stickiness::Learn(learn) => learn.places.iter().any(is_place),
            Stickiness::Wrap(wrap) => {
                matches!(&wrap.carrier, Carrier::Header(known) if is(known))
            }
            Stickiness::Off | Stickiness::LbCookie(_) | Stickiness::AppCookie(_) => false,
        };
        is_own || (self.policy.is_some() && SITE_FIELDS.into_iter().any(is))
    }

    /// Whether a cookie of that name may say where a request belongs here.
    pub fn reads_cookie(&self, name: &[u8]) -> bool {
        let is = |known: &str| known.as_bytes() == name;
        let is_place = |place: &IdPlace| matches!(place, IdPlace::Cookie(known) if is(known));
        let is_own = match &self.spec.stickiness {
            Stickiness::Hash(hash) => matches!(&hash.key, HashKey::Cookie(key) if is(key.as_str())),
            Stickiness::Route(route) => route.places.iter().any(is_place),
            Stickiness::Learn(learn) => learn.places.iter().any(is_place),
            Stickiness::Wrap(wrap) => {
                matches!(&wrap.carrier, Carrier::Cookie(known) if is(known))
            }
            Stickiness::Off
            | Stickiness::LbCookie(_)
            | Stickiness::AppCookie(_)
            | Stickiness::Header(_) => false,
        };
        let is_sealed = self.policy.as_ref().is_some_and(|policy| {
            policy.names().include(name) || policy.app_cookie() == Some(name)
        });
        is_own || is_sealed || self.spec.imports.iter().any(|import| is(&import.name))
    }
}
