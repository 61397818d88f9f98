//! Whether a request meets a condition, as ALB judges it.

use clingfish_model::rule::{Condition, QueryPattern};

use crate::Request;

/// Whether the request meets the condition.
pub(crate) fn meets(request: &Request<'_>, condition: &Condition) -> bool {
    match condition {
        Condition::Host(values) => values.matches(request.host),
        Condition::Path(values) => values.matches(request.path),
        Condition::Header { name, values } => {
            let name = name.as_str().as_bytes();
            let mut lines =
                request.head.fields().filter(|line| line.name.eq_ignore_ascii_case(name));
            lines.any(|line| values.matches(line.value))
        }
        Condition::Method(methods) => {
            let own = request.head.method_name();
            methods.iter().any(|method| method.as_bytes() == own)
        }
        Condition::Query(pairs) => {
            pairs_of(request.query).any(|pair| pairs.iter().any(|wanted| is_like(wanted, pair)))
        }
        Condition::SourceIp(networks) => networks.iter().any(|net| net.contains(&request.peer)),
        _ => false,
    }
}

/// How much work a condition is, for the order in which they are judged.
pub(crate) fn cost(condition: &Condition) -> u8 {
    match condition {
        Condition::Method(_) => 0,
        Condition::SourceIp(_) => 1,
        Condition::Host(values) | Condition::Path(values) if values.regexes.is_empty() => 2,
        Condition::Header { values, .. } if values.regexes.is_empty() => 3,
        Condition::Query(_) => 4,
        _ => 5,
    }
}

/// Key and value of each pair, as they are written: escapes are not resolved.
fn pairs_of(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|c| *c == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|c| *c == b'=').unwrap_or(pair.len());
        (pair.get(..at).unwrap_or(pair), pair.get(at + 1..).unwrap_or_default())
    })
}

fn is_like(wanted: &QueryPattern, (key, value): (&[u8], &[u8])) -> bool {
    wanted.key.as_ref().is_none_or(|wanted| wanted.matches(key)) && wanted.value.matches(value)
}
