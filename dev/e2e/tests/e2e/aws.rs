//! `style = "alb"`: the bytes and days of an Application Load Balancer.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clingfish_testkit::{Clingfish, RawClient, Response, curl};

use crate::support::{Seen, Since, Stage, mirror, targets, web_with};

const ALB: &str = "{ style = \"alb\" }";

/// The value that both lines of a response have, after a look at every byte of them.
#[track_caller]
fn value(response: &Response, is_https: bool) -> String {
    let lines: Vec<&(String, String)> = response
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        .collect();
    let [(_, own), (_, cors)] = lines.as_slice() else {
        panic!("{lines:?}");
    };
    let value = own.strip_prefix("AWSALB=").and_then(|rest| rest.split(';').next()).unwrap();
    let date = own.split("Expires=").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    assert_eq!(own, &format!("AWSALB={value}; Expires={date}; Path=/"));
    let secure = if is_https { "; Secure" } else { "" };
    let expected = format!("AWSALBCORS={value}; Expires={date}; Path=/; SameSite=None{secure}");
    assert_eq!(cors, &expected);
    assert_in_a_week(date);
    assert_eq!(value.len(), 124);
    assert_eq!(STANDARD.decode(value).expect("it is standard base64").len(), 93);
    value.to_owned()
}

/// Seven days from now, in the one format that all clients read.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a browser goes by its clock too")]
pub(crate) fn assert_in_a_week(date: &str) {
    let at = httpdate::parse_http_date(date).expect("it is a date");
    assert_eq!(httpdate::fmt_http_date(at), date, "IMF-fixdate");
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let ahead = at.duration_since(SystemTime::now()).expect("it is in the future");
    // Dates have whole seconds, and the answer has been on its way.
    assert!(ahead <= week && ahead >= week - Duration::from_secs(10), "{date} is {ahead:?} ahead");
}

#[test]
fn both_cookies_are_exactly_those_of_an_alb() {
    let stage = Stage::with(
        "trusted_proxies = [\"127.0.0.1\"]",
        &format!("stickiness = {ALB}\nhealth_check = false"),
    );
    value(&stage.visit(&[]).response, false);
    value(&stage.visit(&["X-Forwarded-Proto: https"]).response, true);
}

#[test]
fn every_answer_of_a_target_carries_a_fresh_value() {
    let stage = Stage::sticky(ALB);
    let mut values = BTreeSet::new();
    let mut cookie = String::new();
    for status in ["200", "204", "301", "304", "404", "500", "503"] {
        for caching in ["no-store", "public, max-age=60"] {
            let status_line = format!("Answer-Status: {status}");
            let caching_line = format!("Answer-Cache-Control: {caching}");
            let visit = stage.visit(&[&status_line, &caching_line, &format!("Cookie: {cookie}")]);
            assert_eq!(visit.response.status.to_string(), status);
            let control: Vec<&str> = visit.response.header_values("cache-control").collect();
            assert_eq!(control, [caching], "an ALB changes nothing here");
            assert_eq!(visit.verdict(), if cookie.is_empty() { "new" } else { "hit" });
            values.insert(value(&visit.response, false));
            cookie = visit.cookie();
        }
    }
    assert_eq!(values.len(), 14);
}

#[test]
fn answers_of_our_own_carry_neither_cookie() {
    let slow = mirror("slow");
    slow.hang(true);
    for (group, status) in [
        ("targets = []".to_owned(), 503),
        (format!("{}\nresponse_timeout = \"200ms\"", targets(&[("slow", &slow)])), 504),
        ("targets = [\"127.0.0.1:1\"]".to_owned(), 502),
    ] {
        let group = format!("{group}\nstickiness = {ALB}\nhealth_check = false");
        let clingfish = Clingfish::start(&web_with("", &group));
        let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
        assert_eq!((answer.status, answer.header("set-cookie")), (status, None));
    }
    slow.hang(false);
}

