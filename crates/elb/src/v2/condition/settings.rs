//! Conditions as the file writes them.

use clingfish_model::{
    Setting,
    rule::{Condition, Pattern, Values},
};

/// One table where each kind is there once, or else a list with a table for each condition.
pub(crate) fn settings(conditions: &[Condition]) -> Setting {
    let is_alone = |(at, one): (usize, &Condition)| {
        conditions.iter().take(at).all(|other| other.field() != one.field())
    };
    if conditions.iter().enumerate().all(is_alone) {
        return Setting::table(conditions.iter().map(entry));
    }
    Setting::List(conditions.iter().map(|one| Setting::table([entry(one)])).collect())
}

fn entry(condition: &Condition) -> (&'static str, Setting) {
    let value = match condition {
        Condition::Host(values) | Condition::Path(values) => of_values(values),
        Condition::Header { name, values } => {
            Setting::table([(name.as_written(), of_values(values))])
        }
        Condition::Method(methods) => Setting::texts(methods),
        Condition::Query(pairs) => {
            let pair = |key: &Option<Pattern>, value: &Pattern| {
                let key = key.iter().map(|key| ("key", Setting::text(key.as_str())));
                Setting::table(key.chain([("value", Setting::text(value.as_str()))]))
            };
            Setting::List(pairs.iter().map(|one| pair(&one.key, &one.value)).collect())
        }
        Condition::SourceIp(networks) => Setting::texts(networks.iter().map(ToString::to_string)),
        // There is no other kind yet.
        _ => Setting::List(Vec::new()),
    };
    (condition.field(), value)
}

fn of_values(values: &Values) -> Setting {
    let patterns = Setting::texts(values.patterns.iter().map(Pattern::as_str));
    if values.regexes.is_empty() {
        return patterns;
    }
    let regexes = Setting::texts(values.regexes.iter().map(|regex| regex.as_str()));
    let patterns = Some(("values", patterns)).filter(|_| !values.patterns.is_empty());
    Setting::table(patterns.into_iter().chain([("regex_values", regexes)]))
}
