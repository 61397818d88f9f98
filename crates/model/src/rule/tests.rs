use proptest::prelude::*;

use super::*;
use crate::Name;

fn web() -> Action {
    Action::Forward(Forward::to(Name::new("web").unwrap()))
}

fn rule(conditions: Vec<Condition>) -> Result<Rule, BadRule> {
    Rule::new(Priority::new(1).unwrap(), conditions, web(), Transforms::default())
}

#[test]
fn wildcards_fit_the_whole_text() {
    for (pattern, text, expected) in [
        ("/", "/", true),
        ("/", "/x", false),
        ("/*", "/", true),
        ("/*", "/x/y", true),
        ("/?", "/", false),
        ("/?", "/x", true),
        ("/?", "/xy", false),
        ("/*.png", "/a.png.png", true),
        ("/*.png", "/a.pngx", false),
        ("/a*b*c", "/abbcbc", true),
        ("/a*b*c", "/acb", false),
        ("/**", "/", true),
        ("/*?", "/", false),
        ("/*?x", "/xx", true),
        ("*", "", true),
        ("?", "", false),
        ("/Case", "/case", false),
        ("/a%20b", "/a%20b", true),
    ] {
        let compiled = Pattern::path(pattern).unwrap();
        assert_eq!(compiled.matches(text.as_bytes()), expected, "{pattern} {text}");
    }
    let host = Pattern::host("*.Shop.example").unwrap();
    assert!(host.matches(b"WWW.shop.EXAMPLE") && !host.matches(b"shop.example"));
    let query = Pattern::query(r"a\*\?\\b\").unwrap();
    assert!(query.matches(br"A*?\b\") && !query.matches(br"axx\b\"));
}

#[test]
fn matching_takes_time_in_proportion_to_the_text() {
    // Exponential or cubic, this would not end.
    let pattern = Pattern::path(&format!("/{}b", "*a".repeat(60))).unwrap();
    assert!(!pattern.matches(&[b"/".as_slice(), &[b'a'; 100_000]].concat()));
}

#[test]
fn what_a_pattern_covers_is_certain() {
    for (wide, narrow, expected) in [
        ("/a", "/a", true),
        ("/*", "/a", true),
        ("/*", "/a*b?", true),
        ("/?", "/a", true),
        ("/?", "/?", true),
        ("/?", "/*", false),
        ("/a*", "/*", false),
        ("/a*c", "/ab*c", true),
        ("/a?c", "/a*c", false),
        ("*", "/a*", true),
        ("/a", "/A", false),
    ] {
        let (wide, narrow) = (Pattern::path(wide).unwrap(), Pattern::path(narrow).unwrap());
        assert_eq!(wide.covers(&narrow), expected, "{wide} {narrow}");
    }
    assert!(Pattern::host("*.b.example").unwrap().covers(&Pattern::host("A.B.Example").unwrap()));
}

#[test]
fn a_pattern_knows_its_ends() {
    for (pattern, start, end, literal) in [
        ("/api/*", "/api/", "", false),
        ("/api", "/api", "/api", true),
        ("/a*b?cd", "/a", "cd", false),
        ("*", "", "", false),
        ("*.png", "", ".png", false),
        ("?.png", "", ".png", false),
    ] {
        let compiled = Pattern::path(pattern).unwrap();
        assert_eq!(compiled.start(), start.as_bytes(), "{pattern}");
        assert_eq!(compiled.end(), end.as_bytes(), "{pattern}");
        assert_eq!(compiled.is_literal(), literal, "{pattern}");
        assert_eq!(compiled.is_start(), matches!(pattern, "/api/*" | "*"), "{pattern}");
        assert_eq!(compiled.is_end(), matches!(pattern, "*.png" | "*"), "{pattern}");
    }
}

#[test]
fn hosts_and_paths_that_nothing_is_like_are_refused() {
    for (host, expected) in [
        ("shop.example", true),
        ("*.shop.example", true),
        ("my_app-1.shop.example", true),
        ("shop", false),
        ("*", false),
        ("shop.example:80", false),
        ("http://shop.example", false),
        ("shop.example.", false),
        ("10.0.0.1", false),
        ("shop.*", false),
        ("shöp.example", false),
        ("", false),
    ] {
        assert_eq!(Pattern::host(host).is_ok(), expected, "{host}");
    }
    for (path, expected) in
        [("/a b", true), ("*.png", true), ("api/*", false), ("/a(b)", false), ("", false)]
    {
        assert_eq!(Pattern::path(path).is_ok(), expected, "{path}");
    }
    let longest = format!("/{}", "a".repeat(127));
    assert!(Pattern::path(&longest).is_ok());
    assert!(Pattern::path(&format!("{longest}a")).is_err());
}

#[test]
fn expressions_are_those_that_alb_knows() {
    for (text, expected) in [
        ("^/a(b|c)+$", true),
        (r"^/v\d{1,3}/", true),
        (r"[^\s]+?x", true),
        ("[a+*]+", true),
        (r"a\++", true),
        ("(?i)a", true),
        ("(?=a)b", false),
        ("(?<!a)b", false),
        (r"(a)\1", false),
        ("(?>a)b", false),
        ("a++", false),
        ("a*+b", false),
        (r"\p{L}", false),
        (r"\pL", false),
        ("(a", false),
        ("", false),
        ("(((a{100}){100}){100}){100}", false),
    ] {
        assert_eq!(Regex::new(text, 128, false).is_ok(), expected, "{text}");
    }
    assert!(Regex::new(&"a".repeat(129), 128, false).is_err());
    let regex = Regex::new("^/é.$", 128, false).unwrap();
    assert!(regex.matches("/éx".as_bytes()) && regex.matches(b"/\xc3\xa9\xff"));
}

#[test]
fn a_rule_has_alb_s_limits() {
    let paths = |all: &[&str]| Condition::path(all, &[]).unwrap();
    assert_eq!(rule(vec![]), Err(BadRule::NoCondition));
    assert_eq!(
        rule(vec![paths(&["/a"]), paths(&["/b"])]),
        Err(BadRule::Twice { field: "path-pattern" })
    );
    assert_eq!(rule(vec![paths(&["/*/*/*", "/*/*/*"])]), Err(BadRule::Wildcards { count: 6 }));
    assert!(rule(vec![paths(&["/*/*/*", "/*/*"])]).is_ok());
    let many = vec!["/a"; Rule::VALUES_MAX + 1];
    assert_eq!(rule(vec![paths(&many)]), Err(BadRule::Values { count: 21 }));
    let regexes = Condition::path(&[], &["a"; 6]).unwrap();
    assert_eq!(rule(vec![regexes]), Err(BadRule::Regexes { count: 6 }));
    let twice = || Condition::header("X-A", &["b"], &[]).unwrap();
    assert!(rule(vec![twice(), twice()]).is_ok(), "several fields may be asked for");
}

#[test]
fn conditions_that_cannot_be_are_refused() {
    assert_eq!(Condition::host(&[], &[]), Err(BadCondition::NoValue));
    assert_eq!(Condition::header("Host", &["a"], &[]), Err(BadCondition::Host));
    assert!(matches!(Condition::header("X A", &["a"], &[]), Err(BadCondition::HeaderName { .. })));
    assert!(Condition::header(&"a".repeat(41), &["a"], &[]).is_err());
    assert!(matches!(Condition::method(&["get"]), Err(BadCondition::MethodCase { .. })));
    assert!(matches!(Condition::method(&["GET*"]), Err(BadCondition::Method { .. })));
    assert!(Condition::method(&["M-SEARCH", "X_Y"]).is_ok());
    let nobody = vec!["255.255.255.255/32".parse().unwrap()];
    assert_eq!(Condition::source_ip(nobody), Err(BadCondition::Broadcast));
    assert_eq!(Condition::query(&[(Some("a"), "")]), Err(BadPattern::Empty.into()));
}

#[test]
fn weights_are_between_0_and_999_and_not_all_0() {
    let forward = |weights: &[u16]| {
        let group = |(at, weight): (usize, &u16)| WeightedGroup {
            group: Name::new(format!("g{at}")).unwrap(),
            weight: *weight,
        };
        Forward::weighted(weights.iter().enumerate().map(group).collect())
    };
    assert!(forward(&[0, 999]).is_ok());
    assert_eq!(forward(&[0, 0]), Err(BadAction::NoWeight));
    assert_eq!(forward(&[1000]), Err(BadAction::Weight { weight: 1000 }));
    assert_eq!(forward(&[]), Err(BadAction::Groups { count: 0 }));
    assert_eq!(forward(&[1; 6]), Err(BadAction::Groups { count: 6 }));
}

#[test]
fn fixed_responses_are_small_and_of_known_types() {
    for (status, content_type, body, expected) in [
        (200, None, "ok", true),
        (503, Some("application/json"), "{}", true),
        (204, None, "", true),
        (204, None, "x", false),
        (301, None, "", false),
        (600, None, "", false),
        (404, Some("text/xml"), "", false),
    ] {
        let response = FixedResponse::new(status, content_type, body);
        assert_eq!(response.is_ok(), expected, "{status} {content_type:?} {body}");
    }
    assert!(FixedResponse::new(200, None, &"x".repeat(1024)).is_ok());
    assert!(FixedResponse::new(200, None, &"x".repeat(1025)).is_err());
}

const ORIGIN: Origin<'_> = Origin {
    scheme: Scheme::Http,
    host: b"shop.example",
    port: 8080,
    path: b"/a/b",
    query: b"c=d",
};

fn location(redirect: &Redirect, origin: &Origin<'_>) -> String {
    let mut out = Vec::new();
    redirect.write(origin, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn redirects_change_what_they_say_and_keep_the_rest() {
    let same = Redirect::same;
    let host = |text| Template::host(text).unwrap();
    let path = |text| Template::path(text).unwrap();
    let query = |text| Template::query(text).unwrap();
    for (redirect, expected) in [
        (Redirect::https(), "https://shop.example/a/b?c=d"),
        (
            Redirect { port: Port::Number(443), ..Redirect::https() },
            "https://shop.example:443/a/b?c=d",
        ),
        (Redirect { port: Port::Same, ..same() }, "http://shop.example:8080/a/b?c=d"),
        (Redirect { host: host("www.#{host}"), ..same() }, "http://www.shop.example:8080/a/b?c=d"),
        (Redirect { path: path("/x/#{path}/y"), ..same() }, "http://shop.example:8080/x/a/b/y?c=d"),
        (
            Redirect { path: path("/#{host}/#{port}/#{protocol}"), ..same() },
            "http://shop.example:8080/shop.example/8080/http?c=d",
        ),
        (Redirect { query: query(""), ..same() }, "http://shop.example:8080/a/b"),
        (
            Redirect { query: query("old=#{path}&#{query}"), ..same() },
            "http://shop.example:8080/a/b?old=a/b&c=d",
        ),
    ] {
        assert_eq!(location(&redirect, &ORIGIN), expected);
    }
    let plain = Origin { port: 80, query: b"", path: b"/", ..ORIGIN };
    assert_eq!(location(&same(), &plain), "http://shop.example/");
    assert_eq!(
        location(&Redirect { port: Port::Same, ..same() }, &plain),
        "http://shop.example:80/"
    );
}

#[test]
fn templates_that_make_no_url_are_refused() {
    let same = Redirect::same;
    for (redirect, own, expected) in [
        (same(), Scheme::Http, Some(BadRedirect::Loop)),
        (Redirect { port: Port::Same, ..same() }, Scheme::Http, Some(BadRedirect::Loop)),
        (Redirect::https(), Scheme::Http, None),
        (Redirect::https(), Scheme::Https, Some(BadRedirect::Loop)),
        (Redirect { port: Port::Number(8443), ..Redirect::https() }, Scheme::Https, None),
        (
            Redirect { scheme: Some(Scheme::Http), ..same() },
            Scheme::Https,
            Some(BadRedirect::Downgrade),
        ),
    ] {
        assert_eq!(redirect.clone().check(own).err(), expected, "{redirect:?} from {own:?}");
    }
    for host in ["", "a b", "shop.example:80", "http://a.example", "#{host", "#{hst}"] {
        assert!(Template::host(host).is_err(), "{host}");
    }
    for path in ["", "x", "/a b", "/a#b", "/#{path", "/#{x}", "/ä"] {
        assert!(Template::path(path).is_err(), "{path}");
    }
    assert!(Template::query("?a").is_err() && Template::query("a=#{query}").is_ok());
    assert!(Template::path(&format!("/{}", "a".repeat(128))).is_err());
}

#[test]
fn rewrites_replace_the_first_match_and_leave_what_does_not_fit() {
    for (regex, replace, text, expected) in [
        ("^/api/(.*)$", "/$1", "/api/a?b", Some("/a?b")),
        ("^/api/(.*)$", "/$1", "/web", None),
        ("a", "b", "/aa", Some("/ba")),
        ("(a)(b)?", "[$2$1$0]", "/a", Some("/[aa]")),
        ("/(x)", "/$$1${1}y", "/x", Some("/$1xy")),
        ("/(x)", "/$ $x", "/x", Some("/$ $x")),
        ("x", "", "/x", Some("/")),
    ] {
        let rewrite = Rewrite::url(regex, replace).unwrap();
        let made = rewrite.apply(text.as_bytes()).map(|made| String::from_utf8(made).unwrap());
        assert_eq!(made.as_deref(), expected, "{regex} {replace} {text}");
    }
    assert_eq!(Rewrite::url("(a)", "$2"), Err(BadTransform::Group { group: 2, groups: 1 }));
    assert!(Rewrite::url("a", &"x".repeat(1025)).is_err());
    let host = Rewrite::host(r"^(.+)\.shop\.example$", "$1.inner").unwrap();
    assert_eq!(host.apply(b"A.Shop.Example"), Some(b"A.inner".to_vec()));
}

/// As one would define it: try everything.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skipped| is_like(rest, &text[skipped..])),
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(c, text)| (*first == b'?' || first == c) && is_like(rest, text)),
    }
}

proptest! {
    #[test]
    fn patterns_fit_what_their_definition_says(
        pattern in "[/*?][ab*?]{0,7}",
        text in "[/ab]{0,9}",
    ) {
        let compiled = Pattern::path(&pattern).unwrap();
        prop_assert_eq!(compiled.matches(text.as_bytes()), is_like(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn whatever_a_covered_pattern_fits_its_cover_fits(
        wide in "[/*?][ab*?]{0,4}",
        narrow in "[/*?][ab*?]{0,4}",
        text in "[/ab]{0,6}",
    ) {
        let (wide, narrow) = (Pattern::path(&wide).unwrap(), Pattern::path(&narrow).unwrap());
        if wide.covers(&narrow) && narrow.matches(text.as_bytes()) {
            prop_assert!(wide.matches(text.as_bytes()), "{wide} {narrow} {text}");
        }
    }

    #[test]
    fn no_expression_or_replacement_panics(
        regex in "[()\\[\\]ab*+?{}|^$.\\\\0-9]{1,12}",
        replace in "[$ab{}0-9]{0,12}",
        text in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        if let Ok(rewrite) = Rewrite::url(&regex, &replace) {
            rewrite.apply(&text);
        }
    }
}
