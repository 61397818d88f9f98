//! Which group a request was sent to where a rule keeps sessions with theirs, and what the answer says of it.

use clingfish_affinity::{
    Binding, Claim, Judgement, SessionId, Stamp, Verdict, group::NO_TARGET, stamp_group, withheld,
};
use clingfish_model::{UnixMillis, Version};
use clingfish_snapshot::{FirstHome, GroupChoice, StickyGroups};

use crate::{
    exchange::Exchange,
    first_home::Remembered,
    reply::{GroupReply, Stamped},
};

/// A choice among the groups of a forward, and what it was made by.
#[derive(Debug)]
pub(crate) struct ChosenGroup<'a> {
    groups: &'a StickyGroups,
    claim: Claim,
    pub(crate) choice: GroupChoice,
}

impl Exchange<'_> {
    /// Chooses the group of a request, by its cookie or by weight.
    pub(crate) fn choose_group<'g>(
        &self,
        groups: &'g StickyGroups,
        first_home: &Remembered,
    ) -> Option<Box<ChosenGroup<'g>>> {
        let snapshot = &self.view.snapshot;
        let first = first_home.group.shared(self.now);
        let mut memo = self.worker.memo.borrow_mut();
        let claim = groups.claim(self.head, first.as_ref(), &snapshot.ring, self.now, &mut memo);
        let choice = groups.choose(&claim, &snapshot.groups, self.worker.random(), self.now)?;
        let chosen = ChosenGroup { groups, claim, choice };
        if chosen.is_shared(self) && self.head.version() == Version::Http2 {
            // Streams that come at the same time join the session of the first.
            chosen.begin(self.fresh_session(), first_home, self.now);
        }
        Some(Box::new(chosen))
    }

    fn fresh_session(&self) -> SessionId {
        SessionId(self.worker.entropy.borrow_mut().bytes())
    }
}

impl<'a> ChosenGroup<'a> {
    /// Why the request goes to that group.
    pub(crate) fn verdict(&self) -> Verdict {
        self.choice.judgement.verdict()
    }

    /// What the answer of one of the group's targets says of it.
    pub(crate) fn reply(
        &self,
        exchange: &Exchange<'_>,
        first_home: &Remembered,
        is_shareable: impl FnOnce() -> bool,
        now: UnixMillis,
    ) -> GroupReply<'a> {
        GroupReply {
            policy: self.groups.policy().cookie(),
            stamped: self.stamp(exchange, first_home, is_shareable, now),
            verdict: self.verdict(),
        }
    }

    fn stamp(
        &self,
        exchange: &Exchange<'_>,
        first_home: &Remembered,
        is_shareable: impl FnOnce() -> bool,
        now: UnixMillis,
    ) -> Option<Stamped<'a>> {
        let GroupChoice { hash, judgement, .. } = self.choice;
        let groups = self.groups.policy();
        // Others may have joined it already.
        let shared = first_home.group.session(hash, NO_TARGET).filter(|_| self.is_new());
        let session = match shared {
            Some(session) => session,
            None if judgement.keeps_session() => SessionId([0; 8]),
            None => exchange.fresh_session(),
        };
        let policy = groups.cookie();
        let https = exchange.facts.is_https(exchange.head);
        let mut binding = Binding { https, session, ..Binding::default() };
        if self.claim.session().is_none() {
            binding.withheld = withheld(exchange.head, policy.same_site());
        }
        let stamp = stamp_group(&self.claim, judgement, groups, hash, binding, is_shareable, now);
        let Stamp::Write { token, mark_private, twin_only } = stamp else {
            return None;
        };
        if exchange.head.version() == Version::Http2 {
            first_home.group.close(token.session);
        } else if self.is_shared(exchange) {
            self.begin(token.session, first_home, now);
        }
        let nonce = exchange.worker.entropy.borrow_mut().bytes();
        let sealed = policy.seal(&token, &exchange.view.snapshot.ring, nonce, now);
        Some(Stamped {
            policy,
            bound: Some((token, sealed)),
            mark_private,
            https,
            now,
            app_sets: None,
            others: Vec::new(),
            is_chromium: false,
            twin_only,
            has_stream: false,
        })
    }

    fn is_new(&self) -> bool {
        self.choice.judgement == Judgement::Rehome(Verdict::New)
    }

    /// Whether further requests of the connection, that come without the cookie, are of the same session. In alb style they are
    /// not, as at ALB, nor where a proxy brings requests of many clients.
    fn is_shared(&self, exchange: &Exchange<'_>) -> bool {
        self.is_new()
            && self.groups.policy().cookie().shares_first_homes()
            && !exchange.facts.trusted
    }

    fn begin(&self, session: SessionId, first_home: &Remembered, since: UnixMillis) {
        let group = self.choice.hash;
        first_home.group.begin(FirstHome { group, target: NO_TARGET, session, since });
    }
}
