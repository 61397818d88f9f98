//! `RegisterTargets`, `DeregisterTargets`, `DescribeTargetHealth`.

use clingfish_elb::{Code, TargetSeen};
use clingfish_model::TargetId;

use crate::support::Cloud;

const WEB: &str =
    "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732";

/// A form of that action, each target as id, port and zone, of which the last two may be empty.
fn form(action: &str, targets: &[(&str, &str, &str)]) -> String {
    let mut form = format!("Action={action}&TargetGroupArn={WEB}");
    for (at, (id, port, zone)) in (1..).zip(targets) {
        form += &format!("&Targets.member.{at}.Id={id}");
        for (name, value) in [("Port", port), ("AvailabilityZone", zone)] {
            if !value.is_empty() {
                form += &format!("&Targets.member.{at}.{name}={value}");
            }
        }
    }
    form
}

fn group(lines: &str) -> String {
    format!("[target_groups.web]\nport = 80\n{lines}\n")
}

fn instances(lines: &str) -> String {
    format!(
        "[aws.instances]\ni-1 = \"10.0.0.7\"\ni-2 = \"fd00::2\"\n{}",
        group(&format!("target_type = \"instance\"\n{lines}"))
    )
}

fn seen(id: &str, address: &str, state: &'static str) -> TargetSeen {
    TargetSeen {
        id: TargetId::new(id).unwrap(),
        address: address.parse().unwrap(),
        zone: None,
        state,
        reason: None,
        is_anomalous: false,
        is_mitigated: false,
        is_leaving: false,
    }
}

