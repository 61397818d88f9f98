//! The decision table of duration-based stickiness, row by row.

use clingfish_affinity::{
    Binding, Claim, Home, Judgement, Left, Policy, Refusal, SessionId, Stamp, Token, Verdict,
    judge, stamp,
};
use clingfish_model::{
    GroupHash, LbCookie, TargetHash, UnixMillis,
    stickiness::{CookieAttributes, OnCacheable},
};

use crate::support::*;

/// Judges a client whose token was sealed `age_millis` ago and whose home is `home`.
fn judged(cookie: &LbCookie, age_millis: u64, home: Home) -> Judgement {
    let policy = policy(cookie);
    let token = token(&policy, UnixMillis(NOW.0 - age_millis));
    let name = if policy.is_alb() { "AWSALB" } else { "cling" };
    let field = format!("{name}={}", sealed(&policy, &token, &ring(), NOW));
    let reading = read_one(&field, &policy, &ring(), NOW);
    judge(
        &reading.claim,
        Some(&policy),
        |target| if target == HOME { home } else { Home::Gone },
        NOW,
    )
}

#[test]
fn a_fresh_token_is_judged_by_its_home() {
    for (home, expected) in [
        (Home::Eligible, Judgement::Keep),
        (Home::Refusing, Judgement::Detour),
        (Home::Unhealthy, Judgement::Rehome(Verdict::TargetUnhealthy)),
        (Home::Draining, Judgement::Rehome(Verdict::TargetDraining)),
        (Home::Gone, Judgement::Rehome(Verdict::TargetGone)),
    ] {
        for cookie in [clingfish(), alb()] {
            assert_eq!(judged(&cookie, 1000, home), expected, "{home:?} {cookie:?}");
        }
    }
}

#[test]
fn the_duration_is_an_idle_limit_with_a_tenth_of_grace_in_our_own_style() {
    const HIT: Judgement = Judgement::Keep;
    const IDLE: Judgement = Judgement::Rehome(Verdict::ExpiredIdle);
    for (cookie, age, expected) in [
        (alb(), 3_600_000, HIT),
        (alb(), 3_600_001, IDLE),
        (clingfish(), 3_600_001, HIT),
        (clingfish(), 3_960_000, HIT),
        (clingfish(), 3_960_001, IDLE),
    ] {
        assert_eq!(judged(&cookie, age, Home::Eligible), expected, "{age}");
    }
}

#[test]
fn the_absolute_limit_counts_from_the_sessions_beginning() {
    let cookie = LbCookie { absolute: Some(HOUR * 2), ..clingfish() };
    let policy = policy(&cookie);
    for (age, expected) in
        [(7_200_000, Judgement::Keep), (7_200_001, Judgement::Rehome(Verdict::ExpiredAbsolute))]
    {
        let token = Token { issued: UnixMillis(NOW.0 - age), ..token(&policy, NOW) };
        let field = format!("cling={}", sealed(&policy, &token, &ring(), NOW));
        let claim = read_one(&field, &policy, &ring(), NOW).claim;
        assert_eq!(judge(&claim, Some(&policy), |_| Home::Eligible, NOW), expected, "{age}");
    }
}

#[test]
fn a_token_from_the_future_is_fresh() {
    let policy = policy(&clingfish());
    let ahead = token(&policy, NOW + HOUR * 48);
    let field = format!("cling={}", sealed(&policy, &ahead, &ring(), NOW));
    let claim = read_one(&field, &policy, &ring(), NOW).claim;
    let judgement = judge(&claim, Some(&policy), |_| Home::Eligible, NOW);
    assert_eq!(judgement, Judgement::Keep);
    // And put right, or its Max-Age would end before anybody wrote it anew.
    let Stamp::Write { token, .. } =
        stamp(&claim, judgement, &policy, binding(HOME), || false, NOW)
    else {
        panic!("written anew");
    };
    assert_eq!((token.issued, token.last_seen), (NOW, NOW));
}

