//! Who answers: which of the targets behind a balancer made an answer.

mod guess;
mod words;

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

pub use guess::guess;

use crate::answer::Answer;

/// Longest regular expression, compiled, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Longest name of a target; more says nothing to people.
const NAME_CHARS_MAX: usize = 80;

/// The part of an answer that names its target.
#[derive(Clone, Debug)]
pub enum Who {
    /// A field, by its name in small letters.
    Header(String),
    /// A member of a JSON body, by the keys and positions that lead to it.
    Json(Vec<String>),
    /// What the expression's first group, or else all of it, matches in the body.
    Regex(Regex),
    /// A word of the body, by its place.
    Word(usize),
    /// A word of the body, by the one before it: the word after the n-th of those.
    After(String, usize),
}

/// Why something does not say who answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhoError {
    /// None of the known ways.
    #[error("{0:?} is none of header:NAME, json:PATH and regex:EXPRESSION")]
    Kind(String),
    /// Not an expression.
    #[error("{0}")]
    Regex(String),
}

impl Who {
    /// Reads `header:NAME`, `json:PATH` (as `server.name`) or `regex:EXPRESSION`.
    pub fn parse(text: &str) -> Result<Self, WhoError> {
        match text.split_once(':') {
            Some(("header", name)) if !name.is_empty() => {
                Ok(Self::Header(name.trim().to_ascii_lowercase()))
            }
            Some(("json", path)) if !path.is_empty() => {
                let path = path.trim_start_matches(['$', '.', '/']);
                Ok(Self::Json(path.split(['.', '/']).map(str::to_owned).collect()))
            }
            Some(("regex", expression)) => {
                let built = RegexBuilder::new(expression)
                    // Classes such as \w are ASCII's: tables of all letters are not on board.
                    .unicode(false)
                    .size_limit(REGEX_BYTES_MAX)
                    .build();
                built.map(Self::Regex).map_err(|error| WhoError::Regex(error.to_string()))
            }
            _ => Err(WhoError::Kind(text.to_owned())),
        }
    }

    /// The target's name in this answer, if it has one.
    pub fn of(&self, answer: &Answer) -> Option<String> {
        let found = match self {
            Self::Header(name) => answer.field(name)?.to_owned(),
            Self::Json(path) => json_text(json_member(&answer.body, path)?)?,
            Self::Regex(regex) => {
                let groups = regex.captures(answer.body.as_bytes())?;
                let found = groups.get(1).or_else(|| groups.get(0))?;
                String::from_utf8_lossy(found.as_bytes()).into_owned()
            }
            Self::Word(place) => words::words(&answer.body).nth(*place)?.to_owned(),
            Self::After(before, nth) => words::after(&answer.body, before, *nth)?.to_owned(),
        };
        let name: String = found.trim().chars().take(NAME_CHARS_MAX).collect();
        (!name.is_empty()).then_some(name)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(to, "header:{name}"),
            Self::Json(path) => write!(to, "json:{}", path.join(".")),
            Self::Regex(regex) => write!(to, "regex:{regex}"),
            Self::Word(0) => write!(to, "the first word of the body"),
            Self::Word(place) => write!(to, "word {} of the body", place + 1),
            Self::After(before, 0) => write!(to, "the word after {before:?} in the body"),
            Self::After(before, nth) => {
                write!(to, "the word after {before:?} number {} in the body", nth + 1)
            }
        }
    }
}

fn json_member(body: &str, path: &[String]) -> Option<serde_json::Value> {
    let whole: serde_json::Value = serde_json::from_str(body).ok()?;
    let mut at = &whole;
    for key in path {
        at = match at {
            serde_json::Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
            other => other.get(key)?,
        };
    }
    Some(at.clone())
}

fn json_text(value: serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            status: 200,
            fields: vec![("x-served-by".into(), " web-2 ".into())],
            body: r#"{"server":{"name":"web-2","ports":[80,81]},"ok":true}"#.into(),
        }
    }

    #[test]
    fn a_target_is_named_by_a_field_a_member_or_an_expression() {
        for (text, name) in [
            ("header:X-Served-By", Some("web-2")),
            ("header:Server", None),
            ("json:server.name", Some("web-2")),
            ("json:/server/ports/1", Some("81")),
            ("json:ok", None),
            ("json:server.name.more", None),
            ("regex:\"name\":\"([^\"]+)\"", Some("web-2")),
            ("regex:web-[0-9]", Some("web-2")),
            (r#"regex:name":"(\S+?)""#, Some("web-2")),
            (r"regex:\bweb-\d\b", Some("web-2")),
            ("regex:db-[0-9]", None),
        ] {
            let who = Who::parse(text).unwrap();
            assert_eq!(who.of(&answer()).as_deref(), name, "{text}");
        }
        for text in ["", "header", "header:", "json:", "cookie:a", "regex:("] {
            assert!(Who::parse(text).is_err(), "{text}");
        }
    }
}
