//! `type = "route"`: the application writes its target's id into its own.

use super::{Cast, ask, sid};
use crate::support::{Seen, web};
use clingfish_testkit::Clingfish;

const ROUTE: &str = r#"{ type = "route", in = ["cookie:SID", "path_parameter:sid"] }"#;

#[test]
fn an_id_that_names_its_target_goes_there() {
    let cast = Cast::new(ROUTE);
    let clingfish = Clingfish::start(&web(&cast.group));
    for _ in 0..6 {
        let first = ask(&clingfish, "GET", "/login", &[]);
        assert_eq!(first.verdict(), "new");
        let id = sid(&first);
        for _ in 0..3 {
            let again = ask(&clingfish, "GET", "/page", &[&format!("Cookie: SID={id}")]);
            assert_eq!(
                (again.status, again.verdict(), again.target()),
                (200, "hit", first.target())
            );
            let again = ask(&clingfish, "GET", &format!("/cart;sid={id}?x"), &[]);
            assert_eq!((again.verdict(), again.target()), ("hit", first.target()));
        }
    }
    // A restart changes nothing, and neither would another balancer.
    drop(clingfish);
    let again = Clingfish::start(&web(&cast.group));
    for home in ["a", "b", "c", "b"] {
        let answer = ask(&again, "GET", "/", &[&format!("Cookie: SID=x.{home}")]);
        assert_eq!((answer.verdict(), answer.target()), ("hit", home));
    }
}

#[test]
fn an_id_without_a_target_is_placed_and_says_why() {
    let cast = Cast::new(ROUTE);
    let clingfish = Clingfish::start(&web(&cast.group));
    for (id, verdict) in [
        ("x", "unknown_session"),
        ("x.", "unknown_session"),
        ("x.gone", "target_gone"),
        ("x.a", "hit"),
        ("x.gone.b", "hit"),
        ("x.c-61893", "hit"),
    ] {
        let answer = ask(&clingfish, "GET", "/", &[&format!("Cookie: SID={id}")]);
        assert_eq!((answer.status, answer.verdict()), (200, verdict), "{id}");
    }
}

#[test]
fn another_target_takes_over_while_the_named_one_is_away() {
    let cast = Cast::new(ROUTE);
    let clingfish = Clingfish::start(&web(&cast.group));
    cast.target("b").stop();
    let answer = ask(&clingfish, "GET", "/", &["Cookie: SID=x.b"]);
    assert_eq!((answer.status, answer.verdict()), (200, "detour"));
    cast.target("b").resume();
    let answer = ask(&clingfish, "GET", "/", &["Cookie: SID=x.b"]);
    assert_eq!((answer.verdict(), answer.target()), ("hit", "b"));
}
