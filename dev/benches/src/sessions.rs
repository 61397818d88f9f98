//! Reading, judging and writing tokens.

use std::hint::black_box;

use anyhow::{Result, ensure};
use clingfish_affinity::{
    Binding, Dressing, Home, Judgement, KeyRing, Left, Memo, Policy, SessionId, SetCookie, Stamp,
    Token, Verdict, judge, read, stamp,
};
use clingfish_model::{GroupHash, TargetHash};

use crate::{
    Case,
    samples::{self, NOW},
};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "claim_new",
        what: "read and judge cookies without a token",
        run: |calls| claim(Kind::New, calls),
    },
    Case {
        name: "claim_known",
        what: "read and judge cookies with a token that the worker knows",
        run: |calls| claim(Kind::Known, calls),
    },
    Case {
        name: "claim_pair",
        what: "the same on https, where its twin comes with it",
        run: |calls| claim(Kind::Pair, calls),
    },
    Case {
        name: "claim_unknown",
        what: "read and judge cookies with a token that the worker has to open",
        run: |calls| claim(Kind::Unknown, calls),
    },
    Case {
        name: "claim_forged",
        what: "read and judge cookies with a forged token",
        run: |calls| claim(Kind::Forged, calls),
    },
    Case {
        name: "stamp_unchanged",
        what: "find that an answer needs no cookie",
        run: stamp_unchanged,
    },
    Case {
        name: "stamp_new",
        what: "seal a token and write its Set-Cookie, and on https the twin's",
        run: stamp_new,
    },
];

const GROUP: GroupHash = GroupHash([2; 8]);
const HOME: TargetHash = TargetHash([1; 16]);

/// More than a [`Memo`] holds, so that each has been pushed out when its turn comes again.
const UNKNOWN: usize = 8 * Memo::ENTRIES;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    New,
    Known,
    Pair,
    Unknown,
    Forged,
}

fn claim(kind: Kind, calls: usize) -> Result<()> {
    let (policy, ring) = (Policy::new(&samples::lb_cookie()?, GROUP), samples::ring()?);
    let cookies = cookies(kind, &policy, &ring);
    let expected = match kind {
        Kind::New => Judgement::Rehome(Verdict::New),
        Kind::Known | Kind::Pair | Kind::Unknown => Judgement::Keep,
        Kind::Forged => Judgement::Rehome(Verdict::Forged),
    };
    let mut memo = Memo::new();
    for cookie in cookies.iter().cycle().take(calls) {
        let fields = [black_box(cookie).as_slice()].into_iter();
        let reading = read(fields, &policy, &ring, NOW, &mut memo);
        let judgement = judge(&reading.claim, Some(&policy), |_| Home::Eligible, NOW);
        ensure!(black_box(judgement) == expected, "judged as {judgement:?}");
    }
    Ok(())
}

/// The Cookie fields of the clients that take turns.
fn cookies(kind: Kind, policy: &Policy, ring: &KeyRing) -> Vec<Vec<u8>> {
    let sealed = |number| {
        let token = samples::token(GROUP, HOME, policy, number);
        let sealed = policy.seal(&token, ring, samples::nonce(number), NOW);
        if kind == Kind::Pair {
            samples::cookie_field_with_twin(sealed.as_bytes())
        } else {
            samples::cookie_field(Some(sealed.as_bytes()))
        }
    };
    match kind {
        Kind::New => vec![samples::cookie_field(None)],
        Kind::Known | Kind::Pair => vec![sealed(0)],
        Kind::Unknown => (0..UNKNOWN).map(sealed).collect(),
        Kind::Forged => {
            let mut cookie = sealed(0);
            if let Some(last) = cookie.last_mut() {
                *last = if *last == b'A' { b'B' } else { b'A' };
            }
            vec![cookie]
        }
    }
}

fn stamp_unchanged(calls: usize) -> Result<()> {
    let (policy, ring) = (Policy::new(&samples::lb_cookie()?, GROUP), samples::ring()?);
    let cookies = cookies(Kind::Known, &policy, &ring);
    let fields = cookies.iter().map(Vec::as_slice);
    let claim = read(fields, &policy, &ring, NOW, &mut Memo::new()).claim;
    let binding =
        Binding { target: HOME, session: SessionId([5; 8]), https: true, ..Binding::default() };
    for _ in 0..calls {
        let claim = black_box(&claim);
        let outcome = stamp(claim, Judgement::Keep, &policy, binding, || false, NOW);
        let expected = Stamp::Leave(Left::Unchanged);
        ensure!(black_box(outcome) == expected, "stamped as {outcome:?}");
    }
    Ok(())
}

fn stamp_new(calls: usize) -> Result<()> {
    let (policy, ring) = (Policy::new(&samples::lb_cookie()?, GROUP), samples::ring()?);
    let mut out = Vec::with_capacity(512);
    for number in 0..calls {
        let token: Token = black_box(samples::token(GROUP, HOME, &policy, number));
        let sealed = policy.seal(&token, &ring, samples::nonce(number), NOW);
        let cookie = SetCookie {
            policy: &policy,
            token: &token,
            sealed: &sealed,
            https: true,
            now: NOW,
            dressing: Dressing::default(),
        };
        out.clear();
        cookie.write_lines(&mut out);
        black_box(&out);
    }
    Ok(())
}
