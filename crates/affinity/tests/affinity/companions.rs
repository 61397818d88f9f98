//! Cookies that go with one of the application's, in each style; and classic cookies.

use std::time::Duration;

use clingfish_affinity::{
    AppSets, Binding, Claim, Dressing, Home, Judgement, Memo, Policy, Reading, SetCookie, Stamp,
    Token, Verdict, is_chromium, judge, others, read, read_header, stamp, tokens_in, write_removal,
};
use clingfish_model::{
    Field, FieldId, GroupHash, LbCookie, RequestHead, Span, UnixMillis,
    head::RequestParts,
    stickiness::{AppCookie, AppCookieName, CookieStyle, HeaderToken},
};

use crate::support::{
    GROUP, HOME, HOUR, NOW, OTHER, alb, binding, clingfish, read_one, ring, sealed, token,
};

fn following(token: LbCookie) -> Policy {
    Policy::following(&AppCookie { name: AppCookieName::new("sid").unwrap(), token }, GROUP)
}

fn classic(max_age: Option<Duration>) -> LbCookie {
    LbCookie { style: CookieStyle::Classic { max_age }, ..clingfish() }
}

/// One request and its answer: the verdict, and the lines of the answer.
fn visit(policy: &Policy, cookies: &str, sets: Option<&str>, now: UnixMillis) -> (Verdict, String) {
    visit_at(policy, cookies, sets, Home::Eligible, now)
}

fn visit_at(
    policy: &Policy,
    cookies: &str,
    sets: Option<&str>,
    home: Home,
    now: UnixMillis,
) -> (Verdict, String) {
    let ring = ring();
    let reading = read_one(cookies, policy, &ring, now);
    let judgement = judge(&reading.claim, Some(policy), |_| home, now);
    let app_sets = AppSets::find(sets.into_iter().map(str::as_bytes), policy);
    let target = if judgement == Judgement::Keep { HOME } else { OTHER };
    let binding = Binding {
        app_sets: app_sets.as_ref().map(AppSets::flags),
        has_app_cookie: reading.has_app_cookie,
        ..binding(if reading.claim == Claim::Nothing { HOME } else { target })
    };
    let fields = || [cookies.as_bytes()].into_iter();
    let held = others(fields(), policy, &ring, now, &mut Memo::new());
    let dressing = Dressing { app_sets, others: &held, ..Dressing::default() };
    let mut out = Vec::new();
    match stamp(&reading.claim, judgement, policy, binding, || false, now) {
        Stamp::Write { token, .. } => {
            let sealed = policy.seal(&token, &ring, [9; 24], now);
            let (token, sealed) = (&token, &sealed);
            SetCookie { policy, token, sealed, https: true, now, dressing }.write_lines(&mut out);
        }
        Stamp::Remove => write_removal(&dressing, true, now, &mut out),
        Stamp::Leave(_) => {}
    }
    (judgement.verdict(), String::from_utf8(out).unwrap())
}

/// The value of a cookie that some lines set.
fn value<'a>(lines: &'a str, name: &str) -> &'a str {
    let start = format!("Set-Cookie: {name}=");
    let line = lines.split("\r\n").find_map(|line| line.strip_prefix(&start)).expect(name);
    line.split(';').next().unwrap()
}

#[test]
fn nothing_is_bound_before_the_application_sets_its_cookie() {
    for (style, expected) in [(clingfish(), 0), (alb(), 4), (classic(None), 0)] {
        let policy = following(style);
        let (verdict, lines) = visit(&policy, "a=b", None, NOW);
        assert_eq!(verdict, Verdict::New);
        assert_eq!(lines.matches("Set-Cookie: ").count(), expected, "{lines}");
        assert_eq!(lines.matches("=_remove_; ").count(), expected, "{lines}");
    }
}

#[test]
fn both_cookies_are_needed_and_bring_a_client_home() {
    for (style, name) in [(clingfish(), "cling"), (alb(), "AWSALBAPP-0"), (classic(None), "AWSELB")]
    {
        let policy = following(style);
        let (_, lines) = visit(&policy, "", Some("sid=1; Path=/"), NOW);
        let ours = format!("{name}={}", value(&lines, name));
        let later = NOW + Duration::from_secs(60);
        for (cookies, verdict) in [
            (format!("sid=1; {ours}"), Verdict::Hit),
            (format!("{ours}; sid="), Verdict::Hit),
            (ours.clone(), Verdict::NoAppCookie),
            (format!("Sid=1; {ours}"), Verdict::NoAppCookie),
            ("sid=1".to_owned(), Verdict::New),
        ] {
            assert_eq!(visit(&policy, &cookies, None, later).0, verdict, "{name}: {cookies}");
        }
    }
}

