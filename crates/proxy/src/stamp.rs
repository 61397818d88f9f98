//! Room `stamp`: what an answer tells the client of its home.

use clingfish_affinity::{
    AppSets, Binding, Claim, Judgement, Left, Policy, Stamp, Token, Verdict, cacheable,
    is_chromium, others, stamp, withheld,
};
use clingfish_model::{FieldId, ResponseHead, UnixMillis, Version};
use clingfish_snapshot::FirstHome;

use crate::{first_home::Remembered, outcome::Outcome, receive::Receiver, reply::Stamped};

impl Receiver<'_> {
    /// The cookie of this answer, if it carries one.
    pub(crate) fn stamp<'h>(
        &'h self,
        head: ResponseHead<'h>,
        first_home: &Remembered,
        outcome: &mut Outcome,
    ) -> Option<Stamped<'h>> {
        let policy = self.group.group.policy.as_ref()?;
        let judgement = self.placement.judgement?;
        if let (Judgement::Keep, Claim::Named(_)) = (judgement, &self.reading.claim) {
            // The client came without our cookie, or with that of another session, and went home all the same.
            return None;
        }
        let app_sets = AppSets::find(head.values(FieldId::SetCookie), policy);
        let mut binding = self.binding(policy, judgement, app_sets, first_home)?;
        binding.begins_stream = outcome.begins_stream;
        let now = self.answered(outcome);
        let is_shareable = || is_shareable(head, now);
        let (token, mark_private, twin_only) =
            match stamp(&self.reading.claim, judgement, policy, binding, is_shareable, now) {
                Stamp::Leave(left) => {
                    if left == Left::CrossSite {
                        // No cookie of this session will go out, so nobody is to wait for it.
                        first_home.home.close(binding.session);
                    }
                    return None;
                }
                Stamp::Remove => (None, false, false),
                Stamp::Write { token, mark_private, twin_only } => {
                    (Some(token), mark_private, twin_only)
                }
            };
        let bound = token.map(|token| {
            self.note_session(&token, judgement, policy, first_home, outcome, now);
            let nonce = self.exchange.worker.entropy.borrow_mut().bytes();
            (token, policy.seal(&token, &self.exchange.view.snapshot.ring, nonce, now))
        });
        Some(Stamped {
            policy,
            bound,
            mark_private,
            twin_only,
            has_stream: binding.begins_stream || self.has_open_stream(policy, judgement),
            https: binding.https,
            now,
            app_sets,
            others: self.others(policy, now),
            is_chromium: policy.is_shared_by_groups() && self.is_chromium(),
        })
    }

    /// Wall-clock time of the answer, without asking for it again.
    pub(crate) fn answered(&self, outcome: &Outcome) -> UnixMillis {
        self.exchange.now + outcome.answered.unwrap_or_default()
    }

    /// What this answer could bind its client to.
    fn binding(
        &self,
        policy: &Policy,
        judgement: Judgement,
        app_sets: Option<AppSets<'_>>,
        first_home: &Remembered,
    ) -> Option<Binding> {
        let head = self.exchange.head;
        // Random bytes are fetched only for a session that may begin.
        let fresh = if self.begins(judgement) {
            self.exchange.worker.entropy.borrow_mut().bytes()
        } else {
            [0; 8]
        };
        let https = self.exchange.facts.is_https(head);
        let mut binding = self.group.group.binding(self.placement.target, fresh, https)?;
        if let Judgement::Rehome(Verdict::New) = judgement {
            // Others may have joined it already.
            let shared = first_home.home.session(self.group.group.hash, binding.target);
            binding.session = shared.unwrap_or(binding.session);
        }
        if self.reading.claim.session().is_none() {
            binding.withheld = withheld(head, policy.same_site());
        }
        binding.app_sets = app_sets.as_ref().map(AppSets::flags);
        binding.has_app_cookie = self.reading.has_app_cookie;
        Some(binding)
    }

    /// Whether a session begins with this answer. One that lost its home goes on, by the id in its token; where a table or another
    /// balancer's cookie named the home, there is none.
    fn begins(&self, judgement: Judgement) -> bool {
        let has_token = matches!(self.reading.claim, Claim::Bound(_));
        !(has_token && judgement.keeps_session())
    }

    /// Tells everybody who wants to know of the session that an answer begins or goes on with.
    fn note_session(
        &self,
        token: &Token,
        judgement: Judgement,
        policy: &Policy,
        first_home: &Remembered,
        outcome: &mut Outcome,
        now: UnixMillis,
    ) {
        outcome.bound(token.session);
        if self.begins(judgement) {
            self.group.meter.sessions_created.increment();
        }
        let is_new = matches!(judgement, Judgement::Rehome(Verdict::New));
        if self.exchange.head.version() == Version::Http2 {
            first_home.home.close(token.session);
        } else if is_new && policy.shares_first_homes() && !self.exchange.facts.trusted {
            let Token { group, target, session, .. } = *token;
            first_home.home.begin(FirstHome { group, target, session, since: now });
        }
    }

    /// What the client's cookie holds of other groups, where they share one.
    fn others(&self, policy: &Policy, now: UnixMillis) -> Vec<u8> {
        if !policy.is_shared_by_groups() {
            return Vec::new();
        }
        let ring = &self.exchange.view.snapshot.ring;
        let mut memo = self.exchange.worker.memo.borrow_mut();
        let cookies = self.exchange.head.values(FieldId::Cookie);
        others(cookies, policy, ring, now, &mut memo)
    }

    fn is_chromium(&self) -> bool {
        self.exchange.head.value(FieldId::UserAgent).is_some_and(is_chromium)
    }
}

/// Whether the answer says that caches may share it.
pub(crate) fn is_shareable(head: ResponseHead<'_>, now: UnixMillis) -> bool {
    let control = head.values(FieldId::CacheControl);
    let (expires, date) = (head.value(FieldId::Expires), head.value(FieldId::Date));
    cacheable::is_shareable(control, expires, date, now)
}
