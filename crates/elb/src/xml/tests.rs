use proptest::prelude::*;

use super::*;
use crate::Code;

#[test]
fn an_answer_has_the_shape_that_clients_read() {
    let matcher = Members::default().text("HttpCode", "200");
    let group = Members::default()
        .text("TargetGroupName", "web")
        .value("Port", 3000)
        .value("HealthCheckEnabled", true)
        .structure("Matcher", matcher)
        .texts("LoadBalancerArns", None::<&str>);
    let result = Members::default().list("TargetGroups", [group]);
    assert_eq!(
        response(Api::V2, "CreateTargetGroup", &result, "5e2a"),
        "<CreateTargetGroupResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\n  \
         <CreateTargetGroupResult><TargetGroups><member><TargetGroupName>web</TargetGroupName>\
         <Port>3000</Port><HealthCheckEnabled>true</HealthCheckEnabled>\
         <Matcher><HttpCode>200</HttpCode></Matcher><LoadBalancerArns/></member></TargetGroups>\
         </CreateTargetGroupResult>\n  \
         <ResponseMetadata><RequestId>5e2a</RequestId></ResponseMetadata>\n\
         </CreateTargetGroupResponse>\n"
    );
}

#[test]
fn an_empty_result_is_there_all_the_same() {
    let answer = response(Api::Classic, "DeleteLoadBalancer", &Members::default(), "5e2a");
    assert_eq!(
        answer,
        "<DeleteLoadBalancerResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/\">\n  \
         <DeleteLoadBalancerResult/>\n  \
         <ResponseMetadata><RequestId>5e2a</RequestId></ResponseMetadata>\n\
         </DeleteLoadBalancerResponse>\n"
    );
}

#[test]
fn an_error_says_whose_fault_it_is() {
    for (code, fault) in [(Code::RuleNotFound, "Sender"), (Code::InternalFailure, "Receiver")] {
        assert_eq!(
            error(Api::V2, &Error::new(code, "no <rule>"), "5e2a"),
            format!(
                "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">\n  \
                 <Error><Type>{fault}</Type><Code>{code}</Code><Message>no &lt;rule&gt;</Message></Error>\n  \
                 <RequestId>5e2a</RequestId>\n</ErrorResponse>\n"
            )
        );
    }
}

#[test]
fn what_is_absent_is_not_written() {
    let nothing = Members::default()
        .some_text("A", None::<String>)
        .some_value("B", None::<u16>)
        .some_structure("C", None);
    assert_eq!(nothing.to_string(), "");
    let all = Members::default()
        .some_text("A", Some("x"))
        .some_value("B", Some(1))
        .some_structure("C", Some(Members::default()))
        .time("D", UnixMillis(1_458_941_172_920));
    assert_eq!(all.to_string(), "<A>x</A><B>1</B><C/><D>2016-03-25T21:26:12.920Z</D>");
}

#[test]
fn text_survives_or_is_replaced() {
    for (text, xml) in [
        ("a&b<c>d\"e'", "a&amp;b&lt;c&gt;d&quot;e'"),
        ("tab\tline\nend", "tab\tline\nend"),
        ("a\rb", "a&#xD;b"),
        ("nul\0 bell\x07 esc\x1B", "nul\u{FFFD} bell\u{FFFD} esc\u{FFFD}"),
        ("\u{FFFE}\u{FFFF}", "\u{FFFD}\u{FFFD}"),
        ("]]>", "]]&gt;"),
        ("ü \u{10FFFF}", "ü \u{10FFFF}"),
    ] {
        assert_eq!(escape(text), xml, "{text:?}");
    }
}

proptest! {
    #[test]
    fn documents_are_well_formed_whatever_they_say(
        texts in proptest::collection::vec(any::<String>(), 0..4),
        id in any::<String>(),
    ) {
        let result = Members::default().texts("Names", &texts);
        let document = response(Api::V2, "DescribeThings", &result, &id);
        let names: String = texts.iter().flat_map(|text| legal(text)).collect();
        let read = read(&document).unwrap();
        prop_assert!(read.contains(&names), "{:?} is not in {:?}", names, read);
        let failed = Error::validation(texts.concat());
        let document = error(Api::Classic, &failed, &id);
        let message = legal(&failed.message).collect::<String>();
        prop_assert!(self::read(&document).unwrap().contains(&message));
    }
}

/// What a reader should see of a text.
fn legal(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER })
}

/// Of XML 1.0: `Char`.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Reads a document strictly, as far as ours go: tags must nest, text be legal. Returns all text.
fn read(document: &str) -> Result<String, String> {
    let (mut open, mut text, mut rest) = (Vec::new(), String::new(), document);
    while let Some(character) = rest.chars().next() {
        let end = |from: &str, what: char| from.find(what).ok_or(format!("no {what} in {from:?}"));
        match character {
            '<' => {
                let close = end(rest, '>')?;
                let tag = &rest[1..close];
                rest = &rest[close + 1..];
                if let Some(name) = tag.strip_prefix('/') {
                    let opened: Option<String> = open.pop();
                    if opened.as_deref() != Some(name) {
                        return Err(format!("{name} ends {opened:?}"));
                    }
                } else if !tag.ends_with('/') {
                    open.push(tag.split(' ').next().unwrap_or_default().to_owned());
                }
            }
            '&' => {
                let close = end(rest, ';')?;
                text.push(match &rest[..=close] {
                    "&amp;" => '&',
                    "&lt;" => '<',
                    "&gt;" => '>',
                    "&quot;" => '"',
                    "&#xD;" => '\r',
                    other => return Err(format!("{other} is no entity")),
                });
                rest = &rest[close + 1..];
            }
            '\r' => return Err("a reader makes a line feed of it".into()),
            legal if is_legal(legal) => {
                text.push(legal);
                rest = &rest[legal.len_utf8()..];
            }
            other => return Err(format!("{other:?} is no character of XML")),
        }
    }
    if open.is_empty() { Ok(text) } else { Err(format!("{open:?} do not end")) }
}
