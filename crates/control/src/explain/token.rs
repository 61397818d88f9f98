//! What a token says.

use std::time::Duration;

use clingfish_affinity::{
    Alphabet, KeyRing, OpenError, Opened, Purpose, Token,
    group::NO_TARGET,
    identity::envelope::{self, Address},
    rfc3339,
};
use clingfish_model::{DesiredState, GroupHash, TargetHash, UnixMillis};

use super::Story;

/// Every form that a token comes in.
const FORMS: [(Purpose, Alphabet, &str); 9] = [
    (Purpose::LbCookie, Alphabet::UrlSafe, "of a cookie in clingfish style"),
    (Purpose::LbCookie, Alphabet::Standard, "of AWSALB"),
    (Purpose::AppCookie, Alphabet::UrlSafe, "of a cookie that goes with the application's"),
    (Purpose::AppCookie, Alphabet::Standard, "of AWSALBAPP"),
    (Purpose::Header, Alphabet::UrlSafe, "of a header or query parameter"),
    (Purpose::Classic, Alphabet::Hex, "of AWSELB"),
    (Purpose::LbCookie, Alphabet::Hex, "of AWSELB"),
    (Purpose::Group, Alphabet::UrlSafe, "of a group's cookie in clingfish style"),
    (Purpose::Group, Alphabet::Standard, "of AWSALBTG"),
];

/// Opens it as whatever it may be.
pub(super) fn describe(
    text: &[u8],
    state: &DesiredState,
    ring: &KeyRing,
    now: UnixMillis,
) -> Story {
    let mut story = Story::default();
    if let Ok(unwrapped) = envelope::open(text, ring, now) {
        let Address { target: home, group: of, issued } = unwrapped.address;
        story.tell("token", "opens; an envelope around the application's id");
        story.tell("group", group(of, state));
        story.tell("home", target(of, home, state));
        story.tell("made", moment(issued, now));
        return story;
    }
    let open = |(purpose, alphabet, what)| (Token::open(text, ring, purpose, alphabet, now), what);
    let tries: Vec<_> = FORMS.into_iter().map(open).collect();
    let opened = tries.iter().find_map(|(opened, what)| opened.ok().map(|opened| (opened, what)));
    let Some((opened, what)) = opened else {
        let is = |error| tries.iter().any(|(opened, _)| *opened == Err(error));
        let why = if is(OpenError::UnknownKey) {
            "its key is not in this ring, or has retired: another balancer's, or too old"
        } else if is(OpenError::Forged) {
            "it names one of our keys, and that key does not open it: damaged or forged"
        } else {
            "no token: it has another length, alphabet or version"
        };
        story.tell("token", why);
        return story;
    };
    story.tell("token", format!("opens; {what}"));
    tell(&opened, state, now, &mut story);
    story
}

/// Tells what an opened token says.
pub(super) fn tell(opened: &Opened, state: &DesiredState, now: UnixMillis, story: &mut Story) {
    let Opened { token, by_current_key } = opened;
    let key = if *by_current_key { "the key that seals now" } else { "an older key of the ring" };
    story.tell("sealed by", key);
    story.tell("group", group(token.group, state));
    if token.target != NO_TARGET {
        story.tell("home", target(token.group, token.target, state));
    }
    story.tell("session", token.session.to_string());
    if token.issued.0 > 0 {
        story.tell("began", moment(token.issued, now));
        story.tell("last seen", moment(token.last_seen, now));
    } else {
        story.tell("began", "classic cookies do not say");
    }
}

/// The group of that hash, by name if it is in the configuration.
fn group(hash: GroupHash, state: &DesiredState) -> String {
    let known = state.target_groups.iter().find(|group| group.hash() == hash);
    known.map_or_else(
        || format!("{}…, which is not in this configuration", hash.short()),
        |group| group.name.to_string(),
    )
}

/// The target of that hash, by id if it is in the group.
pub(super) fn target(group: GroupHash, hash: TargetHash, state: &DesiredState) -> String {
    let known = state.target_groups.iter().find(|one| one.hash() == group);
    let target = known.and_then(|group| group.targets.iter().find(|one| one.hash() == hash));
    target.map_or_else(
        || "a target that is not in this configuration, or one address of a DNS name".to_owned(),
        |target| format!("{} ({})", target.id, target.address),
    )
}

/// `2026-11-20T11:17:48.181Z, 12m 3s ago`.
pub(super) fn moment(at: UnixMillis, now: UnixMillis) -> String {
    let age = now.since(at);
    if age.is_zero() && at > now {
        return format!("{}, in the future", rfc3339(at));
    }
    format!("{}, {} ago", rfc3339(at), span(age))
}

/// `1d 2h`, `12m 3s`: the two largest units.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds;
    let counted: Vec<String> = parts
        .into_iter()
        .filter_map(|(size, unit)| {
            let count = left / size;
            left %= size;
            (count > 0).then(|| format!("{count}{unit}"))
        })
        .take(2)
        .collect();
    match counted.as_slice() {
        [] => format!("{}ms", span.as_millis()),
        some => some.join(" "),
    }
}
