//! Streamlit in Chromium: the session is a WebSocket's, and files come beside it by PUT.

use clingfish_testkit::{python, python_command};
use serde_json::{Value, json};

use super::{Bed, Instance, NONE, example, stickiness_of};

fn page(name: &str) -> Instance {
    let python = python_command();
    let mut command = std::process::Command::new(example("streamlit/start.sh"));
    command.args(["0", name]).env("PYTHON", python.get_program()).env("PYTHONUNBUFFERED", "1");
    Instance::program(&mut command, "Uvicorn server started on 127.0.0.1:")
}

/// So many people open the page one after the other, click three times and hand over a file.
#[track_caller]
fn use_it(bed: &Bed, people: &str) -> Value {
    let script = concat!(
        include_str!("../../../scripts/chromium.py"),
        include_str!("../../../scripts/apps/streamlit_page.py")
    );
    serde_json::from_str(&python(script, &[&bed.url(), people])).expect("it tells JSON")
}

#[test]
fn chromiums_clicks_and_files_reach_the_instance_that_has_the_session() {
    let bed = Bed::start(page, &stickiness_of("streamlit"));
    let outcome = use_it(&bed, "3");
    assert_eq!(outcome["failures"], json!([]));
    let homes = outcome["homes"].as_object().expect("a table");
    assert_eq!(homes.values().filter_map(Value::as_u64).sum::<u64>(), 3, "{homes:?}");
}

/// The counter-test.
#[test]
fn without_stickiness_files_are_refused_by_other_instances() {
    let outcome = use_it(&Bed::start(page, NONE), "3");
    let failures = outcome["failures"].as_array().expect("a list");
    let refused =
        failures.iter().filter(|failure| failure.as_str().is_some_and(|text| text.contains("400")));
    assert!(refused.count() > 0, "{outcome}");
}
