//! `AddTags`, `RemoveTags`, `DescribeTags`.

use clingfish_elb::Code;

use crate::support::Cloud;

const ARN: &str = "arn:aws:elasticloadbalancing:local:000000000000";
const BALANCER: &str = "loadbalancer/app/web/00000000000000a1";
const LISTENER: &str = "listener/app/web/00000000000000a1/00000000000000b1";
const RULE: &str = "listener-rule/app/web/00000000000000a1/00000000000000b1/00000000000000c1";
const GROUP: &str = "targetgroup/shop/00000000000000d1";

/// One of each kind, with a tag.
const TEXT: &str = r#"
[load_balancers.web]
id = "00000000000000a1"
tags = { team = "shop" }

[[listeners]]
name = "web-80"
bind = "127.0.0.1:80"
load_balancer = "web"
forward = "shop"
id = "00000000000000b1"
tags = { team = "shop" }
default_rule_tags = { of = "default" }

[[listeners.rules]]
priority = 10
conditions = { path-pattern = "/a" }
forward = "shop"
id = "00000000000000c1"
tags = { team = "shop" }

[target_groups.shop]
targets = ["127.0.0.1:3000"]
id = "00000000000000d1"
tags = { team = "shop" }
"#;

/// The default rule's ARN has an id that is derived.
fn default_rule() -> String {
    let id = clingfish_model::ResourceId::derive("listener-rule", "00000000000000b1/default");
    format!("listener-rule/app/web/00000000000000a1/00000000000000b1/{id}")
}

#[test]
fn every_kind_of_resource_is_given_tags_and_deprived_of_them() {
    let cloud = Cloud::new(TEXT);
    let default_rule = default_rule();
    for (resource, place, key, before) in [
        (BALANCER, "[load_balancers.web]", "tags", "team = \"shop\""),
        (LISTENER, "[[listeners]] web-80", "tags", "team = \"shop\""),
        (RULE, "[[listeners.rules]] web-80 10", "tags", "team = \"shop\""),
        (&default_rule, "[[listeners]] web-80", "default_rule_tags", "of = \"default\""),
        (GROUP, "[target_groups.shop]", "tags", "team = \"shop\""),
    ] {
        let form = format!("ResourceArns.member.1={ARN}:{resource}");
        let added = cloud
            .edits(&format!("Action=AddTags&{form}&Tags.member.1.Key=a&Tags.member.1.Value=b+c"))
            .unwrap();
        assert_eq!(added, [format!("{place} {key} = {{ a = \"b c\", {before} }}")]);
        let same = before.split_once(" = ").unwrap();
        let same = format!(
            "Action=AddTags&{form}&Tags.member.1.Key={}&Tags.member.1.Value={}",
            same.0,
            same.1.trim_matches('"')
        );
        assert_eq!(cloud.edits(&same).unwrap(), [""; 0], "what is there already is no change");
        let removed = format!(
            "Action=RemoveTags&{form}&TagKeys.member.1=team&TagKeys.member.2=of&TagKeys.member.3=none"
        );
        assert_eq!(cloud.edits(&removed).unwrap(), [format!("{place} {key} gone")]);
    }
}

#[test]
fn tags_of_several_resources_are_described_in_the_order_in_which_they_were_asked_for() {
    let form = format!(
        "Action=DescribeTags&ResourceArns.member.1={ARN}:{GROUP}&ResourceArns.member.2={ARN}:{}",
        default_rule()
    );
    let xml = Cloud::new(TEXT).call(&form).unwrap();
    let of = |resource: &str, key: &str, value: &str| {
        format!(
            "<member><ResourceArn>{ARN}:{resource}</ResourceArn><Tags><member><Key>{key}</Key><Value>{value}</Value></member></Tags></member>"
        )
    };
    let (group, rule) = (of(GROUP, "team", "shop"), of(&default_rule(), "of", "default"));
    assert_eq!(xml, format!("<TagDescriptions>{group}{rule}</TagDescriptions>"));
}

#[test]
fn tags_that_aws_would_not_take_are_refused() {
    let cloud = Cloud::new(TEXT);
    let many: String = (1..=50).map(|index| format!("&Tags.member.{index}.Key=k{index}")).collect();
    for (tags, code, text) in [
        ("&Tags=", Code::ValidationError, "length greater than or equal to 1"),
        ("&Tags.member.1.Value=x", Code::ValidationError, "'tags.1.member.key' failed"),
        ("&Tags.member.1.Key=", Code::ValidationError, "length greater than or equal to 1"),
        ("&Tags.member.1.Key=a%3Cb", Code::ValidationError, "regular expression pattern"),
        ("&Tags.member.1.Key=a&Tags.member.1.Value=%0A", Code::ValidationError, "pattern"),
        ("&Tags.member.1.Key=aws:x", Code::ValidationError, "not allowed for external use"),
        (
            "&Tags.member.1.Key=a&Tags.member.2.Key=a",
            Code::DuplicateTagKeys,
            "Tag key 'a' is specified more than once",
        ),
        (&many, Code::TooManyTags, "cannot exceed 50"),
    ] {
        let form = format!("Action=AddTags&ResourceArns.member.1={ARN}:{BALANCER}{tags}");
        let (found, message) = cloud.refusal(&form);
        assert_eq!(found, code, "{tags}");
        assert!(message.contains(text), "{tags}: {message}");
    }
}

#[test]
fn resources_that_are_not_there_are_refused_each_with_its_own_code() {
    let cloud = Cloud::new(TEXT);
    let zero = "0000000000000000";
    for (arn, code) in [
        (format!("{ARN}:loadbalancer/app/web/{zero}"), Code::LoadBalancerNotFound),
        (format!("{ARN}:targetgroup/shop/{zero}"), Code::TargetGroupNotFound),
        (format!("{ARN}:{LISTENER}").replace("b1", "b2"), Code::ListenerNotFound),
        (format!("{ARN}:{RULE}").replace("c1", "c2"), Code::RuleNotFound),
        ("web".into(), Code::ValidationError),
    ] {
        for action in
            ["DescribeTags", "AddTags&Tags.member.1.Key=a", "RemoveTags&TagKeys.member.1=a"]
        {
            let form = format!("Action={action}&ResourceArns.member.1={arn}");
            assert_eq!(cloud.refusal(&form).0, code, "{form}");
        }
    }
    let many: String =
        (1..=21).map(|index| format!("&ResourceArns.member.{index}=arn{index}")).collect();
    let refusal = cloud.refusal(&format!("Action=DescribeTags{many}"));
    assert!(refusal.1.contains("length less than or equal to 20"), "{}", refusal.1);
}
