//! Keys and values as a person would write them.

use std::fmt::Write;

use clingfish_model::Setting;
use toml::de::DeValue;

use crate::{date, units};

/// Columns that a line grows to before a list is broken up.
pub(super) const COLUMNS: usize = 100;

/// A key: bare where it can be.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { text(name) }
}

/// A key in quotes.
pub(super) fn key_quoted(name: &str) -> String {
    text(name)
}

/// A name of several parts with dots between them.
pub(super) fn dotted(name: &str) -> String {
    name.split('.').map(key).collect::<Vec<_>>().join(".")
}

/// A value on one line.
pub(super) fn value(setting: &Setting) -> String {
    match setting {
        Setting::Text(words) => text(words),
        Setting::Integer(number) => number.to_string(),
        Setting::Float(number) if number.is_nan() => "nan".into(),
        Setting::Float(number) => format!("{number:?}"),
        Setting::Bool(yes) => yes.to_string(),
        Setting::Time(moment) => moment.to_iso(),
        Setting::List(settings) => {
            format!("[{}]", settings.iter().map(value).collect::<Vec<_>>().join(", "))
        }
        Setting::Table(entries) if entries.is_empty() => "{}".into(),
        Setting::Table(entries) => {
            let entry =
                |(name, setting): &(String, Setting)| format!("{} = {}", key(name), value(setting));
            format!("{{ {} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// `key = value`; a list that would be too long has a line for each element.
pub(super) fn statement(key: &str, setting: &Setting, indent: &str, newline: &str) -> String {
    let line = format!("{indent}{key} = {}", value(setting));
    match setting {
        Setting::List(settings) if line.chars().count() > COLUMNS && settings.len() > 1 => {
            let values: Vec<String> = settings.iter().map(value).collect();
            format!("{indent}{key} = {}", lines(&values, indent, newline))
        }
        _ => line,
    }
}

/// A list with a line for each of these.
pub(super) fn lines<T: AsRef<str>>(values: &[T], indent: &str, newline: &str) -> String {
    let mut list = format!("[{newline}");
    for value in values {
        let _ = write!(list, "{indent}    {},{newline}", value.as_ref());
    }
    list.push_str(indent);
    list.push(']');
    list
}

fn text(words: &str) -> String {
    let mut quoted = String::with_capacity(words.len() + 2);
    quoted.push('"');
    for c in words.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether the value that is written so says that already.
pub(super) fn says(written: &str, setting: &Setting, is_duration: bool) -> bool {
    let Ok(found) = DeValue::parse(written) else { return false };
    same(found.get_ref(), setting, is_duration)
}

fn same(found: &DeValue<'_>, setting: &Setting, is_duration: bool) -> bool {
    match (found, setting) {
        (DeValue::String(found), Setting::Text(wanted)) => {
            let duration = |text: &str| units::parse_duration(text).filter(|_| is_duration);
            found == wanted || duration(found).is_some_and(|one| duration(wanted) == Some(one))
        }
        (DeValue::Integer(found), Setting::Integer(wanted)) => {
            u64::from_str_radix(found.as_str(), found.radix()) == Ok(*wanted)
        }
        (DeValue::Float(found), Setting::Float(wanted)) => found.as_str().parse() == Ok(*wanted),
        (DeValue::Boolean(found), Setting::Bool(wanted)) => found == wanted,
        (DeValue::Datetime(found), Setting::Time(wanted)) => {
            date::moment(&found.to_string()) == Some(*wanted)
        }
        (DeValue::Array(found), Setting::List(wanted)) => {
            let mut pairs = found.iter().zip(wanted);
            found.len() == wanted.len()
                && pairs.all(|(one, other)| same(one.get_ref(), other, false))
        }
        (DeValue::Table(found), Setting::Table(wanted)) => {
            let has = |(name, setting): &(String, Setting)| {
                found.get(name.as_str()).is_some_and(|one| same(one.get_ref(), setting, false))
            };
            found.len() == wanted.len() && wanted.iter().all(has)
        }
        _ => false,
    }
}

/// The text, number or boolean that is written so.
pub(super) enum Plain {
    Text(String),
    Number(u64),
    Bool,
}

/// Reads a value that is neither list nor table.
pub(super) fn plain(written: &str) -> Option<Plain> {
    match DeValue::parse(written).ok()?.into_inner() {
        DeValue::String(text) => Some(Plain::Text(text.into_owned())),
        DeValue::Boolean(_) => Some(Plain::Bool),
        DeValue::Integer(number) => {
            u64::from_str_radix(number.as_str(), number.radix()).ok().map(Plain::Number)
        }
        _ => None,
    }
}
