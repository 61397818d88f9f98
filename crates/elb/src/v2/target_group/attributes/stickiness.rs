//! Stickiness as ELBv2's attributes and as the file's table.

use clingfish_model::{Edit, Place, Setting, Stickiness, TargetGroup, stickiness::HashKey};

use super::key::{Key, Values};

/// ALB's types.
pub(super) const LB: &str = "lb_cookie";
pub(super) const APP: &str = "app_cookie";

/// The algorithm that stickiness does not go with.
pub(super) const RANDOM: &str = "weighted_random";

/// Keys of the file's table, but for `enabled` and the cookies of other balancers.
const KEYS: [&str; 31] = [
    "stickiness.type",
    "stickiness.preset",
    "stickiness.duration",
    "stickiness.absolute",
    "stickiness.app_cookie",
    "stickiness.header",
    "stickiness.query",
    "stickiness.key",
    "stickiness.load_factor",
    "stickiness.ipv4_prefix",
    "stickiness.ipv6_prefix",
    "stickiness.in",
    "stickiness.separator",
    "stickiness.from",
    "stickiness.path_prefix",
    "stickiness.sessions_max",
    "stickiness.sessions_per_client_max",
    "stickiness.fallback",
    "stickiness.style",
    "stickiness.on_cacheable",
    "stickiness.cookie",
    "stickiness.path",
    "stickiness.domain",
    "stickiness.http_only",
    "stickiness.same_site",
    "stickiness.secure",
    "stickiness.partitioned",
    "stickiness.browser_session",
    "stickiness.cross_site",
    "stickiness.host_prefix",
    "stickiness.forward_tokens",
];

/// One attribute of stickiness: as it acts, or else as it is kept, or else ALB's default.
pub(super) fn value(key: Key, group: &TargetGroup) -> String {
    acting(key, group).unwrap_or_else(|| {
        let kept = group.record.attributes.get(key.as_str());
        // Somebody may have written anything there.
        let kept = kept.and_then(|text| key.read(text, group).ok());
        kept.unwrap_or_else(|| key.default().into())
    })
}

fn acting(key: Key, group: &TargetGroup) -> Option<String> {
    match (key, &group.stickiness) {
        (Key::Sticky, stickiness) => Some((*stickiness != Stickiness::Off).to_string()),
        (Key::Type, stickiness) => type_name(stickiness).map(Into::into),
        (Key::LbSeconds, Stickiness::LbCookie(cookie)) => {
            Some(cookie.duration.as_secs().to_string())
        }
        (Key::AppSeconds, Stickiness::AppCookie(cookie)) => {
            Some(cookie.token.duration.as_secs().to_string())
        }
        (Key::CookieName, Stickiness::AppCookie(cookie)) => Some(cookie.name.as_str().into()),
        _ => None,
    }
}

/// ELBv2's word for the kind, or ours where it has none.
/// ELBv2 has a word of its own for one of our hashes.
fn type_name(stickiness: &Stickiness) -> Option<&'static str> {
    match stickiness {
        Stickiness::Off => None,
        Stickiness::Hash(hash) if matches!(hash.key, HashKey::ClientAddress(_)) => {
            Some("source_ip")
        }
        other => Some(other.kind()),
    }
}

/// A kind of ours that is switched off is gone: ELBv2 has no words by which it could be switched on again.
pub(super) fn forget_ours(wanted: &mut Values) {
    if !wanted.is_sticky() && ![LB, APP].contains(&wanted.get(Key::Type)) {
        wanted.set(Key::Type, LB.into());
    }
}

/// Whether the file's table says the value of this attribute, so that nothing else needs to keep it.
pub(super) fn is_said(key: Key, wanted: &Values) -> bool {
    wanted.is_sticky()
        && match key {
            Key::Type => true,
            Key::LbSeconds => wanted.get(Key::Type) == LB,
            Key::CookieName | Key::AppSeconds => wanted.get(Key::Type) == APP,
            _ => false,
        }
}

/// What becomes of the file's table.
pub(super) fn edits(group: &TargetGroup, current: &Values, wanted: &Values) -> Vec<Edit> {
    let is_changed = |key| current.get(key) != wanted.get(key);
    let place = Place::TargetGroup(group.name.clone());
    let of_type = |name| wanted.get(Key::Type) == name;
    if !wanted.is_sticky() {
        return if current.is_sticky() { off(group, &place) } else { Vec::new() };
    }
    let is_replaced = is_changed(Key::Sticky)
        || is_changed(Key::Type)
        || (of_type(APP) && is_changed(Key::CookieName));
    if is_replaced {
        return replace(group, &place, wanted);
    }
    let seconds = if of_type(APP) { Key::AppSeconds } else { Key::LbSeconds };
    if (of_type(LB) || of_type(APP)) && is_changed(seconds) {
        return vec![Edit::Set(place, "stickiness.duration", duration(wanted.get(seconds)))];
    }
    Vec::new()
}

/// Cookies of other balancers stay for the day when it is on again.
fn off(group: &TargetGroup, place: &Place) -> Vec<Edit> {
    if group.imports.is_empty() {
        return vec![Edit::Unset(place.clone(), "stickiness")];
    }
    vec![Edit::Set(place.clone(), "stickiness.enabled", Setting::Bool(false))]
}

/// A table of ALB's style in place of whatever is there, but for the cookies of other balancers.
fn replace(group: &TargetGroup, place: &Place, wanted: &Values) -> Vec<Edit> {
    let set = |key, setting| Edit::Set(place.clone(), key, setting);
    let mut edits = if group.imports.is_empty() {
        vec![Edit::Unset(place.clone(), "stickiness")]
    } else {
        let unset = KEYS.map(|key| Edit::Unset(place.clone(), key));
        let on = set("stickiness.enabled", Setting::Bool(true));
        unset.into_iter().chain([on]).collect()
    };
    let is_app = wanted.get(Key::Type) == APP;
    let seconds = if is_app { Key::AppSeconds } else { Key::LbSeconds };
    edits.push(set("stickiness.type", Setting::text(wanted.get(Key::Type))));
    if is_app {
        edits.push(set("stickiness.app_cookie", Setting::text(wanted.get(Key::CookieName))));
    }
    edits.push(set("stickiness.duration", duration(wanted.get(seconds))));
    edits.push(set("stickiness.style", Setting::text("alb")));
    edits
}

fn duration(seconds: &str) -> Setting {
    Setting::Text(format!("{seconds}s"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KEYS;

    /// That document has every key: it is tested against what reads the file.
    const DOCUMENT: &str = include_str!("../../../../../../docs/configuration.md");

    #[test]
    fn no_key_of_the_table_is_forgotten() {
        let named = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let stays = ["stickiness.enabled", "stickiness.import"];
        let table = named.filter(|key| key.starts_with("stickiness.") && !stays.contains(key));
        assert_eq!(table.collect::<BTreeSet<_>>(), KEYS.into_iter().collect());
    }
}
