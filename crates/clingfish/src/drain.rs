//! `clingfish drain` and `clingfish undrain`.

use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    admin_client::{AdminClient, print_json},
    cli::{self, Output},
    clock,
};

/// How often a drain is looked at.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// Exit status where the deadline came first.
const TOO_LATE: u8 = 3;

/// What a target still has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    /// None where nothing stays.
    sessions: Option<u64>,
    active: Option<u64>,
    streams: u64,
    in_flight: u64,
}

/// Tells a target to take no new sessions, and waits until those that it has are gone, if that is wanted.
pub(crate) fn run(options: &cli::Drain) -> anyhow::Result<ExitCode> {
    let client = AdminClient::new(&options.admin.admin, &options.admin.api)?;
    let path = path(&options.target_group, &options.target);
    client.send("PATCH", &path, Some(&json!({ "drain": true })))?;
    let began = clock::now();
    let is_json = options.admin.api.output == Output::Json;
    let (first, mut shown) = (client.get(&path)?, None);
    let mut seen = first.clone();
    loop {
        let (rest, now) = (Rest::of(&seen), clock::now());
        if shown != Some(rest) {
            shown = Some(rest);
            let ending = rest.ending(Rest::of(&first), now - began);
            if is_json { print_json(&seen) } else { println!("{}", rest.line(ending)) }
        }
        if !options.wait || rest.is_over(options) {
            return Ok(ExitCode::SUCCESS);
        }
        if is_late(began, now, options.deadline) {
            eprintln!("clingfish: the deadline is over, and {} still has some", options.target);
            return Ok(TOO_LATE.into());
        }
        thread::sleep(LOOKS_EVERY);
        seen = client.get(&path)?;
    }
}

/// Lets a target have new sessions again.
pub(crate) fn undo(options: &cli::Undrain) -> anyhow::Result<ExitCode> {
    let client = AdminClient::new(&options.admin.admin, &options.admin.api)?;
    let path = path(&options.target_group, &options.target);
    let made = client.send("PATCH", &path, Some(&json!({ "drain": false })))?;
    if options.admin.api.output == Output::Json {
        print_json(&made);
    } else {
        println!("{}", undone(&options.target, &client.get(&path)?));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a target does that nobody drains any more but, it may be, itself.
fn undone(id: &str, target: &Value) -> String {
    if target.get("drain_announced").and_then(Value::as_bool) == Some(true) {
        return format!("{id} still takes no new sessions: its health check announces a drain");
    }
    format!("{id} takes new sessions")
}

fn is_late(began: Instant, now: Instant, deadline: Option<Duration>) -> bool {
    deadline.is_some_and(|deadline| now.saturating_duration_since(began) >= deadline)
}

fn path(group: &str, target: &str) -> String {
    let escape = |text: &str| {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~:@".contains(&c);
        let one = |c| if plain(c) { char::from(c).to_string() } else { format!("%{c:02X}") };
        text.bytes().map(one).collect::<String>()
    };
    format!("/v1/target-groups/{}/targets/{}", escape(group), escape(target))
}

impl Rest {
    fn of(target: &Value) -> Self {
        let count = |key| target.get(key).and_then(Value::as_u64);
        Self {
            sessions: count("sessions"),
            active: count("active_sessions"),
            streams: count("open_streams").unwrap_or_default(),
            in_flight: count("in_flight").unwrap_or_default(),
        }
    }

    /// Whether as few are left as are wanted, and nothing runs.
    fn is_over(self, options: &cli::Drain) -> bool {
        let left = if options.active { self.active } else { self.sessions };
        left.unwrap_or_default() <= options.until_sessions && self.in_flight == 0
    }

    /// How long it still takes, if sessions go on leaving as they did.
    fn ending(self, first: Self, took: Duration) -> Option<Duration> {
        let (now, then) = (self.sessions?, first.sessions?);
        let left = then.checked_sub(now).filter(|left| *left > 0)?;
        Some(took.mul_f64(now as f64 / left as f64))
    }

    fn line(self, ending: Option<Duration>) -> String {
        let mut parts = Vec::new();
        if let (Some(sessions), Some(active)) = (self.sessions, self.active) {
            parts.push(format!(
                "{sessions} live sessions, {active} of them active in the last 5 minutes"
            ));
        }
        parts.push(format!("{} open streams", self.streams));
        parts.push(format!("{} requests in flight", self.in_flight));
        if let Some(ending) = ending.filter(|_| self.sessions != Some(0)) {
            parts.push(format!("over in about {} s at this rate", ending.as_secs()));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(sessions: u64) -> Rest {
        Rest { sessions: Some(sessions), active: Some(sessions / 2), streams: 0, in_flight: 0 }
    }

    #[test]
    fn the_end_is_expected_by_how_sessions_left_so_far() {
        let minute = Duration::from_secs(60);
        for (now, expected) in [(100, None), (75, Some(minute * 3)), (0, Some(Duration::ZERO))] {
            assert_eq!(rest(now).ending(rest(100), minute), expected, "{now} of 100");
        }
        assert_eq!(rest(120).ending(rest(100), minute), None, "more than before");
    }

    #[test]
    fn a_drain_that_the_target_announces_itself_is_not_taken_back_by_others() {
        for (target, expected) in [
            (json!({ "drain_announced": false }), "a takes new sessions"),
            (
                json!({ "drain_announced": true }),
                "a still takes no new sessions: its health check announces a drain",
            ),
        ] {
            assert_eq!(undone("a", &target), expected, "{target}");
        }
    }

    #[test]
    fn a_path_is_escaped() {
        assert_eq!(path("web", "a/b c"), "/v1/target-groups/web/targets/a%2Fb%20c");
        assert_eq!(path("web", "10.0.0.1:3000"), "/v1/target-groups/web/targets/10.0.0.1:3000");
    }
}
