//! Between JSON and what the file says.

use clingfish_affinity::rfc3339;
use clingfish_model::{Setting, UnixMillis};
use serde_json::{Map, Value};

use super::fault::Fault;

/// How deep lists and tables of a setting may be nested; none of the file's goes further.
const DEPTH_MAX: usize = 8;

/// The object that a body must be.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Fault::bad_request("the body is not a JSON object: write { … }")),
        Err(error) => Err(Fault::bad_request(format!("the body is not JSON: {error}"))),
    }
}

/// Refuses what is not among `known`.
pub(super) fn only(fields: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => {
            Err(Fault::invalid(format!("unknown key {key:?}: there are {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

/// A text, if it is there.
pub(super) fn text<'a>(
    fields: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a str>, Fault> {
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::invalid(format!("{key} is not a text"))),
    }
}

/// A value as the file writes it; none where it is null.
pub(super) fn setting(key: &str, value: &Value) -> Result<Option<Setting>, Fault> {
    match value {
        Value::Null => Ok(None),
        value => written(key, value, DEPTH_MAX).map(Some),
    }
}

fn written(key: &str, value: &Value, depth: usize) -> Result<Setting, Fault> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Fault::invalid(format!("{key} is nested too deep")));
    };
    match value {
        Value::Bool(yes) => Ok(Setting::Bool(*yes)),
        Value::String(text) => Ok(Setting::text(text)),
        Value::Number(number) => {
            let whole = number.as_u64().map(Setting::Integer);
            let number = whole.or_else(|| number.as_f64().map(Setting::Float));
            number.ok_or_else(|| Fault::invalid(format!("{key} is out of range")))
        }
        Value::Array(values) => values
            .iter()
            .map(|value| written(key, value, depth))
            .collect::<Result<_, _>>()
            .map(Setting::List),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                Ok((name.clone(), written(&format!("{key}.{name}"), value, depth)?))
            };
            fields.iter().map(field).collect::<Result<_, Fault>>().map(Setting::Table)
        }
        Value::Null => Err(Fault::invalid(format!("{key} has a null in it: leave it out"))),
    }
}

/// What the file says, as JSON.
pub(super) fn of(setting: &Setting) -> Value {
    match setting {
        Setting::Text(text) => text.as_str().into(),
        Setting::Integer(number) => (*number).into(),
        Setting::Float(number) => (*number).into(),
        Setting::Bool(yes) => (*yes).into(),
        Setting::Time(moment) => time(*moment),
        Setting::List(settings) => settings.iter().map(of).collect(),
        Setting::Table(entries) => table(entries),
    }
}

/// A table of the file, as JSON.
pub(super) fn table(entries: &[(String, Setting)]) -> Value {
    Value::Object(entries.iter().map(|(key, setting)| (key.clone(), of(setting))).collect())
}

/// A moment, as JSON has none.
pub(super) fn time(moment: UnixMillis) -> Value {
    rfc3339(moment).into()
}
