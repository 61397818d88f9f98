//! Says what is wrong with text that is not TOML.

use toml::de::Error;

use crate::report::Report;

/// Notes a TOML error, with help for the common ones.
pub(crate) fn note(error: &Error, report: &mut Report<'_>) {
    let span = error.span().unwrap_or_default();
    let quoted = if holds_secret(report.line_text(span.start)) {
        "...".to_owned()
    } else {
        report.quote(&span)
    };
    let (message, help) = explain(error.message(), &quoted);
    report.syntax_error(span.start, message, help);
}

/// Whether a line may hold what no message shows.
fn holds_secret(line: &str) -> bool {
    crate::SECRET_KEYS.iter().any(|key| line.contains(key))
}

fn explain(message: &str, quoted: &str) -> (String, String) {
    let value = quoted.trim();
    if message.starts_with("string values must be quoted") {
        return match value {
            "" => ("no value after =".into(), "write a value".into()),
            _ => (
                format!("{value} is not quoted"),
                format!("write {:?}", value.trim_matches(['"', '\''])),
            ),
        };
    }
    if message.starts_with("invalid boolean") {
        let meant = value.to_ascii_lowercase();
        return match meant.as_str() {
            "true" | "false" => {
                (format!("{value} is not a boolean"), format!("write {meant}, in small letters"))
            }
            _ => (format!("{value} is not quoted"), format!("write {value:?}, or true or false")),
        };
    }
    if message == "duplicate key" {
        return (
            format!("{value} is there twice"),
            "keep one of them; a table starts once, and all its keys follow it".into(),
        );
    }
    if message.starts_with("cannot extend value of type inline table") {
        return (
            format!("{value} is complete already: a table in braces takes no more keys"),
            "write all its keys inside the braces, or none".into(),
        );
    }
    let help = match message {
        m if m.starts_with("key with no value") => "write key = value",
        m if m.starts_with("unclosed table") => "write [name], or [[listeners]] for a listener",
        m if m.starts_with("invalid basic string") => "end the string with a \" on the same line",
        m if m.starts_with("invalid literal string") => "end the string with a ' on the same line",
        _ => "this is not TOML: see https://toml.io",
    };
    (message.to_owned(), help.into())
}
