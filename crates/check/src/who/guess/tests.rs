use super::*;

type Page = Box<dyn Fn(&str, usize) -> Answer>;

/// One of a few targets answers: what its page looks like for the n-th request of all.
fn page(make: &dyn Fn(&str, usize) -> Answer, order: &[&str]) -> Vec<Answer> {
    order.iter().enumerate().map(|(number, target)| make(target, number)).collect()
}

fn answer(fields: &[(&str, String)], body: String) -> Answer {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Answer { status: 200, fields, body }
}

const ORDER: &[&str] = &["a1", "b2", "a1", "c3", "b2", "c3", "a1", "b2", "c3", "a1"];

#[test]
fn the_part_that_names_the_target_is_found() {
    let date = |number: usize| format!("Sat, 28 Nov 2026 15:00:0{} GMT", number / 4);
    let cases: [(&str, Page, Option<&str>); 10] = [
        (
            "a field beside a date in a field of no known name",
            Box::new(move |target, number| {
                answer(
                    &[("x-time", date(number)), ("x-served-by", target.into())],
                    format!("request {number}"),
                )
            }),
            Some("header:x-served-by"),
        ),
        (
            "a bare body",
            Box::new(|target, _| answer(&[], target.into())),
            Some("the first word of the body"),
        ),
        (
            "a JSON member beside a counter and an id",
            Box::new(|target, number| {
                let body = format!(
                    r#"{{"visits":{},"id":"r{number}","me":{{"host":"{target}"}}}}"#,
                    number % 5
                );
                answer(&[], body)
            }),
            Some("json:me.host"),
        ),
        (
            "a word behind something of changing length",
            Box::new(|target, number| {
                let greeting = "hello ".repeat(1 + number % 3);
                answer(&[], format!("<p>{greeting}</p><p>Served by {target}</p>"))
            }),
            Some("the word after \"by\" in the body"),
        ),
        (
            "a counter that starts again",
            Box::new(|_, number| answer(&[], format!("visit {}", number % 3))),
            None,
        ),
        (
            "a number after a telling word",
            Box::new(|target, _| {
                answer(&[], format!("server {}", target.len() + usize::from(target == "a1")))
            }),
            Some("the word after \"server\" in the body"),
        ),
        ("one target", Box::new(|_, _| answer(&[("server", "x".into())], "same".into())), None),
        ("ids alone", Box::new(|_, number| answer(&[], format!("request {number}"))), None),
        ("dates alone", Box::new(move |_, number| answer(&[], date(number))), None),
        (
            "a part that some answers lack",
            Box::new(|target, number| {
                let fields = [("x-served-by", target.to_owned())];
                answer(if number == 3 { &[] } else { &fields }, String::new())
            }),
            None,
        ),
    ];
    for (what, make, expected) in cases {
        let fresh = page(&make, ORDER);
        let returning = [page(&make, &["a1", "a1", "a1"]), page(&make, &["c3", "c3", "c3"])];
        let found = guess(&fresh, &returning).map(|who| who.to_string());
        assert_eq!(found.as_deref(), expected, "{what}");
    }
}

#[test]
fn what_keeps_its_value_for_a_client_is_preferred() {
    // A dice that the page shows looks like two targets too.
    let make = |target: &str, number: usize| {
        let dice = if number.is_multiple_of(3) { "six" } else { "one" };
        answer(&[("x-dice", dice.into()), ("x-origin", target.into())], String::new())
    };
    let fresh = page(&make, ORDER);
    let returning =
        [page(&make, &["a1", "a1", "a1", "a1"]), page(&make, &["b2", "b2", "b2", "b2"])];
    assert_eq!(guess(&fresh, &returning).unwrap().to_string(), "header:x-origin");
}

#[test]
fn errors_of_the_balancer_do_not_hide_the_targets() {
    let make = |target: &str, number: usize| {
        let status = if number == 4 { 503 } else { 200 };
        Answer { status, ..answer(&[("x-origin", target.into())], String::new()) }
    };
    assert!(guess(&page(&make, ORDER), &[]).is_some());
}
