//! Targets that the application names in its own session id.

use clingfish_model::limits::ID_PARTS_TRIED_MAX;

/// What may be a target's id in `id`, the likelier first: `node1` of `A1B2.node1`.
///
/// Behind each separator, from the first on, come everything, the part up to the next separator, and that part without a number at its end.
/// So one reading does for Tomcat (`ID.node1`, where a target's id may have dots of its own), for WildFly's ranked affinity
/// (`ID.node1.node2`, the best first) and for Keycloak, whose cluster numbers the names of its nodes (`ID.node1-61893`).
pub fn names(id: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let id = id.strip_prefix(b"\"").and_then(|id| id.strip_suffix(b"\"")).unwrap_or(id);
    let starts = memchr::memchr_iter(separator, id).take(ID_PARTS_TRIED_MAX);
    starts.flat_map(move |at| {
        let rest = id.get(at + 1..).unwrap_or_default();
        let part = rest.split(move |c| *c == separator).next().unwrap_or_default();
        let more = Some(rest).filter(|rest| rest.len() > part.len());
        more.into_iter().chain([part]).chain(without_number(part)).filter(|name| !name.is_empty())
    })
}

/// `node1` of `node1-61893`.
fn without_number(part: &[u8]) -> Option<&[u8]> {
    let end = part.iter().rposition(|c| !c.is_ascii_digit())?;
    let (name, number) = part.split_at_checked(end)?;
    (number.len() > 1 && number.first() == Some(&b'-')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_what_stands_behind_a_separator() {
        for (id, expected) in [
            ("A1B2.node1", &["node1"][..]),
            ("A1B2", &[]),
            ("A1B2.", &[]),
            ("\"A1B2.node1\"", &["node1"]),
            ("s:x.sig.node1", &["sig.node1", "sig", "node1"]),
            ("A1.10.0.0.1:80", &["10.0.0.1:80", "10", "0.0.1:80", "0", "0.1:80", "0", "1:80"]),
            ("A1.kc-0-61893", &["kc-0-61893", "kc-0"]),
            ("A1.node-", &["node-"]),
        ] {
            let found: Vec<&str> =
                names(id.as_bytes(), b'.').map(|name| std::str::from_utf8(name).unwrap()).collect();
            assert_eq!(found, expected, "{id}");
        }
        assert_eq!(names(b"A1!node1", b'!').collect::<Vec<_>>(), [b"node1"]);
    }

    #[test]
    fn no_id_costs_more_than_a_few_looks() {
        assert_eq!(names(&[b'.'; 500], b'.').count(), ID_PARTS_TRIED_MAX);
    }
}