#[test]
fn who_was_seen_by_a_stream_stays_and_gets_a_new_token() {
    let policy = policy(&LbCookie { absolute: Some(HOUR * 12), ..clingfish() });
    let claim_of = |age| {
        let token = token(&policy, UnixMillis(NOW.0 - (HOUR * age).as_millis() as u64));
        read_one(&format!("cling={}", sealed(&policy, &token, &ring(), NOW)), &policy, &ring(), NOW)
            .claim
    };
    let judged = |claim: &Claim| judge(claim, Some(&policy), |_| Home::Eligible, NOW);
    let old = claim_of(3);
    assert_eq!(judged(&old), Judgement::Rehome(Verdict::ExpiredIdle));
    let long_ago = UnixMillis(NOW.0 - (HOUR * 2).as_millis() as u64);
    assert_eq!(judged(&old.seen_at(long_ago)), Judgement::Rehome(Verdict::ExpiredIdle));
    let seen = old.seen_at(NOW);
    assert_eq!(judged(&seen), Judgement::Keep);
    let Stamp::Write { token, .. } =
        stamp(&seen, Judgement::Keep, &policy, binding(HOME), || false, NOW)
    else {
        panic!("without the stream the old one would not count");
    };
    let Claim::Bound(opened) = old else { panic!("it opened") };
    assert_eq!((token.session, token.issued), (opened.token.session, opened.token.issued));
    assert_eq!(token.last_seen, NOW);
    // Who came later than the stream ended is as it was, and so is who has been here for too long in all.
    assert_eq!(claim_of(0).seen_at(long_ago), claim_of(0));
    assert_eq!(judged(&claim_of(13).seen_at(NOW)), Judgement::Rehome(Verdict::ExpiredAbsolute));
    assert_eq!(Claim::Nothing.seen_at(NOW), Claim::Nothing);
}

#[test]
fn an_answer_that_begins_a_stream_brings_a_fresh_token() {
    let policy = policy(&clingfish());
    let young = token(&policy, UnixMillis(NOW.0 - 1000));
    let field = format!("cling={}", sealed(&policy, &young, &ring(), NOW));
    let claim = read_one(&field, &policy, &ring(), NOW).claim;
    for (begins_stream, expected) in [(false, false), (true, true)] {
        let binding = Binding { begins_stream, ..binding(HOME) };
        let stamp = stamp(&claim, Judgement::Keep, &policy, binding, || false, NOW);
        assert_eq!(matches!(stamp, Stamp::Write { .. }), expected, "{begins_stream}");
    }
}

#[test]
fn a_request_without_a_token_of_ours_says_why() {
    let policy = policy(&clingfish());
    let good = sealed(&policy, &token(&policy, NOW), &ring(), NOW);
    let elsewhere = clingfish_affinity::KeyRing::first(secret(9), key_id(0x0909), UnixMillis(0));
    let stranger = sealed(&policy, &token(&policy, NOW), &elsewhere, NOW);
    let imposter = clingfish_affinity::KeyRing::first(secret(9), key_id(0x0102), UnixMillis(0));
    let forged = sealed(&policy, &token(&policy, NOW), &imposter, NOW);
    let foreign = Token { group: GroupHash([9; 8]), ..token(&policy, NOW) };
    let foreign = sealed(&policy, &foreign, &ring(), NOW);
    for (field, expected) in [
        (String::new(), Verdict::New),
        (format!("other={good}"), Verdict::New),
        (format!("Cling={good}"), Verdict::New),
        ("cling=".into(), Verdict::Forged),
        ("cling=target-1".into(), Verdict::Forged),
        (format!("cling={}", &good[1..]), Verdict::Forged),
        (format!("cling=\"{good}\""), Verdict::Forged),
        (format!("cling={forged}"), Verdict::Forged),
        (format!("cling={stranger}"), Verdict::UnknownKey),
        (format!("cling={foreign}"), Verdict::ForeignGroup),
        (format!("cling={stranger}; cling=x"), Verdict::UnknownKey),
        (format!("cling=x; cling={stranger}"), Verdict::Forged),
        (format!("cling=x; a=b; cling={foreign}"), Verdict::ForeignGroup),
        (format!("cling=x;cling={stranger};cling={forged};cling={good}"), Verdict::Hit),
        (format!("cling=1;cling=2;cling=3;cling=4;cling={good}"), Verdict::Forged),
        (format!("cling={foreign}; cling={good}"), Verdict::Hit),
        (format!("cling={good}; cling={foreign}"), Verdict::Hit),
    ] {
        let claim = read_one(&field, &policy, &ring(), NOW).claim;
        let judgement = judge(&claim, Some(&policy), |_| Home::Eligible, NOW);
        assert_eq!(judgement.verdict(), expected, "{field}");
    }
}

