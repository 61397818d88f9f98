//! One decision, step by step: read, judge, place, stamp.

use std::sync::Arc;

use clingfish_affinity::{
    Claim, Dressing, Judgement, KeyId, KeyRing, Left, Named, Namer, Origin, Policy, Reading,
    Refusal, Secret, SessionId, SetCookie, Stamp, stamp, withheld,
};
use clingfish_balance::Cursor;
use clingfish_model::{RequestHead, UnixMillis, head::without_port};
use clingfish_snapshot::{Circumstances, Group, Placement, Snapshot, Tried};
use clingfish_telemetry::log::session_tag;

use super::{
    Question, Source, Story, lossy, memo,
    token::{moment, span},
};

/// What is asked, of whom, and when.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) source: Source,
    pub(super) question: &'a Question<'a>,
    pub(super) now: UnixMillis,
}

/// Tells what would become of the request in its group.
pub(super) fn tell(group: &Arc<Group>, head: RequestHead<'_>, asked: Asked<'_>, story: &mut Story) {
    let Asked { snapshot, source, question, now } = asked;
    // The name that a browser would ask for by TLS is the host's.
    let host = std::str::from_utf8(without_port(head.authority())).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    let tls_name = match question.known {
        Some(known) => known.server_name,
        None => Some(host.as_str()).filter(|host| question.https && !host.is_empty()),
    };
    let origin = || Origin { client: question.client, tls_name };
    let mut reading = group.claim(head, origin, None, &snapshot.ring, now, &mut memo());
    group.foresee(head, &snapshot.ring, now, &mut reading);
    if group.learned().is_some() && source == Source::File {
        story.tell("table", "empty here: only a process that runs knows what it has learned");
    }
    story.tell("read", claim(&reading, group, question, now));
    if let (Claim::Bound(opened), Some(policy)) = (&reading.claim, &group.policy) {
        story.tell("limits", limits(policy, now.since(opened.token.last_seen)));
    }
    let circumstances = Circumstances { now, random: 0 };
    let placed = group.place(&reading.claim, circumstances, &Tried::default(), &mut Cursor(0));
    let placement = match placed {
        Ok(placement) => placement,
        Err(none) => return story.tell("place", format!("{none}: 503")),
    };
    story.tell("judge", judgement(&placement));
    story.tell("place", target(group, &placement));
    if let (Some(policy), Some(judgement)) = (&group.policy, placement.judgement) {
        let answer = Answer { group, policy, reading: &reading, judgement, placement };
        story.tell("answer", answer.tell(head, question, now));
    }
}

/// What the request says of its home.
fn claim(reading: &Reading, group: &Group, question: &Question<'_>, now: UnixMillis) -> String {
    let tag = |session: SessionId| match question.known {
        Some(_) => session_tag(session.0),
        None => session.to_string(),
    };
    let id = |hash| {
        let target = group.find(hash).and_then(|index| group.targets.get(index));
        target.map_or_else(|| "a target that is not in this group".to_owned(), |t| t.id.to_string())
    };
    match &reading.claim {
        Claim::Nothing if !group.is_sticky() => "nothing: the group has no stickiness".to_owned(),
        Claim::Nothing => "nothing that names a home".to_owned(),
        Claim::Bound(opened) => {
            let token = &opened.token;
            let (home, seen) = (id(token.target), moment(token.last_seen, now));
            format!("a token of ours: home {home}, session {}, sealed {seen}", tag(token.session))
        }
        Claim::Unaccompanied(opened) => {
            let home = id(opened.token.target);
            format!("a token of ours with home {home}, without the application's cookie")
        }
        Claim::Refused(Refusal::Forged) => "a cookie of our name that does not open".to_owned(),
        Claim::Refused(Refusal::UnknownKey) => {
            "a cookie of our name by a key that is not in the ring".to_owned()
        }
        Claim::Named(Named { target, by, .. }) => {
            let who = match by {
                Namer::Application => "the application's own id",
                Namer::Table => "the table of learned sessions",
                Namer::Envelope => "the envelope around the application's id",
                Namer::ForeignCookie => "a cookie of another balancer",
            };
            format!("{who} names home {}", id(*target))
        }
        Claim::Keyed(key) => format!("a key for consistent hashing, {key:016x}"),
        Claim::Unknown(session) => {
            format!("an id of the application that nobody knows, {}", tag(*session))
        }
    }
}

fn limits(policy: &Policy, age: std::time::Duration) -> String {
    if policy.is_classic() {
        return "none: the client alone ends its life".to_owned();
    }
    let idle = policy.idle_limit();
    let verdict = if age > idle { "is over" } else { "is within" };
    format!("its age of {} {verdict} the idle limit of {}", span(age), span(idle))
}

fn judgement(placement: &Placement) -> String {
    let verdict = placement.verdict();
    let what = match placement.judgement {
        None => "no stickiness",
        Some(Judgement::Keep) => "the client goes home",
        Some(Judgement::Adopt) => {
            "the client goes where the other balancer sent it, and gets our cookie"
        }
        Some(Judgement::Detour) => "served elsewhere once; the home stays the home",
        Some(Judgement::Rehome(_)) => {
            "the balancer chooses among the targets that take new sessions"
        }
    };
    format!("{verdict}: {what}")
}

fn target(group: &Group, placement: &Placement) -> String {
    let Some(target) = group.targets.get(placement.target) else {
        return String::new();
    };
    let chosen = format!("{} ({})", target.id, target.address);
    match placement.judgement {
        Some(Judgement::Keep | Judgement::Adopt) => chosen,
        _ => format!("{chosen}, if it is its turn"),
    }
}

/// What a plain answer of the target would carry.
struct Answer<'a> {
    group: &'a Group,
    policy: &'a Policy,
    reading: &'a Reading,
    judgement: Judgement,
    placement: Placement,
}

impl Answer<'_> {
    fn tell(&self, head: RequestHead<'_>, question: &Question<'_>, now: UnixMillis) -> String {
        let policy = self.policy;
        let binding = self.group.binding(self.placement.target, [0; 8], question.https);
        let Some(mut binding) = binding else {
            return String::new();
        };
        binding.has_app_cookie = self.reading.has_app_cookie;
        if self.reading.claim.session().is_none() {
            binding.withheld = withheld(head, policy.same_site());
        }
        match stamp(&self.reading.claim, self.judgement, policy, binding, || false, now) {
            Stamp::Leave(left) => format!("no cookie: {}", reason(left)),
            Stamp::Remove => {
                "AWSALBAPP-0 to -3 with _remove_, until the application sets its cookie".to_owned()
            }
            Stamp::Write { token, twin_only, .. } => {
                let dressing = Dressing { twin_only, ..Dressing::default() };
                // Not by a key of ours, and not shown: a nonce is used once.
                let id = KeyId::new(1).expect("one is not zero");
                let ring = KeyRing::first(Secret::new([0; 32]), id, now);
                let sealed = &policy.seal(&token, &ring, [0; 24], now);
                let (token, https) = (&token, question.https);
                let mut lines = Vec::new();
                SetCookie { policy, token, sealed, https, now, dressing }.write_lines(&mut lines);
                lossy(&lines).replace(&lossy(sealed.as_bytes()), "…")
            }
        }
    }
}

fn reason(left: Left) -> &'static str {
    match left {
        Left::Unchanged => "the one that the client has says the same and is young enough",
        Left::Detour => "a detour leaves it alone",
        Left::Shareable => "caches may share the answer",
        Left::NoAppCookie => "the application has not set its cookie",
        Left::CrossSite => "the browser may have kept the cookie of a session from us",
    }
}
