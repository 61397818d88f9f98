//! The last hour of a group and its targets, as the API tells it, against what clients know.

use std::{collections::BTreeMap, time::Duration};

use clingfish_testkit::{Clingfish, RawClient, Response, eventually};
use serde_json::Value;

use crate::support::{Seen as _, mirror, targets, web};

/// Slices take ten seconds each, and one is the first of which it is known how long it was.
const SLICES: Duration = Duration::from_secs(45);

fn ask(clingfish: &Clingfish, lines: &[&str]) -> Response {
    RawClient::get_with(clingfish.listener("web"), "/", lines).unwrap()
}

fn course(clingfish: &Clingfish, of: &str) -> Value {
    let path = format!("/v1/target-groups/web{of}");
    let answer = RawClient::get(clingfish.admin(), &path).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn slices(course: &Value) -> impl Iterator<Item = &Value> {
    course["slices"].as_array().unwrap().iter()
}

/// What all slices of a course have of something together.
fn sum(course: &Value, pointer: &str) -> u64 {
    slices(course).filter_map(|slice| slice.pointer(pointer)?.as_u64()).sum()
}

/// What clients saw of one target.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    verdicts: BTreeMap<String, u64>,
    responses_4xx: u64,
    responses_5xx: u64,
}

impl Seen {
    fn note(&mut self, answer: &Response) {
        *self.verdicts.entry(answer.verdict().to_owned()).or_default() += 1;
        self.responses_4xx += u64::from((400..500).contains(&answer.status));
        self.responses_5xx += u64::from(answer.status >= 500);
    }

    /// The same, as a course tells it.
    fn told(course: &Value) -> Self {
        let mut verdicts = BTreeMap::new();
        for told in slices(course).filter_map(|slice| slice["verdicts"].as_object()) {
            for (verdict, count) in told {
                *verdicts.entry(verdict.clone()).or_default() += count.as_u64().unwrap();
            }
        }
        let sum = |field| sum(course, field);
        let (responses_4xx, responses_5xx) = (sum("/responses_4xx"), sum("/responses_5xx"));
        Self { verdicts, responses_4xx, responses_5xx }
    }
}

#[test]
fn an_hour_of_each_target_has_what_its_clients_saw() {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = targets(&[("a", &a), ("b", &b)]);
    let checks = r#"health_check = { interval = "1s", timeout = "500ms", healthy_threshold = 2 }"#;
    let clingfish = Clingfish::start(&web(&format!("{group}\n{checks}\nstickiness = true")));
    eventually(SLICES, || course(&clingfish, "/targets/a/history")["from"].as_str().map(drop));
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut note = |answer: &Response| {
        seen.entry(answer.target().to_owned()).or_default().note(answer);
    };
    for nth in 0..12 {
        let first = ask(&clingfish, &[]);
        let cookie = format!("Cookie: {}", first.home_cookie().unwrap());
        note(&first);
        (0..nth % 4).for_each(|_| note(&ask(&clingfish, &[&cookie])));
        note(&ask(&clingfish, &[&cookie, "Answer-Status: 404"]));
        if nth % 3 == 0 {
            note(&ask(&clingfish, &[&cookie, "Answer-Status: 500"]));
        }
        let name = cookie.split_once('=').unwrap().0;
        note(&ask(&clingfish, &[&format!("{name}=forged")]));
    }
    assert_eq!(seen.len(), 2, "both have some");
    for (target, seen) in &seen {
        let path = format!("/targets/{target}/history");
        let course = eventually(SLICES, || {
            let course = course(&clingfish, &path);
            let requests = seen.verdicts.values().sum::<u64>();
            (sum(&course, "/requests") >= requests).then_some(course)
        });
        assert_eq!(Seen::told(&course), *seen, "{target}");
        let requests: u64 = seen.verdicts.values().sum();
        for times in ["/duration/count", "/target_response/count"] {
            assert_eq!(sum(&course, times), requests, "{target} {times}");
        }
        let live = slices(&course).last().unwrap()["sessions"].as_u64().unwrap();
        assert!(live > 0, "{target} has sessions");
        for (verdict, count) in &seen.verdicts {
            let labels = [("target_group", "web"), ("target", target), ("verdict", verdict)];
            let counted = clingfish.metrics().value("clingfish_target_verdicts_total", &labels);
            assert_eq!(counted, Some(*count as f64), "{target} {verdict}");
        }
    }
    let whole = course(&clingfish, "/history?targets=5");
    let all = |pick: fn(&Seen) -> u64| seen.values().map(pick).sum::<u64>();
    assert_eq!(sum(&whole, "/requests"), all(|seen| seen.verdicts.values().sum()));
    assert_eq!(sum(&whole, "/responses_4xx"), all(|seen| seen.responses_4xx));
    let busy = slices(&whole).find(|slice| slice["requests"] != 0).unwrap();
    assert_eq!((&busy["health"]["targets"], &busy["health"]["healthy"]), (&2.into(), &2.into()));
    let balance = busy["balance"]["sessions"].as_f64().unwrap();
    assert!((1.0..=2.0).contains(&balance), "{busy}");
    for column in whole["targets"].as_array().unwrap() {
        let told: u64 =
            column["requests"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
        let seen: u64 = seen[column["id"].as_str().unwrap()].verdicts.values().sum();
        assert_eq!(seen, told, "{column}");
    }
}

#[test]
fn an_hour_tells_who_was_out() {
    let (a, b) = (mirror("a"), mirror("b"));
    let group = targets(&[("a", &a), ("b", &b)]);
    let checks = r#"health_check = { interval = "1s", timeout = "500ms" }"#;
    let clingfish = Clingfish::start(&web(&format!("{group}\n{checks}")));
    b.stop();
    let slice = eventually(SLICES, || {
        let course = course(&clingfish, "/history");
        slices(&course).find(|slice| slice["health"]["unhealthy"] == 1).cloned()
    });
    assert_eq!((&slice["health"]["targets"], &slice["health"]["routable"]), (&2.into(), &1.into()));
    let of = |target: &str| course(&clingfish, &format!("/targets/{target}/history"));
    let b_out = of("b");
    let last = slices(&b_out).last().unwrap();
    assert_eq!(last["state"], "unhealthy");
    assert!(last["out_permille"].as_u64().unwrap() > 0, "{last}");
    assert_eq!(sum(&of("a"), "/out_permille"), 0, "the other was never out");
}
