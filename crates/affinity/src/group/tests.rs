use std::time::Duration;

use clingfish_model::{Name, stickiness::CookieStyle};

use super::*;
use crate::{KeyId, Secret, SessionId, SetCookie, read};

const NOW: UnixMillis = UnixMillis(1_764_429_704_000);
const HOUR: Duration = Duration::from_secs(3600);
const BLUE: GroupHash = GroupHash([1; 8]);
const GREEN: GroupHash = GroupHash([2; 8]);

fn binding() -> Binding {
    Binding { https: true, session: SessionId([7; 8]), ..Binding::default() }
}

fn ring() -> KeyRing {
    KeyRing::first(Secret::new([9; 32]), KeyId::new(1).unwrap(), UnixMillis(0))
}

fn clingfish() -> GroupPolicy {
    GroupPolicy::new(&GroupStickiness::of(&Name::new("blue").unwrap()))
}

fn alb() -> GroupPolicy {
    let stickiness = GroupStickiness::of(&Name::new("blue").unwrap());
    GroupPolicy::new(&GroupStickiness { style: CookieStyle::Alb, ..stickiness })
}

fn token(group: GroupHash, policy: &GroupPolicy, at: UnixMillis) -> Token {
    let judgement = Judgement::Rehome(Verdict::New);
    let stamp = stamp_group(&Claim::Nothing, judgement, policy, group, binding(), || false, at);
    let Stamp::Write { token, mark_private: false, .. } = stamp else { panic!("{stamp:?}") };
    token
}

/// `name=value` of a cookie, or of its twin.
fn cookie(name: &str, group: GroupHash, policy: &GroupPolicy, at: UnixMillis) -> String {
    let sealed = policy.cookie().seal(&token(group, policy, at), &ring(), [5; 24], at);
    format!("{name}={}", std::str::from_utf8(sealed.as_bytes()).unwrap())
}

fn claim(cookies: &str, policy: &GroupPolicy, offered: &[GroupHash]) -> Claim {
    let fields = [cookies.as_bytes()].into_iter();
    let is_offered = |group| offered.contains(&group);
    read_group(fields, policy, is_offered, &ring(), NOW, &mut Memo::new())
}

fn own() -> String {
    GroupStickiness::default_name(&Name::new("blue").unwrap())
}

#[test]
fn what_was_sealed_names_its_group_until_the_idle_limit() {
    for (policy, name, limit) in
        [(clingfish(), own(), HOUR + HOUR / 10), (alb(), "AWSALBTG".to_owned(), HOUR)]
    {
        for (age, expected) in [
            (Duration::ZERO, Ok(GREEN)),
            (limit, Ok(GREEN)),
            (limit + Duration::from_millis(1), Err(Verdict::ExpiredIdle)),
        ] {
            let at = UnixMillis(NOW.0 - u64::try_from(age.as_millis()).unwrap());
            let claim = claim(&cookie(&name, GREEN, &policy, at), &policy, &[BLUE, GREEN]);
            let judged = judge_group(&claim, &policy, |_| true, NOW);
            assert_eq!(judged, expected, "{name} {age:?}");
            let judged = judge_group(&claim, &policy, |group| group == BLUE, NOW);
            assert_eq!(judged, Err(Verdict::ForeignGroup), "{name} {age:?}");
        }
    }
}

#[test]
fn cookies_that_do_not_count_say_why() {
    let policy = clingfish();
    let good = cookie(&own(), BLUE, &policy, NOW);
    let unknown = good.replace("=AQAB", "=AQAC");
    for (cookies, expected) in [
        (String::new(), Verdict::New),
        ("session=abc".to_owned(), Verdict::New),
        (format!("{}=x", own()), Verdict::Forged),
        (good[..good.len() - 1].to_owned(), Verdict::Forged),
        (unknown, Verdict::UnknownKey),
    ] {
        let claim = claim(&cookies, &policy, &[BLUE]);
        assert_eq!(judge_group(&claim, &policy, |_| true, NOW), Err(expected), "{cookies}");
    }
}

#[test]
fn of_several_cookies_the_one_counts_that_names_a_group_of_the_forward() {
    let (policy, name) = (clingfish(), own());
    let twin = format!("{name}_x");
    let of = |name: &str, group, age| cookie(name, group, &policy, UnixMillis(NOW.0 - age));
    for (cookies, expected) in [
        (format!("{name}=x; {}", of(&name, BLUE, 0)), BLUE),
        (format!("{}; {}", of(&name, GroupHash([9; 8]), 0), of(&name, BLUE, 5)), BLUE),
        (format!("{}; {}", of(&name, GREEN, 5), of(&twin, BLUE, 0)), BLUE),
        (format!("{}; {}", of(&name, GREEN, 0), of(&twin, BLUE, 5)), GREEN),
        (format!("{}; {}", of(&name, GREEN, 5), of(&name, BLUE, 0)), GREEN),
        (of(&twin, BLUE, 0), BLUE),
    ] {
        let claim = claim(&cookies, &policy, &[BLUE, GREEN]);
        assert_eq!(judge_group(&claim, &policy, |_| true, NOW), Ok(expected), "{cookies}");
    }
}

