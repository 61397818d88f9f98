//! Real applications that keep sessions in memory, as `examples/` has them, and their real clients.

mod express;
mod flask;
mod jsessionid;
mod mcp;
mod php;
mod signalr;
mod socketio;
mod streamlit;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
    thread,
};

use clingfish_testkit::{Background, Clingfish};
use serde_json::{Value, json};

use crate::support::root;

/// The names of three instances.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Without stickiness: what every application's counter-test has.
const NONE: &str = "false";

const LISTENER: &str = r#"
[[listeners]]
name = "web"
bind = "127.0.0.1:0"
forward = "web"
"#;

/// Instances of an application, and a Clingfish with two workers before them.
struct Bed {
    clingfish: Clingfish,
    instances: Vec<Instance>,
}

/// A running instance of an application.
struct Instance {
    address: SocketAddr,
    _process: Background,
}

impl Instance {
    /// A script of `examples/` that takes a port and a name, and says where it listens.
    #[track_caller]
    fn script(path: &str, name: &str) -> Self {
        let process = Background::file(&example(path), &["0", name]);
        Self { address: process.address(), _process: process }
    }

    /// A program that names its port on standard error, behind `before`.
    #[track_caller]
    fn program(command: &mut Command, before: &str) -> Self {
        let process = Background::start(command);
        let line = process.wait_error(before);
        let (_, after) = line.split_once(before).expect("the line has it");
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        let port = digits.parse().unwrap_or_else(|_| panic!("no port in {line:?}"));
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), _process: process }
    }
}

impl Bed {
    /// Starts three instances, which say where they listen, and this stickiness before them.
    #[track_caller]
    fn start(application: impl Fn(&str) -> Instance + Sync, stickiness: &str) -> Self {
        Self::behind(LISTENER, application, stickiness)
    }

    /// The same behind these listeners, which forward to `web`.
    #[track_caller]
    fn behind(
        listeners: &str,
        application: impl Fn(&str) -> Instance + Sync,
        stickiness: &str,
    ) -> Self {
        let instances = started(application);
        let clingfish = Clingfish::start(&configuration(listeners, &instances, stickiness));
        Self { clingfish, instances }
    }

    /// Another Clingfish before the same instances, for those that are slow to start.
    #[track_caller]
    fn with(self, stickiness: &str) -> Self {
        let clingfish = Clingfish::start(&configuration(LISTENER, &self.instances, stickiness));
        Self { clingfish, ..self }
    }

    /// Where clients go.
    #[track_caller]
    fn url(&self) -> String {
        format!("http://{}", self.clingfish.listener("web"))
    }
}

/// One of each name. They start at once: some take their time.
#[track_caller]
fn started(application: impl Fn(&str) -> Instance + Sync) -> Vec<Instance> {
    let application = &application;
    thread::scope(|scope| {
        let starts = NAMES.map(|name| scope.spawn(move || application(name)));
        starts.into_iter().map(|start| start.join().expect("it starts")).collect()
    })
}

/// A group `web` with these instances, after these lines.
fn configuration(listeners: &str, instances: &[Instance], stickiness: &str) -> String {
    let targets =
        NAMES.iter().zip(instances).fold(String::new(), |mut targets, (name, instance)| {
            let address = instance.address;
            let _ = write!(targets, "{{ id = \"{name}\", address = \"{address}\" }}, ");
            targets
        });
    format!(
        "[server]\nworkers = 2\n\n{listeners}\n\n[target_groups.web]\ntargets = [{targets}]\n\
         health_check = false\nstickiness = {stickiness}\n"
    )
}

/// A file of `examples/`.
fn example(path: &str) -> PathBuf {
    root().join("examples").join(path)
}

/// The stickiness that the example of that name has.
#[track_caller]
fn stickiness_of(name: &str) -> String {
    let file = example(name).join("clingfish.toml");
    let text = fs::read_to_string(&file).expect("there is an example");
    let value = text.lines().find_map(|line| line.strip_prefix("stickiness = "));
    value.unwrap_or_else(|| panic!("no stickiness in {}", file.display())).to_owned()
}

/// A cookie of ours that follows the application's of that name.
fn following(cookie: &str) -> String {
    format!("{{ type = \"app_cookie\", app_cookie = \"{cookie}\" }}")
}

/// Runs a client of `scripts/apps` to its end and reads what it tells.
#[track_caller]
fn client(script: &str, args: &[&str]) -> Value {
    let said = Background::file(&root().join("dev/e2e/scripts/apps").join(script), args).finish();
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Checks that so many sessions lived undisturbed, on every instance about as many.
#[track_caller]
fn assert_shared_evenly(homes: &Value, sessions: u64) {
    let homes: BTreeMap<String, u64> =
        serde_json::from_value(homes.clone()).unwrap_or_else(|error| panic!("{error}: {homes}"));
    assert_eq!(homes.values().sum::<u64>(), sessions, "{homes:?}");
    let expected = sessions / NAMES.len() as u64;
    // Two workers take turns each for itself.
    let is_even = homes.values().all(|count| count.abs_diff(expected) <= expected / 2 + 1);
    assert!(homes.len() == NAMES.len() && is_even, "{homes:?}");
}

/// Thirty visitors at once, each of whom comes six times and keeps these cookies: `all`, `none`, or the one of that name.
#[track_caller]
fn visit(bed: &Bed, cookies: &str) -> Value {
    client("counter.py", &[&bed.url(), cookies, "30", "6"])
}

/// Every visit was counted by the instance that counted the first.
#[track_caller]
fn assert_all_counted(outcome: &Value) {
    assert_eq!((&outcome["lost"], &outcome["other"]), (&json!(0), &json!([])), "{outcome}");
    assert_shared_evenly(&outcome["homes"], 30);
}

/// The counter-test: nobody gets six visits together where each goes anywhere.
#[track_caller]
fn assert_lost(outcome: &Value) {
    let lost = outcome["lost"].as_u64().unwrap_or_default();
    assert!(lost > 20 && outcome["other"] == json!([]), "{outcome}");
}
