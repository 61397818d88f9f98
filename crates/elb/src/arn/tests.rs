use proptest::prelude::*;

use super::*;

const LOAD_BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";
const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                        listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2";
const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:\
                    listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";

#[test]
fn arns_are_read_as_they_are_written() {
    for text in [LOAD_BALANCER, TARGET_GROUP, LISTENER, RULE] {
        assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
    }
    let long = LOAD_BALANCER.replace("/web/", &format!("/{}/", "a.b_".repeat(16)));
    assert_eq!(long.parse::<LoadBalancerArn>().unwrap().to_string(), long);
}

#[test]
fn a_rules_arn_without_its_last_part_and_suffix_is_its_listeners() {
    let rule: RuleArn = RULE.parse().unwrap();
    let (cut, _) = RULE.rsplit_once('/').unwrap();
    assert_eq!(rule.listener.to_string(), cut.replace("listener-rule", "listener"));
    assert_eq!(rule.listener.load_balancer.to_string(), LOAD_BALANCER);
}

#[test]
fn metrics_and_logs_name_the_end_of_an_arn() {
    let load_balancer: LoadBalancerArn = LOAD_BALANCER.parse().unwrap();
    assert_eq!(load_balancer.suffix(), "app/web/50dc6c495c0c9188");
    let group: TargetGroupArn = TARGET_GROUP.parse().unwrap();
    assert_eq!(group.suffix(), "targetgroup/web/73e2d6bc24d8a067");
}

#[test]
fn an_arn_of_another_kind_is_refused() {
    assert!(LISTENER.parse::<RuleArn>().is_err());
    assert!(RULE.parse::<ListenerArn>().is_err());
    assert!(TARGET_GROUP.parse::<LoadBalancerArn>().is_err());
    assert!(LOAD_BALANCER.parse::<TargetGroupArn>().is_err());
}

#[test]
fn what_is_not_exactly_an_arn_is_refused() {
    for (from, to) in [
        ("arn:aws:", "arn:aws-cn:"),
        ("arn:aws:", "ARN:aws:"),
        ("elasticloadbalancing", "ec2"),
        ("eu-central-1", ""),
        ("eu-central-1", "EU"),
        ("123456789012", "12345678901"),
        ("123456789012", "12345678901x"),
        ("/app/", "/net/"),
        ("/app/", "/app//"),
        ("/web/", "//"),
        ("/web/", "/we b/"),
        ("50dc6c495c0c9188", "50DC6C495C0C9188"),
        ("50dc6c495c0c9188", "50dc6c495c0c918"),
        ("9683b2d02a6cabee", "9683b2d02a6cabee/"),
        ("9683b2d02a6cabee", "9683b2d02a6cabee/9683b2d02a6cabee"),
        ("/9683b2d02a6cabee", ""),
        ("listener-rule", "loadbalancer"),
    ] {
        let text = RULE.replacen(from, to, 1);
        assert_eq!(text.parse::<Arn>(), Err(BadArn { text: text.clone() }), "{from} → {to}");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_arn_that_is_written_the_same_or_none(text in ".*") {
        if let Ok(arn) = text.parse::<Arn>() {
            prop_assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn damaged_arns_never_panic(at in 0..RULE.len(), with in any::<char>()) {
        let mut text = RULE.to_owned();
        text.replace_range(at..=at, &with.to_string());
        if let Ok(arn) = text.parse::<Arn>() {
            prop_assert_eq!(arn.to_string(), text);
        }
    }
}
