//! Targets that die, hang, lie and come back.

mod answers;
mod checks;
mod drains;
mod homes;
mod outages;
mod reach;
mod retries;

use clingfish_testkit::{Clingfish, eventually};

use crate::support::SOON;

/// Fast checks on a path of their own.
const CHECKS: &str = r#"health_check = { path = "/health", interval = "200ms", timeout = "100ms", healthy_threshold = 3, unhealthy_threshold = 2 }"#;

/// State and reason of a target by `/metrics`.
fn state(clingfish: &Clingfish, target: &str) -> (String, String) {
    let metrics = clingfish.metrics();
    let info = metrics.samples().iter().find(|sample| {
        sample.name == "clingfish_target_state_info" && sample.label("target") == Some(target)
    });
    let info = info.unwrap_or_else(|| panic!("no target {target}"));
    let label = |key| info.label(key).unwrap_or_default().to_owned();
    (label("state"), label("reason"))
}

#[track_caller]
fn wait_state(clingfish: &Clingfish, target: &str, wanted: &str) {
    eventually(SOON, || (state(clingfish, target).0 == wanted).then_some(()));
}
