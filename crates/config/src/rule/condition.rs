//! `conditions` of a rule, in ELBv2's words.

use std::net::IpAddr;

use clingfish_model::rule::{BadCondition, BadPattern, Condition, Pattern, Regex};
use ipnet::IpNet;

use super::texts;
use crate::{keys, report::Report, section::Section, value::Value};

/// One table, or a list of them where a rule has several conditions on query or header fields. `normal_paths` says that paths come
/// in their normal form.
pub(super) fn read(
    value: &Value<'_>,
    normal_paths: bool,
    report: &mut Report<'_>,
) -> Option<Vec<Condition>> {
    let help = "write conditions = { path-pattern = [\"/api/*\"] }, or the like";
    let tables = match value.as_table() {
        Some(_) => vec![value.clone()],
        None => value.list(report, help),
    };
    let mut conditions = Some(Vec::new());
    for table in &tables {
        let read = read_table(table, normal_paths, report);
        conditions = conditions.zip(read).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    conditions
}

fn read_table(
    value: &Value<'_>,
    normal_paths: bool,
    report: &mut Report<'_>,
) -> Option<Vec<Condition>> {
    let section = Section::read(value, "conditions".to_owned(), &keys::CONDITION, report)?;
    let mut read: Vec<Option<Condition>> = Vec::new();
    if let Some(value) = section.value("host-header") {
        read.push(values(value, &HOST, Condition::host, report));
    }
    if let Some(value) = section.value("path-pattern") {
        let kind = if normal_paths { &NORMAL_PATH } else { &PATH };
        read.push(values(value, kind, Condition::path, report));
    }
    if let Some(value) = section.value("http-request-method") {
        read.push(methods(value, report));
    }
    if let Some(value) = section.value("source-ip") {
        read.push(source_ip(value, report));
    }
    if let Some(value) = section.value("http-header") {
        headers(value, &mut read, report);
    }
    if let Some(value) = section.value("query-string") {
        read.push(query(value, report));
    }
    if read.is_empty() && value.as_table().is_some_and(|table| !table.is_empty()) {
        // Only unknown keys, of which has been told.
        return None;
    }
    read.into_iter().collect()
}

/// How the values of one kind of condition are checked.
struct Kind {
    pattern: fn(&str) -> Result<Pattern, BadPattern>,
    any_case: bool,
    help: &'static str,
}

const HOST: Kind = Kind {
    pattern: Pattern::host,
    any_case: true,
    help: "write [\"shop.example\", \"*.shop.example\"]",
};
const PATH: Kind =
    Kind { pattern: Pattern::path, any_case: false, help: "write [\"/api/*\", \"/login\"]" };
const NORMAL_PATH: Kind = Kind { pattern: Pattern::normal_path, ..PATH };
const HEADER: Kind = Kind {
    pattern: Pattern::header,
    any_case: true,
    help: "write { User-Agent = [\"*Chrome*\"] }",
};

/// Texts, or a table of `values` and `regex_values`; each wrong one is told where it is.
fn values(
    value: &Value<'_>,
    kind: &Kind,
    new: impl FnOnce(&[&str], &[&str]) -> Result<Condition, BadCondition>,
    report: &mut Report<'_>,
) -> Option<Condition> {
    let (patterns, regexes) = if value.as_table().is_some() {
        let section = Section::read(value, value.name.clone(), &keys::VALUES, report)?;
        let list = |name, report: &mut Report<'_>| match section.value(name) {
            Some(value) => texts(value, kind.help, report),
            None => Some(Vec::new()),
        };
        (list("values", report)?, list("regex_values", report)?)
    } else {
        (texts(value, kind.help, report).or_else(|| none(value, report))?, Vec::new())
    };
    let any_case = kind.any_case;
    let pattern = |text: &str| (kind.pattern)(text).map(|_| ()).map_err(BadCondition::from);
    let regex = |text: &str| Regex::new(text, Regex::CONDITION_LEN_MAX, any_case).map(|_| ());
    let are_good = [
        are_good(&patterns, pattern, report),
        are_good(&regexes, |text| regex(text).map_err(BadCondition::from), report),
    ];
    if are_good != [true, true] {
        return None;
    }
    let text = |all: &[Value<'_>]| -> Vec<String> {
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (patterns, regexes) = (text(&patterns), text(&regexes));
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let regexes: Vec<&str> = regexes.iter().map(String::as_str).collect();
    new(&patterns, &regexes).map_err(|error| value.refuse_error(report, &error)).ok()
}

/// An empty list, or something that is none, of which [`texts`] has told.
fn none<T>(value: &Value<'_>, report: &mut Report<'_>) -> Option<T> {
    if value.is_empty_list() {
        value.refuse_error(report, &BadCondition::NoValue);
    }
    None
}

/// Whether each text passes; notes an error at each that does not.
fn are_good(
    values: &[Value<'_>],
    check: impl Fn(&str) -> Result<(), BadCondition>,
    report: &mut Report<'_>,
) -> bool {
    let mut all = true;
    for value in values {
        if let Some(Err(error)) = value.as_str().map(&check) {
            value.refuse_error(report, &error);
            all = false;
        }
    }
    all
}

fn methods(value: &Value<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let texts = texts(value, "write [\"GET\", \"HEAD\"]", report);
    let texts = texts.or_else(|| none(value, report))?;
    if !are_good(&texts, |text| Condition::method(&[text]).map(|_| ()), report) {
        return None;
    }
    let methods: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
    Condition::method(&methods).map_err(|error| value.refuse_error(report, &error)).ok()
}

fn source_ip(value: &Value<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let texts = texts(value, "write [\"10.0.0.0/8\", \"fd00::/8\"]", report);
    let texts = texts.or_else(|| none(value, report))?;
    let mut networks = Vec::new();
    for element in &texts {
        let text = element.as_str().unwrap_or_default();
        match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => element.refuse(
                report,
                format!("{text:?} is neither a network nor an IP address"),
                "write \"10.0.0.0/8\", \"fd00::/8\" or \"192.0.2.1\"",
            ),
        }
    }
    if networks.len() < texts.len() {
        return None;
    }
    Condition::source_ip(networks).map_err(|error| value.refuse_error(report, &error)).ok()
}

/// A table of names and values: all of them must be met.
fn headers(value: &Value<'_>, read: &mut Vec<Option<Condition>>, report: &mut Report<'_>) {
    let Some(table) = value.table(report, HEADER.help) else {
        return read.push(None);
    };
    if table.is_empty() {
        value.refuse_error(report, &BadCondition::NoValue);
        return read.push(None);
    }
    for (name, inner) in table {
        let path = format!("{}.{}", value.path, name.get_ref());
        let inner = Value::new(path, format!("http-header.{}", name.get_ref()), inner);
        let new = |patterns: &[&str], regexes: &[&str]| {
            Condition::header(name.get_ref(), patterns, regexes)
        };
        read.push(values(&inner, &HEADER, new, report));
    }
}

/// `"key=value"`, `"value"` of any key, or a table of `key` and `value`; one or a list.
fn query(value: &Value<'_>, report: &mut Report<'_>) -> Option<Condition> {
    let elements = if value.as_str().is_some() || value.as_table().is_some() {
        vec![value.clone()]
    } else {
        value.list(report, "write [\"version=v1\"], or [{ key = \"version\", value = \"v1\" }]")
    };
    if elements.is_empty() {
        return none(value, report);
    }
    let mut pairs = Vec::new();
    for element in &elements {
        let Some((key, text)) = pair(element, report) else {
            continue;
        };
        match Condition::query(&[(key, text)]) {
            Ok(_) => pairs.push((key, text)),
            Err(error) => element.refuse_error(report, &error),
        }
    }
    if pairs.len() < elements.len() {
        return None;
    }
    Condition::query(&pairs).map_err(|error| value.refuse_error(report, &error)).ok()
}

fn pair<'t>(element: &Value<'t>, report: &mut Report<'_>) -> Option<(Option<&'t str>, &'t str)> {
    if element.as_table().is_some() {
        let label = element.name.clone();
        let section = Section::read(element, label, &keys::QUERY_PAIR, report)?;
        let key = match section.value("key") {
            Some(key) => Some(key.text(report)?),
            None => None,
        };
        let help = "write { key = \"version\", value = \"v1\" }";
        return Some((key, section.required("value", report, help)?.text(report)?));
    }
    let text = element.text(report)?;
    Some(text.split_once('=').map_or((None, text), |(key, value)| (Some(key), value)))
}
