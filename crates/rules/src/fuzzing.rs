//! What a fuzzer calls.

use clingfish_model::{
    Action, Field, FieldId, Name, RequestHead, Rule, Span,
    head::RequestParts,
    rule::{Condition, Forward, Priority, Rewrite, Transforms},
};

use crate::{Request, RuleSet, meets::meets};

/// Rules, one to a line, and at last a request: host, path and a field `X`, apart by spaces. Panics where the rules panic, or
/// where looking them up finds another than trying them all.
pub fn rules(data: &[u8]) {
    let Some(lines) =
        std::str::from_utf8(data).ok().map(|text| text.split('\n').collect::<Vec<_>>())
    else {
        return;
    };
    let Some((request, lines)) = lines.split_last() else { return };
    let number = |at| u16::try_from(at).ok().and_then(Priority::new);
    let rules: Vec<Rule> = (1..)
        .zip(lines.iter().map(|line| conditions(line)))
        .filter_map(|(at, conditions)| {
            let action = Action::Forward(Forward::to(Name::new("web").ok()?));
            Rule::new(number(at)?, conditions, action, Transforms::default()).ok()
        })
        .collect();
    let mut parts = request.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    judge(&rules, part(), part(), part());
}

/// The conditions that the words of a line make, after a letter for their kind.
fn conditions(line: &str) -> Vec<Condition> {
    let condition = |word: &str| {
        let (kind, rest) = word.split_at_checked(1)?;
        let values: Vec<&str> = rest.split('|').collect();
        match kind {
            "h" => Condition::host(&values, &[]).ok(),
            "H" => Condition::host(&[], &values).ok(),
            "p" => Condition::path(&values, &[]).ok(),
            "P" => Condition::path(&[], &values).ok(),
            "x" => Condition::header("X", &values, &[]).ok(),
            "q" => {
                Condition::query(&values.iter().map(|one| (None, *one)).collect::<Vec<_>>()).ok()
            }
            _ => None,
        }
    };
    line.split(' ').filter_map(condition).collect()
}

fn judge(rules: &[Rule], host: &str, path: &str, value: &str) {
    let bytes = [host, path, "X", value].concat().into_bytes();
    let mut end = 0;
    let mut next = |length: usize| {
        end += length;
        Span::new(end - length, length)
    };
    let parts = RequestParts {
        authority: next(host.len()),
        path_and_query: next(path.len()),
        fields: [Field { name: next(1), value: next(value.len()), id: FieldId::Other }]
            .into_iter()
            .collect(),
        ..RequestParts::default()
    };
    let head = RequestHead::new(&bytes, &parts);
    let request = Request::new(head, head.path_and_query(), [192, 0, 2, 1].into());
    let tried =
        rules.iter().position(|rule| rule.conditions().iter().all(|one| meets(&request, one)));
    assert_eq!(RuleSet::new(rules).first(&request), tried, "{rules:?}");
    if let Ok(rewrite) = Rewrite::url(value, host) {
        rewrite.apply(path.as_bytes());
    }
}