#[test]
fn the_first_token_of_the_group_wins_and_else_the_first() {
    let policy = policy(&clingfish());
    let cookie = |group: u8, target: u8| {
        let token = Token {
            group: GroupHash([group; 8]),
            target: TargetHash([target; 16]),
            ..token(&policy, NOW)
        };
        format!("cling={}", sealed(&policy, &token, &ring(), NOW))
    };
    for (cookies, expected) in [
        ([cookie(1, 1), cookie(1, 2)], 1),
        ([cookie(9, 1), cookie(8, 2)], 1),
        ([cookie(9, 1), cookie(1, 2)], 2),
        ([cookie(1, 1), cookie(9, 2)], 1),
    ] {
        let claim = read_one(&cookies.join("; "), &policy, &ring(), NOW).claim;
        assert_eq!(claim.home(), Some(TargetHash([expected; 16])), "{cookies:?}");
    }
}

#[test]
fn either_of_a_pair_brings_a_session_home_and_the_one_written_later_counts() {
    let policy = policy(&clingfish());
    let value = |group: u8, target: u8, age: u64| {
        let token = Token {
            group: GroupHash([group; 8]),
            target: TargetHash([target; 16]),
            ..token(&policy, UnixMillis(NOW.0 - age))
        };
        sealed(&policy, &token, &ring(), NOW)
    };
    let (one, two) = (value(1, 1, 2000), value(1, 2, 1000));
    let (newest, foreign, late) = (value(1, 3, 0), value(9, 4, 0), value(1, 5, 4_000_000));
    for (field, home) in [
        (format!("cling={one}"), 1),
        (format!("cling_x={one}"), 1),
        (format!("cling={one}; cling_x={one}"), 1),
        (format!("cling_x={two}; a=1; cling=x"), 2),
        (format!("cling={one}; cling_x={two}"), 2),
        (format!("cling={two}; cling_x={one}"), 2),
        (format!("cling_x={one}; cling={two}"), 2),
        (format!("cling_x={two}; cling={one}"), 2),
        // Of each name the first counts, as ever: the later ones are of a wider path.
        (format!("cling={one}; cling={two}"), 1),
        (format!("cling_x={one}; cling_x={two}"), 1),
        (format!("cling={one}; cling_x={two}; cling={newest}"), 2),
        (format!("cling={one}; cling_x={two}; cling_x={newest}"), 2),
        (format!("cling={one}; cling={newest}; cling_x={two}"), 2),
        (format!("cling={foreign}; cling_x={one}"), 1),
        (format!("cling_x={foreign}; cling={one}"), 1),
        (format!("cling={one}; cling_x={foreign}"), 1),
        (format!("cling={late}; cling_x={one}"), 1),
        (format!("cling=1; cling=2; cling=3; cling_x={one}"), 1),
    ] {
        let claim = read_one(&field, &policy, &ring(), NOW).claim;
        assert_eq!(claim.home(), Some(TargetHash([home; 16])), "{field}");
        let judgement = judge(&claim, Some(&policy), |_| Home::Eligible, NOW);
        assert_eq!(judgement, Judgement::Keep, "{field}");
    }
    let too_many = format!("cling=1; cling=2; cling_x=3; cling=4; cling_x={one}");
    let claim = read_one(&too_many, &policy, &ring(), NOW).claim;
    assert_eq!(claim, Claim::Refused(Refusal::Forged), "four of both names");
}

#[test]
fn without_a_twin_its_name_is_the_applications() {
    let attributes = CookieAttributes { cross_site: false, ..CookieAttributes::named("cling") };
    let policy = policy(&named(attributes));
    let field = format!("cling_x={}", sealed(&policy, &token(&policy, NOW), &ring(), NOW));
    let reading = read_one(&field, &policy, &ring(), NOW);
    assert_eq!(reading.claim, Claim::Nothing);
    assert!(!reading.cuts.is_empty(), "no target gets to see a token of ours");
    assert!(!policy.names().are_set_by(b"cling_x=1"));
}

#[test]
fn neither_of_a_pair_reaches_a_target() {
    let policy = policy(&clingfish());
    let [same, other] =
        [NOW, UnixMillis(0)].map(|seen| sealed(&policy, &token(&policy, seen), &ring(), NOW));
    for field in [
        format!("a=1; cling={same}; cling_x={same}; b=2"),
        format!("a=1; cling_x={same}; cling={other}; b=2"),
    ] {
        let mut out = Vec::new();
        read_one(&field, &policy, &ring(), NOW).cuts.strip(0, field.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "a=1; b=2", "{field}");
    }
}

