//! What holds for every client, clock and cookie.

use std::time::Duration;

use clingfish_affinity::{
    Home, Judgement, KeyRing, Memo, Policy, SessionId, Stripped, Token, Verdict, fuzzing, judge,
    read,
};
use clingfish_model::{GroupHash, LbCookie, TargetHash, UnixMillis};
use proptest::{collection::vec, prelude::*};

use crate::support::*;

fn durations() -> impl Strategy<Value = Duration> {
    (1_u64..=604_800).prop_map(Duration::from_secs)
}

fn tokens() -> impl Strategy<Value = Token> {
    let bytes = (any::<[u8; 16]>(), any::<[u8; 8]>(), any::<[u8; 8]>());
    let times = (0_u64..1 << 48, 0_u64..1 << 48);
    (bytes, times, any::<u32>(), any::<u16>()).prop_map(
        |((target, group, session), (issued, last_seen), generation, flags)| Token {
            target: TargetHash(target),
            group: GroupHash(group),
            session: SessionId(session),
            issued: UnixMillis(issued),
            last_seen: UnixMillis(last_seen),
            generation,
            flags,
        },
    )
}

fn with(duration: Duration, is_alb: bool) -> Policy {
    let base = if is_alb { alb() } else { clingfish() };
    policy(&LbCookie { duration, ..base })
}

