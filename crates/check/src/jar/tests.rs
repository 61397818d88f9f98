use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn jar(from: &str, lines: &[&str]) -> Jar {
    let mut jar = Jar::default();
    for line in lines {
        if let Some(set) = SetCookie::parse(line) {
            jar.keep(set, &url(from), 100);
        }
    }
    jar
}

#[test]
fn a_cookie_goes_where_its_attributes_say() {
    for (line, from, to, field) in [
        ("a=1", "http://x.example/", "http://x.example/y", Some("a=1")),
        ("a=1", "http://x.example/deep/page", "http://x.example/", None),
        ("a=1", "http://x.example/deep/page", "http://x.example/deep/er?q", Some("a=1")),
        ("a=1; Path=/deep", "http://x.example/", "http://x.example/deeper", None),
        ("a=1; Path=/", "http://x.example/deep/page", "http://x.example/", Some("a=1")),
        ("a=1; Secure", "https://x.example/", "http://x.example/", None),
        ("a=1; Secure", "https://x.example/", "https://x.example/", Some("a=1")),
        ("a=1; Max-Age=10", "http://x.example/", "http://x.example/", Some("a=1")),
        ("a=1; Max-Age=0", "http://x.example/", "http://x.example/", None),
        ("a=1; Domain=example", "http://x.example/", "http://x.example/", Some("a=1")),
    ] {
        let jar = jar(from, &[line]);
        let field = field.map(str::to_owned);
        assert_eq!(jar.field(&url(to), Context::SameSite, 101), field, "{line} {from} {to}");
    }
}

#[test]
fn what_browsers_refuse_is_not_kept() {
    for (from, line) in [
        ("http://x.example/", "a=1; Secure"),
        ("https://x.example/", "a=1; SameSite=None"),
        ("https://x.example/", "a=1; Partitioned"),
        ("https://x.example/", "a=1; Domain=other.example"),
        ("https://x.example/", "a=1; Domain=le"),
        ("https://x.example/", "__Host-a=1; Secure"),
        ("https://x.example/", "__Host-a=1; Path=/"),
        ("https://x.example/", "__Secure-a=1; Path=/"),
    ] {
        assert_eq!(jar(from, &[line]), Jar::default(), "{line}");
    }
    assert_ne!(jar("http://127.0.0.1/", &["a=1; Secure"]), Jar::default());
}

#[test]
fn only_cookies_for_other_sites_go_with_what_other_sites_ask_for() {
    let jar = jar(
        "https://x.example/",
        &["a=1", "b=2; SameSite=Lax", "c=3; SameSite=None; Secure", "d=4; SameSite=Strict"],
    );
    let field = jar.field(&url("https://x.example/"), Context::CrossSite, 101);
    assert_eq!(field.as_deref(), Some("c=3"));
}

#[test]
fn a_cookie_is_replaced_by_name_domain_and_path_and_ends_in_time() {
    let jar = jar(
        "http://x.example/",
        &["a=1; Path=/", "a=2; Path=/y", "a=3; Path=/; Max-Age=10", "b=4; Path=/; Max-Age=-5"],
    );
    let field = |to: &str, now| jar.field(&url(to), Context::SameSite, now);
    assert_eq!(field("http://x.example/y", 101).as_deref(), Some("a=2; a=3"));
    assert_eq!(field("http://x.example/", 110), None);
    assert_eq!(jar.names(), ["a"]);
    assert_eq!(jar.value("a"), Some("3"));
    assert_eq!(jar.only(&["b".to_owned()]), Jar::default());
}