#[test]
fn a_token_of_a_group_is_no_token_of_a_target_and_stays_with_us() {
    let policy = alb();
    let stickiness = LbCookie {
        duration: HOUR,
        absolute: None,
        style: CookieStyle::Alb,
        on_cacheable: OnCacheable::Skip,
        forward_tokens: false,
    };
    let of_target = Policy::new(&stickiness, BLUE);
    let token = cookie("AWSALBTG", BLUE, &policy, NOW);
    let swapped = token.replace("AWSALBTG", "AWSALB");
    let cookies = format!("{swapped}; a=1; {token}");
    let reading =
        read([cookies.as_bytes()].into_iter(), &of_target, &ring(), NOW, &mut Memo::new());
    assert_eq!(reading.claim, Claim::Refused(Refusal::Forged));
    let mut left = Vec::new();
    reading.cuts.strip(0, cookies.as_bytes(), &mut left);
    assert_eq!(String::from_utf8(left).unwrap(), format!("{swapped}; a=1"));
    let cuts = crate::tokens_in([token.as_bytes()].into_iter(), &ring(), NOW, &mut Memo::new());
    assert!(!cuts.is_empty(), "a group without stickiness hides them too");
}

#[test]
fn alb_s_cookies_are_written_each_time_and_ours_when_something_changed() {
    let hit = |policy: &GroupPolicy, name: &str, age: Duration, https: bool| {
        let at = UnixMillis(NOW.0 - u64::try_from(age.as_millis()).unwrap());
        let claim = claim(&cookie(name, BLUE, policy, at), policy, &[BLUE]);
        let binding = Binding { https, ..binding() };
        stamp_group(&claim, Judgement::Keep, policy, BLUE, binding, || false, NOW)
    };
    for (age, https, writes) in [
        (Duration::ZERO, true, false),
        (HOUR / 10 - Duration::from_millis(1), true, false),
        (HOUR / 10, true, true),
        (Duration::ZERO, false, true),
    ] {
        let stamp = hit(&clingfish(), &own(), age, https);
        assert_eq!(matches!(stamp, Stamp::Write { .. }), writes, "{age:?} {https}");
        let stamp = hit(&alb(), "AWSALBTG", age, https);
        assert!(matches!(stamp, Stamp::Write { .. }), "{age:?} {https}");
    }
    let moved = Judgement::Rehome(Verdict::TargetUnhealthy);
    let before = claim(&cookie(&own(), BLUE, &clingfish(), NOW), &clingfish(), &[BLUE, GREEN]);
    let stamp = stamp_group(&before, moved, &clingfish(), GREEN, binding(), || false, NOW);
    let Stamp::Write { token, .. } = stamp else { panic!("{stamp:?}") };
    assert_eq!((token.group, token.target), (GREEN, NO_TARGET));
    let shareable = stamp_group(&before, moved, &clingfish(), GREEN, binding(), || true, NOW);
    assert!(matches!(shareable, Stamp::Leave(_)), "{shareable:?}");
}

#[test]
fn cookies_have_exactly_the_shapes_of_the_documentation() {
    let lines = |policy: &GroupPolicy, https| {
        let token = token(BLUE, policy, NOW);
        let sealed = policy.cookie().seal(&token, &ring(), [5; 24], NOW);
        let mut out = Vec::new();
        SetCookie {
            policy: policy.cookie(),
            token: &token,
            sealed: &sealed,
            https,
            now: NOW,
            dressing: Default::default(),
        }
        .write_lines(&mut out);
        let value = std::str::from_utf8(sealed.as_bytes()).unwrap().to_owned();
        String::from_utf8(out).unwrap().replace(&value, "V")
    };
    let date = "Expires=Sat, 06 Dec 2025 15:21:44 GMT; Path=/";
    for (https, secure) in [(true, "; Secure"), (false, "")] {
        assert_eq!(
            lines(&alb(), https),
            format!(
                "Set-Cookie: AWSALBTG=V; {date}\r\n\
                 Set-Cookie: AWSALBTGCORS=V; {date}; SameSite=None{secure}\r\n"
            )
        );
    }
    let (name, life) = (own(), "Max-Age=3960; Expires=Sat, 29 Nov 2025 16:27:44 GMT");
    let lax = format!("Set-Cookie: {name}=V; {life}; Path=/; HttpOnly");
    assert_eq!(lines(&clingfish(), false), format!("{lax}; SameSite=Lax\r\n"));
    assert_eq!(
        lines(&clingfish(), true),
        format!(
            "{lax}; Secure; SameSite=Lax\r\n\
             Set-Cookie: {name}_x=V; {life}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned\r\n"
        )
    );
}
