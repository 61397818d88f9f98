//! Rules: made, shown, changed, deleted and put into another order.

use clingfish_elb::{Call, Code, World, plan, query::Params};
use clingfish_model::Rule;

use crate::support::{Cloud, HOST_NAME, NOW};

const FILE: &str = r#"
[aws]
account = "123456789012"
region = "eu-central-1"

[load_balancers.shop]
id = "50dc6c495c0c9188"

[[listeners]]
name = "web"
id = "f2f7dc8efc522ab2"
bind = "0.0.0.0:80"
load_balancer = "shop"
fixed_response = { status = 404 }

[[listeners.rules]]
priority = 10
id = "000000000000000a"
conditions = { path-pattern = "/a" }
forward = "blue"
transforms = { url-rewrite = { regex = "^/a", replace = "/b" } }

[[listeners.rules]]
priority = 20
conditions = { path-pattern = "/b" }
fixed_response = { status = 410 }

[target_groups.blue]
id = "00000000000000b1"
targets = []
"#;

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                        listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2";
const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                    listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/000000000000000a";
const VERSION: &str = "Action=CreateRule&Version=2015-12-01";
const CONDITION: &str =
    "&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/c";
const ACTION: &str =
    "&Actions.member.1.Type=fixed-response&Actions.member.1.FixedResponseConfig.StatusCode=410";

/// ARNs of all rules, as they are shown.
fn arns(file: &str) -> Vec<String> {
    arns_at(file, LISTENER)
}

/// The same, where the listener has the id that is made of its name.
fn arns_of(file: &str) -> Vec<String> {
    let id = clingfish_model::ResourceId::derive("listener", "web").to_string();
    arns_at(file, &LISTENER.replace("f2f7dc8efc522ab2", &id))
}

fn arns_at(file: &str, listener: &str) -> Vec<String> {
    let form = format!("Action=DescribeRules&ListenerArn={listener}");
    let answer = Cloud::new(file).call(&form).unwrap();
    let arn = |part: &str| part.split("</RuleArn>").next().unwrap().to_owned();
    answer.split("<RuleArn>").skip(1).map(arn).collect()
}