/// One visit by curl with a jar, as a browser would keep it: target and verdict.
#[track_caller]
fn browse(stage: &Stage, jar: &str) -> String {
    let url = format!("http://{}/", stage.clingfish.listener("web"));
    let format = "%header{clingfish-target} %header{clingfish-verdict}";
    let done = curl(&["-b", jar, "-c", jar, "-o", "/dev/null", "-w", format, &url]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    done.stdout
}

/// AWS's own documents puzzle people here: the browser keeps the cookie for seven days, the balancer honours it for the
/// duration. Two seconds stand for the usual twenty.
#[test]
fn the_duration_ends_a_session_although_the_browser_keeps_the_cookie_for_days() {
    // Long enough for a machine that takes seconds to start a curl.
    let duration = Duration::from_secs(6);
    let stage = Stage::sticky("{ style = \"alb\", duration = \"6s\" }");
    let folder = tempfile::tempdir().unwrap();
    let jar = folder.path().join("jar");
    let jar = jar.to_str().unwrap();
    let first = browse(&stage, jar);
    let (home, verdict) = first.split_once(' ').unwrap();
    assert_eq!(verdict, "new");
    // Sliding: each visit starts the six seconds again, and all of them together are more than those.
    let began = Since::now();
    while began.elapsed() <= duration {
        Since::now().wait(duration / 3);
        assert_eq!(browse(&stage, jar), format!("{home} hit"));
    }
    Since::now().wait(duration + Duration::from_millis(50));
    let kept = std::fs::read_to_string(jar).unwrap();
    assert!(kept.contains("AWSALB\t") && kept.contains("AWSALBCORS\t"), "{kept}");
    let back = browse(&stage, jar);
    let (elsewhere, verdict) = back.split_once(' ').unwrap();
    assert_eq!(verdict, "expired_idle");
    assert_ne!(elsewhere, home, "it is placed anew, and it is the other one's turn");
    assert_eq!(browse(&stage, jar), format!("{elsewhere} hit"));
}

#[test]
fn either_cookie_suffices_and_the_first_that_opens_counts() {
    let stage = Stage::sticky(ALB);
    let (one, two) = (stage.newcomer(), stage.newcomer());
    let cors = |visit: &crate::support::Visit| visit.response.cookie("AWSALBCORS").unwrap();
    for (cookie, home) in [
        (one.cookie(), &one),
        (cors(&one), &one),
        (format!("{}; {}", cors(&two), one.cookie()), &two),
        (format!("{}; {}", one.cookie(), cors(&two)), &one),
        (format!("AWSALB=broken; {}", cors(&two)), &two),
    ] {
        assert_eq!(stage.expect(&cookie, "hit").target(), home.target(), "{cookie}");
    }
}

#[test]
fn a_url_encoded_value_is_not_understood() {
    let stage = Stage::sticky(ALB);
    let visits = std::iter::repeat_with(|| stage.visit(&[]).cookie());
    let cookie = visits.take(50).find(|cookie| cookie.contains(['+', '/'])).unwrap();
    let encoded = cookie.replace('+', "%2B").replace('/', "%2F");
    stage.expect(encoded, "forged");
    stage.expect(cookie, "hit");
}

#[test]
fn two_groups_overwrite_each_others_cookie_as_with_an_alb() {
    let shop = Stage::sticky(ALB);
    let chat = clingfish_testkit::Launch::new(
        &web_with(
            "",
            &format!("{}\nstickiness = {ALB}\nhealth_check = false", targets(&[("a", &shop.a)])),
        )
        .replace("forward = \"web\"", "forward = \"chat\"")
        .replace("[target_groups.web]", "[target_groups.chat]"),
    )
    .state_dir(shop.clingfish.state_dir())
    .start();
    let line = format!("Cookie: {}", shop.newcomer().cookie());
    let answer = RawClient::get_with(chat.listener("web"), "/", &[&line]).unwrap();
    assert_eq!(answer.verdict(), "foreign_group");
    shop.expect(answer.home_cookie().unwrap(), "foreign_group");
}

#[test]
fn targets_see_neither_cookie() {
    let stage = Stage::sticky(ALB);
    let first = stage.visit(&[]);
    let cors = first.response.cookie("AWSALBCORS").unwrap();
    let visit = stage.visit_with(format!("b=2; {}; c=3; {cors}; AWSALBTG=x; a=1", first.cookie()));
    let requests = stage.target(visit.target()).requests();
    let seen: Vec<&str> = requests.last().unwrap().header_values("cookie").collect();
    assert_eq!(seen, ["b=2; c=3; AWSALBTG=x; a=1"]);
}