#[test]
fn the_smaller_of_two_lives_counts() {
    let policy = following(alb());
    let (_, lines) = visit(&policy, "", Some("sid=1"), NOW);
    let ours = format!("AWSALBAPP-0={}", value(&lines, "AWSALBAPP-0"));
    for (cookies, after, verdict) in [
        (format!("sid=1; {ours}"), HOUR, Verdict::Hit),
        (format!("sid=1; {ours}"), HOUR + Duration::from_millis(1), Verdict::ExpiredIdle),
        (ours, Duration::ZERO, Verdict::NoAppCookie),
    ] {
        assert_eq!(visit(&policy, &cookies, None, NOW + after).0, verdict, "{after:?}");
    }
}

#[test]
fn alb_writes_all_four_shards_each_time() {
    let policy = following(alb());
    let (_, lines) = visit(&policy, "", Some("sid=1"), NOW);
    let token = value(&lines, "AWSALBAPP-0").to_owned();
    assert_eq!(token.len(), 124);
    let end = "; Expires=Sat, 06 Dec 2025 15:21:44 GMT; Path=/\r\n";
    let expected = format!(
        "Set-Cookie: AWSALBAPP-0={token}{end}Set-Cookie: AWSALBAPP-1=_remove_{end}\
         Set-Cookie: AWSALBAPP-2=_remove_{end}Set-Cookie: AWSALBAPP-3=_remove_{end}"
    );
    assert_eq!(lines, expected);
    let cookies = format!("sid=1; AWSALBAPP-0={token}; AWSALBAPP-1=_remove_; x=y");
    let (verdict, again) = visit(&policy, &cookies, None, NOW);
    assert_eq!((verdict, again.matches("_remove_").count()), (Verdict::Hit, 3));
    let cuts = read_one(&cookies, &policy, &ring(), NOW).cuts;
    let mut left = Vec::new();
    cuts.strip(0, cookies.as_bytes(), &mut left);
    assert_eq!(left, b"sid=1; x=y");
}

#[test]
fn one_value_holds_the_homes_of_several_groups() {
    let first = following(alb());
    let name = AppCookieName::new("other").unwrap();
    let second = Policy::following(&AppCookie { name, token: alb() }, GroupHash([9; 8]));
    let (_, lines) = visit(&first, "", Some("sid=1"), NOW);
    let cookies = format!("sid=1; AWSALBAPP-0={}", value(&lines, "AWSALBAPP-0"));
    let (verdict, lines) = visit(&second, &cookies, Some("other=1"), NOW);
    // The token of the first group says nothing here, and is kept.
    assert_eq!(verdict, Verdict::New);
    let both = value(&lines, "AWSALBAPP-0");
    assert_eq!(both.len(), 2 * 124);
    let cookies = format!("sid=1; other=1; AWSALBAPP-0={both}");
    for policy in [&first, &second] {
        let (verdict, lines) = visit(policy, &cookies, None, NOW);
        assert_eq!(verdict, Verdict::Hit);
        assert_eq!(value(&lines, "AWSALBAPP-0").len(), 2 * 124);
    }
    // What is no token is not kept, however it came there.
    let cookies = format!("sid=1; AWSALBAPP-0={}", "A".repeat(124 * 40));
    let (_, lines) = visit(&first, &cookies, None, NOW);
    assert_eq!(value(&lines, "AWSALBAPP-0"), "_remove_");
}

#[test]
fn our_cookie_has_the_attributes_of_the_applications() {
    let policy = following(clingfish());
    let attributes = "; Path=/shop; Domain=example.com; Max-Age=600; Secure; SameSite=None";
    let (_, lines) = visit(&policy, "", Some(&format!("sid=1{attributes}")), NOW);
    let expected = format!("Set-Cookie: cling={}{attributes}\r\n", value(&lines, "cling"));
    assert_eq!(lines, expected);
    // With a path of its own it is not written again: it would be a second cookie beside the first.
    let cookies = format!("sid=1; cling={}", value(&lines, "cling"));
    let (verdict, lines) = visit(&policy, &cookies, None, NOW + HOUR);
    assert_eq!((verdict, lines.as_str()), (Verdict::Hit, ""));
}

#[test]
fn our_cookie_ends_with_the_applications() {
    let policy = following(clingfish());
    let (_, lines) = visit(&policy, "", Some("sid=1"), NOW);
    let cookies = format!("sid=1; cling={}", value(&lines, "cling"));
    let (_, lines) = visit(&policy, &cookies, Some("sid=; Max-Age=0"), NOW);
    assert!(lines.ends_with("; Max-Age=0\r\n"), "{lines}");
}

