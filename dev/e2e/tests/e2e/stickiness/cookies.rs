//! Our cookies: which one counts, what they look like, when they are written, and who gets to see them.

use std::time::Duration;

use clingfish_testkit::{RawClient, Response, Target};

use crate::support::{Seen, Since, Stage, Visit, mirror, targets, web};

/// The `Max-Age` of a line.
fn max_age(line: &str) -> Option<u64> {
    let mut attributes = line.split("; ");
    attributes.find_map(|attribute| attribute.strip_prefix("Max-Age="))?.parse().ok()
}

/// The `Expires` of a line, in seconds from now.
#[expect(clippy::disallowed_methods, reason = "a browser goes by its clock too")]
fn expires_in(line: &str) -> Option<i64> {
    let mut attributes = line.split("; ");
    let date = attributes.find_map(|attribute| attribute.strip_prefix("Expires="))?;
    let seconds = |time: std::time::SystemTime| {
        time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
    };
    Some(seconds(httpdate::parse_http_date(date).ok()?) - seconds(std::time::SystemTime::now()))
}

/// The attributes without the dates.
fn attributes(line: &str) -> Vec<&str> {
    let is_date = |one: &&str| one.starts_with("Max-Age=") || one.starts_with("Expires=");
    line.split("; ").skip(1).filter(|one| !is_date(one)).collect()
}

#[test]
fn the_first_of_up_to_four_cookies_that_opens_wins() {
    let stage = Stage::sticky("true");
    let (one, two) = (stage.newcomer(), stage.newcomer());
    assert_ne!(one.target(), two.target());
    let name = one.cookie().split('=').next().unwrap().to_owned();
    for bad in 0..4 {
        let mut cookies = vec![format!("{name}=bad"); bad];
        cookies.extend([one.cookie(), two.cookie()]);
        let visit = stage.expect(cookies.join("; "), "hit");
        assert_eq!(visit.target(), one.target(), "after {bad} bad ones");
    }
    let fifth = format!("{}{}", format!("{name}=bad; ").repeat(4), one.cookie());
    stage.expect(fifth, "forged");
    // Several Cookie lines are one list.
    let lines = [format!("Cookie: {name}=bad"), format!("Cookie: a=1; {}", two.cookie())];
    let visit = stage.visit(&[&lines[0], &lines[1]]);
    assert_eq!((visit.verdict(), visit.target()), ("hit", two.target()));
}

