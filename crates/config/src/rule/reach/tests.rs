use clingfish_model::{
    Action, Field, FieldId, Name, RequestHead, Rule, Span,
    head::{RequestParts, split_query},
    rule::{Forward, Origin, Priority, Template, Transforms},
};
use clingfish_rules::{Request, RuleSet};
use proptest::prelude::*;

use super::*;

fn set(conditions: Vec<Condition>) -> Option<RuleSet> {
    let web = Action::Forward(Forward::to(Name::new("web").unwrap()));
    let rule = Rule::new(Priority::new(1).unwrap(), conditions, web, Transforms::default());
    Some(RuleSet::new(&[rule.ok()?]))
}

/// Whether a GET of that URL, with a field `X`, meets all conditions.
fn meets(conditions: &[Condition], host: &str, path: &str, value: &str) -> bool {
    let bytes = format!("GET{host}{path}X{value}").into_bytes();
    let mut at = 0;
    let mut next = |length: usize| {
        let span = Span::new(at, length);
        at += length;
        span
    };
    let parts = RequestParts {
        method_name: next(3),
        authority: next(host.len()),
        path_and_query: next(path.len()),
        fields: [Field { name: next(1), value: next(value.len()), id: FieldId::Other }]
            .into_iter()
            .collect(),
        ..RequestParts::default()
    };
    let head = RequestHead::new(&bytes, &parts);
    let request = Request::new(head, head.path_and_query(), [10, 1, 2, 3].into());
    set(conditions.to_vec()).is_some_and(|set| set.first(&request).is_some())
}

fn texts(one: BoxedStrategy<String>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(one, 1..3)
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let hosts = texts(
        prop::sample::select(vec!["a.b", "*.b", "A.b", "?.b", "a.a.b"])
            .prop_map(String::from)
            .boxed(),
    );
    let paths = texts("[/*][ab*?]{0,2}".boxed());
    let values = texts("[ab*?]{1,2}".boxed());
    let queries = texts("[ab*]{1,2}".boxed());
    let kind = |number: usize, texts: Vec<String>, key: bool| {
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        match number {
            0 => Condition::host(&all, &[]).ok(),
            1 => Condition::path(&all, &[]).ok(),
            2 => Condition::header("X", &all, &[]).ok(),
            _ => {
                let key = key.then_some("k");
                Condition::query(&all.iter().map(|text| (key, *text)).collect::<Vec<_>>()).ok()
            }
        }
    };
    let some = |texts| prop::option::of(texts);
    (
        some(hosts.boxed()),
        some(paths.boxed()),
        some(values.boxed()),
        some(queries.boxed()),
        any::<bool>(),
    )
        .prop_map(move |(hosts, paths, values, queries, key)| {
            let all = [hosts, paths, values, queries].into_iter().enumerate();
            all.filter_map(|(number, texts)| kind(number, texts?, key)).collect()
        })
        .prop_filter("a rule has a condition", |all: &Vec<Condition>| !all.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_rule_is_refused_only_if_whoever_meets_it_meets_the_one_before(
        later in conditions(),
        earlier in conditions(),
        host in prop::sample::select(vec!["a.b", "b.b", "a.a.b"]),
        path in "/[ab]{0,2}(\\?(k=)?[ab]{1,2})?",
        value in "[ab]{1,2}",
    ) {
        let both_are_rules = set(earlier.clone()).is_some() && set(later.clone()).is_some();
        if both_are_rules && is_implied(&later, &earlier) && meets(&later, host, &path, &value) {
            prop_assert!(meets(&earlier, host, &path, &value), "{later:?} {earlier:?}");
        }
    }
}

#[test]
fn rules_that_add_to_one_before_them_are_out_of_reach() {
    let path = |all: &[&str]| Condition::path(all, &[]).unwrap();
    let host = |all: &[&str]| Condition::host(all, &[]).unwrap();
    let regex = |text: &str| Condition::path(&[], &[text]).unwrap();
    for (later, earlier, expected) in [
        (vec![path(&["/a"])], vec![path(&["/a"])], true),
        (vec![path(&["/a/b", "/a/c"])], vec![path(&["/a/*"])], true),
        (vec![path(&["/a/b", "/c"])], vec![path(&["/a/*"])], false),
        (vec![path(&["/a"]), host(&["x.example"])], vec![path(&["/a"])], true),
        (vec![path(&["/a"])], vec![path(&["/a"]), host(&["x.example"])], false),
        (vec![host(&["X.example"])], vec![host(&["*.EXAMPLE"])], true),
        (vec![path(&["/A"])], vec![path(&["/a"])], false),
        (vec![path(&["/a1"])], vec![regex("^/a[0-9]$")], true),
        (vec![regex("^/a")], vec![regex("^/a")], true),
        (vec![regex("^/a")], vec![path(&["/a*"])], false),
    ] {
        assert_eq!(is_implied(&later, &earlier), expected, "{later:?} behind {earlier:?}");
    }
}

#[test]
fn a_redirect_is_refused_only_if_its_url_comes_back_to_it() {
    let path = |text| vec![Condition::path(&[text], &[]).unwrap()];
    let host = |text| vec![Condition::host(&[text], &[]).unwrap()];
    let to_path = |text| Redirect { path: Template::path(text).unwrap(), ..Redirect::same() };
    let to_host = |text| Redirect { host: Template::host(text).unwrap(), ..Redirect::same() };
    let query = |text| Redirect { query: Template::query(text).unwrap(), ..Redirect::same() };
    let has_query = vec![Condition::query(&[(Some("k"), "*")]).unwrap()];
    for (conditions, redirect, expected) in [
        (path("/a*"), to_path("/ab"), true),
        (path("/a*"), to_path("/b"), false),
        (path("/a*"), to_path("/a#{path}"), false),
        (host("*.b"), to_host("a.b"), true),
        (host("a.b"), to_host("b.b"), false),
        (host("*.b"), Redirect::https(), false),
        (path("/a"), to_host("a.b"), false),
        (host("a.b"), to_path("/soon"), true),
        (has_query.clone(), query(""), false),
        (path("/a"), query("x=y"), true),
    ] {
        let seen = leads_back(&redirect, &conditions, Scheme::Http);
        assert_eq!(seen, expected, "{redirect:?} of {conditions:?}");
        if seen {
            let (at, from) = if conditions.len() == 1 { ("a.b", "/ab?k=v") } else { ("a.b", "/a") };
            let (before, query) = split_query(from.as_bytes());
            let mut url = Vec::new();
            let origin =
                Origin { scheme: Scheme::Http, host: at.as_bytes(), port: 80, path: before, query };
            redirect.write(&origin, &mut url);
            let url = String::from_utf8(url).unwrap();
            let rest = url.strip_prefix("http://").unwrap();
            let (host, path) = rest.split_at(rest.find('/').unwrap());
            let first = meets(&conditions, at, from, "");
            assert!(!first || meets(&conditions, host, path, ""), "{url} of {conditions:?}");
        }
    }
}
