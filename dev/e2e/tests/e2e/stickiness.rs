//! Every verdict, as a client, an operator and a monitoring system see it.

mod cookies;
mod homes;
mod jars;
mod shared;

use std::time::Duration;

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use crate::support::{SOON, Seen, Since, Stage, Visit, log_lines, targets, web};

#[test]
fn a_client_without_a_cookie_is_new_and_comes_home_with_one() {
    let stage = Stage::sticky("true");
    let first = stage.newcomer();
    for _ in 0..6 {
        let again = stage.expect(first.cookie(), "hit");
        assert_eq!(again.response.text(), first.target());
    }
    let second = stage.newcomer();
    assert_ne!(second.target(), first.target(), "new clients take turns");
    assert_ne!(second.cookie(), first.cookie());
}

#[test]
fn cookies_of_others_are_nobodys_home() {
    let stage = Stage::sticky("true");
    stage.expect("session=abc; theme=dark", "new");
    stage.expect("xcling_00000000=abc; CLING_0=1; cling=2", "new");
}

#[test]
fn a_client_that_stayed_away_too_long_gets_a_new_home() {
    let stage = Stage::sticky(r#"{ duration = "1s" }"#);
    let first = stage.newcomer();
    let since = Since::now();
    // Judged at 1.1 times the duration.
    since.wait(Duration::from_millis(1200));
    let again = stage.expect(first.cookie(), "expired_idle");
    assert_ne!(again.cookie(), first.cookie());
}

#[test]
fn a_session_ends_at_its_absolute_limit_however_active_it_is() {
    let stage = Stage::sticky(r#"{ duration = "1s", absolute = "2s" }"#);
    let since = Since::now();
    let mut cookie = stage.newcomer().cookie();
    let ended = eventually(SOON, || {
        let visit = stage.visit_with(&cookie);
        if let Some(renewed) = visit.response.home_cookie() {
            cookie = renewed;
        }
        (visit.verdict() != "hit").then_some(visit)
    });
    assert_eq!(ended.verdict(), "expired_absolute");
    assert!(since.elapsed() >= Duration::from_secs(2), "after {:?}", since.elapsed());
    stage.expect(ended.cookie(), "hit");
}

#[test]
fn damaged_cookies_are_forged_and_never_an_error() {
    let stage = Stage::sticky("true");
    let cookie = stage.newcomer().cookie();
    let (name, token) = cookie.split_once('=').unwrap();
    let with = |value: &[u8]| [name.as_bytes(), b"=", value].concat();
    let flipped = |at: usize, bit: u8| {
        let mut value = token.as_bytes().to_vec();
        // Another character of the alphabet, or one beyond it.
        value[at] ^= bit;
        value
    };
    let mut damaged: Vec<Vec<u8>> = (0..token.len()).step_by(11).map(|at| flipped(at, 1)).collect();
    damaged.extend([
        flipped(0, 2),
        flipped(123, 4),
        token[..123].into(),
        token[1..].into(),
        format!("{token}A").into(),
        format!("{token}{token}").into(),
        format!("\"{token}\"").into(),
        format!("%{:02X}{}", token.as_bytes()[0], &token[1..]).into(),
        [&token.as_bytes()[..60], b"\t", &token.as_bytes()[61..]].concat(),
        b"".into(),
        b"=".into(),
        b"null".into(),
        b"{\"target\":\"a\"}".into(),
        b"../../etc/passwd".into(),
        vec![0xff; 124],
        (0x80..=0xfc).collect(),
        "é".repeat(62).into(),
        b"A".repeat(8000),
        b"_".repeat(124),
    ]);
    for value in damaged {
        let visit = stage.expect(with(&value), "forged");
        assert_eq!(visit.response.status, 200, "{}", String::from_utf8_lossy(&value));
        stage.expect(visit.cookie(), "hit");
    }
}

#[test]
fn a_cookie_by_a_key_that_is_not_in_the_ring_is_told_apart() {
    let (stage, other) = (Stage::sticky("true"), Stage::sticky("true"));
    let cookie = other.newcomer().cookie();
    let visit = stage.expect(&cookie, "unknown_key");
    stage.expect(visit.cookie(), "hit");
    other.expect(&cookie, "hit");
}

#[test]
fn a_cookie_of_another_group_is_told_apart() {
    let (a, b) = (Target::start("a"), Target::start("b"));
    let group = |name: &str, target: &Target| {
        format!(
            r#"
            [[listeners]]
            name = "{name}"
            bind = "127.0.0.1:0"
            forward = "{name}"

            [target_groups.{name}]
            {}
            stickiness = {{ cookie = "home" }}
            health_check = false
            "#,
            targets(&[("same", target)])
        )
    };
    let clingfish = Clingfish::start(&format!(
        "[load_balancers.default]\ndebug_header = true\n{}{}",
        group("shop", &a),
        group("chat", &b)
    ));
    let visit = |listener: &str, cookie: &str| {
        let line = format!("Cookie: {cookie}");
        RawClient::get_with(clingfish.listener(listener), "/", &[&line]).unwrap()
    };
    let of_shop = visit("shop", "x=1").cookie("home").unwrap();
    let of_chat = visit("chat", &of_shop);
    assert_eq!(of_chat.verdict(), "foreign_group");
    assert_eq!(of_chat.json()["target"], "b");
    let logged = eventually(SOON, || {
        let lines = log_lines(&clingfish);
        let verdicts: Vec<_> = lines.iter().map(|line| line["verdict"].clone()).collect();
        (verdicts.len() == 2).then_some(verdicts)
    });
    assert_eq!(logged, ["new", "foreign_group"]);
    let labels = [("target_group", "chat"), ("verdict", "foreign_group")];
    assert_eq!(clingfish.metrics().sum("clingfish_target_group_requests_total", &labels), 1.0);
    assert_eq!(visit("shop", &of_shop).verdict(), "hit");
    // Whichever of two cookies comes first, each group finds its own.
    let of_chat = of_chat.cookie("home").unwrap();
    for both in [format!("{of_shop}; {of_chat}"), format!("{of_chat}; {of_shop}")] {
        assert_eq!(visit("shop", &both).verdict(), "hit");
        assert_eq!(visit("chat", &both).verdict(), "hit");
    }
}

/// A client whose home is `a`.
#[track_caller]
fn at_home_on_a(stage: &Stage) -> Visit {
    let mut newcomers = std::iter::repeat_with(|| stage.visit(&[])).take(8);
    newcomers.find(|visit| visit.target() == "a").expect("new clients take turns")
}

#[test]
fn a_home_that_was_removed_is_gone() {
    let stage =
        Stage::with("", "stickiness = true\nhealth_check = false\nderegistration_delay = \"0s\"");
    let cookie = at_home_on_a(&stage).cookie();
    let rest = targets(&[("b", &stage.b)]);
    stage.clingfish.reload_with(&web(&format!("{rest}\nstickiness = true\nhealth_check = false")));
    let moved = stage.expect(&cookie, "target_gone");
    assert_eq!(moved.target(), "b");
    stage.expect(moved.cookie(), "hit");
}

#[test]
fn a_home_is_gone_once_the_deregistration_delay_is_over() {
    let stage =
        Stage::with("", "stickiness = true\nhealth_check = false\nderegistration_delay = \"1s\"");
    let cookie = at_home_on_a(&stage).cookie();
    let rest = targets(&[("b", &stage.b)]);
    stage.clingfish.reload_with(&web(&format!("{rest}\nstickiness = true\nhealth_check = false")));
    let gone = eventually(SOON, || {
        Some(stage.visit_with(&cookie)).filter(|visit| visit.verdict() != "target_draining")
    });
    assert_eq!(gone.verdict(), "target_gone");
}

#[test]
fn a_home_that_is_being_deregistered_takes_no_more_requests() {
    let stage = Stage::sticky("true");
    let cookie = at_home_on_a(&stage).cookie();
    let rest = targets(&[("b", &stage.b)]);
    stage.clingfish.reload_with(&web(&format!("{rest}\nstickiness = true\nhealth_check = false")));
    let moved = stage.expect(&cookie, "target_draining");
    assert_eq!(moved.target(), "b");
    stage.expect(moved.cookie(), "hit");
}

#[test]
fn a_home_that_fails_its_checks_loses_its_clients_for_good() {
    let check = "health_check = { interval = \"100ms\", timeout = \"90ms\" }";
    let stage = Stage::with("", &format!("stickiness = true\n{check}"));
    let cookie = at_home_on_a(&stage).cookie();
    let is_routable = |value: f64| {
        let metrics = stage.clingfish.metrics();
        metrics.value("clingfish_target_routable", &[("target", "a")]) == Some(value)
    };
    stage.a.stop();
    eventually(SOON, || is_routable(0.0).then_some(()));
    let moved = stage.expect(&cookie, "target_unhealthy");
    assert_eq!(moved.target(), "b");
    stage.a.resume();
    eventually(SOON, || is_routable(1.0).then_some(()));
    assert_eq!(stage.expect(moved.cookie(), "hit").target(), "b", "it stays where it moved to");
    at_home_on_a(&stage);
}

#[test]
fn a_home_that_refuses_a_connection_is_kept_for_the_next_request() {
    let stage = Stage::sticky("true");
    let cookie = at_home_on_a(&stage).cookie();
    stage.a.stop();
    let detour = stage.expect(&cookie, "detour");
    assert_eq!(detour.target(), "b");
    assert_eq!(detour.response.home_line(), None, "the binding stays");
    stage.a.resume();
    assert_eq!(stage.expect(&cookie, "hit").target(), "a");
}

#[test]
fn a_group_without_stickiness_reads_and_writes_no_cookie() {
    let stage = Stage::sticky("false");
    for _ in 0..3 {
        let visit = stage.expect("cling_00000000=abc", "off");
        assert_eq!(visit.response.header("set-cookie"), None);
    }
    assert_eq!((stage.a.count() + stage.b.count()) % 3, 0);
    assert!(stage.a.count() > 0 && stage.b.count() > 0);
}
