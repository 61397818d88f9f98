//! `docs/elb-api.md` says what the code does.

use std::{collections::BTreeSet, path::Path};

use clingfish_elb::{Api, Code};

use crate::support::Cloud;

const DOCUMENT: &str = include_str!("../../../../docs/elb-api.md");

/// Rows of the tables in that section, cell by cell, without the heads.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = DOCUMENT.split_once(&format!("\n{heading}\n")).unwrap();
    let section = rest.split_once("\n##").map_or(rest, |(section, _)| section);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect()).collect()
}

/// The names in a match of actions.
fn actions(source: &'static str) -> Vec<&'static str> {
    let names = source.lines().filter_map(|line| {
        let (name, _) = line.trim().strip_prefix('"')?.split_once("\" => ")?;
        Some(name)
    });
    names.collect()
}

#[test]
fn every_action_has_a_row_and_every_row_an_action() {
    for (heading, source, count) in [
        ("## Actions", include_str!("../../src/v2.rs"), 38),
        ("## The Classic API", include_str!("../../src/classic.rs"), 29),
    ] {
        let documented: Vec<_> = rows(heading).iter().map(|row| row[0]).collect();
        assert_eq!(documented, actions(source), "{heading}");
        assert_eq!(documented.len(), count, "{heading}");
    }
}

#[test]
fn every_row_of_an_action_leads_to_a_test() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for row in ["## Actions", "## The Classic API"].into_iter().flat_map(rows) {
        let links = row[3].split("](").skip(1).filter_map(|link| link.split(')').next());
        let links: Vec<_> = links.collect();
        assert!(!links.is_empty(), "{row:?}");
        for link in links {
            let text = std::fs::read_to_string(docs.join(link)).unwrap();
            // Tests of several actions may put their verb before what they are about.
            let noun = row[0].trim_start_matches("Describe").trim_start_matches("Remove");
            assert!(text.contains(noun), "{link} has nothing of {}", row[0]);
        }
    }
}

#[test]
fn every_code_is_one_that_there_is_with_its_status() {
    let mut seen = BTreeSet::new();
    for row in rows("## Errors") {
        let code = Code::ALL.iter().find(|code| code.as_str() == row[0]);
        let code = code.unwrap_or_else(|| panic!("there is no {}", row[0]));
        assert!(seen.insert(row[0]), "{} is there twice", row[0]);
        let statuses: Vec<u16> = row[1].split(", ").map(|status| status.parse().unwrap()).collect();
        // That of being too many is HTTP's own.
        let own = if *code == Code::ThrottlingException { 429 } else { code.status(Api::V2) };
        assert!(statuses.contains(&own), "{code}: {statuses:?}");
        let classic = code.status(Api::Classic);
        assert!(statuses.contains(&classic) || *code == Code::ThrottlingException, "{code}");
    }
}

/// Keys and values in an answer.
fn attributes(answer: &str) -> Vec<(String, String)> {
    let pairs = answer.split("<Key>").skip(1).map(|pair| {
        let (key, rest) = pair.split_once("</Key>").unwrap();
        let value = rest.strip_prefix("<Value>").and_then(|rest| rest.split_once("</Value>"));
        (key.to_owned(), value.map_or("", |(value, _)| value).to_owned())
    });
    pairs.collect()
}

#[test]
fn every_attribute_is_there_with_its_default() {
    let mut cloud = Cloud::new("");
    let arn = |answer: &str, element: &str| {
        let (_, rest) = answer.split_once(&format!("<{element}>")).unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let create = "Action=CreateLoadBalancer&Name=a&Subnets.member.1=x&Subnets.member.2=y";
    let balancer = arn(&cloud.call(create).unwrap(), "LoadBalancerArn");
    let create = "Action=CreateTargetGroup&Name=a&Protocol=HTTP&Port=80&VpcId=v";
    let group = arn(&cloud.call(create).unwrap(), "TargetGroupArn");
    let create = format!(
        "Action=CreateListener&LoadBalancerArn={balancer}&Port=80&Protocol=HTTP\
         &DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}"
    );
    let listener = arn(&cloud.call(&create).unwrap(), "ListenerArn");
    for (heading, form) in [
        (
            "### Load balancers",
            format!("Action=DescribeLoadBalancerAttributes&LoadBalancerArn={balancer}"),
        ),
        (
            "### Target groups",
            format!("Action=DescribeTargetGroupAttributes&TargetGroupArn={group}"),
        ),
        ("### Listeners", format!("Action=DescribeListenerAttributes&ListenerArn={listener}")),
    ] {
        let shown = attributes(&cloud.call(&form).unwrap());
        let rows = rows(heading);
        let documented: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
        let of_scheme = "true` if internal";
        let documented = documented.iter().map(|(key, default)| {
            let default = if *default == of_scheme { "false" } else { default.trim() };
            ((*key).to_owned(), default.to_owned())
        });
        assert_eq!(documented.collect::<Vec<_>>(), shown, "{heading}");
    }
}
