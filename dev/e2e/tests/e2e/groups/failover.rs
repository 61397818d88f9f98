//! What becomes of sessions whose group serves nobody.

use clingfish_testkit::{Clingfish, RawClient, eventually};

use super::{Stage, group_verdict};
use crate::support::{SOON, Seen, mirror, targets};

fn listener(failover: bool) -> String {
    format!("forward = {{ blue = 1, green = 1 }}\ngroup_stickiness = {{ failover = {failover} }}")
}

fn stop(stage: &Stage, group: &str) {
    stage.targets.iter().filter(|(name, _)| name.starts_with(group)).for_each(|(_, at)| at.stop());
}

#[test]
fn without_failover_a_session_waits_for_its_group_as_at_an_alb() {
    let stage = Stage::new(&listener(false));
    let mut client = stage.newcomer_of("blue");
    stop(&stage, "blue");
    let before = stage.targets["green-1"].count() + stage.targets["green-2"].count();
    for _ in 0..20 {
        let response = client.visit(&stage, "/");
        assert_eq!((response.status, group_verdict(&response)), (502, "hit"));
        assert_eq!(response.header("set-cookie"), None);
    }
    let after = stage.targets["green-1"].count() + stage.targets["green-2"].count();
    assert_eq!(after, before, "the other group is not bothered");
    stage.targets.values().for_each(|target| target.resume());
    let response = eventually(SOON, || Some(client.visit(&stage, "/")).filter(|r| r.status == 200));
    assert_eq!((group_verdict(&response), response.target()), ("hit", &*client.target));
}

#[test]
fn with_failover_a_session_moves_and_stays_where_it_moved() {
    let stage = Stage::new(&listener(true));
    let mut client = stage.newcomer_of("blue");
    stop(&stage, "blue");
    let moved = eventually(SOON, || {
        let response = client.visit(&stage, "/");
        match response.status {
            200 => Some(response),
            status => {
                // Nobody knows yet that they are down.
                assert_eq!((status, group_verdict(&response)), (502, "hit"));
                None
            }
        }
    });
    assert_eq!(group_verdict(&moved), "target_unhealthy");
    assert!(moved.target().starts_with("green"));
    let home = moved.target().to_owned();
    for _ in 0..10 {
        assert!(stage.newcomer().group() == "green", "new sessions go where they are served");
    }
    stage.targets.values().for_each(|target| target.resume());
    for _ in 0..10 {
        let response = client.visit(&stage, "/");
        assert_eq!((group_verdict(&response), response.target()), ("hit", &*home));
    }
}

#[test]
fn a_session_of_a_group_that_has_lost_its_targets_gets_503_or_another_group() {
    let (a, b) = (mirror("a"), mirror("b"));
    let config = |failover: bool, of_a: &str| {
        format!(
            "[load_balancers.default]\ndebug_header = true\n[[listeners]]\nname = \"web\"\n\
             bind = \"127.0.0.1:0\"\nforward = {{ a = 1, b = 1 }}\n\
             group_stickiness = {{ failover = {failover}, cookie = \"release\" }}\n\
             [target_groups.a]\nhealth_check = false\n{of_a}\n\
             [target_groups.b]\nhealth_check = false\n{}\n",
            targets(&[("b", &b)])
        )
    };
    let clingfish = Clingfish::start(&config(false, &targets(&[("a", &a)])));
    let get = |lines: &[&str]| RawClient::get_with(clingfish.listener("web"), "/", lines).unwrap();
    let of_a = std::iter::repeat_with(|| get(&[])).take(200).find(|r| r.target() == "a").unwrap();
    let pair = of_a.header("set-cookie").unwrap().split(';').next().unwrap();
    let cookie = format!("Cookie: {pair}");
    clingfish.reload_with(&config(false, ""));
    for _ in 0..5 {
        let response = get(&[&cookie]);
        let seen = (response.status, group_verdict(&response), response.header("set-cookie"));
        assert_eq!(seen, (503, "hit", None));
    }
    clingfish.reload_with(&config(true, ""));
    let response = get(&[&cookie]);
    assert_eq!((group_verdict(&response), response.target()), ("target_unhealthy", "b"));
    assert!(response.header("set-cookie").unwrap().starts_with("release="));
}