#[test]
fn who_comes_by_https_for_the_first_time_gets_both_cookies_at_once() {
    let policy = policy(&clingfish());
    for (was, is, expected) in [
        (false, false, Some(Left::Unchanged)),
        (false, true, None),
        (true, true, Some(Left::Unchanged)),
        (true, false, None),
    ] {
        let token = Token { flags: policy.mark(was), ..token(&policy, NOW) };
        let field = format!("cling={}", sealed(&policy, &token, &ring(), NOW));
        let claim = read_one(&field, &policy, &ring(), NOW).claim;
        let binding = Binding { https: is, ..binding(HOME) };
        let stamp = stamp(&claim, Judgement::Keep, &policy, binding, || false, NOW);
        let left = match stamp {
            Stamp::Leave(left) => Some(left),
            Stamp::Write { .. } | Stamp::Remove => None,
        };
        assert_eq!(left, expected, "{was} {is}");
    }
}

#[test]
fn a_url_encoded_alb_cookie_does_not_count() {
    let policy = policy(&alb());
    let field = format!("AWSALB={}", sealed(&policy, &token(&policy, NOW), &ring(), NOW));
    assert!(matches!(read_one(&field, &policy, &ring(), NOW).claim, Claim::Bound(_)));
    let encoded = field.replace('+', "%2B").replace('/', "%2F");
    assert_ne!(field, encoded, "the token has characters to encode");
    let claim = read_one(&encoded, &policy, &ring(), NOW).claim;
    assert_eq!(claim, Claim::Refused(Refusal::Forged));
}

/// Stamps the answer to a client whose token was sealed `age_millis` ago.
fn stamped(policy: &Policy, age_millis: u64, judgement: Judgement, shareable: bool) -> Stamp {
    let token = token(policy, UnixMillis(NOW.0 - age_millis));
    let name = if policy.is_alb() { "AWSALB" } else { "cling" };
    let field = format!("{name}={}", sealed(policy, &token, &ring(), NOW));
    let claim = read_one(&field, policy, &ring(), NOW).claim;
    let target = if judgement == Judgement::Keep { HOME } else { OTHER };
    stamp(&claim, judgement, policy, binding(target), || shareable, NOW)
}

#[test]
fn a_cookie_is_written_when_something_changed() {
    let (own, alb) = (policy(&clingfish()), policy(&alb()));
    let rehome = Judgement::Rehome(Verdict::TargetGone);
    for (policy, age, judgement, expected) in [
        (&own, 0, Judgement::Keep, Some(Left::Unchanged)),
        (&own, 359_999, Judgement::Keep, Some(Left::Unchanged)),
        (&own, 360_000, Judgement::Keep, None),
        (&own, 0, rehome, None),
        (&own, 360_000, Judgement::Detour, Some(Left::Detour)),
        (&alb, 0, Judgement::Keep, None),
        (&alb, 0, rehome, None),
        (&alb, 0, Judgement::Detour, Some(Left::Detour)),
    ] {
        let left = match stamped(policy, age, judgement, false) {
            Stamp::Leave(left) => Some(left),
            Stamp::Write { token, .. } => {
                assert_eq!(token.last_seen, NOW, "{age} {judgement:?}");
                None
            }
            Stamp::Remove => panic!("nothing goes with the application's cookie"),
        };
        assert_eq!(left, expected, "{age} {judgement:?} {}", policy.is_alb());
    }
}

#[test]
fn a_shareable_answer_gets_no_cookie_of_ours_or_is_marked() {
    let skip = policy(&clingfish());
    let mark = policy(&LbCookie { on_cacheable: OnCacheable::Mark, ..clingfish() });
    let alb = policy(&alb());
    let rehome = Judgement::Rehome(Verdict::TargetGone);
    let marks = |policy, shareable| match stamped(policy, 0, rehome, shareable) {
        Stamp::Leave(left) => Err(left),
        Stamp::Write { mark_private, .. } => Ok(mark_private),
        Stamp::Remove => panic!("nothing goes with the application's cookie"),
    };
    for (policy, shareable, expected) in [
        (&skip, false, Ok(false)),
        (&skip, true, Err(Left::Shareable)),
        (&mark, false, Ok(false)),
        (&mark, true, Ok(true)),
        (&alb, true, Ok(false)),
    ] {
        assert_eq!(marks(policy, shareable), expected, "{policy:?} {shareable}");
    }
}

