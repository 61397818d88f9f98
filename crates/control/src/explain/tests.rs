use clingfish_affinity::{KeyId, Policy, Secret, SessionId, Token};
use clingfish_model::GroupHash;

use super::*;

const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

const FILE: &str = r#"
    [[listeners]]
    bind = "127.0.0.1:8080"
    name = "web"
    forward = "web"

    [[listeners.rules]]
    priority = 10
    conditions = { path-pattern = "/api/*" }
    forward = "api"

    [target_groups.web]
    targets = [{ id = "a", address = "10.0.0.1:80" }, { id = "b", address = "10.0.0.2:80" }]
    stickiness = { duration = "1h", cookie = "home" }

    [target_groups.api]
    targets = ["10.0.0.3:80"]
    stickiness = { type = "header" }
"#;

fn state(text: &str) -> DesiredState {
    clingfish_config::parse(text).unwrap().0
}

fn ring() -> Arc<KeyRing> {
    Arc::new(KeyRing::first(Secret::new([7; 32]), KeyId::new(1).unwrap(), UnixMillis(0)))
}

/// A token for target b that was sealed so many seconds ago.
fn sealed(state: &DesiredState, age_secs: u64) -> String {
    let group = state.target_groups.iter().find(|group| group.name.as_str() == "web").unwrap();
    let clingfish_model::Stickiness::LbCookie(cookie) = &group.stickiness else { panic!() };
    let at = UnixMillis(NOW.0 - age_secs * 1000);
    let token = Token {
        target: group.targets[1].hash(),
        group: GroupHash::of(&group.name),
        session: SessionId([0xab; 8]),
        issued: at,
        last_seen: at,
        generation: 0,
        flags: 0,
    };
    let sealed = Policy::new(cookie, group.hash()).seal(&token, &ring(), [1; 24], NOW);
    String::from_utf8(sealed.as_bytes().to_vec()).unwrap()
}

fn ask(head: &str) -> String {
    let question = Question {
        listener: None,
        head: head.as_bytes(),
        client: "192.0.2.9".parse().unwrap(),
        https: false,
        known: None,
    };
    request(&state(FILE), &ring(), &question, NOW).unwrap().to_string()
}

#[test]
fn a_request_is_followed_from_its_rule_to_its_cookie() {
    let token = sealed(&state(FILE), 720);
    let told =
        ask(&format!("GET /cart HTTP/1.1\r\nHost: shop.example\r\nCookie: home={token}\r\n\r\n"));
    for part in [
        "request    GET http://shop.example/cart from 192.0.2.9\n",
        "listener   web (127.0.0.1:8080)\n",
        "rule       none: the default action\n",
        "group      web\n",
        "read       a token of ours: home b, session abababababababab, sealed 2025-11-29T15:09:44.000Z, 12m ago\n",
        "limits     its age of 12m is within the idle limit of 1h 6m\n",
        "judge      hit: the client goes home\n",
        "place      b (10.0.0.2:80)\n",
        "answer     Set-Cookie: home=…; Max-Age=3960; Expires=",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains(&token), "{told}");
}

#[test]
fn what_speaks_against_a_cookie_is_told() {
    for (cookie, part) in [
        (sealed(&state(FILE), 7200), "judge      expired_idle: "),
        ("AQAB".repeat(31), "judge      forged: "),
        (sealed(&state(FILE), 1).replacen("AQAB", "AQAC", 1), "judge      unknown_key: "),
    ] {
        let told = ask(&format!("GET / HTTP/1.1\r\nHost: a\r\nCookie: home={cookie}\r\n\r\n"));
        assert!(told.contains(part), "{part}\n{told}");
    }
    let told = ask("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
    for part in [
        "rule       the one of priority 10\n",
        "group      api\n",
        "judge      new: ",
        "answer     Clingfish-Session: …\n",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn a_token_is_taken_apart() {
    let state = state(FILE);
    let told = token(&sealed(&state, 61), &state, &ring(), NOW).to_string();
    let expected = "token      opens; of a cookie in clingfish style\n\
         sealed by  the key that seals now\n\
         group      web\n\
         home       b (10.0.0.2:80)\n\
         session    abababababababab\n\
         began      2025-11-29T15:20:43.000Z, 1m 1s ago\n\
         last seen  2025-11-29T15:20:43.000Z, 1m 1s ago\n";
    assert_eq!(told, expected);
    assert!(token("AQAB", &state, &ring(), NOW).to_string().starts_with("token      no token: "));
    let other = sealed(&state, 61).replacen("AQAB", "AQAC", 1);
    assert!(
        token(&other, &state, &ring(), NOW)
            .to_string()
            .starts_with("token      its key is not in this ring")
    );
}

#[test]
fn every_derived_value_of_a_group_is_told() {
    let told = configuration(&state(FILE));
    for part in [
        "[target_groups.web]\n",
        "home, and on https home_x for other sites\n",
        "1h 6m since the token was sealed\n",
        "from 6m on\n",
        "[target_groups.api]\n",
        "Clingfish-Session, both ways\n",
        "clingfish_session, in requests\n",
        "1d 2h since the token was sealed\n",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn what_is_no_request_is_an_error() {
    let ask = |listener, head: &str| {
        let question = Question {
            listener,
            head: head.as_bytes(),
            client: "192.0.2.9".parse().unwrap(),
            https: false,
            known: None,
        };
        request(&state(FILE), &ring(), &question, NOW)
    };
    assert!(matches!(ask(None, "GET\r\n\r\n"), Err(ExplainError::Head(_))));
    assert_eq!(ask(None, "GET / HTTP/1.1\r\n"), Err(ExplainError::Incomplete));
    let names = vec!["web".to_owned()];
    let wrong = ask(Some("other"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(wrong, Err(ExplainError::WhichListener { names }));
}