#[test]
fn the_cookie_has_safe_attributes_and_lives_a_tenth_longer_than_the_duration() {
    let stage = Stage::sticky(r#"{ duration = "1h" }"#);
    let visit = stage.newcomer();
    let line = visit.response.home_line().unwrap();
    let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
    assert_eq!((name.len(), value.len()), ("cling_".len() + 8, 124), "{line}");
    assert!(name["cling_".len()..].bytes().all(|c| c.is_ascii_hexdigit()), "{line}");
    assert_eq!(attributes(line), ["Path=/", "HttpOnly", "SameSite=Lax"], "{line}");
    assert_eq!(max_age(line), Some(3960), "{line}");
    let expires = expires_in(line).unwrap();
    assert!((3950..=3961).contains(&expires), "{expires} s: {line}");
}

#[test]
fn the_cookie_is_secure_where_the_client_speaks_https_to_a_trusted_proxy() {
    let lines = ["X-Forwarded-Proto: https"];
    for (trusted, is_secure) in [("trusted_proxies = [\"127.0.0.1\"]", true), ("", false)] {
        let stage = Stage::with(trusted, "stickiness = true\nhealth_check = false");
        let visit = stage.visit(&lines);
        let line = visit.response.home_line().unwrap();
        assert_eq!(attributes(line).contains(&"Secure"), is_secure, "{trusted}: {line}");
        let plain = stage.visit(&["X-Forwarded-Proto: http"]);
        assert!(!attributes(plain.response.home_line().unwrap()).contains(&"Secure"));
    }
}

#[test]
fn every_attribute_can_be_set() {
    let custom = r#"{ cookie = "home", path = "/shop", domain = "example.com", http_only = false,
        same_site = "none", secure = "always", partitioned = true, duration = "10m" }"#;
    let stage = Stage::sticky(&custom.replace('\n', " "));
    let visit = stage.visit(&[]);
    let line = visit.response.header("set-cookie").unwrap();
    assert!(line.starts_with("home="), "{line}");
    let mut found = attributes(line);
    found.sort_unstable();
    let expected = ["Domain=example.com", "Partitioned", "Path=/shop", "SameSite=None", "Secure"];
    assert_eq!(found, expected, "{line}");
    assert_eq!(max_age(line), Some(660), "{line}");
    stage.expect(line.split(';').next().unwrap(), "hit");

    let stage =
        Stage::sticky(r#"{ browser_session = true, same_site = "strict", secure = "never" }"#);
    let visit = stage.visit(&["X-Forwarded-Proto: https"]);
    let line = visit.response.home_line().unwrap();
    assert_eq!(attributes(line), ["Path=/", "HttpOnly", "SameSite=Strict"], "{line}");
    assert_eq!((max_age(line), expires_in(line)), (None, None), "{line}");
}

/// A stage whose clients come by https where a line `X-Forwarded-Proto: https` says so.
fn behind_tls(stickiness: &str) -> Stage {
    let group = format!("stickiness = {stickiness}\nhealth_check = false");
    Stage::with("trusted_proxies = [\"127.0.0.1\"]", &group)
}

const HTTPS: &str = "X-Forwarded-Proto: https";

#[test]
fn on_https_a_twin_goes_with_the_cookie_and_both_are_renewed_at_the_same_time() {
    let stage = behind_tls(r#"{ cookie = "home", duration = "20s" }"#);
    let pair = |visit: &Visit| {
        let lines: Vec<&str> = visit.response.header_values("set-cookie").collect();
        let [main, twin] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(attributes(main), ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]);
        let cross = ["Path=/", "HttpOnly", "Secure", "SameSite=None", "Partitioned"];
        assert_eq!(attributes(twin), cross);
        assert_eq!(max_age(main), max_age(twin));
        let value = |line: &str| line.split(['=', ';']).nth(1).unwrap().to_owned();
        assert!(main.starts_with("home=") && twin.starts_with("home_x="), "{lines:?}");
        assert_eq!(value(main), value(twin));
        value(main)
    };
    let since = Since::now();
    let first = stage.visit(&[HTTPS]);
    let token = pair(&first);
    let (main, twin) = (format!("home={token}"), format!("home_x={token}"));
    for cookie in [main.clone(), twin.clone(), format!("a=1; {main}; {twin}; b=2")] {
        let again = stage.visit(&[HTTPS, &format!("Cookie: {cookie}")]);
        assert_eq!((again.verdict(), again.target()), ("hit", first.target()), "{cookie}");
        assert_eq!(again.response.header("set-cookie"), None, "{cookie}");
        let seen = last_cookies(stage.target(again.target()));
        assert_eq!(seen.is_empty(), !cookie.contains("a=1"), "{seen:?}");
        assert!(seen.iter().all(|field| field == "a=1; b=2"), "{seen:?}");
    }
    since.wait(Duration::from_millis(2100));
    let renewed = stage.visit(&[HTTPS, &format!("Cookie: {twin}")]);
    assert_eq!(renewed.verdict(), "hit");
    assert_ne!(pair(&renewed), token);
    // Browsers refuse it on http; should it come, it counts all the same.
    let plain = stage.visit(&[&format!("Cookie: {twin}")]);
    assert_eq!((plain.verdict(), plain.target()), ("hit", first.target()));
    assert_eq!(plain.response.header_values("set-cookie").count(), 1);
    assert_eq!(plain.response.cookie("home_x"), None);
}

#[test]
fn who_comes_by_https_for_the_first_time_gets_what_http_could_not_give() {
    let stage = behind_tls(r#"{ cookie = "home" }"#);
    let first = stage.visit(&[]);
    let cookie = format!("Cookie: {}", first.cookie());
    assert_eq!(first.response.header_values("set-cookie").count(), 1);
    let secure = stage.visit(&[HTTPS, &cookie]);
    assert_eq!((secure.verdict(), secure.target()), ("hit", first.target()));
    assert!(secure.response.cookie("home_x").is_some());
}

#[test]
fn without_its_twin_a_cookie_is_alone_on_https_and_the_name_is_the_applications() {
    let own = "Answer-Set-Cookie: home_x=mine; Path=/";
    for (stickiness, keeps) in
        [(r#"{ cookie = "home" }"#, false), (r#"{ cookie = "home", cross_site = false }"#, true)]
    {
        let stage = behind_tls(stickiness);
        let visit = stage.visit(&[HTTPS, own]);
        let lines: Vec<&str> = visit.response.header_values("set-cookie").collect();
        assert_eq!(lines.len(), 2, "{stickiness}: {lines:?}");
        assert_eq!(lines.iter().any(|line| line.starts_with("home_x=mine")), keeps, "{lines:?}");
    }
}

#[test]
fn host_names_are_given_to_both_on_request() {
    let stage = behind_tls(r#"{ cookie = "home", host_prefix = true }"#);
    let visit = stage.visit(&[HTTPS]);
    let lines: Vec<&str> = visit.response.header_values("set-cookie").collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["__Host-home", "__Host-home_x"]);
    for line in lines {
        let attributes = attributes(line);
        assert!(attributes.contains(&"Secure") && attributes.contains(&"Path=/"), "{line}");
        assert!(!line.contains("Domain"), "{line}");
        let again = stage.visit(&[HTTPS, &format!("Cookie: {}", line.split(';').next().unwrap())]);
        assert_eq!((again.verdict(), again.target()), ("hit", visit.target()));
    }
}

#[test]
fn the_cookie_is_written_again_after_a_tenth_of_the_duration_and_not_before() {
    let stage = Stage::sticky(r#"{ duration = "20s" }"#);
    let since = Since::now();
    let first = stage.visit(&[]);
    for _ in 0..5 {
        let again = stage.visit_with(first.cookie());
        assert_eq!((again.verdict(), again.response.home_line()), ("hit", None));
    }
    assert!(since.elapsed() < Duration::from_secs(2), "too slow to tell");
    since.wait(Duration::from_millis(2100));
    let renewed = stage.visit_with(first.cookie());
    assert_eq!(renewed.verdict(), "hit");
    assert_ne!(renewed.cookie(), first.cookie());
    let line = renewed.response.home_line().unwrap();
    assert_eq!(max_age(line), Some(22), "{line}");
}

#[test]
fn a_client_that_was_seen_within_the_duration_is_at_home() {
    let stage = Stage::sticky(r#"{ duration = "5s" }"#);
    let first = stage.visit(&[]);
    let since = Since::now();
    // Seen again before the cookie is due for renewal, it keeps the older one, and away for almost 5 s more.
    since.wait(Duration::from_millis(350));
    let seen = Since::now();
    let second = stage.visit_with(first.cookie());
    assert_eq!((second.verdict(), second.response.home_line()), ("hit", None));
    seen.wait(Duration::from_millis(4850));
    let third = stage.visit_with(first.cookie());
    assert!(seen.elapsed() < Duration::from_secs(5), "too slow to tell");
    assert_eq!((third.verdict(), third.target()), ("hit", first.target()));
    assert!(third.response.home_line().is_some());
}

#[test]
fn a_changed_duration_holds_for_cookies_that_are_out_already() {
    let stage = Stage::sticky(r#"{ duration = "1s" }"#);
    let cookie = stage.visit(&[]).cookie();
    let since = Since::now();
    let both = targets(&[("a", &stage.a), ("b", &stage.b)]);
    let config = |duration: &str| {
        web(&format!("{both}\nhealth_check = false\nstickiness = {{ duration = \"{duration}\" }}"))
    };
    stage.clingfish.reload_with(&config("1h"));
    since.wait(Duration::from_millis(1300));
    let longer = stage.visit_with(&cookie);
    assert_eq!(longer.verdict(), "hit");
    let line = longer.response.home_line().expect("the browser has to learn the longer duration");
    assert_eq!(max_age(line), Some(3960));
    stage.clingfish.reload_with(&config("1s"));
    stage.expect(&cookie, "expired_idle");
}

/// Cookie fields of the target's last request, as they came.
#[track_caller]
fn last_cookies(target: &Target) -> Vec<String> {
    let requests = target.requests();
    let last = requests.last().expect("it got one");
    last.header_values("cookie").map(str::to_owned).collect()
}

#[test]
fn targets_see_every_cookie_but_ours_untouched_and_in_order() {
    let stage = Stage::sticky(r#"{ duration = "1s", cookie = "home" }"#);
    let first = stage.visit(&[]);
    let token = first.cookie();
    let visit = |lines: &[&str]| {
        let visit = stage.visit(lines);
        last_cookies(stage.target(visit.target()))
    };
    for (sent, expected) in [
        (vec!["Cookie: b=2; TOKEN; a=1"], vec!["b=2; a=1"]),
        (vec!["Cookie: TOKEN"], vec![]),
        (vec!["Cookie: TOKEN; a=1"], vec!["a=1"]),
        (vec!["Cookie: a=\"q,q\";b=é;  c==; TOKEN"], vec!["a=\"q,q\";b=é;  c=="]),
        (vec!["Cookie: z=1", "Cookie: TOKEN; y=2", "Cookie: x=3"], vec!["z=1", "y=2", "x=3"]),
        (vec!["Cookie: z=1", "Cookie: TOKEN"], vec!["z=1"]),
        (vec!["Cookie: home=not-ours; a=1"], vec!["home=not-ours; a=1"]),
        (vec!["Cookie: TOKEN; home=not-ours; TOKEN; a=1"], vec!["home=not-ours; a=1"]),
    ] {
        let lines: Vec<String> = sent.iter().map(|line| line.replace("TOKEN", &token)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(visit(&lines), expected, "{sent:?}");
    }
    let since = Since::now();
    since.wait(Duration::from_millis(1200));
    let expired = stage.visit_with(format!("a=1; {token}"));
    assert_eq!(expired.verdict(), "expired_idle");
    assert_eq!(last_cookies(stage.target(expired.target())), ["a=1"], "expired ones are ours too");
}

#[test]
fn targets_see_our_cookies_where_that_is_asked_for() {
    let stage = Stage::sticky("{ forward_tokens = true }");
    let token = stage.visit(&[]).cookie();
    let sent = format!("b=2; {token}; a=1");
    let visit = stage.visit_with(&sent);
    assert_eq!(last_cookies(stage.target(visit.target())), [sent]);
}

#[test]
fn tokens_are_hidden_from_targets_of_groups_without_stickiness_too() {
    let stage = Stage::sticky("true");
    let token = stage.visit(&[]).cookie();
    let both = targets(&[("a", &stage.a), ("b", &stage.b)]);
    stage.clingfish.reload_with(&web(&format!("{both}\nhealth_check = false")));
    let visit = stage.expect(format!("b=2; {token}; a=1"), "off");
    assert_eq!(last_cookies(stage.target(visit.target())), ["b=2; a=1"]);
}

#[test]
fn a_targets_own_cookie_of_our_name_does_not_reach_the_client() {
    let (a, b) = (mirror("a"), mirror("b"));
    let stage = clingfish_testkit::Clingfish::start(&web(&format!(
        "{}\nhealth_check = false\nstickiness = {{ cookie = \"home\" }}",
        targets(&[("a", &a), ("b", &b)])
    )));
    let visit = |lines: &[&str]| -> Response {
        RawClient::get_with(stage.listener("web"), "/", lines).unwrap()
    };
    let own = ["Answer-Set-Cookie: session=1; Path=/", "Answer-Set-Cookie: home=mine; Path=/x"];
    let first = visit(&own);
    let lines: Vec<&str> = first.header_values("set-cookie").collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "session=1; Path=/");
    assert!(!lines[1].starts_with("home=mine"), "{lines:?}");
    let token = format!("Cookie: {}", first.cookie("home").unwrap());
    let second = visit(&[own[0], own[1], &token]);
    let lines: Vec<&str> = second.header_values("set-cookie").collect();
    assert_eq!((second.verdict(), lines), ("hit", vec!["session=1; Path=/"]));
}
