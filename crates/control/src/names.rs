//! What is known of the DNS names of targets, and when to ask again.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::Instant,
};

use clingfish_model::{DesiredState, TargetAddress, limits::LOOKUP_AGAIN_AFTER};
use clingfish_upstream::{ResolveError, Resolved};

/// Every name that some target has. Pure: whoever asks the resolver passes on what it says.
#[derive(Debug, Default)]
pub(crate) struct Names {
    asks: HashMap<String, Ask>,
    /// The last good answer for each name that ever had one.
    good: HashMap<String, Vec<IpAddr>>,
}

#[derive(Debug)]
struct Ask {
    due: Instant,
    is_running: bool,
    /// Whether the resolver has ever said anything, good or bad.
    is_answered: bool,
    is_failing: bool,
}

impl Names {
    /// Takes in the names that `desired` brings, which are due at once. Others stay until [`Self::forget_all_but`].
    pub(crate) fn want(&mut self, desired: &DesiredState, now: Instant) {
        for name in names(desired) {
            if !self.asks.contains_key(name) {
                let ask =
                    Ask { due: now, is_running: false, is_answered: false, is_failing: false };
                self.asks.insert(name.to_owned(), ask);
            }
        }
    }

    /// Forgets the names that `desired` does not have.
    pub(crate) fn forget_all_but(&mut self, desired: &DesiredState) {
        let wanted: HashSet<&str> = names(desired).collect();
        self.asks.retain(|name, _| wanted.contains(name.as_str()));
        self.good.retain(|name, _| wanted.contains(name.as_str()));
    }

    /// A name to ask for now. Whoever takes it brings back an answer.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<String> {
        let (name, ask) =
            self.asks.iter_mut().find(|(_, ask)| !ask.is_running && ask.due <= now)?;
        ask.is_running = true;
        Some(name.clone())
    }

    /// When the next name is due that nobody asks for yet.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.asks.values().filter(|ask| !ask.is_running).map(|ask| ask.due).min()
    }

    /// Takes an answer; true if it changes what is known. A failure changes nothing.
    pub(crate) fn answer(
        &mut self,
        name: &str,
        answer: Result<Resolved, ResolveError>,
        now: Instant,
    ) -> bool {
        // The name may have left the configuration while it was asked for.
        let Some(ask) = self.asks.get_mut(name) else {
            return false;
        };
        ask.is_running = false;
        ask.is_answered = true;
        match answer {
            Ok(resolved) => {
                if std::mem::take(&mut ask.is_failing) {
                    tracing::info!(name, "resolves again");
                }
                ask.due = now + resolved.valid_for;
                let before = self.good.insert(name.to_owned(), resolved.addresses.clone());
                before.as_ref() != Some(&resolved.addresses)
            }
            Err(error) => {
                ask.due = now + LOOKUP_AGAIN_AFTER;
                if !std::mem::replace(&mut ask.is_failing, true) {
                    let kept = self.good.get(name).map_or(0, Vec::len);
                    tracing::warn!(name, %error, kept, "does not resolve; known addresses are kept");
                }
                false
            }
        }
    }

    /// Whether every name has been answered for, well or badly.
    pub(crate) fn are_answered(&self) -> bool {
        self.asks.values().all(|ask| ask.is_answered)
    }

    /// The last good answer for each name.
    pub(crate) fn addresses(&self) -> &HashMap<String, Vec<IpAddr>> {
        &self.good
    }
}

fn names(desired: &DesiredState) -> impl Iterator<Item = &str> {
    let targets = desired.target_groups.iter().flat_map(|group| &group.targets);
    targets.filter_map(|target| match &target.address {
        TargetAddress::Host { name, .. } => Some(name.as_str()),
        TargetAddress::Socket(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn desired(targets: &str) -> DesiredState {
        let text = format!(
            "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n[target_groups.web]\ntargets = [{targets}]\n"
        );
        clingfish_config::parse(&text).unwrap().0
    }

    fn good(last: u8) -> Result<Resolved, ResolveError> {
        Ok(Resolved {
            addresses: vec![[10, 0, 0, last].into()],
            valid_for: Duration::from_secs(30),
        })
    }

    fn bad() -> Result<Resolved, ResolveError> {
        Err(ResolveError::NoAddress { name: "app".into() })
    }

    #[test]
    fn the_last_good_answer_is_kept_while_resolution_fails() {
        let start = crate::clock::now();
        let mut names = Names::default();
        names.want(&desired("\"app:80\", \"app:81\", \"10.0.0.1:80\""), start);
        assert!(!names.are_answered());
        let mut now = start;
        let again = LOOKUP_AGAIN_AFTER;
        let valid = Duration::from_secs(30);
        for (answer, changes, known, then) in [
            (bad(), false, None, again),
            (good(1), true, Some(1), valid),
            (good(1), false, Some(1), valid),
            (bad(), false, Some(1), again),
            (bad(), false, Some(1), again),
            (good(2), true, Some(2), valid),
        ] {
            let step = format!("{answer:?}");
            assert_eq!(names.take_due(now).as_deref(), Some("app"), "{step}");
            assert_eq!(names.take_due(now), None, "nobody asks twice: {step}");
            assert_eq!(names.next_due(), None, "{step}");
            assert_eq!(names.answer("app", answer, now), changes, "{step}");
            assert!(names.are_answered());
            assert_eq!(names.next_due(), Some(now + then), "{step}");
            let addresses = names.addresses().get("app").map(Vec::as_slice);
            let known = known.map(|last| [IpAddr::from([10, 0, 0, last])]);
            assert_eq!(addresses, known.as_ref().map(<[_; 1]>::as_slice), "{step}");
            now += then;
        }
    }

    #[test]
    fn names_that_left_are_forgotten_and_late_answers_ignored() {
        let now = crate::clock::now();
        let mut names = Names::default();
        names.want(&desired("\"app:80\""), now);
        assert!(names.take_due(now).is_some());
        names.forget_all_but(&desired("\"other:80\""));
        assert!(!names.answer("app", good(1), now));
        assert!(names.addresses().is_empty());
    }
}
