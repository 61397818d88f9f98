//! Stickiness by consistent hashing: `type = "hash"` and `type = "source_ip"`.

use clingfish_model::stickiness::{HashAffinity, HashKey, LoadFactor, Prefixes};

use super::refuse;
use crate::{report::Report, section::Section, value::split_advice};

/// Keys that no other type has.
pub(super) const KEYS: [&str; 4] = [
    "stickiness.key",
    "stickiness.load_factor",
    "stickiness.ipv4_prefix",
    "stickiness.ipv6_prefix",
];

const PREFIX_KEYS: [&str; 2] = ["stickiness.ipv4_prefix", "stickiness.ipv6_prefix"];

/// Keys of the types that remember something, or let the client do so.
const OTHER_KEYS: [&str; 8] = [
    "stickiness.import",
    "stickiness.app_cookie",
    "stickiness.style",
    "stickiness.forward_tokens",
    "stickiness.duration",
    "stickiness.absolute",
    "stickiness.header",
    "stickiness.query",
];

const KEY_HELP: &str = "write key = \"header:X-User\", \"cookie:uid\", \"query:room\", \"path:2\", \
                        \"tls_name\" or \"client\"";

/// Reads `type = "hash"`. None where the key is missing or no key.
pub(super) fn read(section: &Section<'_>, report: &mut Report<'_>) -> Option<HashAffinity> {
    refuse_others("type = \"hash\"", section, report);
    let load_factor = read_load_factor(section, report);
    let Some(value) = section.value("stickiness.key") else {
        let path = crate::section::join(&section.path, "stickiness.key");
        let at = section.key_at("stickiness.type");
        report.absent(at, &path, "stickiness.type = \"hash\" needs a key", KEY_HELP);
        return None;
    };
    let key = HashKey::parse(value.text(report)?);
    let key = key.map_err(|bad| {
        let text = bad.to_string();
        let message =
            format!("{} = {}: {}", value.name, value.written(report), split_advice(&text).0);
        value.refuse(report, message, KEY_HELP);
    });
    let key = match key.ok()? {
        HashKey::ClientAddress(_) => HashKey::ClientAddress(read_prefixes(section, report)),
        other => {
            let with = format!("key = {}", value.written(report));
            let help = "remove it: only the client's address has a prefix";
            refuse(&PREFIX_KEYS, &with, help, section, report);
            other
        }
    };
    Some(HashAffinity { key, load_factor })
}

/// Reads `type = "source_ip"`.
pub(super) fn read_source_ip(section: &Section<'_>, report: &mut Report<'_>) -> HashAffinity {
    refuse_others("type = \"source_ip\"", section, report);
    let help = "remove it: the key is the client's address; or write type = \"hash\"";
    refuse(&["stickiness.key"], "type = \"source_ip\"", help, section, report);
    HashAffinity {
        key: HashKey::ClientAddress(read_prefixes(section, report)),
        load_factor: read_load_factor(section, report),
    }
}

fn refuse_others(with: &str, section: &Section<'_>, report: &mut Report<'_>) {
    let help = "remove it: nothing is remembered of a client, its key alone decides";
    refuse(&OTHER_KEYS, with, help, section, report);
    refuse(&super::COOKIE_KEYS, with, help, section, report);
}

fn read_load_factor(section: &Section<'_>, report: &mut Report<'_>) -> Option<LoadFactor> {
    let percents = LoadFactor::PERCENTS;
    let range = u64::from(*percents.start())..=u64::from(*percents.end());
    let percent = section.integer("stickiness.load_factor", range, report)?;
    LoadFactor::from_percent(u16::try_from(percent).ok()?)
}

fn read_prefixes(section: &Section<'_>, report: &mut Report<'_>) -> Prefixes {
    let default = Prefixes::default();
    let mut bits = |key, range: std::ops::RangeInclusive<u8>, default| {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        let bits = section.integer(key, range, report);
        bits.and_then(|bits| u8::try_from(bits).ok()).unwrap_or(default)
    };
    let ipv4 = bits("stickiness.ipv4_prefix", Prefixes::IPV4, default.ipv4());
    let ipv6 = bits("stickiness.ipv6_prefix", Prefixes::IPV6, default.ipv6());
    Prefixes::new(ipv4, ipv6).unwrap_or(default)
}
