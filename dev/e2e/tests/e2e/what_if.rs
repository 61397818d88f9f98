//! What a change would do to live sessions, as it is told before, against what it then does.

mod house;

use std::{collections::BTreeMap, time::Duration};

use clingfish_testkit::eventually;
use serde_json::{Value, json};

use self::house::{ALB, COOKIE, Fate, HASH, HEADER, House, Kind, LEARN, WRAP, tolerance};
use crate::support::{SOON, Since};

/// Clients of each group.
const CLIENTS: usize = 200;

/// Whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whom {
    Nobody,
    /// All of target `a`, and nobody else.
    OfA,
    /// Some of those that do not live on `a`.
    SomeOfOthers,
    Everybody,
}
use Whom::{Everybody, Nobody, OfA, SomeOfOthers};

/// A kind of stickiness, a change of its group, and whose sessions that moves and ends.
type Row = (Kind, &'static str, &'static str, Value, Whom, Whom);

fn rows() -> Vec<Row> {
    let (one, stickiness, none) = ("/targets/a", "/stickiness", json!(null));
    let drain = json!({ "drain": true });
    let weigh = |weight: u16| json!({ "weight": weight });
    vec![
        // Whose sessions move, and whose end.
        (COOKIE, "DELETE", one, none.clone(), OfA, Nobody),
        (COOKIE, "PATCH", one, drain.clone(), Nobody, Nobody),
        (COOKIE, "PATCH", one, weigh(9), Nobody, Nobody),
        (COOKIE, "PATCH", one, weigh(0), Nobody, Nobody),
        (COOKIE, "PATCH", "", json!({ "slow_start": "30s" }), Nobody, Nobody),
        (COOKIE, "PUT", stickiness, json!({ "cookie": "home", "duration": "2d" }), Nobody, Nobody),
        (
            COOKIE,
            "PUT",
            stickiness,
            json!({ "cookie": "home", "same_site": "strict" }),
            Nobody,
            Nobody,
        ),
        (COOKIE, "PUT", stickiness, json!({ "cookie": "other" }), Nobody, Everybody),
        (COOKIE, "PUT", stickiness, json!({ "style": "alb" }), Nobody, Everybody),
        (COOKIE, "PUT", stickiness, json!({ "enabled": false }), Nobody, Everybody),
        (COOKIE, "PUT", stickiness, json!({ "type": "header" }), Nobody, Everybody),
        (
            COOKIE,
            "PUT",
            stickiness,
            json!({ "type": "app_cookie", "app_cookie": "SID", "cookie": "home" }),
            Nobody,
            Everybody,
        ),
        (
            COOKIE,
            "PUT",
            stickiness,
            json!({ "type": "hash", "key": "header:X-User" }),
            Nobody,
            Everybody,
        ),
        (HASH, "DELETE", one, none.clone(), OfA, Nobody),
        (HASH, "PATCH", one, drain.clone(), OfA, Nobody),
        (HASH, "PATCH", one, weigh(0), OfA, Nobody),
        (HASH, "PATCH", one, weigh(3), SomeOfOthers, Nobody),
        (HASH, "PUT", stickiness, json!({ "type": "lb_cookie" }), Nobody, Everybody),
        (LEARN, "DELETE", one, none.clone(), OfA, Nobody),
        (LEARN, "PATCH", one, drain, Nobody, Nobody),
        (
            LEARN,
            "PUT",
            stickiness,
            json!({ "type": "learn", "from": ["cookie:SID", "header:X-Id"] }),
            Nobody,
            Nobody,
        ),
        (LEARN, "PUT", stickiness, json!({ "enabled": false }), Nobody, Everybody),
        (HEADER, "DELETE", one, none.clone(), OfA, Nobody),
        (WRAP, "DELETE", one, none, OfA, Nobody),
    ]
}

#[test]
fn what_a_change_would_do_is_what_it_does() {
    let rows = rows();
    let kinds: Vec<_> = rows.iter().map(|(kind, ..)| (*kind, "")).collect();
    let mut house = House::open(&kinds);
    house.come(CLIENTS);
    house.wait_counted();
    for (room, (kind, method, path, body, moves, ends)) in rows.into_iter().enumerate() {
        let path = format!("/v1/target-groups/room-{room}{path}");
        let what = format!("{}: {method} {path} {body}", kind.stickiness);
        let told = house.told(method, &path, &body);
        house.ask(method, &path, &body);
        let fates = house.come_again(room, 0);
        compare(&what, &told, &fates, kind.stickiness == LEARN.stickiness);
        for (target, fate) in &fates {
            let clients = house.rooms[room].clients.iter();
            let all = clients.filter(|client| client.home == *target).count() as u64;
            for (whom, count) in [(moves, fate.moved), (ends, fate.ended)] {
                let is_right = match whom {
                    Nobody => count == 0,
                    OfA => count == if target == "a" { all } else { 0 },
                    SomeOfOthers => (count > 0 && count < all) == (target != "a"),
                    Everybody => count == all,
                };
                assert!(is_right, "{what}: {whom:?}, but {count} of {all} on {target}");
            }
        }
    }
}

