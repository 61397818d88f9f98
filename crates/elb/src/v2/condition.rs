//! Conditions of rules: from the members of a request to the model's, and from there to the file and to answers.

mod settings;
mod show;
mod values;

use clingfish_model::{
    Rule,
    rule::{BadCondition, BadPattern, BadRegex, BadRule, Condition, HeaderName, Pattern, Regex},
};

use crate::{Error, Input};

pub(crate) use settings::settings;
pub(crate) use show::members;

/// A field, and the structure that belongs to it.
const FIELDS: [(&str, &str); 6] = [
    ("path-pattern", "PathPatternConfig"),
    ("host-header", "HostHeaderConfig"),
    ("http-header", "HttpHeaderConfig"),
    ("http-request-method", "HttpRequestMethodConfig"),
    ("query-string", "QueryStringConfig"),
    ("source-ip", "SourceIpConfig"),
];

/// Reads a list of conditions; `normal_paths` says that rules see paths in their normal form.
pub(crate) fn read(input: &mut Input, normal_paths: bool) -> Result<Option<Vec<Condition>>, Error> {
    input.list("Conditions", |input| read_one(input, normal_paths))
}

fn read_one(input: &mut Input, normal_paths: bool) -> Result<Condition, Error> {
    let field = input.required_text("Field")?;
    let Some((field, config)) = FIELDS.into_iter().find(|(known, _)| *known == field) else {
        let known: Vec<_> = FIELDS.into_iter().map(|(field, _)| field).collect();
        return Err(Error::validation(format!(
            "Condition field '{field}' must be one of '[{}]'",
            known.join(",")
        )));
    };
    refuse_strangers(input, field, config)?;
    match field {
        "path-pattern" => values::path(input, field, config, normal_paths),
        "host-header" => values::host(input, field, config),
        "http-header" => values::header(input, field, config),
        "http-request-method" => values::method(input, field, config),
        "query-string" => values::query(input, field, config),
        _ => values::source_ip(input, field, config),
    }
}

/// What belongs to another field.
fn refuse_strangers(input: &Input, field: &str, config: &str) -> Result<(), Error> {
    let has_values = matches!(field, "path-pattern" | "host-header");
    let has_regexes = has_values || field == "http-header";
    let of_others = FIELDS.into_iter().map(|(_, name)| (name, name == config));
    let mut members = of_others.chain([("Values", has_values), ("RegexValues", has_regexes)]);
    match members.find(|(name, is_ours)| !is_ours && input.has(name)) {
        Some((name, _)) => {
            Err(Error::validation(format!("The '{name}' field is not compatible with '{field}'")))
        }
        None => Ok(()),
    }
}

/// The refusal of a condition by what is wrong with its values.
fn bad(field: &str, error: &BadCondition) -> Error {
    let limit =
        |name: &str, limit| format!("The '{name}' value is too long; the limit is '{limit}'");
    Error::validation(match error {
        BadCondition::NoValue => "A condition value must be specified".to_owned(),
        BadCondition::Pattern(BadPattern::TooLong { .. }) => limit(field, Pattern::LEN_MAX),
        BadCondition::Regex(BadRegex::TooLong { .. }) => limit(field, Regex::CONDITION_LEN_MAX),
        BadCondition::HeaderName { name } if name.chars().count() > HeaderName::LEN_MAX => {
            limit("HttpHeaderName", HeaderName::LEN_MAX)
        }
        BadCondition::Method { method } if method.chars().count() > Condition::METHOD_LEN_MAX => {
            limit(field, Condition::METHOD_LEN_MAX)
        }
        BadCondition::Method { .. } | BadCondition::MethodCase { .. } => format!(
            "The '{field}' value is invalid; the allowed characters are A-Z, hyphen and underscore"
        ),
        other => format!("The '{field}' value is invalid; {other}"),
    })
}

/// The refusal of conditions that do not make a rule together.
pub(crate) fn bad_rule(error: &BadRule) -> Error {
    let limit = |limit, what| format!("A rule can only have '{limit}' condition {what}");
    Error::validation(match error {
        BadRule::NoCondition => "A condition must be specified".to_owned(),
        BadRule::Twice { field } => format!("A rule can only have one '{field}' condition"),
        BadRule::Values { .. } => limit(Rule::VALUES_MAX, "values"),
        BadRule::Wildcards { .. } => limit(Rule::WILDCARDS_MAX, "wildcards"),
        BadRule::Regexes { .. } => limit(Rule::REGEXES_MAX, "regular expressions"),
        other => format!("The conditions are not valid; {other}"),
    })
}