#[test]
fn an_older_key_or_another_configuration_writes_the_cookie_anew() {
    let old = policy(&clingfish());
    let field = format!("cling={}", sealed(&old, &token(&old, NOW), &ring(), NOW));
    let rotated = |delay| ring().rotate(secret(8), key_id(8), NOW, delay).unwrap();
    let (soon, at_once) = (rotated(HOUR), rotated(std::time::Duration::ZERO));
    let longer = policy(&LbCookie { duration: HOUR * 24, ..clingfish() });
    let strict = policy(&named(CookieAttributes {
        same_site: clingfish_model::stickiness::SameSite::Strict,
        ..CookieAttributes::named("cling")
    }));
    for (policy, ring, is_written) in [
        (&old, ring(), false),
        (&old, soon, false),
        (&old, at_once, true),
        (&longer, ring(), true),
        (&strict, ring(), true),
    ] {
        let claim = read_one(&field, policy, &ring, NOW).claim;
        let judgement = judge(&claim, Some(policy), |_| Home::Eligible, NOW);
        assert_eq!(judgement, Judgement::Keep, "{policy:?}");
        let stamp = stamp(&claim, judgement, policy, binding(HOME), || false, NOW);
        assert_eq!(matches!(stamp, Stamp::Write { .. }), is_written, "{policy:?}");
    }
}

#[test]
fn a_session_survives_its_home_but_not_its_limits() {
    let policy = policy(&clingfish());
    for verdict in Verdict::ALL {
        let Stamp::Write { token, .. } =
            stamped(&policy, 500_000, Judgement::Rehome(verdict), false)
        else {
            panic!("a new home is written");
        };
        let (session, issued) = if verdict.keeps_session() {
            (SessionId([4; 8]), UnixMillis(NOW.0 - 500_000))
        } else {
            (SessionId([6; 8]), NOW)
        };
        assert_eq!((token.session, token.issued), (session, issued), "{verdict}");
        assert_eq!((token.target, token.group), (OTHER, GROUP), "{verdict}");
    }
    let lives_on = Verdict::ALL.into_iter().filter(|verdict| verdict.keeps_session());
    assert_eq!(lives_on.count(), 5);
}

#[test]
fn tokens_of_ours_are_cut_whatever_they_say_and_others_are_not() {
    let (own, alb) = (policy(&clingfish()), policy(&alb()));
    let good = sealed(&own, &token(&own, NOW), &ring(), NOW);
    let expired = sealed(&own, &token(&own, UnixMillis(0)), &ring(), NOW);
    let standard = sealed(&alb, &token(&alb, NOW), &ring(), NOW);
    let elsewhere = clingfish_affinity::KeyRing::first(secret(9), key_id(9), UnixMillis(0));
    let stranger = sealed(&own, &token(&own, NOW), &elsewhere, NOW);
    let field = format!(
        "a=1; cling={good}; cling={expired};cling={stranger}; cling=x; cling_other={good}; \
         AWSALB={standard}; AWSALBCORS={standard}; b={stranger}; AWSALB={stranger}; c=3"
    );
    let left = format!("a=1;cling={stranger}; cling=x; b={stranger}; AWSALB={stranger}; c=3");
    for policy in [&own, &alb] {
        let reading = read_one(&field, policy, &ring(), NOW);
        let mut out = Vec::new();
        reading.cuts.strip(0, field.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), left);
    }
    let mut memo = clingfish_affinity::Memo::new();
    let cuts =
        clingfish_affinity::tokens_in([field.as_bytes()].into_iter(), &ring(), NOW, &mut memo);
    let mut out = Vec::new();
    cuts.strip(0, field.as_bytes(), &mut out);
    let first_four_left = format!(
        "a=1;cling={stranger}; cling=x; AWSALBCORS={standard}; b={stranger}; AWSALB={stranger}; c=3"
    );
    assert_eq!(String::from_utf8(out).unwrap(), first_four_left, "four tokens at the most");
}

#[test]
fn tokens_are_forwarded_where_asked_for() {
    let policy = policy(&LbCookie { forward_tokens: true, ..clingfish() });
    let field = format!("cling={}", sealed(&policy, &token(&policy, NOW), &ring(), NOW));
    let reading = read_one(&field, &policy, &ring(), NOW);
    assert_eq!(reading.claim.home(), Some(HOME));
    assert!(reading.cuts.is_empty());
    assert_eq!(read_one("", &policy, &ring(), NOW), nothing());
}
