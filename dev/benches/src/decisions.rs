//! The whole decision, from a parsed head to a placement, as the proxy makes it.

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
};

use anyhow::{Context as _, Result, bail, ensure};
use clingfish_affinity::{Memo, Origin, Verdict};
use clingfish_balance::Cursor;
use clingfish_h1::{Progress, parse_request};
use clingfish_model::{
    RequestHead, Stickiness,
    head::RequestParts,
    listener::RequestLimits,
    stickiness::{HashAffinity, HashKey, LoadFactor},
};
use clingfish_snapshot::{Circumstances, Group, Tried};

use crate::{
    Case,
    samples::{self, NOW},
};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "decide_off_2",
        what: "whole decision, no stickiness, 2 targets",
        run: |calls| decide(2, Client::Any, calls),
    },
    Case {
        name: "decide_new_2",
        what: "whole decision, new client, 2 targets",
        run: |calls| decide(2, Client::New, calls),
    },
    Case {
        name: "decide_hit_2",
        what: "whole decision, returning client, 2 targets",
        run: |calls| decide(2, Client::Returning, calls),
    },
    Case {
        name: "decide_hit_10",
        what: "whole decision, returning client, 10 targets",
        run: |calls| decide(10, Client::Returning, calls),
    },
    Case {
        name: "decide_hit_1000",
        what: "whole decision, returning client, 1,000 targets",
        run: |calls| decide(1000, Client::Returning, calls),
    },
    Case {
        name: "decide_hit_10000",
        what: "whole decision, returning client, 10,000 targets",
        run: |calls| decide(10_000, Client::Returning, calls),
    },
    Case {
        name: "decide_hash_2",
        what: "whole decision, hash of a header, 2 targets",
        run: |calls| decide(2, Client::Keyed(None), calls),
    },
    Case {
        name: "decide_hash_10000",
        what: "whole decision, hash of a header, 10,000 targets",
        run: |calls| decide(10_000, Client::Keyed(None), calls),
    },
    Case {
        name: "decide_bound_10000",
        what: "whole decision, hash of a header with bounded load, 10,000 targets",
        run: |calls| decide(10_000, Client::Keyed(LoadFactor::from_percent(125)), calls),
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Of a group without stickiness.
    Any,
    /// Has no token yet.
    New,
    /// Brings one.
    Returning,
    /// Is known by its User-Agent; with that bound.
    Keyed(Option<LoadFactor>),
}

const ORIGIN: Origin<'static> = Origin { client: IpAddr::V4(Ipv4Addr::LOCALHOST), tls_name: None };

fn decide(targets: usize, client: Client, calls: usize) -> Result<()> {
    let stickiness = match client {
        Client::Any => Stickiness::Off,
        Client::New | Client::Returning => Stickiness::LbCookie(samples::lb_cookie()?),
        Client::Keyed(load_factor) => {
            let key = HashKey::parse("header:User-Agent")?;
            Stickiness::Hash(HashAffinity { key, load_factor })
        }
    };
    let expected = match client {
        Client::Any => Verdict::Off,
        Client::New => Verdict::New,
        Client::Returning | Client::Keyed(_) => Verdict::Hit,
    };
    let group = samples::group(targets, stickiness)?;
    let ring = samples::ring()?;
    let bytes = head(&group, client)?;
    let mut parts = RequestParts::default();
    let limits = RequestLimits::default();
    let Progress::Complete(_) = parse_request(&bytes, 0, &limits, &mut parts)? else {
        bail!("the head has an end");
    };
    let circumstances = Circumstances { now: NOW, random: 0 };
    let (mut memo, mut cursor) = (Memo::new(), Cursor::default());
    for _ in 0..calls {
        let head = RequestHead::new(black_box(&bytes), &parts);
        let reading = group.claim(head, || ORIGIN, None, &ring, NOW, &mut memo);
        let placement =
            group.place(&reading.claim, circumstances, &Tried::default(), &mut cursor)?;
        let verdict = black_box(placement).verdict();
        ensure!(verdict == expected, "placed as {verdict:?}");
    }
    Ok(())
}

/// The same browser with and without a token; its home is the group's last target.
fn head(group: &Group, client: Client) -> Result<Vec<u8>> {
    if client != Client::Returning {
        return Ok(samples::browser_head(None));
    }
    let policy = group.policy.as_ref().context("the group is sticky")?;
    let home = group.targets.last().context("the group has targets")?.hash;
    let token = samples::token(group.hash, home, policy, 0);
    let sealed = policy.seal(&token, &samples::ring()?, samples::nonce(0), NOW);
    Ok(samples::browser_head(Some(sealed.as_bytes())))
}
