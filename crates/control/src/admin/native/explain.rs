//! Explains requests and tokens on what is in force.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::{fault::Fault, wire};
use crate::{
    explain::{self, Asking, Question, Story},
    status::Enforced,
};

const KEYS: [&str; 6] = ["url", "method", "headers", "client", "listener", "token"];

/// Tells what would become of a request, or what a token says; of an empty object, what every group's stickiness comes to.
pub(super) fn explain(now: &Enforced, body: &[u8]) -> Result<Value, Fault> {
    let fields = wire::object(body)?;
    wire::only(&fields, &KEYS)?;
    if let Some(token) = wire::text(&fields, "token")? {
        let story = explain::token(token, &now.desired, &now.snapshot.ring, explain::now());
        return Ok(told(&story));
    }
    if fields.is_empty() {
        return Ok(json!({ "steps": [], "text": explain::configuration(&now.desired) }));
    }
    let headers = headers(fields.get("headers"))?;
    let url = wire::text(&fields, "url")?.unwrap_or("/");
    let asking = Asking { url, method: wire::text(&fields, "method")?, headers: &headers };
    let (head, https) = asking.head().map_err(|error| Fault::invalid(error.to_string()))?;
    let client = wire::text(&fields, "client")?.map(str::parse::<IpAddr>).transpose();
    let client = client.map_err(|_| Fault::invalid("client is an IP address"))?;
    let question = Question {
        listener: wire::text(&fields, "listener")?,
        head: &head,
        client: client.unwrap_or(Ipv4Addr::LOCALHOST.into()),
        https,
        known: None,
    };
    let story = explain::running(&now.snapshot, &question, explain::now());
    story.map(|story| told(&story)).map_err(|error| Fault::invalid(error.to_string()))
}

pub(super) fn told(story: &Story) -> Value {
    let steps = story.steps().map(|(about, text)| json!({ "about": about, "text": text }));
    json!({ "steps": steps.collect::<Value>(), "text": story.to_string() })
}

/// Fields as a list of lines, or as an object.
fn headers(value: Option<&Value>) -> Result<Vec<String>, Fault> {
    let wrong = || {
        Fault::invalid("headers is a list such as [\"Cookie: a=b\"], or { \"Cookie\": \"a=b\" }")
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(lines)) => {
            lines.iter().map(|line| line.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(Value::Object(fields)) => {
            let line = |(name, value): (&String, &Value)| {
                value.as_str().map(|value| format!("{name}: {value}")).ok_or_else(wrong)
            };
            fields.iter().map(line).collect()
        }
        Some(_) => Err(wrong()),
    }
}
