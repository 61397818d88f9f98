//! What a fuzzer calls for this module: any bytes as another balancer's cookie.

use std::{sync::LazyLock, time::Duration};

use clingfish_model::{TargetHash, UnixMillis};

use super::{
    Facts, HaproxyDates, Import, Key, NoHome, Scheme, VALUE_BYTES_MAX, envoy, scheme::values,
    unquoted,
};

const NOW: UnixMillis = UnixMillis(1_764_429_704_000);
const UNTIL: UnixMillis = UnixMillis(1_764_429_705_000);
const TARGETS: [TargetHash; 3] = [TargetHash([0; 16]), TargetHash([1; 16]), TargetHash([2; 16])];

static IMPORTS: LazyLock<Vec<(Import, Vec<String>)>> = LazyLock::new(imports);

/// Any bytes as the value: no panic, no home but for a value that begins with one of ours or holds one, none when time is up.
pub fn imported_cookie(data: &[u8]) {
    for (import, values) in IMPORTS.iter() {
        match import.home(data, NOW) {
            Ok(home) => {
                assert!(TARGETS.contains(&home) && holds(values, data), "a home for nothing")
            }
            Err(refused) => assert_ne!(refused, NoHome::Ended, "time is not up"),
        }
        let later = UnixMillis(UNTIL.0 + 1);
        assert_eq!(import.home(data, later), Err(NoHome::Ended), "time is up");
    }
}

fn holds(values: &[String], data: &[u8]) -> bool {
    let mut scratch = [0; VALUE_BYTES_MAX];
    let envoys = envoy::address(unquoted(data), NOW, &mut scratch).unwrap_or_default();
    let mut values = values.iter().map(String::as_bytes);
    values.any(|value| unquoted(data).starts_with(value) || envoys == value)
}

fn imports() -> Vec<(Import, Vec<String>)> {
    let dates = HaproxyDates {
        max_idle: Some(Duration::from_secs(1800)),
        max_life: Some(Duration::from_secs(28_800)),
    };
    let schemes = [
        Scheme::HaproxyName { dates },
        Scheme::HaproxyDynamic { key: Key::new("MYKEY"), dates: HaproxyDates::default() },
        Scheme::Nginx,
        Scheme::Traefik,
        Scheme::Caddy { secret: Key::new("") },
        Scheme::IngressNginx { backend: "default-web-80".into() },
        Scheme::Envoy,
        Scheme::Index { first: 0 },
        Scheme::Name,
    ];
    let names = ["a", "b", "c"];
    let addresses = ["10.0.0.1:8080", "10.0.0.2:80", "[2001:db8::7]:443"];
    let facts = |index: usize| {
        Some(Facts {
            target: *TARGETS.get(index)?,
            id: names.get(index)?,
            index,
            address: addresses.get(index)?.parse().ok()?,
            host: None,
            https: false,
            foreign: None,
        })
    };
    let facts: Vec<Facts<'_>> = (0..TARGETS.len()).filter_map(facts).collect();
    let import = |scheme: &Scheme| {
        let values = facts.iter().flat_map(|facts| values(scheme, facts)).flatten().collect();
        let import = Import::new("old", scheme, Some(UNTIL), &facts);
        (import.expect("all of these have values"), values)
    };
    schemes.iter().map(import).collect()
}
