//! `clingfish check` before real balancers, of which some are broken on purpose: the right verdict about each promise.

use std::{collections::BTreeMap, net::SocketAddr, process::Command};

use clingfish_testkit::{Background, Finished, Target, binary, run};
use serde_json::Value;

mod admin;
mod app;
mod envoy;
mod haproxy;
mod nginx;
mod ours;
mod reports;

/// What a check came to.
struct Checked {
    finished: Finished,
    report: Value,
}

/// Checks what is behind that address, in a hurry, with more arguments.
#[track_caller]
fn check(address: SocketAddr, more: &[&str]) -> Checked {
    check_url(&format!("http://{address}/"), more)
}

#[track_caller]
fn check_url(url: &str, more: &[&str]) -> Checked {
    let args = ["check", url, "--output", "json", "--rate", "500", "--quiet"];
    let finished = run(&[&args, more].concat());
    let report = serde_json::from_str(&finished.stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    Checked { finished, report }
}

/// Checks what becomes of clients while these targets are absent, and returns the table. Ends well whatever it finds.
#[track_caller]
fn check_while_down(address: SocketAddr, targets: &[&Target], more: &[&str]) -> String {
    let url = format!("http://{address}/");
    let mut command = Command::new(binary());
    command.args(["check", &url, "--rate", "500", "--while-down", "--only", "target-absent"]);
    let mut checking =
        Background::start(command.args(["--allow", "target-absent", "--grace", "2"]).args(more));
    checking.wait_error("Stop one target now");
    targets.iter().for_each(|target| target.stop());
    checking.tell("");
    checking.wait_error("Start it again");
    targets.iter().for_each(|target| target.resume());
    checking.tell("");
    checking.finish()
}

impl Checked {
    /// Lines such as `kept comes-home new-connection`: the outcome of each of these promises.
    #[track_caller]
    fn expect(&self, balancer: &str, verdicts: &[&str]) {
        let told = format!("{:#}", self.report);
        assert_eq!(self.report["balancer"], balancer, "{told}");
        let outcomes = self.outcomes();
        for line in verdicts {
            let (outcome, promises) = line.split_once(' ').expect("outcome, then promises");
            for promise in promises.split(' ') {
                let found = outcomes.get(promise).map(String::as_str);
                assert_eq!(found, Some(outcome), "{balancer}: {promise}\n{told}");
            }
        }
        let is_broken = outcomes.values().any(|outcome| outcome == "broken");
        assert_eq!(self.finished.status, i32::from(is_broken), "{told}");
    }

    fn outcomes(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let promises = self.report["promises"].as_array().expect("there are promises");
        promises.iter().map(|entry| (text(&entry["promise"]), text(&entry["outcome"]))).collect()
    }

    /// The evidence of that promise, in one text.
    #[track_caller]
    fn evidence(&self, promise: &str) -> String {
        let promises = self.report["promises"].as_array().expect("there are promises");
        let entry = promises.iter().find(|entry| entry["promise"] == promise);
        format!("{:#}", entry.expect("it was checked")["evidence"])
    }
}