proptest! {
    #[test]
    fn any_bytes_lead_to_a_verdict_and_never_to_a_home(data in vec(any::<u8>(), 0..400)) {
        fuzzing::cookie_header(&data);
        fuzzing::token(&data);
        fuzzing::key_ring(&data);
    }

    #[test]
    fn any_text_like_a_token_leads_to_no_home(text in "AQEC[A-Za-z0-9+/]{120}") {
        fuzzing::cookie_header(format!("AWSALB={text}").as_bytes());
        fuzzing::token(text.as_bytes());
    }

    #[test]
    fn what_is_sealed_opens_as_it_was(token in tokens(), nonce in any::<[u8; 24]>(), is_alb: bool) {
        let policy = with(HOUR, is_alb);
        let ring = ring();
        let sealed = policy.seal(&token, &ring, nonce, NOW);
        let text = sealed.as_bytes();
        let purpose = clingfish_affinity::Purpose::LbCookie;
        let opened = Token::open(text, &ring, purpose, policy.alphabet(), NOW);
        prop_assert_eq!(opened.map(|opened| opened.token), Ok(token));
    }

    #[test]
    fn two_instances_with_one_ring_agree(
        token in tokens(),
        nonce in any::<[u8; 24]>(),
        rotate_after in 0_u64..1_000_000_000,
        now in 0_u64..4_000_000_000_000,
        is_alb: bool,
    ) {
        let now = UnixMillis(now);
        let then = now + Duration::from_millis(rotate_after);
        let one = KeyRing::first(secret(1), key_id(1), now).rotate(secret(2), key_id(2), now, HOUR).unwrap();
        let two = KeyRing::parse(&one.to_text()).unwrap();
        let policy = Policy::new(&if is_alb { alb() } else { clingfish() }, token.group);
        let sealed = policy.seal(&token, &one, nonce, now);
        prop_assert_eq!(sealed, policy.seal(&token, &two, nonce, now));
        let name: &[u8] = if is_alb { b"AWSALB=" } else { b"cling=" };
        let field = [name, sealed.as_bytes()].concat();
        let [one, two] = [one, two].map(|ring| {
            let reading = read([field.as_slice()].into_iter(), &policy, &ring, then, &mut Memo::new());
            (reading, judge(&reading.claim, Some(&policy), |_| Home::Eligible, then))
        });
        prop_assert_eq!(one, two);
    }

    #[test]
    fn a_client_away_for_too_long_never_comes_home(
        duration in durations(),
        over in 1_u64..1 << 40,
        is_alb: bool,
    ) {
        let policy = with(duration, is_alb);
        let now = NOW + policy.idle_limit() + Duration::from_millis(over);
        let token = token(&policy, NOW);
        let name = if is_alb { "AWSALB" } else { "cling" };
        let field = format!("{name}={}", sealed(&policy, &token, &ring(), NOW));
        let claim = read_one(&field, &policy, &ring(), now).claim;
        let judgement = judge(&claim, Some(&policy), |_| Home::Eligible, now);
        prop_assert_eq!(judgement, Judgement::Rehome(Verdict::ExpiredIdle));
    }

    /// Through any number of visits, three rotations, and a browser that forgets when Max-Age says so.
    #[test]
    fn a_client_seen_within_the_duration_is_always_at_home(
        duration in durations(),
        visits in vec((0.0..=1.0_f64, any::<bool>()), 1..60),
        is_alb: bool,
    ) {
        let policy = with(duration, is_alb);
        let (mut ring, mut memo, mut browser) = (ring(), Memo::new(), Browser::default());
        let first = browser.visit(&policy, &ring, &mut memo, Home::Eligible, NOW);
        prop_assert_eq!(first, Judgement::Rehome(Verdict::New));
        let (mut now, mut rotations) = (NOW, 0);
        for (share, rotates) in visits {
            let millis = (duration.as_millis() as f64 * share) as u64;
            now = now + Duration::from_millis(millis);
            if rotates && rotations < 3 {
                rotations += 1;
                let id = key_id(0x0102 + rotations);
                ring = ring.rotate(secret(rotations as u8), id, now, KeyRing::SEAL_DELAY).unwrap();
            }
            let judgement = browser.visit(&policy, &ring, &mut memo, Home::Eligible, now);
            prop_assert_eq!(judgement, Judgement::Keep, "{} ms later", millis);
        }
    }

    #[test]
    fn of_a_pair_either_brings_its_home_and_both_bring_the_later_ones(
        main in 0_u64..1_000_000,
        twin in 0_u64..1_000_000,
        twin_is_first: bool,
    ) {
        let (policy, ring) = (with(HOUR, false), ring());
        let pair = |name: &str, home: u8, age: u64| {
            let seen = token(&policy, UnixMillis(NOW.0 - age));
            let token = Token { target: TargetHash([home; 16]), ..seen };
            format!("{name}={}", sealed(&policy, &token, &ring, NOW))
        };
        let (one, two) = (pair("cling", 1, main), pair("cling_x", 2, twin));
        let home = |field: &str| read_one(field, &policy, &ring, NOW).claim.home();
        let both = if twin_is_first { format!("{two}; {one}") } else { format!("{one}; {two}") };
        prop_assert_eq!(home(&one), Some(TargetHash([1; 16])));
        prop_assert_eq!(home(&two), Some(TargetHash([2; 16])));
        if main != twin {
            let later = if main < twin { &one } else { &two };
            prop_assert_eq!(home(&both), home(later));
        }
    }

    #[test]
    fn an_absolute_limit_holds_whatever_becomes_of_the_homes(
        visits in vec((1_u64..=HOUR.as_secs(), any::<bool>()), 1..40),
    ) {
        let absolute = HOUR * 5;
        let policy = policy(&LbCookie { absolute: Some(absolute), ..clingfish() });
        let (ring, mut memo, mut browser) = (ring(), Memo::new(), Browser::default());
        let (mut now, mut began) = (NOW, NOW);
        browser.visit(&policy, &ring, &mut memo, Home::Eligible, now);
        for (seconds, dies) in visits {
            now = now + Duration::from_secs(seconds);
            let home = if dies { Home::Gone } else { Home::Eligible };
            let verdict = browser.visit(&policy, &ring, &mut memo, home, now).verdict();
            let is_over = now.since(began) > absolute;
            prop_assert_eq!(verdict.keeps_session(), !is_over, "{}", verdict);
            if is_over {
                began = now;
            }
        }
    }

    #[test]
    fn stripping_leaves_other_cookies_as_they_are(
        cookies in vec(prop_oneof![
            Just(None),
            "[ \t]{0,2}[a-z]{0,3}[ ]?(=[a-zA-Z0-9\" ,=%]{0,9})?".prop_map(Some),
        ], 1..9),
        is_alb: bool,
    ) {
        let policy = with(HOUR, is_alb);
        let name = if is_alb { " AWSALB" } else { " cling" };
        let ours = format!("{name}={}", sealed(&policy, &token(&policy, NOW), &ring(), NOW));
        prop_assume!(cookies.iter().filter(|cookie| cookie.is_none()).count() <= 4);
        let all: Vec<&str> = cookies.iter().map(|c| c.as_deref().unwrap_or(&ours)).collect();
        let others: Vec<&str> = cookies.iter().flatten().map(String::as_str).collect();
        let field = all.join(";");
        let cuts = read_one(&field, &policy, &ring(), NOW).cuts;
        let mut out = Vec::new();
        let stripped = cuts.strip(0, field.as_bytes(), &mut out);
        let expected = others.join(";");
        let expected = expected.trim_start_matches([' ', '\t']);
        if others.len() == all.len() {
            prop_assert_eq!(stripped, Stripped::Untouched);
        } else if expected.bytes().all(|c| matches!(c, b';' | b' ' | b'\t')) {
            prop_assert_eq!(stripped, Stripped::Emptied);
        } else {
            prop_assert_eq!(stripped, Stripped::Shortened);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn a_memo_changes_no_reading(picks in vec((0_usize..6, 0_u64..700_000), 1..40)) {
        let policy = policy(&clingfish());
        let rings = [
            ring(),
            ring().rotate(secret(8), key_id(8), NOW, HOUR).unwrap(),
            KeyRing::first(secret(9), key_id(0x0102), NOW),
        ];
        let fields = [0, 1].map(|n| {
            let token = token(&policy, UnixMillis(NOW.0 + n));
            format!("cling={}", sealed(&policy, &token, &rings[0], NOW))
        });
        let mut memo = Memo::new();
        for (pick, seconds) in picks {
            let now = NOW + Duration::from_secs(seconds);
            let (field, ring) = (&fields[pick % 2], &rings[pick / 2]);
            let with = read([field.as_bytes()].into_iter(), &policy, ring, now, &mut memo);
            prop_assert_eq!(with, read_one(field, &policy, ring, now));
        }
    }
}