#[test]
fn a_plain_cookie_is_renewed_without_the_application() {
    let policy = following(clingfish());
    let seven = NOW + HOUR / 7;
    for (attributes, tail) in [
        ("", "; Path=/; HttpOnly; Secure; SameSite=Lax\r\n"),
        ("; path=/; SameSite=None; Secure", "; Path=/; HttpOnly; Secure; SameSite=None\r\n"),
    ] {
        let (_, lines) = visit(&policy, "", Some(&format!("sid=1{attributes}")), NOW);
        let cookies = format!("sid=1; cling={}", value(&lines, "cling"));
        assert_eq!(visit(&policy, &cookies, None, NOW).1, "", "young enough");
        let (verdict, lines) = visit(&policy, &cookies, None, seven);
        assert_eq!(verdict, Verdict::Hit);
        assert_eq!(lines, format!("Set-Cookie: cling={}{tail}", value(&lines, "cling")));
    }
    let (_, lines) = visit(&policy, "", Some("sid=1; Max-Age=9999"), NOW);
    let cookies = format!("sid=1; cling={}", value(&lines, "cling"));
    let (_, lines) = visit(&policy, &cookies, None, seven);
    assert!(lines.contains("; Max-Age=3960; Expires="), "{lines}");
}

#[test]
fn a_client_that_lost_our_cookie_is_bound_by_the_applications() {
    let policy = following(clingfish());
    let (verdict, lines) = visit(&policy, "sid=1", None, NOW);
    assert_eq!(verdict, Verdict::New);
    assert!(lines.starts_with("Set-Cookie: cling="), "{lines}");
}

#[test]
fn a_lost_home_is_replaced_though_the_application_is_silent() {
    for (style, name) in [(clingfish(), "cling"), (alb(), "AWSALBAPP-0"), (classic(None), "AWSELB")]
    {
        let policy = following(style);
        let (_, lines) = visit(&policy, "", Some("sid=1; Path=/"), NOW);
        let cookies = format!("sid=1; {name}={}", value(&lines, name));
        let (verdict, lines) = visit_at(&policy, &cookies, None, Home::Gone, NOW);
        assert_eq!(verdict, Verdict::TargetGone);
        let cookies = format!("sid=1; {name}={}", value(&lines, name));
        let reading = read_one(&cookies, &policy, &ring(), NOW);
        assert_eq!(reading.claim.home(), Some(OTHER), "{name}");
    }
}

#[test]
fn classic_cookies_have_the_bytes_that_aws_writes() {
    let policy = Policy::new(&classic(Some(Duration::from_secs(900))), GROUP);
    let (_, lines) = visit(&policy, "", None, NOW);
    let token = value(&lines, "AWSELB");
    assert_eq!(token.len(), 138);
    assert!(token.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c)), "{token}");
    let expected = format!(
        "Cache-control: no-cache=\"set-cookie\"\r\n\
         Set-Cookie: AWSELB={token};PATH=/;MAX-AGE=900\r\n\
         Set-Cookie: AWSELBCORS={token};PATH=/;MAX-AGE=900;SECURE;SAMESITE=None\r\n"
    );
    assert_eq!(lines, expected);
    let session = Policy::new(&classic(None), GROUP);
    let (_, lines) = visit(&session, "", None, NOW);
    assert!(lines.contains(";PATH=/\r\n"), "{lines}");
}

#[test]
fn classic_cookies_are_written_once_and_never_judged_by_age() {
    let policy = Policy::new(&classic(Some(Duration::from_secs(900))), GROUP);
    let (_, lines) = visit(&policy, "", None, NOW);
    let cookies = format!("AWSELBCORS={}", value(&lines, "AWSELB"));
    for after in [0, 900, 7 * 86_400] {
        let (verdict, lines) = visit(&policy, &cookies, None, NOW + Duration::from_secs(after));
        assert_eq!((verdict, lines.as_str()), (Verdict::Hit, ""), "{after}");
    }
    let lower = cookies.to_lowercase().replace("awselbcors", "AWSELBCORS");
    assert_eq!(visit(&policy, &lower, None, NOW).0, Verdict::Forged, "one text for each token");
}

