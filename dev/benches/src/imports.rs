//! Finding the target that another balancer's cookie means.

use std::{hint::black_box, net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use clingfish_affinity::import::{Facts, HaproxyDates, Import, Key, Scheme};
use clingfish_model::{TargetHash, UnixMillis};

use crate::{Case, samples::NOW};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "import_dated_10",
        what: "find the home of a dated cookie of HAProxy's, 10 targets",
        run: |calls| import(&dated(), "c81ac2d2a4a662ad|aSsPi|aSqfC", 10, calls),
    },
    Case {
        name: "import_dated_10000",
        what: "the same, 10,000 targets",
        run: |calls| import(&dated(), "c81ac2d2a4a662ad|aSsPi|aSqfC", 10_000, calls),
    },
    Case {
        name: "import_envoy_10000",
        what: "find the home of a cookie of Envoy's, 10,000 targets",
        run: |calls| import(&Scheme::Envoy, "\"Cg0xMC4wLjAuMTo4MDgwEIihrMkG\"", 10_000, calls),
    },
];

fn dated() -> Scheme {
    let hours = |hours: u64| Some(Duration::from_secs(3600 * hours));
    let dates = HaproxyDates { max_idle: hours(1), max_life: hours(12) };
    Scheme::HaproxyDynamic { key: Key::new("MYKEY"), dates }
}

fn import(scheme: &Scheme, cookie: &str, targets: usize, calls: usize) -> Result<()> {
    let home = TargetHash([1; 16]);
    let facts = |port: u16| Facts {
        target: if port == 8080 { home } else { TargetHash([2; 16]) },
        id: "one of many",
        index: 0,
        address: SocketAddr::from(([10, 0, 0, 1], port)),
        host: None,
        https: false,
        foreign: None,
    };
    let facts: Vec<Facts<'_>> = (8080..).take(targets).map(facts).collect();
    let import = Import::new("old_home", scheme, Some(UnixMillis(u64::MAX)), &facts)?;
    for _ in 0..calls {
        let found = black_box(&import).home(black_box(cookie.as_bytes()), NOW);
        ensure!(found == Ok(home), "it went elsewhere: {found:?}");
    }
    Ok(())
}
