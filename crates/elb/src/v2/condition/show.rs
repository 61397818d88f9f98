//! Conditions as answers show them.

use clingfish_model::rule::{Condition, Pattern, Values};

use crate::Members;

/// With the structure of its kind, and of hosts and paths with `Values` beside it, as programs of either age read them.
pub(crate) fn members(condition: &Condition) -> Members {
    let head = Members::default().text("Field", condition.field());
    match condition {
        Condition::Host(values) => both(head, "HostHeaderConfig", values),
        Condition::Path(values) => both(head, "PathPatternConfig", values),
        Condition::Header { name, values } => {
            let config = Members::default().text("HttpHeaderName", name.as_written());
            head.structure("HttpHeaderConfig", add(config, values))
        }
        Condition::Method(methods) => {
            head.structure("HttpRequestMethodConfig", Members::default().texts("Values", methods))
        }
        Condition::Query(pairs) => {
            let pairs = pairs.iter().map(|pair| {
                Members::default()
                    .some_text("Key", pair.key.as_ref().map(Pattern::as_str))
                    .text("Value", pair.value.as_str())
            });
            head.structure("QueryStringConfig", Members::default().list("Values", pairs))
        }
        Condition::SourceIp(networks) => {
            let networks = networks.iter().map(ToString::to_string);
            head.structure("SourceIpConfig", Members::default().texts("Values", networks))
        }
        // There is no other kind yet.
        _ => head,
    }
}

fn both(head: Members, config: &str, values: &Values) -> Members {
    let head = if values.patterns.is_empty() { head } else { texts(head, values) };
    head.structure(config, add(Members::default(), values))
}

fn add(members: Members, values: &Values) -> Members {
    let members = if values.patterns.is_empty() { members } else { texts(members, values) };
    if values.regexes.is_empty() {
        return members;
    }
    members.texts("RegexValues", values.regexes.iter().map(|regex| regex.as_str()))
}

fn texts(members: Members, values: &Values) -> Members {
    members.texts("Values", values.patterns.iter().map(Pattern::as_str))
}