#[test]
fn targets_become_addresses_of_the_file() {
    let zoned = "[aws.subnets]\nsubnet-1 = { zone = \"a\" }\n".to_owned() + &group("");
    for (text, targets, lines) in [
        (group(""), &[("10.0.0.1", "", "")][..], &[r#"+ "10.0.0.1:80""#][..]),
        (group(""), &[("10.0.0.1", "3000", "all")], &[r#"+ "10.0.0.1:3000""#]),
        (group(""), &[("fd00::0:1", "3000", "")], &[r#"+ "[fd00::1]:3000""#]),
        (group(""), &[("127.0.0.1", "", "")], &[r#"+ "127.0.0.1:80""#]),
        (
            zoned.clone(),
            &[("10.0.0.1", "", "a")],
            &[r#"+ { address = "10.0.0.1:80", zone = "a" }"#],
        ),
        (
            group(""),
            &[("10.0.0.1", "", ""), ("10.0.0.1", "80", ""), ("10.0.0.1", "81", "")],
            &[r#"+ "10.0.0.1:80""#, r#"+ "10.0.0.1:81""#],
        ),
        (
            instances(""),
            &[("i-1", "", ""), ("i-2", "81", "")],
            &[
                r#"+ { id = "i-1:80", address = "10.0.0.7:80" }"#,
                r#"+ { id = "i-2:81", address = "[fd00::2]:81" }"#,
            ],
        ),
        // Registered already, whoever did it.
        (group("targets = [\"10.0.0.1:80\"]"), &[("10.0.0.1", "", "")], &[]),
        (
            group("targets = [{ id = \"a\", address = \"10.0.0.1:80\" }]"),
            &[("10.0.0.1", "", "")],
            &[],
        ),
        (
            instances("targets = [{ id = \"i-1:80\", address = \"10.0.0.9:80\" }]"),
            &[("i-1", "", "")],
            &[],
        ),
        (
            zoned.replace(
                "port = 80",
                "port = 80\ntargets = [{ id = \"a\", address = \"10.0.0.1:80\", weight = 2 }]",
            ),
            &[("10.0.0.1", "", "a")],
            &["- a", r#"+ { id = "a", address = "10.0.0.1:80", weight = 2, zone = "a" }"#],
        ),
    ] {
        let edits = Cloud::new(&text).edits(&form("RegisterTargets", targets)).unwrap();
        let lines: Vec<_> =
            lines.iter().map(|line| format!("[target_groups.web] {line}")).collect();
        assert_eq!(edits, lines, "{targets:?}");
    }
}

#[test]
fn what_cannot_be_a_target_is_refused() {
    let not_running = "The following targets are not in a running state and cannot be registered:";
    for (text, target, code, message) in [
        (group(""), ("169.254.169.254", "", ""), Code::InvalidTarget, "it is a link-local address"),
        (
            group(""),
            ("::ffff:169.254.169.254", "", ""),
            Code::InvalidTarget,
            "it is a link-local address",
        ),
        (group(""), ("0.0.0.0", "", ""), Code::InvalidTarget, "cannot be registered: it is"),
        (group(""), ("224.0.0.1", "", ""), Code::InvalidTarget, "it is a multicast address"),
        (group(""), ("127.0.0.1", "", ""), Code::InvalidTarget, "it is a loopback address"),
        (
            group(""),
            ("i-1", "", ""),
            Code::ValidationError,
            "The target id 'i-1' is not a valid IP address",
        ),
        (
            group("").replace("port = 80", ""),
            ("10.0.0.1", "", ""),
            Code::ValidationError,
            "A port must be specified",
        ),
        (group(""), ("10.0.0.1", "0", ""), Code::ValidationError, "greater than or equal to 1"),
        (
            group(""),
            ("10.0.0.1", "", "a b"),
            Code::ValidationError,
            "The Availability Zone 'a b' is not valid",
        ),
        (instances(""), ("i-3", "", ""), Code::InvalidTarget, &format!("{not_running} 'i-3'")),
        (
            group("target_type = \"instance\""),
            ("i-1", "", ""),
            Code::InvalidTarget,
            &format!("{not_running} 'i-1'"),
        ),
        (
            group("targets = [{ id = \"10.0.0.1:80\", address = \"10.0.0.2:80\" }]"),
            ("10.0.0.1", "", ""),
            Code::InvalidTarget,
            "the configuration has for a target at another address",
        ),
        (
            "[server]\navailability_zone = \"a\"\n".to_owned() + &group("cross_zone = false"),
            ("10.0.0.1", "", "all"),
            Code::ValidationError,
            "You must specify an Availability Zone for target '10.0.0.1'",
        ),
    ] {
        let mut cloud = Cloud::new(&text);
        cloud.on_loopback = false;
        let refusal = cloud.refusal(&form("RegisterTargets", &[target]));
        assert!(refusal.0 == code && refusal.1.contains(message), "{target:?}: {refusal:?}");
    }
    let mut cloud = Cloud::new(&group(""));
    assert_eq!(cloud.refusal(&form("RegisterTargets", &[])).0, Code::ValidationError);
    cloud.text += "[admin]\nbind = \"10.0.0.1:80\"\n";
    let (_, message) = cloud.refusal(&form("RegisterTargets", &[("10.0.0.1", "", "")]));
    assert!(message.contains("the admin address of this process"), "{message}");
}

#[test]
fn more_targets_than_a_group_may_have_are_refused() {
    let targets: Vec<_> =
        (0..9_999).map(|n| format!("\"10.1.{}.{}:80\"", n / 250, n % 250)).collect();
    let cloud = Cloud::new(&group(&format!("targets = [{}]", targets.join(", "))));
    let one = form("RegisterTargets", &[("10.0.0.1", "", "")]);
    assert_eq!(cloud.edits(&one).unwrap().len(), 1);
    let two = form("RegisterTargets", &[("10.0.0.1", "", ""), ("10.0.0.2", "", "")]);
    assert_eq!(cloud.refusal(&two).0, Code::TooManyTargets);
}

#[test]
fn targets_go_by_the_names_they_have_in_the_api() {
    let file = r#"targets = ["10.0.0.1:80", { id = "a", address = "10.0.0.2:81", weight = 2 }, "app.internal:80"]"#;
    let instance = "targets = [{ id = \"i-1:80\", address = \"10.0.0.9:80\" }, \"10.0.0.1:80\"]";
    for (text, targets, lines) in [
        (group(file), &[("10.0.0.1", "", "")][..], &["- 10.0.0.1:80"][..]),
        (group(file), &[("10.0.0.1", "80", "all"), ("10.0.0.1", "80", "")], &["- 10.0.0.1:80"]),
        (group(file), &[("10.0.0.2", "81", "")], &["- a"]),
        (group(file), &[("app.internal", "", "")], &["- app.internal:80"]),
        // What is not there is gone already.
        (group(file), &[("10.0.0.1", "82", ""), ("10.0.0.9", "", "")], &[]),
        (instances(instance), &[("i-1", "", "")], &["- i-1:80"]),
        (instances(instance), &[("10.0.0.1", "", "")], &["- 10.0.0.1:80"]),
        (instances(instance), &[("10.0.0.9", "", "")], &[]),
    ] {
        let edits = Cloud::new(&text).edits(&form("DeregisterTargets", targets)).unwrap();
        let lines: Vec<_> =
            lines.iter().map(|line| format!("[target_groups.web] {line}")).collect();
        assert_eq!(edits, lines, "{targets:?}");
    }
}

#[test]
fn a_target_is_not_deregistered_by_half_its_name_or_through_that_of_another() {
    let mut cloud = Cloud::new(&group("targets = [\"10.0.0.2:81\", \"app.internal:80\"]"));
    cloud.seen = vec![seen("app.internal:80@10.0.0.5:80", "10.0.0.5:80", "healthy")];
    for (target, message) in [
        (
            ("10.0.0.2", "", ""),
            "You must specify the port of target '10.0.0.2', which is registered with 81",
        ),
        (
            ("10.0.0.5", "", ""),
            "The target '10.0.0.5' cannot be deregistered: it is an address of 'app.internal:80', which the configuration names",
        ),
    ] {
        let refusal = cloud.refusal(&form("DeregisterTargets", &[target]));
        assert_eq!(refusal, (Code::InvalidTarget, message.to_owned()));
    }
}

const LISTENER: &str = "[[listeners]]\nbind = \"127.0.0.1:8080\"\nforward = \"web\"\n";

/// Each target as it is shown: id, port, port of checks, state, reason.
fn health(cloud: &mut Cloud, form: &str) -> Vec<String> {
    let xml = cloud.call(form).unwrap();
    let text = |part: &str, name: &str| {
        let start = part.split_once(&format!("<{name}>"));
        start.and_then(|(_, rest)| rest.split('<').next()).unwrap_or("-").to_owned()
    };
    let names = ["Id", "Port", "HealthCheckPort", "State", "Reason"];
    let one = |part: &str| names.map(|name| text(part, name)).join(" ");
    xml.split("<Target>").skip(1).map(one).collect()
}

#[test]
fn health_is_what_was_seen_in_the_order_of_the_file() {
    let file = group(
        r#"targets = ["10.0.0.1:80", "app.internal:81", { id = "b", address = "10.0.0.2:82" }, "new.internal:83"]"#,
    );
    let mut cloud = Cloud::new(&format!("{LISTENER}{file}"));
    let mut failing = seen("app.internal:81@10.0.0.5:81", "10.0.0.5:81", "unhealthy");
    failing.reason = Some(("Target.Timeout", "Request timed out".into()));
    cloud.seen = vec![
        seen("app.internal:81@10.0.0.4:81", "10.0.0.4:81", "healthy"),
        failing,
        seen("10.0.0.1:80", "10.0.0.1:80", "healthy"),
        TargetSeen { is_leaving: true, ..seen("10.0.0.8:80", "10.0.0.8:80", "draining") },
        // Taken out of the file a moment ago.
        seen("10.0.0.9:80", "10.0.0.9:80", "healthy"),
        // Registered again while it leaves.
        TargetSeen { is_leaving: true, ..seen("10.0.0.1:80", "10.0.0.1:80", "draining") },
    ];
    let registering = "initial Elb.RegistrationInProgress";
    let draining = "draining Target.DeregistrationInProgress";
    assert_eq!(
        health(&mut cloud, &form("DescribeTargetHealth", &[])),
        [
            "10.0.0.1 80 80 healthy -".to_owned(),
            "10.0.0.4 81 81 healthy -".into(),
            "10.0.0.5 81 81 unhealthy Target.Timeout".into(),
            format!("10.0.0.2 82 82 {registering}"),
            format!("new.internal 83 83 {registering}"),
            format!("10.0.0.8 80 80 {draining}"),
            format!("10.0.0.9 80 80 {draining}"),
        ]
    );
}

#[test]
fn health_of_those_that_are_asked_for() {
    let file = group(
        "target_type = \"instance\"\nhealth_check.port = 9000\ntargets = [{ id = \"i-1:80\", address = \"10.0.0.7:80\" }]",
    );
    let mut cloud = Cloud::new(&format!("{LISTENER}{file}"));
    cloud.seen = vec![seen("i-1:80", "10.0.0.7:80", "healthy")];
    let asked =
        form("DescribeTargetHealth", &[("i-2", "", ""), ("i-1", "", ""), ("i-1", "81", "")]);
    assert_eq!(
        health(&mut cloud, &asked),
        [
            "i-2 80 9000 unused Target.NotRegistered",
            "i-1 80 9000 healthy -",
            "i-1 81 9000 unused Target.NotRegistered",
        ]
    );
    cloud.text = file;
    assert_eq!(
        health(&mut cloud, &form("DescribeTargetHealth", &[])),
        ["i-1 80 9000 unused Target.NotInUse"]
    );
}

#[test]
fn anomalies_are_shown_to_those_who_ask() {
    let mut cloud = Cloud::new(&format!("{LISTENER}{}", group("targets = [\"10.0.0.1:80\"]")));
    cloud.seen = vec![TargetSeen {
        is_anomalous: true,
        is_mitigated: true,
        ..seen("10.0.0.1:80", "10.0.0.1:80", "healthy")
    }];
    let plain = form("DescribeTargetHealth", &[]);
    assert_eq!(
        cloud.call(&plain).unwrap(),
        "<TargetHealthDescriptions><member><Target><Id>10.0.0.1</Id><Port>80</Port></Target>\
         <HealthCheckPort>80</HealthCheckPort><TargetHealth><State>healthy</State></TargetHealth>\
         </member></TargetHealthDescriptions>"
    );
    for part in ["AnomalyDetection", "All"] {
        let xml = cloud.call(&format!("{plain}&Include.member.1={part}")).unwrap();
        assert!(xml.contains(
            "<AnomalyDetection><Result>anomalous</Result><MitigationInEffect>yes</MitigationInEffect></AnomalyDetection>"
        ), "{xml}");
    }
    let (code, _) = cloud.refusal(&format!("{plain}&Include.member.1=Everything"));
    assert_eq!(code, Code::ValidationError);
}
