//! Configurations that change while clients are there.

mod listeners;
mod load;
mod refused;
mod targets;

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, targets, web},
};

fn counter(clingfish: &Clingfish, name: &str) -> f64 {
    clingfish.metrics().value(name, &[]).unwrap_or_else(|| panic!("there is {name}"))
}

#[test]
fn turns_and_counters_go_on_across_reloads() {
    let apps: Vec<Target> = ["a", "b", "c"].into_iter().map(Target::start).collect();
    let ids = ["a", "b", "c"];
    let named: Vec<(&str, &Target)> = ids.into_iter().zip(&apps).collect();
    let base = web(&format!("{}\nhealth_check = false", targets(&named)));
    let clingfish = Clingfish::start(&base);
    let address = clingfish.listener("web");
    let served: Vec<String> = (0..9)
        .map(|round| {
            if round > 0 {
                clingfish.reload_with(&format!(
                    "{base}\n[target_groups.other{round}]\ntargets = [\"127.0.0.1:9\"]\n"
                ));
            }
            RawClient::get(address, "/").unwrap().target().to_owned()
        })
        .collect();
    let (first, rest) = served.split_at(3);
    assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{served:?}");
    assert!(rest.chunks(3).all(|turns| turns == first), "the turn is kept: {served:?}");
    eventually(SOON, || {
        let metrics = clingfish.metrics();
        let all = metrics.sum("clingfish_target_group_requests_total", &[("target_group", "web")]);
        (all == 9.0).then_some(())
    });
    let metrics = clingfish.metrics();
    for id in ids {
        let labels = [("target_group", "web"), ("target", id)];
        assert_eq!(metrics.value("clingfish_target_requests_total", &labels), Some(3.0), "{id}");
    }
    assert_eq!(metrics.value("clingfish_requests_total", &[]), Some(9.0));
}

#[test]
fn stickiness_is_switched_for_the_very_next_request() {
    let (a, b) = (Target::start("a"), Target::start("b"));
    let group = targets(&[("a", &a), ("b", &b)]);
    let [off, on] = ["false", "true"]
        .map(|value| web(&format!("{group}\nhealth_check = false\nstickiness = {value}")));
    let clingfish = Clingfish::start(&off);
    let mut browser = Browser::open(clingfish.listener("web"));
    let answer = browser.get("/").unwrap();
    assert_eq!((answer.verdict(), answer.home_cookie()), ("off", None));

    clingfish.reload_with(&on);
    let answer = browser.get("/").unwrap();
    assert_eq!(answer.verdict(), "new");
    let home = answer.target().to_owned();
    assert!(answer.home_cookie().is_some());

    clingfish.reload_with(&off);
    let served: Vec<String> = (0..2)
        .map(|_| {
            let answer = browser.get("/").unwrap();
            assert_eq!((answer.verdict(), answer.home_cookie()), ("off", None));
            answer.target().to_owned()
        })
        .collect();
    assert_ne!(served[0], served[1], "both serve");

    clingfish.reload_with(&on);
    for _ in 0..4 {
        let answer = browser.get("/").unwrap();
        assert_eq!((answer.verdict(), answer.target()), ("hit", home.as_str()), "it comes home");
    }
}