/// Holds what was told against what came, target by target.
#[track_caller]
fn compare(what: &str, told: &Value, fates: &BTreeMap<String, Fate>, is_exact: bool) {
    assert_eq!((&told["exact"], fates.len()), (&json!(is_exact), 3), "{what}: {told}");
    assert_eq!(told["ends"], told["ends_max"], "{what}: {told}");
    for one in told["targets"].as_array().unwrap() {
        let fate = fates[one["id"].as_str().unwrap()];
        // Where some keys move, which ones is tried with others than those that came.
        let slack = if is_exact { 0 } else { tolerance(CLIENTS / 3) };
        let is_some = fate.moved > 0 && what.contains(r#"{"weight":3}"#);
        let slack = if is_some { CLIENTS as u64 / 10 } else { slack };
        for (name, came) in [("moves", fate.moved), ("ends", fate.ended)] {
            let told = one[name].as_u64().unwrap();
            assert!(told.abs_diff(came) <= slack, "{what}: {came}, not {told} {name}: {one}");
        }
    }
}

#[test]
fn with_the_last_target_sessions_end_and_where_nothing_is_sticky_there_are_none() {
    let mut house = House::open(&[(COOKIE, ""), (HASH, ""), (COOKIE, "")]);
    house.come(20);
    house.wait_counted();
    for room in 0..2 {
        let path = |id| format!("/v1/target-groups/room-{room}/targets/{id}");
        for id in ["b", "c"] {
            house.ask("PATCH", &path(id), &json!({ "drain": true }));
        }
        let told = house.told("DELETE", &path("a"), &json!(null));
        let of_a = house.rooms[room].clients.iter().filter(|client| client.home == "a").count();
        assert_eq!((&told["moves"], &told["ends"]), (&json!(0), &json!(of_a)), "{room}: {told}");
    }
    let stickiness = "/v1/target-groups/room-2/stickiness";
    house.ask("PUT", stickiness, &json!({ "enabled": false }));
    let told = house.told("PUT", stickiness, &json!({ "cookie": "home" }));
    assert_eq!((&told["sessions"], &told["ends"]), (&json!(0), &json!(0)), "{told}");
}

#[test]
fn who_stayed_away_for_longer_than_a_new_duration_is_counted_before() {
    const EARLY: usize = 100;
    let away = Duration::from_millis(12_500);
    let shorter = |text: &str| json!({ "duration": text, "cookie": "home" });
    let rows = [
        (COOKIE, ", duration = \"1m\"", shorter("10s")),
        (ALB, ", duration = \"1m\"", json!({ "duration": "10s", "style": "alb" })),
        (HEADER, ", duration = \"1m\"", json!({ "type": "header", "duration": "10s" })),
        (
            LEARN,
            ", duration = \"1m\"",
            json!({ "type": "learn", "from": "cookie:SID", "duration": "10s" }),
        ),
        // What clients hold is written anew after a tenth of the duration, so that it can be older than their last visit by that much.
        (COOKIE, ", duration = \"1h\"", shorter("10s")),
        // When a session began is in its token only.
        (
            COOKIE,
            ", duration = \"1h\"",
            json!({ "duration": "1h", "cookie": "home", "absolute": "10s" }),
        ),
    ];
    let kinds: Vec<_> = rows.iter().map(|(kind, more, _)| (*kind, *more)).collect();
    let mut house = House::open(&kinds);
    house.come(2 * EARLY);
    Since::now().wait(away);
    for room in 0..rows.len() {
        house.come_again(room, EARLY);
    }
    for (room, (kind, more, body)) in rows.iter().enumerate() {
        let path = format!("/v1/target-groups/room-{room}/stickiness");
        let is_certain = more.contains("1m");
        let ends = if body["absolute"].is_null() { EARLY as u64 } else { 0 };
        // As soon as those who came again have been counted.
        let told = eventually(SOON, || {
            let told = house.told("PUT", &path, body);
            let is_near = told["ends"].as_u64().unwrap().abs_diff(ends) <= tolerance(2 * EARLY);
            is_near.then_some(told)
        });
        house.ask("PUT", &path, body);
        let fates = house.come_again(room, 0);
        let ended: u64 = fates.values().map(|fate| fate.ended).sum();
        let what = format!("{}{more} → {body}: {ended} ended, {told}", kind.stickiness);
        assert!(fates.values().all(|fate| fate.moved == 0), "{what}");
        if is_certain {
            assert_eq!(ended, EARLY as u64, "{what}");
        }
        let slack = tolerance(2 * EARLY);
        assert!(ended + slack >= told["ends"].as_u64().unwrap(), "{what}");
        assert!(ended <= told["ends_max"].as_u64().unwrap() + slack, "{what}");
    }
}