#[test]
fn classic_cookies_copy_what_aws_copies() {
    let policy = following(classic(None));
    let sets = "sid=1; path=/a_b; Secure; HttpOnly; Max-Age=60; SameSite=Lax; Priority=High";
    let (_, lines) = visit(&policy, "", Some(sets), NOW);
    let token = value(&lines, "AWSELB");
    let expected = format!(
        "Set-Cookie: AWSELB={token};PATH=/a%5Fb;SECURE;HTTPONLY;MAX-AGE=60;SAMESITE=Lax\r\n"
    );
    assert!(lines.contains(&expected), "{lines}");
    let expected =
        format!("AWSELBCORS={token};PATH=/a%5Fb;HTTPONLY;MAX-AGE=60;SECURE;SAMESITE=None\r\n");
    assert!(lines.ends_with(&expected), "{lines}");
    // A semicolon at the end makes AWS pass the cookie over.
    assert_eq!(visit(&policy, "", Some("sid=1; Path=/;"), NOW).1, "");
    // Only a new cookie of the application's brings a new one of ours.
    let cookies = format!("sid=1; AWSELB={token}");
    assert_eq!(visit(&policy, &cookies, None, NOW).1, "");
    assert!(visit(&policy, &cookies, Some("sid=2"), NOW).1.contains("AWSELB="));
}

#[test]
fn a_token_of_one_kind_is_no_token_of_another() {
    let (plain, app) = (Policy::new(&clingfish(), GROUP), following(clingfish()));
    let field = format!("sid=1; cling={}", sealed(&plain, &token(&plain, NOW), &ring(), NOW));
    assert_eq!(visit(&plain, &field, None, NOW).0, Verdict::Hit);
    assert_eq!(visit(&app, &field, None, NOW).0, Verdict::Forged);
}

#[test]
fn chromium_is_known_by_its_version() {
    for (agent, expected) in [
        ("Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36", true),
        ("Mozilla/5.0 Chromium/80.0", true),
        ("Mozilla/5.0 Chrome/79.0.1", false),
        ("Mozilla/5.0 Firefox/130.0", false),
        ("curl/8.0", false),
        ("Chrome/", false),
        ("Chrome/99999999999999", true),
    ] {
        assert_eq!(is_chromium(agent.as_bytes()), expected, "{agent}");
    }
}

#[test]
fn what_is_cut_is_ours_and_the_applications_cookie_stays() {
    let policy = following(clingfish());
    let field = format!("sid=1; cling={}", sealed(&policy, &token(&policy, NOW), &ring(), NOW));
    let Reading { cuts, .. } =
        read([field.as_bytes()].into_iter(), &policy, &ring(), NOW, &mut Memo::new());
    let mut left = Vec::new();
    cuts.strip(0, field.as_bytes(), &mut left);
    assert_eq!(left, b"sid=1");
}

#[test]
fn no_more_shards_are_opened_than_there_are() {
    let policy = following(alb());
    let token = sealed(&policy, &token(&policy, NOW), &ring(), NOW);
    for (before, found) in [(3, true), (4, false)] {
        let field = format!("sid=1{}; AWSALBAPP-0={token}", "; AWSALBAPP-0=x".repeat(before));
        let reading = read_one(&field, &policy, &ring(), NOW);
        assert_eq!(reading.claim.home().is_some(), found, "{before}");
    }
}

#[test]
fn targets_of_other_groups_see_no_shard_either() {
    let policy = following(alb());
    let token = sealed(&policy, &token(&policy, NOW), &ring(), NOW);
    let field = format!("a=b; AWSALBAPP-0={token}{token}; AWSALBAPP-1=_remove_; c=d");
    let cuts = tokens_in([field.as_bytes()].into_iter(), &ring(), NOW, &mut Memo::new());
    let mut left = Vec::new();
    cuts.strip(0, field.as_bytes(), &mut left);
    assert_eq!(String::from_utf8(left).unwrap(), "a=b; c=d");
}

#[test]
fn a_header_of_ones_own_group_goes_before_anothers() {
    let header = HeaderToken::new("X-Home", "home", HOUR, None).unwrap();
    let (own, other) =
        (Policy::in_header(&header, GROUP), Policy::in_header(&header, GroupHash([9; 8])));
    let [first, second] = [&other, &own].map(|policy| {
        let token = Token {
            target: if policy.group() == GROUP { HOME } else { OTHER },
            ..token(policy, NOW)
        };
        sealed(policy, &token, &ring(), NOW)
    });
    let lines = format!("x-home{first}x-home{second}");
    let at = |start: usize, name: usize, len: usize| Field {
        name: Span::new(start, name),
        value: Span::new(start + name, len),
        id: FieldId::Other,
    };
    let parts = RequestParts {
        fields: [at(0, 6, 124), at(130, 6, 124)].into_iter().collect(),
        ..RequestParts::default()
    };
    let head = RequestHead::new(lines.as_bytes(), &parts);
    let reading = read_header(head, &own, &ring(), NOW, &mut Memo::new());
    assert_eq!(reading.claim.home(), Some(HOME));
    assert!(reading.cuts.hides(0) && reading.cuts.hides(1) && !reading.cuts.hides(2));
}