#[test]
fn a_new_rule_says_everything() {
    let form = format!(
        "Action=CreateRule&ListenerArn={LISTENER}&Priority=30{CONDITION}{ACTION}&Tags.member.1.Key=a"
    );
    let edits = Cloud::new(FILE).edits(&form).unwrap();
    let [edit] = edits.as_slice() else { panic!("{edits:?}") };
    let start = r#"[[listeners.rules]] web 30 new: priority = 30, conditions = { path-pattern = ["/c"] }, fixed_response = { status = 410, content_type = "text/plain" }, id = ""#;
    assert!(edit.starts_with(start), "{edit}");
    assert!(edit.ends_with(r#"", tags = { a = "" }"#), "{edit}");
}

#[test]
fn rules_that_cannot_be_are_refused() {
    let gone = LISTENER.replace("ab2", "ab3");
    let transform = "&Transforms.member.1.Type=url-rewrite&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Regex=a&Transforms.member.1.UrlRewriteConfig.Rewrites.member.1.Replace=b";
    for (listener, rest, code, message) in [
        (
            &*gone,
            format!("&Priority=1{CONDITION}{ACTION}"),
            Code::ListenerNotFound,
            "The specified listener does not exist.",
        ),
        (
            LISTENER,
            format!("&Priority=10{CONDITION}{ACTION}"),
            Code::PriorityInUse,
            "The specified priority is in use.",
        ),
        (
            LISTENER,
            format!("&Priority=0{CONDITION}{ACTION}"),
            Code::ValidationError,
            "1 validation error detected: Value '0' at 'priority' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            LISTENER,
            format!("&Priority=50001{CONDITION}{ACTION}"),
            Code::ValidationError,
            "1 validation error detected: Value '50001' at 'priority' failed to satisfy constraint: Member must have value less than or equal to 50000",
        ),
        (
            LISTENER,
            format!("{CONDITION}{ACTION}"),
            Code::ValidationError,
            "1 validation error detected: Value null at 'priority' failed to satisfy constraint: Member must not be null",
        ),
        (
            LISTENER,
            format!("&Priority=1{ACTION}"),
            Code::ValidationError,
            "1 validation error detected: Value null at 'conditions' failed to satisfy constraint: Member must not be null",
        ),
        (
            LISTENER,
            format!("&Priority=1{CONDITION}"),
            Code::ValidationError,
            "1 validation error detected: Value null at 'actions' failed to satisfy constraint: Member must not be null",
        ),
        (
            LISTENER,
            format!("&Priority=1{CONDITION}{ACTION}{transform}"),
            Code::InvalidLoadBalancerAction,
            "Transforms can only be specified with an action of type 'forward'",
        ),
    ] {
        let form = format!("Action=CreateRule&ListenerArn={listener}{rest}");
        assert_eq!(Cloud::new(FILE).refusal(&form), (code, message.to_owned()), "{rest}");
    }
}

#[test]
fn a_listener_has_so_many_rules_and_no_more() {
    let (mut desired, _) = clingfish_config::parse(FILE).unwrap();
    let listener = desired.listeners.first_mut().unwrap();
    let one = listener.rules.pop().unwrap();
    listener.rules.resize(Rule::COUNT_MAX, one);
    let form = format!("{VERSION}&ListenerArn={LISTENER}&Priority=6000{CONDITION}{ACTION}");
    let call = Call::of(Params::decode(form.as_bytes()).unwrap()).unwrap();
    let world = World {
        desired: &desired,
        observed: &Cloud::new(FILE),
        now: NOW,
        on_loopback: true,
        host_name: HOST_NAME,
    };
    let error = plan(call, &world).unwrap_err();
    assert_eq!(error.code, Code::TooManyRules);
    assert_eq!(error.message, "A listener cannot have more than '5000' rules");
}

#[test]
fn rules_are_shown_in_their_order_with_the_default_one_last() {
    let mut cloud = Cloud::new(FILE);
    let list = format!("Action=DescribeRules&ListenerArn={LISTENER}");
    let answer = cloud.call(&list).unwrap();
    let priorities: Vec<_> =
        answer.split("<Priority>").skip(1).map(|part| part.split('<').next().unwrap()).collect();
    assert_eq!(priorities, ["10", "20", "default"]);
    let first = format!(
        "<Rules><member><RuleArn>{RULE}</RuleArn><Priority>10</Priority><Conditions><member><Field>path-pattern</Field><Values><member>/a</member></Values>\
         <PathPatternConfig><Values><member>/a</member></Values></PathPatternConfig></member></Conditions><Actions><member><Type>forward</Type>"
    );
    assert!(answer.starts_with(&first), "{answer}");
    assert!(answer.contains("</Actions><IsDefault>false</IsDefault><Transforms><member><Type>url-rewrite</Type><UrlRewriteConfig><Rewrites><member><Regex>^/a</Regex><Replace>/b</Replace></member></Rewrites></UrlRewriteConfig></member></Transforms></member>"), "{answer}");
    assert!(answer.contains("<Priority>default</Priority><Conditions/><Actions>"), "{answer}");
    assert!(
        answer.ends_with("</Actions><IsDefault>true</IsDefault><Transforms/></member></Rules>"),
        "{answer}"
    );
    for arn in arns(FILE) {
        let answer = cloud.call(&format!("Action=DescribeRules&RuleArns.member.1={arn}")).unwrap();
        assert_eq!(answer.matches("<RuleArn>").count(), 1, "{arn}");
        assert!(answer.contains(&arn), "{arn}: {answer}");
    }
    let page = cloud.call(&format!("{list}&PageSize=2")).unwrap();
    let marker = page.split("<NextMarker>").nth(1).unwrap().split('<').next().unwrap();
    let rest = cloud.call(&format!("{list}&PageSize=2&Marker={marker}")).unwrap();
    assert!(rest.contains("<IsDefault>true</IsDefault>") && !rest.contains("NextMarker"), "{rest}");
}

#[test]
fn rules_are_asked_for_by_a_listener_or_arns() {
    let gone = RULE.replace("00a", "00b");
    for (form, code, message) in [
        (
            String::new(),
            Code::ValidationError,
            "You must specify either listener rule ARNs or a listener ARN",
        ),
        (
            format!("&ListenerArn={LISTENER}&RuleArns.member.1={RULE}"),
            Code::ValidationError,
            "Listener rule ARNs and a listener ARN cannot be specified at the same time",
        ),
        (
            format!("&RuleArns.member.1={RULE}&RuleArns.member.2={gone}"),
            Code::RuleNotFound,
            "One or more rules not found",
        ),
    ] {
        let refusal = Cloud::new(FILE).refusal(&format!("Action=DescribeRules{form}"));
        assert_eq!(refusal, (code, message.to_owned()), "{form}");
    }
}

#[test]
fn only_what_is_given_of_a_rule_changes() {
    let at = "[[listeners.rules]] web 10";
    let same = "&Conditions.member.1.Field=path-pattern&Conditions.member.1.PathPatternConfig.Values.member.1=/a";
    let blue = "&Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn=arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/00000000000000b1";
    let no_transforms = ["transforms gone"];
    for (rest, edits) in [
        (format!("{same}{blue}"), vec![]),
        (CONDITION.to_owned(), vec![r#"conditions = { path-pattern = ["/c"] }"#]),
        ("&ResetTransforms=true".into(), no_transforms.to_vec()),
        ("&Transforms=".into(), no_transforms.to_vec()),
        (
            format!(
                "{blue}&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.Enabled=true&Actions.member.1.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds=9"
            ),
            vec![r#"group_stickiness = { duration = "9s", style = "alb" }"#],
        ),
    ] {
        let edits: Vec<_> = edits.iter().map(|edit| format!("{at} {edit}")).collect();
        let form = format!("Action=ModifyRule&RuleArn={RULE}{rest}");
        assert_eq!(Cloud::new(FILE).edits(&form), Ok(edits), "{rest}");
    }
}

#[test]
fn what_would_leave_no_rule_is_refused() {
    let default = arns(FILE).into_iter().next_back().unwrap();
    for (form, code, message) in [
        (
            format!("Action=ModifyRule&RuleArn={RULE}"),
            Code::ValidationError,
            "Either conditions or actions must be specified".to_owned(),
        ),
        (
            format!("Action=ModifyRule&RuleArn={RULE}&Conditions="),
            Code::ValidationError,
            "A condition must be specified".into(),
        ),
        (
            format!("Action=ModifyRule&RuleArn={RULE}{ACTION}"),
            Code::InvalidLoadBalancerAction,
            "Transforms can only be specified with an action of type 'forward'".into(),
        ),
        (
            format!("Action=ModifyRule&RuleArn={default}{CONDITION}"),
            Code::OperationNotPermitted,
            format!("Default rule '{default}' cannot be modified"),
        ),
        (
            format!("Action=DeleteRule&RuleArn={default}"),
            Code::OperationNotPermitted,
            format!("Default rule '{default}' cannot be deleted"),
        ),
        (
            format!(
                "Action=SetRulePriorities&RulePriorities.member.1.RuleArn={default}&RulePriorities.member.1.Priority=1"
            ),
            Code::OperationNotPermitted,
            format!("Default rule '{default}' cannot be given another priority"),
        ),
        (
            format!("Action=DeleteRule&RuleArn={}", RULE.replace("00a", "00b")),
            Code::RuleNotFound,
            "The specified rule does not exist.".into(),
        ),
    ] {
        assert_eq!(Cloud::new(FILE).refusal(&form), (code, message), "{form}");
    }
}

#[test]
fn a_rule_that_a_person_wrote_keeps_its_arn_when_it_changes() {
    let second = arns(FILE).into_iter().nth(1).unwrap();
    let id = second.rsplit('/').next().unwrap();
    let pin = format!(r#"[[listeners.rules]] web 20 id = "{id}""#);
    let mut cloud = Cloud::new(FILE);
    assert_eq!(
        cloud.edits(&format!("Action=ModifyRule&RuleArn={second}{CONDITION}")),
        Ok(vec![
            pin.clone(),
            r#"[[listeners.rules]] web 20 conditions = { path-pattern = ["/c"] }"#.into()
        ])
    );
    let form = format!(
        "Action=SetRulePriorities&RulePriorities.member.1.RuleArn={second}&RulePriorities.member.1.Priority=5"
    );
    let edits = cloud.edits(&form).unwrap();
    assert_eq!(edits.first(), Some(&pin));
    assert_eq!(edits.len(), 2, "{edits:?}");
    let answer = cloud.call(&format!("Action=DeleteRule&RuleArn={second}")).unwrap();
    assert_eq!(answer, "");
}

#[test]
fn priorities_are_judged_by_the_order_that_comes_out() {
    let second = arns(FILE).into_iter().nth(1).unwrap();
    let form = |pairs: &[(&str, u16)]| {
        let one = |(at, (arn, priority)): (usize, &(&str, u16))| {
            format!(
                "&RulePriorities.member.{at}.RuleArn={arn}&RulePriorities.member.{at}.Priority={priority}"
            )
        };
        let list: String = (1..).zip(pairs).map(one).collect();
        format!("Action=SetRulePriorities{list}")
    };
    let cloud = Cloud::new(FILE);
    let swap = cloud.edits(&form(&[(RULE, 20), (&second, 10)])).unwrap();
    let swapped =
        r#"Prioritise(Name("web"), [(Priority(10), Priority(20)), (Priority(20), Priority(10))])"#;
    assert_eq!(swap.last().map(String::as_str), Some(swapped));
    assert_eq!(cloud.edits(&form(&[(RULE, 10)])), Ok(vec![]));
    for (pairs, code, message) in [
        (vec![(RULE, 20)], Code::PriorityInUse, "The specified priority is in use."),
        (
            vec![(RULE, 7), (&second, 7)],
            Code::ValidationError,
            "Priority '7' was provided multiple times",
        ),
        (
            vec![],
            Code::ValidationError,
            "1 validation error detected: Value null at 'rulePriorities' failed to satisfy constraint: Member must not be null",
        ),
    ] {
        assert_eq!(cloud.refusal(&form(&pairs)), (code, message.to_owned()), "{pairs:?}");
    }
    let (code, message) = cloud.refusal(&form(&[(RULE, 1), (RULE, 2)]));
    assert_eq!(
        (code, message),
        (Code::ValidationError, format!("Rule '{RULE}' was provided multiple times"))
    );
}

#[test]
fn redirects_that_people_wrote_may_lead_back_once_a_rule_is_gone() {
    let file = FILE
        .replace("fixed_response = { status = 404 }", "redirect = { path = \"/a\" }")
        .replace("fixed_response = { status = 410 }", "redirect = { path = \"/a\" }")
        .replace("id = \"f2f7dc8efc522ab2\"\n", "");
    let arns = arns_of(&file);
    let pins = |rule: &str| {
        let parts: Vec<_> = rule.rsplit('/').collect();
        vec![
            r#"[[listeners]] web name = "web""#.to_owned(),
            format!(r#"[[listeners]] web id = "{}""#, parts[1]),
            format!(r#"[[listeners.rules]] web 20 id = "{}""#, parts[0]),
        ]
    };
    let (first, second) = (&arns[0], pins(&arns[1]));
    for (form, last) in [
        (format!("Action=DeleteRule&RuleArn={first}"), "[[listeners.rules]] web 10 gone"),
        (
            format!("Action=ModifyRule&RuleArn={first}{CONDITION}"),
            r#"[[listeners.rules]] web 10 conditions = { path-pattern = ["/c"] }"#,
        ),
    ] {
        let mut expected = second.clone();
        expected.push(last.to_owned());
        assert_eq!(Cloud::new(&file).edits(&form), Ok(expected), "{form}");
    }
}
